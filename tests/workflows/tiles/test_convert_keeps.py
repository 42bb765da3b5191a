"""What a conversion keeps of its source, from the file to the tiles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.transform import from_bounds, from_origin

from automap_tiles.api import open_process
from automap_tiles.engine.events import RunFinished
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Fate, Notes, Subject, collecting
from automap_tiles.raster.legend import read_class_legend
from automap_tiles.raster.raster_facts import unused_value
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._conversion import conversion_config
from automap_tiles.workflows.tiles._convert_order import ConvertOrder
from automap_tiles.workflows.tiles.facts import best_zoom

WriteRaster = Callable[..., str]
ROWS, COLS = np.mgrid[:120, :120]


@pytest.fixture
def write(tmp_path: Path) -> WriteRaster:
    def written(data: np.ndarray, *, said: Callable[[Any], None] | None = None, **more: Any) -> str:
        data = data[None] if data.ndim == 2 else data
        path = tmp_path / f"source{len(list(tmp_path.iterdir()))}.tif"
        profile = {
            "driver": "GTiff",
            "count": len(data),
            "height": data.shape[1],
            "width": data.shape[2],
            "dtype": data.dtype.name,
            "crs": "EPSG:3857",
            "transform": from_origin(1_200_000, 5_900_000, 150, 150),
            **more,
        }
        with rasterio.open(path, "w", **profile) as target:
            if said is not None:
                said(target)
            target.write(data)
        return str(path)

    return written


def converted(source: str, target: Path, **more: Any) -> Notes:
    """Run a conversion; what was told."""
    with collecting() as notes:
        where = Subset(zooms=more.pop("zooms", None))
        options = {"pyramid": "mercator", "where": where, **more}
        config = conversion_config(ConvertOrder(source=source, target=str(target), **options))
        for event in open_process(config).execute(concurrency="none"):
            if isinstance(event, RunFinished):
                assert not event.summary.failed
                notes.extend(event.summary.notes)
    return notes


def tiles(folder: Path, ending: str = "tif") -> list[Path]:
    return sorted(folder.glob(f"*/*/*.{ending}"))


def valid(folder: Path, band: int = 1) -> np.ndarray:
    parts = []
    for path in tiles(folder):
        with rasterio.open(path) as tile:
            parts.append(tile.read(band, masked=True).compressed())
    return np.concatenate(parts)


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", 255), ("uint16", 65535), ("int16", -32768), ("int32", -(2**31)), ("float32", None)],
)
def test_zeros_of_a_source_without_nodata_stay(
    write: WriteRaster, tmp_path: Path, dtype: str, nodata: float | None
) -> None:
    source = write((ROWS // 7 % 3).astype(dtype))
    converted(source, tmp_path / "out", zooms=(9,))
    assert set(np.unique(valid(tmp_path / "out"))) == {0, 1, 2}
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert np.isnan(tile.nodata) if nodata is None else tile.nodata == nodata


def test_a_value_that_occurs_is_not_taken_for_nodata(write: WriteRaster) -> None:
    ramp = (ROWS + COLS).astype("uint8")  # 0 to 238
    assert unused_value(write(ramp), [1], "uint8") == 255
    assert unused_value(write(np.where(ramp < 9, 255, ramp)), [1], "uint8") == 0
    ends = np.where(ramp < 9, 255, ramp)
    ends[0, 0] = 0
    assert unused_value(write(ends), [1], "uint8") == 254
    every = np.arange(256, dtype="uint8").reshape(16, 16)
    assert unused_value(write(every), [1], "uint8") is None
    assert unused_value(write(np.full((4, 4), 2**31 - 1, "int32")), [1], "int32", [7]) == 7
    assert unused_value(write(np.full((4, 4), 7, "int32")), [1], "int32", [7]) == -(2**31)
    # beyond 2**53 a file says another number than the one that it was told
    assert unused_value(write(np.full((4, 4), 7, "int64")), [1], "int64") == -(2**53)
    assert unused_value(write(np.full((4, 4), 2**53, "uint64")), [1], "uint64", [2**63]) == 0


def test_a_nodata_value_that_files_do_not_keep_is_replaced(
    write: WriteRaster, tmp_path: Path
) -> None:
    """The smallest number of 64 bits, which is what many programs take."""
    data = np.where(ROWS < 40, -(2**63), COLS).astype("int64")
    path = Path(write(data))
    virtual = tmp_path / "said.vrt"
    with rasterio.open(path) as source, rasterio.vrt.WarpedVRT(source) as seen:
        rasterio.shutil.copy(seen, virtual, driver="VRT")
    text = virtual.read_text()
    band = text.index(">", text.index("<VRTRasterBand")) + 1
    virtual.write_text(f"{text[:band]}<NoDataValue>{-(2**63)}</NoDataValue>{text[band:]}")
    converted(str(virtual), tmp_path / "out", zooms=(9,))
    assert {*np.unique(valid(tmp_path / "out"))} <= {*range(120)}
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert tile.nodata == -(2**53)


def test_a_mask_beside_the_bands(write: WriteRaster, tmp_path: Path) -> None:
    """It is no band, and no pixel of it is lost or won."""
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        source = write(
            np.stack([ROWS, COLS, ROWS]).astype("uint8"),
            said=lambda file: file.write_mask(np.where(COLS < 50, 0, 255).astype("uint8")),
        )
    converted(source, tmp_path / "out", zooms=(9,))
    assert set(np.unique(valid(tmp_path / "out", 2))) <= {*range(50, 120)}
    assert 0 in valid(tmp_path / "out", 1)


def test_a_source_that_uses_all_values_says_so(write: WriteRaster, tmp_path: Path) -> None:
    source = write(np.arange(256, dtype="uint8").reshape(16, 16).repeat(8, 0).repeat(8, 1))
    notes = converted(source, tmp_path / "out", zooms=(9,))
    (note,) = notes
    assert note.fate is Fate.GUESSED
    assert "all values of uint8" in note.reason
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert tile.nodata is None
        assert 0 in tile.read(1)


def test_alpha_says_where_there_is_nothing(write: WriteRaster, tmp_path: Path) -> None:
    data = np.arange(256, dtype="uint8").reshape(16, 16).repeat(8, 0).repeat(8, 1)
    alpha = np.where(abs(np.mgrid[:128, :128][0] - 64) < 20, 0, 255).astype("uint8")

    def said(target: Any) -> None:
        target.colorinterp = [ColorInterp.gray, ColorInterp.alpha]

    source = write(np.stack([data, alpha]), said=said, alpha="yes")
    converted(source, tmp_path / "out", zooms=(9,))
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert tile.colorinterp[1] is ColorInterp.alpha
        assert tile.nodata is None
    seen = valid(tmp_path / "out")
    # what was transparent is away, all else there, black too
    assert {0, 255} <= set(np.unique(seen)) == set(np.unique(data[alpha > 0]))
    single = tmp_path / "one.tif"
    converted(source, single, zooms=(9,), cog=True)
    with rasterio.open(single) as cog:
        assert cog.colorinterp[1] is ColorInterp.alpha


def test_what_is_said_of_the_bands_goes_along_with_them(write: WriteRaster, tmp_path: Path) -> None:
    def said(target: Any) -> None:
        target.descriptions = ("red", None, "temperature")
        target.scales, target.offsets = (1e-4, 1, 0.01), (-0.1, 0, 273.15)
        target.units = ("1", "", "K")
        target.update_tags(ACQUIRED="2019-05-04", TIFFTAG_ARTIST="somebody")
        target.update_tags(3, wavelength="10.9")

    source = write(np.stack([ROWS] * 3).astype("int16"), said=said, nodata=-5)
    converted(source, tmp_path / "out", zooms=(9,), bands=(3, 1))
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert tile.descriptions == ("temperature", "red")
        assert tile.scales == (0.01, 1e-4)
        assert tile.offsets == (273.15, -0.1)
        assert tile.units == ("K", "1")
        assert tile.tags()["ACQUIRED"] == "2019-05-04"
        assert tile.tags()["TIFFTAG_ARTIST"] == "somebody"
        assert tile.tags(1) == {"wavelength": "10.9"}
        assert tile.tags(2) == {}
        assert tile.nodata == -5
    # and on from the tiles, which say it in their metadata.json
    converted(str(tmp_path / "out"), tmp_path / "again", pyramid=None, bands=(2,))
    with rasterio.open(tiles(tmp_path / "again")[0]) as tile:
        assert (tile.descriptions, tile.scales, tile.units) == (("red",), (1e-4,), ("1",))
        assert tile.tags(1) == {}
    converted(str(tmp_path / "out"), tmp_path / "whole", pyramid=None)
    with rasterio.open(tiles(tmp_path / "whole")[0]) as tile:
        assert tile.tags(1) == {"wavelength": "10.9"}


def test_what_is_said_of_many_bands_goes_along(write: WriteRaster, tmp_path: Path) -> None:
    """Also into a folder of tiles, which is tried out with a few bands."""

    def said(target: Any) -> None:
        for band in range(1, 10):
            target.update_tags(band, wavelength=str(band))

    source = write(np.ones((9, 120, 120), np.int16), said=said, nodata=-1)
    converted(source, tmp_path / "tiles", zooms=(7,))
    with rasterio.open(tiles(tmp_path / "tiles")[0]) as tile:
        assert [tile.tags(band)["wavelength"] for band in range(1, 10)] == list("123456789")


def test_changed_numbers_mean_the_same_quantities(write: WriteRaster, tmp_path: Path) -> None:
    def said(target: Any) -> None:
        target.scales, target.offsets = (0.5,), (3.0,)

    source = write((ROWS + 10).astype("int16"), said=said, nodata=-1)
    more = {"dtype": "float64", "scale_ratio": 0.25, "scale_offset": -2.0}
    converted(source, tmp_path / "out", zooms=(9,), **more)
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        data = tile.read(1, masked=True) * tile.scales[0] + tile.offsets[0]
    assert set(np.unique(data.compressed())) <= set((np.arange(10, 130) * 0.5 + 3.0).tolist())


def test_bands_of_several_types_get_one_that_holds_all(write: WriteRaster, tmp_path: Path) -> None:
    one = write((ROWS + 100).astype("uint16"), nodata=0)
    two = write((-ROWS - 1).astype("int16"), nodata=-9)
    vrt = tmp_path / "both.vrt"
    bands = "".join(
        f'<VRTRasterBand dataType="{kind}" band="{number}"><NoDataValue>{nodata}</NoDataValue>'
        f"<SimpleSource><SourceFilename>{path}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand>"
        for number, (kind, path, nodata) in enumerate(
            (("UInt16", one, 0), ("Int16", two, -9)), start=1
        )
    )
    vrt.write_text(
        '<VRTDataset rasterXSize="120" rasterYSize="120"><SRS>EPSG:3857</SRS>'
        f"<GeoTransform>1200000,150,0,5900000,0,-150</GeoTransform>{bands}</VRTDataset>"
    )
    output = conversion_config(ConvertOrder(source=str(vrt), target="out", pyramid="mercator"))[
        "output"
    ]
    # 0 is nodata of the first band, and the second one has no 0
    assert (output["dtype"], output["nodata"]) == ("int32", 0)
    only = ConvertOrder(source=str(vrt), target="out", pyramid="mercator", bands=(2,))
    assert conversion_config(only)["output"]["dtype"] == "int16"
    assert conversion_config(only)["output"]["nodata"] == -9


def test_colours_go_along_black_ones_too(write: WriteRaster, tmp_path: Path) -> None:
    table = {0: (0, 0, 0, 255), 1: (200, 0, 0, 255), 2: (0, 0, 0, 255), 3: (0, 90, 0, 255)}
    source = write(
        (ROWS // 30).astype("uint8"), said=lambda target: target.write_colormap(1, table)
    )
    converted(source, tmp_path / "out", zooms=(9,))
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        found = tile.colormap(1)
    assert {value: found[value] for value in table} == table
    notes = converted(source, tmp_path / "png", zooms=(9,), format="PNG")
    assert [note.examples for note in notes] == [("colormap",)]
    notes = converted(source, tmp_path / "wide", zooms=(9,), dtype="float32")
    assert [note.fate for note in notes] == [Fate.LOST]


def test_black_pixels_of_a_picture_stay_opaque(write: WriteRaster, tmp_path: Path) -> None:
    source = write(np.zeros((3, 120, 120), "uint8") + (COLS % 2).astype("uint8"))
    converted(source, tmp_path / "out", zooms=(9,), format="PNG")
    opaque = colours = 0
    for path in tiles(tmp_path / "out", "png"):
        with rasterio.open(path) as tile:
            opaque += int((tile.read(4) > 0).sum())
            colours += int((tile.read(1) > 0).sum())
    assert opaque > 1.5 * colours > 0


def test_a_nodata_value_that_does_not_fit_is_replaced_with_a_word(
    write: WriteRaster, tmp_path: Path
) -> None:
    source = write((ROWS % 5).astype("int16"), nodata=-999)
    notes = converted(source, tmp_path / "out", zooms=(9,), dtype="uint8")
    # and so the zeros among the values are lost, which is told as well
    assert [note.fate for note in notes] == [Fate.REPLACED, Fate.LOST]
    assert "-999" in notes.grouped()[0].examples[0]


def test_no_such_band(write: WriteRaster) -> None:
    wanted = ConvertOrder(
        source=write(ROWS.astype("uint8")), target="out", pyramid="mercator", bands=(2,)
    )
    with pytest.raises(ConfigError, match="--bidx"):
        conversion_config(wanted)


@pytest.mark.parametrize("crs", ["EPSG:32601", "EPSG:4326", "EPSG:3832"])
@pytest.mark.parametrize("pyramid", ["mercator", "geodetic"])
def test_both_sides_of_the_antimeridian(
    write: WriteRaster, tmp_path: Path, crs: str, pyramid: str
) -> None:
    boxes = {
        # three quarters of it lie in the west of the zone
        "EPSG:32601": (100_000, 7_000_000, 400_000, 7_300_000),
        "EPSG:4326": (177.0, 60.0, 185.0, 64.0),
        "EPSG:3832": (3_000_000, 5_000_000, 3_600_000, 5_600_000),  # its middle is 150° east
    }
    data = (ROWS + 1).astype("uint8")
    source = write(data, crs=crs, transform=from_bounds(*boxes[crs], 120, 120), nodata=0)
    zoom = 6
    converted(source, tmp_path / "out", zooms=(zoom,), pyramid=pyramid)
    last = Pyramid.from_grid(pyramid).matrix_shape(zoom)[1] - 1
    columns = {int(path.stem) for path in tiles(tmp_path / "out")}
    assert {0, last} <= columns
    assert len(columns) < 8
    # every row of the source is met on each side
    values = valid(tmp_path / "out")
    assert (values.min(), values.max()) <= (3, 118)


def test_features_over_the_antimeridian_however_they_are_written(tmp_path: Path) -> None:
    def polygon(west: float, east: float) -> dict[str, Any]:
        ring = [[west, 50], [east, 50], [east, 52], [west, 52], [west, 50]]
        return {"type": "Polygon", "coordinates": [ring]}

    found: dict[str, dict[int, list[int]]] = {}
    for name, crs, geometry in (
        ("east", "EPSG:4326", polygon(178, 182)),
        ("west", "EPSG:4326", polygon(-182, -178)),
        ("circle", "EPSG:4326", polygon(178, 182)),
    ):
        path = tmp_path / f"{name}.gpkg"
        schema = {"geometry": "Polygon", "properties": {"a": "int"}}
        with fiona.open(path, "w", driver="GPKG", schema=schema, crs=crs) as target:
            target.write({"geometry": geometry, "properties": {"a": 1}})
            if name == "circle":  # longitudes from 0 to 360
                target.write({"geometry": polygon(190, 191), "properties": {"a": 2}})
        converted(str(path), tmp_path / name, zooms=(5,))
        found[name] = {}
        for tile in tiles(tmp_path / name, "geojson"):
            features = json.loads(tile.read_text())["features"]
            found[name][int(tile.stem)] = sorted(each["properties"]["a"] for each in features)
    assert found["east"] == found["west"] == {0: [1], 31: [1]}
    assert found["circle"] == {0: [1, 2], 31: [1]} or found["circle"] == {0: [1], 1: [2], 31: [1]}


def test_zoom_of_a_picture_with_control_points(tmp_path: Path) -> None:
    path = tmp_path / "points.tif"
    profile: dict[str, Any] = {"driver": "GTiff", "count": 1, "height": 100, "width": 100}
    points = [
        rasterio.control.GroundControlPoint(row, col, 13 + col * 1e-3, 48 - row * 1e-3)
        for row in (0, 100)
        for col in (0, 100)
    ]
    profile |= {"dtype": "uint8", "gcps": points, "crs": CRS.from_epsg(4326)}
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.ones((1, 100, 100), "uint8"))
    # 0.001° a pixel: zoom 9 has 0.00137°, zoom 10 half of it
    assert best_zoom(str(path), Pyramid.from_grid("geodetic")) == 9


def test_a_file_of_features_without_geometry(tmp_path: Path) -> None:
    path = tmp_path / "none.geojson"
    rows: list[dict[str, Any]] = [{"type": "Feature", "properties": {"a": 1}, "geometry": None}]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    wanted = ConvertOrder(
        source=str(path), target="out", pyramid="mercator", where=Subset(zooms=(4,))
    )
    with pytest.raises(InputError, match="has a geometry"):
        conversion_config(wanted)
    rows.append({**rows[0], "geometry": {"type": "Point", "coordinates": [11.0, 46.0]}})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}))
    notes = converted(str(path), tmp_path / "out", zooms=(4,))
    assert [(note.fate, note.count) for note in notes] == [(Fate.LOST, 1)]


TABLE = """<PAMDataset>
<Metadata domain="MINE"><MDI key="a">b</MDI></Metadata>
<PAMRasterBand band="1"><GDALRasterAttributeTable tableType="thematic">
<FieldDefn index="0"><Name>Value</Name><Type>0</Type><Usage>5</Usage></FieldDefn>
<FieldDefn index="1"><Name>Class</Name><Type>2</Type><Usage>2</Usage></FieldDefn>
<FieldDefn index="2"><Name>R</Name><Type>0</Type><Usage>6</Usage></FieldDefn>
<FieldDefn index="3"><Name>G</Name><Type>0</Type><Usage>7</Usage></FieldDefn>
<FieldDefn index="4"><Name>B</Name><Type>0</Type><Usage>8</Usage></FieldDefn>
<FieldDefn index="5"><Name>Density</Name><Type>1</Type><Usage>0</Usage></FieldDefn>
<Row index="0"><F>1</F><F>forest</F><F>0</F><F>99</F><F>3</F><F>0.5</F></Row>
<Row index="1"><F>7</F><F>water</F><F>1</F><F>2</F><F>250</F><F>0.1</F></Row>
</GDALRasterAttributeTable></PAMRasterBand>
<PAMRasterBand band="2"><CategoryNames><Category>none</Category><Category>some</Category>
</CategoryNames></PAMRasterBand></PAMDataset>"""


def two_classes(write: WriteRaster, **more: Any) -> str:
    data = np.where(ROWS % 3, 1, 7).astype("uint8")
    return write(np.stack([data, (COLS % 2).astype("uint8")]), nodata=255, **more)


def test_names_and_colours_of_an_attribute_table(write: WriteRaster, tmp_path: Path) -> None:
    """Names and colours go along; of the rest it is told that it does not."""
    source = two_classes(write)
    Path(f"{source}.aux.xml").write_text(TABLE)
    notes = converted(source, tmp_path / "out", zooms=(9,))
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert (tile.tags(1)["class_1"], tile.tags(1)["class_7"]) == ("forest", "water")
        assert (tile.tags(2)["class_0"], tile.tags(2)["class_1"]) == ("none", "some")
        assert tile.colormap(1)[7] == (1, 2, 250, 255)
    told = {note.reason: note.examples for note in notes}
    columns = "columns of a raster attribute table that are neither value, name nor colour"
    assert told == {
        f"{columns} are not taken over into tiles": ("band 1: Density",),
        "domains of metadata beside the usual one are not taken over into tiles": ("MINE",),
    }
    assert {note.fate for note in notes} == {Fate.LOST}
    legend = read_class_legend(source)
    assert (legend.names, legend.colours) == (
        {1: "forest", 7: "water"},
        {1: "#006303", 7: "#0102fa"},
    )
    again = converted(str(tmp_path / "out"), tmp_path / "again", pyramid=None)
    assert not list(again)
    with rasterio.open(tiles(tmp_path / "again")[0]) as tile:
        assert tile.tags(1)["class_7"] == "water"


def test_names_of_other_numbers_do_not_go_along(write: WriteRaster, tmp_path: Path) -> None:
    source = two_classes(write)
    Path(f"{source}.aux.xml").write_text(TABLE)
    notes = converted(source, tmp_path / "out", zooms=(9,), scale_ratio=2.0)
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert not [key for band in (1, 2) for key in tile.tags(band) if key.startswith("class_")]
    assert "names of classes are of" in " ".join(note.reason for note in notes)


def test_colour_tables_of_further_bands(write: WriteRaster, tmp_path: Path) -> None:
    entry = "<Entry c1='9' c2='8' c3='7' c4='255'/>"
    band = f"<ColorInterp>Palette</ColorInterp><ColorTable>{entry}</ColorTable>"
    source = Path(write(np.stack([ROWS, COLS]).astype("uint8")))
    virtual = source.with_suffix(".vrt")
    said = "".join(
        f"<VRTRasterBand dataType='Byte' band='{number}'>{band}<SimpleSource>"
        f"<SourceFilename relativeToVRT='1'>{source.name}</SourceFilename>"
        f"<SourceBand>{number}</SourceBand></SimpleSource></VRTRasterBand>"
        for number in (1, 2)
    )
    virtual.write_text(
        "<VRTDataset rasterXSize='120' rasterYSize='120'><SRS>EPSG:3857</SRS>"
        f"<GeoTransform>1200000, 150, 0, 5900000, 0, -150</GeoTransform>{said}</VRTDataset>"
    )
    notes = converted(str(virtual), tmp_path / "out", zooms=(9,))
    assert ("colour table of band 2",) in [note.examples for note in notes]
    with rasterio.open(tiles(tmp_path / "out")[0]) as tile:
        assert tile.colormap(1)[0] == (9, 8, 7, 255)


def test_names_of_very_many_classes(write: WriteRaster, tmp_path: Path) -> None:
    source = write(ROWS.astype("uint16"), nodata=65_535)
    names = "".join(f"<Category>kind {number}</Category>" for number in range(300))
    Path(f"{source}.aux.xml").write_text(
        f"<PAMDataset><PAMRasterBand band='1'><CategoryNames>{names}</CategoryNames>"
        "</PAMRasterBand></PAMDataset>"
    )
    notes = converted(source, tmp_path / "out", zooms=(9,))
    (note,) = [note for note in notes if note.subject is Subject.ATTRIBUTES]
    assert note.examples == ("band 1",)
    assert "more than 256 classes" in note.reason


def test_control_points(write: WriteRaster, tmp_path: Path) -> None:
    """They say where the tiles lie; as points they are not in them."""
    corners = [(0, 0), (0, 119), (119, 0), (119, 119)]
    points = [
        GroundControlPoint(row, col, 1_200_000 + 150 * col, 5_900_000 - 150 * row)
        for row, col in corners
    ]
    source = write(ROWS.astype("uint8"), nodata=255, transform=None, gcps=points)
    notes = converted(source, tmp_path / "out", zooms=(9,))
    assert [note.examples for note in notes] == [("4 points",)]
    assert tiles(tmp_path / "out")


def test_coefficients_beside_a_transform(write: WriteRaster, tmp_path: Path) -> None:
    """Ready pictures often come with them; the tiles lie where the transform says."""
    source = write(ROWS.astype("uint8"), nodata=255)
    numbers = " ".join(["1"] * 20)
    names = ("LINE_NUM_COEFF", "LINE_DEN_COEFF", "SAMP_NUM_COEFF", "SAMP_DEN_COEFF")
    ones = ("LINE_OFF", "SAMP_OFF", "LAT_OFF", "LONG_OFF", "HEIGHT_OFF", "LINE_SCALE",
            "SAMP_SCALE", "LAT_SCALE", "LONG_SCALE", "HEIGHT_SCALE")  # fmt: skip
    items = {**dict.fromkeys(names, numbers), **dict.fromkeys(ones, "1")}
    said = "".join(f"<MDI key='{key}'>{text}</MDI>" for key, text in items.items())
    Path(f"{source}.aux.xml").write_text(
        f"<PAMDataset><Metadata domain='RPC'>{said}</Metadata></PAMDataset>"
    )
    notes = converted(source, tmp_path / "out", zooms=(9,))
    assert [note.examples for note in notes] == [("RPC",)]


def test_nothing_is_told_of_a_plain_file(write: WriteRaster, tmp_path: Path) -> None:
    source = write(ROWS.astype("uint8"), nodata=255)
    assert not list(converted(source, tmp_path / "out", zooms=(9,)))
