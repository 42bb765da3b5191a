"""Process files made from data: they run as they are, and say what the data say."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine, from_origin
from ruamel.yaml import YAML
from shapely.geometry import box, mapping

from automap_tiles.engine.check import check
from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Note, collecting
from automap_tiles.runtime import open_process
from automap_tiles.runtime.template import Template
from automap_tiles.workflows.create import draft_from, usual_format, write_draft
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles.convert import ConvertOrder
from automap_tiles.workflows.tiles.convert import run as convert
from tests.imagery.landscape import Frame
from tests.imagery.sentinel2 import Sentinel2Scene
from tests.imagery.sentinel2 import write as write_scene

UTM = "EPSG:32633"
NUMBERS = np.random.default_rng(17)


def picture(
    path: Path,
    data: np.ndarray,
    crs: str | None = UTM,
    transform: Affine = from_origin(500_000, 5_200_000, 10, 10),  # noqa: B008 - never changed
    **options: Any,
) -> Path:
    count, height, width = data.shape
    path.parent.mkdir(exist_ok=True)
    profile = {"count": count, "height": height, "width": width, "dtype": data.dtype}
    with rasterio.open(
        path, "w", driver="GTiff", crs=crs, transform=transform, **profile, **options
    ) as sink:
        sink.write(data)
    return path


def counts(bands: int = 2, size: int = 300) -> np.ndarray:
    return NUMBERS.integers(1, 9000, (bands, size, size)).astype("uint16")


def create(source: Path, folder: Path, **changes: str) -> tuple[dict[str, Any], list[Note]]:
    """The process file of a source, and what was told."""
    template = Template(
        config=folder / "a.mapchete",
        module=folder / "a.py",
        output_format=changes.get("output_format", usual_format(str(source))),
        output_path="tiles",
        grid=changes.get("grid", "mercator"),
    )
    with collecting() as notes:
        write_draft(draft_from(str(source), template), template, force=True)
    return YAML(typ="safe").load(template.config.read_text()), list(notes)


def run(folder: Path) -> tuple[int, dict[int, np.ma.MaskedArray]]:
    """Written tiles, and the fullest of each zoom; nothing is doubtful, nothing fails."""
    shutil.rmtree(folder / "tiles", ignore_errors=True)
    process = open_process(folder / "a.mapchete")
    assert check(process).warnings == ()
    *_, last = execute(process, RunOptions(concurrency=Concurrency.NONE))
    assert isinstance(last, RunFinished)
    assert last.summary.failed == 0
    found: dict[int, np.ma.MaskedArray] = {}
    for path in (folder / "tiles").glob("*/*/*.tif"):
        with rasterio.open(path) as tile:
            pixels, zoom = tile.read(masked=True), int(path.parts[-3])
        if zoom not in found or pixels.count() > found[zoom].count():
            found[zoom] = pixels
    return last.summary.written, found


@pytest.mark.parametrize("grid", ["mercator", "geodetic"])
def test_a_picture(grid: str, tmp_path: Path) -> None:
    path = picture(tmp_path / "in.tif", counts(), nodata=7, descriptions=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.descriptions = ("red", "nir")
    config, notes = create(path, tmp_path, grid=grid)
    assert not notes
    output = config["output"]
    assert (output["bands"], output["dtype"], output["nodata"]) == (2, "uint16", 7)
    assert output["descriptions"] == ["red", "nir"]
    assert config["process"] == "./a.py"
    process = open_process(tmp_path / "a.mapchete")
    finest = process.zooms[-1]
    left, bottom, right, top = rasterio.warp.transform_bounds(
        UTM, process.pyramid.crs, 500_000, 5_197_000, 503_000, 5_200_000
    )
    assert config["bounds"] == pytest.approx([left, bottom, right, top], rel=1e-5)
    height, width = (top - bottom), (right - left)
    coarsest = process.pyramid.pixel_size(process.zooms[0])[0] * 256
    assert coarsest / 2 <= max(height, width) <= coarsest
    # the first zoom that is as fine as the picture: 10 m are 10 / cos(47°) m of web mercator
    edge = width / 300
    assert process.pyramid.pixel_size(finest)[0] <= edge < process.pyramid.pixel_size(finest - 1)[0]
    written, tiles = run(tmp_path)
    assert written
    assert set(tiles) == set(process.zooms)
    assert 1000 < tiles[finest].mean() < 8000


def test_the_path_is_that_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "data/in.tif", counts())
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    config, _ = create(Path("data/in.tif"), Path("here"))
    assert config["input"] == {"picture": "../data/in.tif"}
    assert run(tmp_path / "here")[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (np.arange(90_000, dtype="uint8").reshape(1, 300, 300), None),  # every value occurs
        (NUMBERS.integers(1, 255, (3, 300, 300)).astype("uint8"), 255),
        (NUMBERS.normal(size=(1, 300, 300)).astype("float32"), np.nan),
        (NUMBERS.integers(-5, 3000, (2, 300, 300)).astype("int16"), -32768),
    ],
    ids=["no value is free", "bytes", "floats", "signed"],
)
def test_a_picture_without_nodata(data: np.ndarray, expected: float | None, tmp_path: Path) -> None:
    """A value that none of its pixels has, so that nothing of it is lost."""
    config, notes = create(picture(tmp_path / "in.tif", data), tmp_path)
    assert config["output"].get("nodata") == pytest.approx(expected, nan_ok=True)
    assert bool(notes) == (expected is None)
    assert not any("--output" in (note.remedy or "") for note in notes)
    assert run(tmp_path)[0]


def test_classes_stay_classes(tmp_path: Path) -> None:
    """A picture of the numbers 3 and 9 has no 6 at any zoom, and keeps its colours."""
    data = np.where(np.indices((400, 400)).sum(0) % 2, 3, 9).astype("uint8")[None]
    path = picture(tmp_path / "in.tif", data, nodata=0)
    config, (note,) = create(path, tmp_path)
    assert note.fate == "guessed"
    assert config["baselevels"]["lower"] == "mode"
    _, tiles = run(tmp_path)
    assert len(tiles) > 1
    assert {int(value) for tile in tiles.values() for value in tile.compressed()} == {3, 9}
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {3: (0, 255, 0, 255), 9: (255, 0, 0, 255)})
    config, notes = create(path, tmp_path)
    assert not notes
    assert config["output"]["colormap"][3] == [0, 255, 0, 255]
    assert run(tmp_path)[0]


def test_over_the_antimeridian(tmp_path: Path) -> None:
    transform = from_origin(179.5, -16, 0.01, 0.01)
    picture(tmp_path / "in.tif", counts(size=100), "EPSG:4326", transform)
    for grid, finest in (("mercator", 8), ("geodetic", 7)):
        config, _ = create(tmp_path / "in.tif", tmp_path, grid=grid)
        assert config["zoom_levels"]["max"] == finest
        assert run(tmp_path)[0] > 1
    assert config["bounds"] == pytest.approx([179.5, -17, 180.5, -16])


def test_at_the_pole(tmp_path: Path) -> None:
    path = picture(
        tmp_path / "in.tif", counts(), "EPSG:3031", from_origin(-90_000, 90_000, 600, 600)
    )
    with pytest.raises(ConfigError, match=r"outside of the grid(.|\n)*geodetic"):
        create(path, tmp_path)
    create(path, tmp_path, grid="geodetic")
    assert run(tmp_path)[0]


def test_rasters_with_dates(tmp_path: Path) -> None:
    """Their median; a raster of another kind beside them is left out, and that is said."""
    for day, value in (("20200501", 100), ("20200611", 300), ("20200722", 200)):
        data = np.full((3, 300, 300), value, "uint16")
        picture(tmp_path / f"in/s2_{day}.tif", data, nodata=0, TIFFTAG_DATETIME=None)
    picture(tmp_path / "in/height.tif", counts(1))
    config, notes = create(tmp_path / "in", tmp_path)
    assert [(note.fate, note.examples) for note in notes] == [("ignored", ("height.tif",))]
    assert list(config["input"]["scenes"]) == ["d2020-05-01", "d2020-06-11", "d2020-07-22"]
    _, tiles = run(tmp_path)
    assert np.median(tiles[max(tiles)].compressed()) == 200


@pytest.mark.parametrize("days", [[10, 15, 20], [15]])
def test_scenes(days: list[int], tmp_path: Path) -> None:
    """Without clouds where there are several dates, as it is where there is one."""
    frame = Frame(crs=UTM, transform=Affine(100, 0, 500_000, 0, -100, 5_100_000), shape=(120, 120))
    for day in days:
        time = datetime(2023, 8, day, 10, tzinfo=UTC)
        scene = Sentinel2Scene(platform="S2A", tile="33TWL", time=time, frame=frame, clouds=0.3)
        write_scene(scene, tmp_path / "in" / scene.name)
    config, _ = create(tmp_path / "in", tmp_path)
    scenes = config["input"]["scenes"]
    assert bool(scenes["mask"]) == (len(days) > 1)
    assert config["output"]["bands"] == len(scenes["bands"])
    _, tiles = run(tmp_path)
    share = 1 - np.ma.getmaskarray(tiles[max(tiles)]).mean()
    assert share > 0.1  # of one tile, which is 39 km wide, the scene has 17
    with rasterio.open(next((tmp_path / "tiles").glob("*/*/*.tif"))) as tile:
        assert list(tile.descriptions) == [f"median_{band}" for band in scenes["bands"]]


def test_features(tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"name": "str"}}
    with fiona.open(tmp_path / "in.gpkg", "w", "GPKG", schema, crs="EPSG:4326") as sink:
        sink.write({"geometry": mapping(box(16, 48, 16.3, 48.2)), "properties": {"name": "a"}})
    config, _ = create(tmp_path / "in.gpkg", tmp_path)
    assert config["output"]["format"] == "GeoJSON"
    assert config["output"]["schema"]["properties"] == {"name": "str"}
    process = open_process(tmp_path / "a.mapchete", zooms=config["zoom_levels"]["min"])
    *_, last = execute(process, RunOptions(concurrency=Concurrency.NONE))
    assert isinstance(last, RunFinished)
    assert 1 <= last.summary.written <= 4


@pytest.mark.parametrize("grid", ["mercator", "geodetic"])
def test_tiles(grid: str, tmp_path: Path) -> None:
    """A folder of tiles on its own grid and on another: as fine, and with what it says."""
    picture(tmp_path / "in.tif", counts(3, 200), nodata=0)
    order = ConvertOrder(
        source=str(tmp_path / "in.tif"),
        target=str(tmp_path / "stored"),
        pyramid="mercator",
        where=Subset(zooms=(11, 12, 13)),
        how=ExecutionOptions(concurrency="none"),
    )
    for _ in convert(order):
        pass
    config, notes = create(tmp_path / "stored", tmp_path, grid=grid)
    assert not notes
    assert (config["output"]["bands"], config["output"]["dtype"]) == (3, "uint16")
    process = open_process(tmp_path / "a.mapchete")
    stored = Pyramid.from_grid("mercator").pixel_size(13)[0]
    edge = stored if grid == "mercator" else stored / 111_320  # of a degree of longitude, too
    assert edge / 2 < process.pyramid.pixel_size(process.zooms[-1])[0] <= edge
    written, tiles = run(tmp_path)
    assert written
    assert set(tiles) == set(process.zooms)
    finest = tiles[process.zooms[-1]]
    assert 1 <= finest.min() <= finest.max() <= 9000
    assert 4000 < finest.mean() < 5000


def test_tiles_of_features(tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"name": "str"}}
    with fiona.open(tmp_path / "in.gpkg", "w", "GPKG", schema, crs="EPSG:4326") as sink:
        sink.write({"geometry": mapping(box(16, 48, 16.3, 48.2)), "properties": {"name": "a"}})
    stored = str(tmp_path / "stored")
    order = ConvertOrder(
        source=str(tmp_path / "in.gpkg"), target=stored, pyramid="mercator",
        where=Subset(zooms=(8,)), how=ExecutionOptions(concurrency="none"),
    )  # fmt: skip
    for _ in convert(order):
        pass
    for grid in ("mercator", "geodetic"):
        config, _ = create(tmp_path / "stored", tmp_path, grid=grid)
        assert config["output"]["format"] == "GeoJSON"
        assert config["output"]["schema"]["properties"] == {"name": "str"}
        shutil.rmtree(tmp_path / "tiles", ignore_errors=True)
        *_, last = execute(
            open_process(tmp_path / "a.mapchete"), RunOptions(concurrency=Concurrency.NONE)
        )
        assert isinstance(last, RunFinished)
        assert last.summary.written >= 1
    (tmp_path / "stored/8").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="there is no tile in it"):
        create(tmp_path / "stored", tmp_path)


def test_what_it_cannot_be_made_from(tmp_path: Path) -> None:
    plain = picture(tmp_path / "in.tif", counts())
    nowhere = picture(tmp_path / "nowhere.tif", counts(), None)
    (tmp_path / "empty").mkdir()
    without_place = tmp_path / "none.geojson"
    without_place.write_text('{"type": "FeatureCollection", "features": []}')
    wrong: list[tuple[Path, dict[str, str], type[AutomapError], str]] = [
        (plain, {"output_format": "PNG"}, ConfigError, r"uint16(.|\n)*--out-format GTiff"),
        (plain, {"output_format": "BMP"}, ConfigError, "not a format of tiles"),
        (plain, {"output_format": "GeoJSON"}, ConfigError, "GeoJSON holds vector data"),
        (nowhere, {}, InputError, "no CRS"),
        (without_place, {}, InputError, "none of its features has a geometry"),
        (tmp_path / "missing.tif", {}, InputError, "no such file"),
        (tmp_path / "empty", {}, InputError, "neither scenes nor rasters"),
    ]
    for source, changes, kind, words in wrong:
        with pytest.raises(kind, match=words):
            create(source, tmp_path, **changes)
    assert not (tmp_path / "a.mapchete").exists()
