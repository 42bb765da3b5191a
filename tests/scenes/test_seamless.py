"""`seamless`: scenes of known gains and offsets become equally bright, the same at other cuts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from scipy.ndimage import gaussian_filter

from automap_tiles.grid import Grid
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate
from automap_tiles.scenes import seamless
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.reading import Reading, read_dates
from automap_tiles.scenes.select import overpasses
from tests.scenes.samples import UTM, make_scene, write

BANDS = ("red", "nir")
SIZE, STEP = 128, 96
TRUE = {"red": ((1.08, -0.004), (0.94, 0.003), (1.0, 0.0)), "nir": ((1.05, 0), (0.95, 0), (1, 0))}
READING = Reading(bands=BANDS)


def corner(number: int) -> Grid:
    return Grid(UTM, Affine(10, 0, 600000 + 10 * STEP * number, 0, -10, 5300000), (SIZE, SIZE))


@pytest.fixture
def scenes(tmp_path: Path) -> list[Scene]:
    """Three in a row, and a fourth far away; what is stored becomes the ground by `TRUE`."""
    rng = np.random.default_rng(0)
    ground = {}
    for band, middle in (("red", 0.1), ("nir", 0.3)):
        rough = gaussian_filter(rng.normal(size=(SIZE, 2 * STEP + SIZE)), 2)
        ground[band] = middle * (1 + 0.5 * rough / np.abs(rough).max())
    classes = np.full((SIZE, SIZE), 5, dtype=np.uint8)
    found = []
    for number in range(4):
        grid = corner(number) if number < 3 else corner(500)
        scene = make_scene(
            tmp_path, f"s{number}", number, grid, classes=classes, day=1 + number, bands=BANDS
        )
        for band in BANDS:
            gain, offset = TRUE[band][number % 3]
            part = ground[band][:, STEP * (number % 3) :][:, :SIZE]
            stored = np.round(((part - offset) / gain + 0.1) * 1e4)
            write(tmp_path / f"s{number}" / f"{band}.tif", stored[None].astype("u2"), grid)
        found.append(scene)
    return found


def read(scene: Scene, window: Any, reading: Reading = READING) -> Any:
    frame = NativeFrame(Lattice.of(corner(0)), window)
    return read_dates(overpasses([scene]), frame, reading, target=frame.grid)


def test_they_become_equally_bright(scenes: list[Scene]) -> None:
    toned = seamless.toned(scenes, READING)
    strip = range(SIZE), range(STEP, SIZE)
    for one, two, cols in ((0, 1, strip[1]), (1, 2, range(2 * STEP, STEP + SIZE))):
        first, second = (read(toned[each], (strip[0], cols)) for each in (one, two))
        for band in BANDS:
            ratio = first.band(band)[0] / second.band(band)[0]
            assert float(np.abs(ratio - 1).max()) < 0.005
    before = [read(scenes[each], strip).band("red")[0] for each in (0, 1)]
    assert abs(float((before[0] / before[1]).mean()) - 1) > 0.05
    for scene in toned[:3]:
        assert scene.tones is not None
        assert scene.tones["B08"][1] == 0  # no haze to take off
    kept = [scene for scene in toned[:3] if set((scene.tones or {}).values()) == {(1.0, 0.0)}]
    assert len(kept) == 1  # the same scene in every band


def test_one_that_is_alone_is_told(scenes: list[Scene]) -> None:
    toned = seamless.toned(scenes, READING)
    assert toned[3].tones == {}
    (note,) = seamless.notes_of(toned)
    assert (note.fate, note.count, note.examples) == (Fate.IGNORED, 1, ("s3",))


def test_the_same_whatever_window_asks_and_rounded_once(scenes: list[Scene]) -> None:
    toned = seamless.toned(scenes, READING)
    whole = replace(READING, whole=True)
    large = read(toned[0], (range(SIZE), range(SIZE)), whole)
    small = read(toned[0], (range(17, 90), range(30, 111)), whole)
    assert (large.values[0][:, 17:90, 30:111] == small.values[0]).all()
    exact = read(toned[0], (range(SIZE), range(SIZE))).values[0] * 10_000
    ok = large.valid[0]
    assert np.abs(large.values[0][:, ok] - exact[:, ok]).max() <= 0.51
    again = seamless.toned(scenes, READING)
    assert [scene.tones for scene in again] == [scene.tones for scene in toned]
