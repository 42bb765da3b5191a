"""What every reader promises."""

from __future__ import annotations

import os
import pickle
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.transform import from_origin
from shapely import box, union_all
from shapely.geometry import mapping, shape

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.formats import InputSpec, InputTile, OutputKind, OutputSpec, Reader
from automap_tiles.formats.context import ResolvedProcess
from automap_tiles.formats.registry import open_input, open_output
from automap_tiles.grid import Pyramid, Tile, cover
from automap_tiles.storage import open_storage
from tests.storage.s3 import BUCKET

ZOOM = 8
UTM = "EPSG:32633"
LEFT, TOP, PIXEL, SIZE = 300_000, 5_100_000, 300.0, 700
AREA = box(12.45, 44.15, 15.2, 46.0)
SCHEMA = {"geometry": "Polygon", "properties": {"number": "int"}}


def pixels() -> np.ndarray:
    """Two bands that look the same nowhere; a part without data."""
    values = np.random.default_rng(5).integers(1, 30_000, (2, SIZE, SIZE)).astype("int16")
    values[:, 100:150, 200:260] = 0
    return values


def raster_file(folder: Path) -> str:
    path = folder / "data.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=2, height=SIZE, width=SIZE, dtype="int16", nodata=0,
        crs=UTM, transform=from_origin(LEFT, TOP, PIXEL, PIXEL),
    ) as file:  # fmt: skip
        file.write(pixels())
    return str(path)


def points_file(folder: Path) -> str:
    path = folder / "points.tif"
    corners = [(0, 0), (0, SIZE), (SIZE, 0), (SIZE, SIZE)]
    points = [
        GroundControlPoint(row, col, LEFT + col * PIXEL, TOP - row * PIXEL) for row, col in corners
    ]
    with rasterio.open(
        path, "w", driver="GTiff", count=2, height=SIZE, width=SIZE, dtype="int16", nodata=0,
        gcps=points, crs=UTM,
    ) as file:  # fmt: skip
        file.write(pixels())
    return str(path)


def vector_file(folder: Path, driver: str = "GPKG", name: str = "data.gpkg") -> str:
    path = folder / name
    with fiona.open(path, "w", driver=driver, schema=SCHEMA, crs=UTM) as file:
        for number in range(40):
            x, y = LEFT + 4_700 * number, TOP - 5_000 * (number % 40)
            shapes = mapping(box(x, y - 30_000, x + 9_000, y))
            file.write({"geometry": shapes, "properties": {"number": number}})
    return str(path)


def tiles_of(options: dict[str, Any], source: str, folder: str, metatiling: int = 2) -> Any:
    """A tile directory of another input; its writer."""
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling)
    spec = OutputSpec.from_mapping({**options, "path": folder}, base=Path("/"), zooms=(ZOOM,))
    writer = open_output(spec, pyramid)
    writer.prepare()
    reader = open_input(InputSpec.from_value("made", source), Path("/"), pyramid)
    for index in cover.tiles(pyramid, AREA, ZOOM):
        tile = Tile(pyramid, index)
        view: Any = reader.at(tile)
        data = writer.convert(tile, view.read())
        if data is not None:
            writer.write(tile, data)
    writer.finish()
    return writer


GTIFF = {"format": "GTiff", "bands": 2, "dtype": "int16"}
GEOJSON = {"format": "GeoJSON", "schema": SCHEMA}


def raster_tiles(folder: Path) -> str:
    return str(tiles_of(GTIFF, raster_file(folder), str(folder / "tiles")).path)


def s3_tiles(folder: Path) -> str:
    name = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    return str(tiles_of(GTIFF, raster_file(folder), name, metatiling=8).path)


def feature_tiles(folder: Path) -> str:
    return str(tiles_of(GEOJSON, vector_file(folder), str(folder / "tiles")).path)


def plain_tiles(folder: Path) -> dict[str, Any]:
    """No metadata.json, columns before rows, as other programs write them."""
    options = {**GTIFF, "tile_path_schema": "{zoom}/{col}/{row}.{extension}"}
    tiles_of(options, raster_file(folder), str(folder / "plain"), metatiling=1)
    (folder / "plain" / "metadata.json").unlink()
    return {
        "path": str(folder / "plain"),
        "format": "TileDirectory",
        "grid": "geodetic",
        "extension": "tif",
        "tile_path_schema": "{zoom}/{col}/{row}.{extension}",
    }


def process_file(folder: Path) -> str:
    (folder / "other.mapchete").write_text("# resolved by the test")
    return str(folder / "other.mapchete")


@dataclass(frozen=True)
class Kind:
    make: Callable[[Path], Any]
    kind: OutputKind = OutputKind.RASTER
    other: Callable[[Path], Any] | None = None
    """Makes the writer of another process, for inputs that are its output."""
    remote: bool = False


KINDS = {
    "raster file": Kind(raster_file),
    "raster with control points": Kind(points_file),
    "geopackage": Kind(vector_file, OutputKind.VECTOR),
    "shapefile": Kind(
        lambda folder: vector_file(folder, "ESRI Shapefile", "data.shp"), OutputKind.VECTOR
    ),
    "tiles": Kind(raster_tiles),
    "tiles on s3": Kind(s3_tiles, remote=True),
    "feature tiles": Kind(feature_tiles, OutputKind.VECTOR),
    "plain tiles": Kind(plain_tiles),
    "process": Kind(
        process_file, other=lambda f: tiles_of(GTIFF, raster_file(f), str(f / "out"))
    ),
    "process of features": Kind(
        process_file,
        OutputKind.VECTOR,
        other=lambda f: tiles_of(GEOJSON, vector_file(f), str(f / "out")),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    kind: Kind
    folder: Path
    source: Any
    writer: Any

    def open(self, pyramid: Pyramid | None = None) -> Reader:
        def resolve(path: Path) -> ResolvedProcess:
            return ResolvedProcess(writer=self.writer, zooms=(ZOOM,), area=AREA)

        return open_input(
            InputSpec.from_value("data", self.source),
            self.folder,
            pyramid or Pyramid.from_grid("geodetic"),
            resolve_process=resolve,
        )


@pytest.fixture(scope="module", params=list(KINDS))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    kind = KINDS[request.param]
    if kind.remote:
        request.getfixturevalue("s3")
    folder = tmp_path_factory.mktemp("source")
    writer = kind.other(folder) if kind.other else None
    return Made(kind, folder, kind.make(folder), writer)


@pytest.fixture
def reader(made: Made) -> Reader:
    return made.open()


def read(reader: Reader, tile: Tile, **options: Any) -> Any:
    view: Any = reader.at(tile)
    return view.read(**options)


def tiles(pyramid: Pyramid, zoom: int = ZOOM) -> Iterator[Tile]:
    for index in cover.tiles(pyramid, AREA.buffer(-0.4), zoom):
        yield Tile(pyramid, index)


def test_is_a_reader(reader: Reader, made: Made) -> None:
    assert isinstance(reader, Reader)
    assert reader.kind is made.kind.kind
    view = reader.at(next(tiles(Pyramid.from_grid("geodetic"))))
    assert isinstance(view, InputTile)
    with view as same:
        assert same is view


def test_has_data(reader: Reader) -> None:
    for tile in tiles(Pyramid.from_grid("geodetic", metatiling=2)):
        data = read(reader, tile)
        if reader.kind is OutputKind.VECTOR:
            if data:
                return
        else:
            assert data.shape == (2, *tile.shape)
            assert data.dtype == np.int16
            assert not np.ma.getmaskarray(data).all()
            assert not reader.at(tile).is_empty()
    if reader.kind is OutputKind.VECTOR:
        pytest.fail("no features anywhere")


def test_one_band_and_several(reader: Reader) -> None:
    if reader.kind is OutputKind.VECTOR:
        return
    tile = next(tiles(Pyramid.from_grid("geodetic")))
    whole = read(reader, tile)
    assert read(reader, tile, indexes=2).shape == tile.shape
    assert read(reader, tile, indexes=[2]).shape == (1, *tile.shape)
    np.testing.assert_array_equal(read(reader, tile, indexes=2).data, whole[1].data)
    np.testing.assert_array_equal(read(reader, tile, indexes=[2, 1]).data, whole[[1, 0]].data)
    with pytest.raises(InputError, match="bands 1 to 2"):
        read(reader, tile, indexes=3)


@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
def test_a_pixel_does_not_depend_on_the_cut(reader: Reader, grid: str, resampling: str) -> None:
    """Also for the mask that is burnt of features."""
    single = Pyramid.from_grid(grid)
    large = Pyramid.from_grid(grid, metatiling=4, pixelbuffer=9)
    row, col = (64, 275) if grid == "geodetic" else (92, 137)
    tile = large.tile(ZOOM, row // 4, col // 4)
    whole = _image(reader, tile, resampling)
    assert whole.any(), "nothing was compared"
    for part in tile.intersecting(single):
        piece = _image(reader, part, resampling)
        row = part.pixel_offset[0] - tile.pixel_offset[0]
        col = part.pixel_offset[1] - tile.pixel_offset[1]
        np.testing.assert_array_equal(
            piece, whole[..., row : row + part.height, col : col + part.width]
        )


def _image(reader: Reader, tile: Tile, resampling: str) -> np.ndarray:
    if reader.kind is OutputKind.VECTOR:
        view: Any = reader.at(tile)
        mask: np.ndarray = view.read_as_raster_mask(
            invert=True, all_touched=resampling == "bilinear"
        )
        return mask
    data = read(reader, tile, resampling=resampling)
    return np.where(np.ma.getmaskarray(data), 0, data.data)


def test_footprint_covers_the_data(reader: Reader) -> None:
    for grid in ("geodetic", "mercator"):
        pyramid = Pyramid.from_grid(grid)
        footprint = reader.footprint(pyramid.crs)
        assert footprint.is_valid
        assert not footprint.is_empty
        for tile in tiles(pyramid) if grid == "geodetic" else ():
            if not reader.at(tile).is_empty():
                assert footprint.intersects(tile.bbox)


def test_far_away(reader: Reader) -> None:
    tile = Pyramid.from_grid("geodetic").tile(ZOOM, 25, 3)
    assert reader.at(tile).is_empty()
    data = read(reader, tile)
    if reader.kind is OutputKind.VECTOR:
        assert data == []
    else:
        assert np.ma.getmaskarray(data).all()


def test_pickles_small(reader: Reader) -> None:
    tile = next(tiles(Pyramid.from_grid("geodetic")))
    before = _image(reader, tile, "nearest")
    content = pickle.dumps(reader)
    assert len(content) < 10_000
    again = pickle.loads(content)
    np.testing.assert_array_equal(_image(again, tile, "nearest"), before)
    assert again.fingerprint() == reader.fingerprint()


def test_eight_threads_read_the_same(reader: Reader) -> None:
    wanted = list(tiles(Pyramid.from_grid("geodetic"))) * 3
    alone = [_image(reader, tile, "nearest") for tile in wanted]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda tile: _image(reader, tile, "nearest"), wanted))
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_array_equal(first, second)


def test_features_are_clipped(reader: Reader) -> None:
    if reader.kind is not OutputKind.VECTOR:
        return
    seen = set()
    for tile in tiles(Pyramid.from_grid("geodetic", metatiling=2)):
        view: Any = reader.at(tile)
        features = view.read()
        for feature in features:
            geometry = shape(feature["geometry"])
            assert geometry.is_valid
            assert tile.bbox.buffer(1e-9).covers(geometry)
            seen.add(feature["properties"]["number"])
        union = view.read_union_geometry()
        assert union.equals(union_all([shape(each["geometry"]) for each in features])) or (
            union.symmetric_difference(
                union_all([shape(each["geometry"]) for each in features])
            ).area
            < 1e-9
        )
    assert len(seen) > 5


# The rest changes the sources and makes its own.


def _fresh(name: str, tmp_path: Path) -> Made:
    kind = KINDS[name]
    writer = kind.other(tmp_path) if kind.other else None
    return Made(kind, tmp_path, kind.make(tmp_path), writer)


LOCAL = [name for name, kind in KINDS.items() if not kind.remote]


@pytest.mark.parametrize("name", LOCAL)
def test_fingerprint_changes_with_the_data(name: str, tmp_path: Path) -> None:
    made = _fresh(name, tmp_path)
    reader = made.open()
    time.sleep(0.05)  # the clock of a file system ticks slowly
    before = reader.fingerprint()
    assert reader.fingerprint() == before
    place = tmp_path / "out" if made.writer else Path(_path(made))
    if place.is_dir():
        victim = next(path for path in sorted(place.rglob("*.*")) if path.parent != place)
        key = str(victim.relative_to(place))
        open_storage(place).put(key, victim.read_bytes())
    else:
        status = place.stat()
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert reader.fingerprint() != before


def test_fingerprint_changes_with_the_objects_of_a_store(s3: object, tmp_path: Path) -> None:
    made = _fresh("tiles on s3", tmp_path)
    reader = made.open()
    before = reader.fingerprint()
    assert reader.fingerprint() == before
    store = open_storage(_path(made))
    key = next(key for key in sorted(store.list()) if key.endswith(".tif"))
    store.put(key, store.get(key) + b"\0")
    changed = reader.fingerprint()
    assert changed != before
    store.delete(key)
    assert reader.fingerprint() not in (before, changed)


@pytest.mark.parametrize("name", LOCAL)
def test_missing(name: str, tmp_path: Path) -> None:
    made = _fresh(name, tmp_path)
    Path(_path(made)).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no such"):
        made.open()


@pytest.mark.parametrize("name", [*LOCAL[:2], *LOCAL[4:]])
def test_truncated(name: str, tmp_path: Path) -> None:
    """An error of this package that names the file; never pixels that are not there."""
    made = _fresh(name, tmp_path)
    reader = made.open()
    place = tmp_path / "out" if made.writer else Path(_path(made))
    endings = (".tif", ".geojson")
    for path in place.rglob("*") if place.is_dir() else [place]:
        if path.suffix in endings:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    wanted = list(tiles(Pyramid.from_grid("geodetic", metatiling=2)))
    with pytest.raises(AutomapError) as caught:
        [read(reader, tile) for tile in wanted]
    assert str(tmp_path) in str(caught.value)


def _path(made: Made) -> str:
    return str(made.source["path"] if isinstance(made.source, dict) else made.source)
