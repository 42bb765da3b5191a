"""`coregister` of the `scenes` input: dates lie on each other, the same however it is cut."""

from __future__ import annotations

import json
import pickle
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.merge import merge
from rasterio.warp import transform_bounds

from automap_tiles import open_process
from automap_tiles.analysis.registration.shift import Shift, find_shift
from automap_tiles.analysis.shapes.distance import distance
from automap_tiles.engine.events import RunFinished
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats.scenes_reader import ScenesReader
from automap_tiles.grid import Grid
from automap_tiles.missions import Flag
from automap_tiles.notes import Note, collecting
from automap_tiles.scenes.coregistration import Alignment, align, table_of
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import MaskRule, masked
from automap_tiles.scenes.reading import Reading, read_dates
from tests.formats.test_scenes import reader_of
from tests.scenes.coregistration.displaced import BANDS, GRID, SIZE, scenes_in, write_dates
from tests.scenes.test_reading import tile_over

SHIFTS = [(0.0, 0.0), (1.7, -0.6), (0.0, 0.0), (0.0, 0.0)]
SHARES = [0.0, 0.25, 0.4, 1.0]


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dates(tmp_path_factory.mktemp("dates"), SHIFTS, SHARES)


@pytest.fixture(scope="module")
def moved(dates: Path) -> tuple[ScenesReader, tuple[Note, ...]]:
    """A reader that has found how far each date lies off, and what it said on the way."""
    with collecting() as notes:
        reader = reader_of(dates, bands=list(BANDS), coregister=True)
        assert len(reader.found.scenes) == len(SHIFTS)
    return reader, tuple(notes)


@pytest.fixture(scope="module")
def reader(moved: tuple[ScenesReader, tuple[Note, ...]]) -> ScenesReader:
    return moved[0]


def _stack(reader: Any, rows: range = range(SIZE), cols: range = range(SIZE)) -> Any:
    frame = NativeFrame(Lattice.of(GRID), (rows, cols))
    return read_dates(reader.dates, frame, reader.reading, target=frame.grid)


def test_dates_lie_on_each_other(dates: Path, moved: tuple[ScenesReader, tuple[Note, ...]]) -> None:
    reader, notes = moved
    stack = _stack(reader)
    assert any("not co-registered" in note.reason for note in notes)
    plain = _stack(reader_of(dates, bands=list(BANDS)))
    nir = stack.band("nir")
    window = slice(60, 316), slice(60, 316)
    for number in (1, 2):
        found = find_shift(nir[0][window], nir[number][window])
        assert isinstance(found, Shift)
        assert found.length < 0.1
    before = find_shift(plain.band("nir")[0][window], plain.band("nir")[1][window])
    assert isinstance(before, Shift)
    assert before.length > 1.6
    # those that lie right are not touched
    for number in (0, 2):
        np.testing.assert_array_equal(stack.values[number], plain.values[number])
        np.testing.assert_array_equal(stack.valid[number], plain.valid[number])


def test_masks_go_with_their_pixels(dates: Path, reader: ScenesReader) -> None:
    moved = reader.scenes[1]
    frame = NativeFrame(Lattice.of(GRID), (range(SIZE), range(SIZE)))
    rule = MaskRule(flags=Flag.CLOUD)
    there = masked(moved, frame, rule)
    here = masked(scenes_in(dates)[1], frame, rule)
    assert there is not None
    assert here is not None
    # two down, one left, and wider by the two pixels that a cubic kernel takes
    near = distance(here, (1.0, 1.0)) <= 2
    wanted = near[8:-12, 11:-9]
    differ = there[10:-10, 10:-10] != wanted
    assert there[10:-10, 10:-10][here[8:-12, 11:-9]].all()
    assert differ.mean() < 0.02  # the layer has pixels of 20 m


def test_the_same_pixels_however_it_is_cut(reader: ScenesReader) -> None:
    whole = _stack(reader)
    for rows, cols in [(range(37, 300), range(11, 262)), (range(250, 270), range(SIZE))]:
        part = _stack(reader, rows, cols)
        own = slice(rows.start, rows.stop), slice(cols.start, cols.stop)
        np.testing.assert_array_equal(part.valid, whole.valid[:, *own])
        np.testing.assert_array_equal(part.values, whole.values[..., *own])


def test_on_the_tile_they_are_resampled_once(dates: Path) -> None:
    reader = reader_of(dates, bands=list(BANDS), coregister=True, grid="tile")
    plain = reader_of(dates, bands=list(BANDS), grid="tile", resampling="cubic")
    middle = Grid(GRID.crs, GRID.transform, (SIZE, SIZE))
    tile = tile_over(middle, 13)
    with collecting():
        moved, still = reader.at(tile).read(), plain.at(tile).read()
    first, second = moved.band("nir")[0], moved.band("nir")[1]
    window = _clear(first)
    found, before = (
        find_shift(first[window], second[window]),
        find_shift(first[window], still.band("nir")[1][window]),
    )
    assert isinstance(found, Shift)
    assert isinstance(before, Shift)
    assert found.length < 0.12 < before.length


def _clear(picture: Any) -> tuple[slice, slice]:
    rows, cols = (np.flatnonzero((~np.ma.getmaskarray(picture)).any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)


def test_a_table_says_the_same(dates: Path, reader: ScenesReader, tmp_path: Path) -> None:
    path = tmp_path / "shifts.json"
    placed = align(scenes_in(dates), Alignment())
    path.write_text(json.dumps(table_of(placed, band="nir", reference=None)))
    by_table = reader_of(dates, bands=list(BANDS), coregister=str(path))
    found = reader
    plain = reader_of(dates, bands=list(BANDS), resampling="cubic")
    assert [scene.shift for scene in by_table.scenes] == [scene.shift for scene in found.scenes]
    assert by_table.fingerprint() == found.fingerprint()
    assert found.fingerprint() != plain.fingerprint()
    again = pickle.loads(pickle.dumps(found))
    assert "found" in again.__dict__, "a worker would look again"
    assert again.scenes == found.scenes


def test_without_it_nothing_is_another(dates: Path) -> None:
    reader = reader_of(dates, bands=list(BANDS))
    assert (
        reader.fingerprint() == reader_of(dates, bands=list(BANDS), coregister=False).fingerprint()
    )
    assert "shift" not in repr(Reading())


def test_records_say_which_scenes_were_moved(reader: ScenesReader) -> None:
    from automap_tiles.scenes.contributions import contributions

    said = contributions(reader.scenes, reader.dates, {})
    assert ["shift" in each for each in said] == [False, True, False, False]
    np.testing.assert_allclose(said[1]["shift"], (-6, -17), atol=0.8)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"coregister": "yes.tif"}, None),
        ({"coregister": 1}, "input.scenes.coregister"),
        ({"coregister": None}, "input.scenes.coregister"),
        ({"coregister": True, "resampling": "nearest"}, "input.scenes.resampling"),
    ],
)
def test_what_cannot_be(dates: Path, options: dict[str, Any], key: str | None) -> None:
    with pytest.raises((ConfigError, InputError)) as error:
        reader_of(dates, bands=list(BANDS), **options)
    if key is not None:
        assert isinstance(error.value, ConfigError)
        assert error.value.key == key


def test_tiles_are_the_same_however_they_are_cut(tmp_path: Path) -> None:
    folder = write_dates(tmp_path / "in", SHIFTS[:3], SHARES[:3])
    found = []
    for name, metatiling, workers in (("one", 1, 1), ("four", 4, 2)):
        text = {
            "process": "composite",
            "input": {
                "scenes": {
                    "format": "scenes",
                    "path": str(folder),
                    "bands": list(BANDS),
                    "coregister": True,
                }
            },
            "pyramid": {"grid": "mercator", "metatiling": metatiling},
            "zoom_levels": {"min": 13, "max": 13},
            "output": {"format": "GTiff", "path": name, "bands": 2, "dtype": "int16",
                       "nodata": -32768},
            "process_parameters": {"statistics": ["median"]},
        }  # fmt: skip
        path = tmp_path / f"{name}.mapchete"
        path.write_text(json.dumps(text))
        *_, last = open_process(path).execute(workers=workers)
        assert isinstance(last, RunFinished)
        assert last.summary.failed == 0
        said = json.loads((tmp_path / name / "scenes.json").read_text())
        assert "shift" in json.dumps(said)
        found.append(_mosaic(tmp_path / name))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert (found[0][0] != -32768).mean() > 0.5


def _mosaic(folder: Path) -> Any:
    """All tiles in one picture."""
    with ExitStack() as stack:
        tiles = [stack.enter_context(rasterio.open(path)) for path in sorted(folder.rglob("*.tif"))]
        pixel = tiles[0].res[0]
        around = transform_bounds(GRID.crs, tiles[0].crs, *GRID.bounds)
        bounds = tuple(round(each / pixel) * pixel for each in around)
        return merge(tiles, bounds=bounds, res=pixel, nodata=-32768)
