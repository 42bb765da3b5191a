"""Reflectance on a lattice, while the files behind a scene change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.scenes.reflectance import Reflectance, band_grid
from tests.scenes.samples import BANDS, grid_at, make_scene, write


@pytest.mark.parametrize("band", BANDS)
def test_any_band_that_is_replaced_makes_other_pixels_of_a_scene(tmp_path: Path, band: str) -> None:
    scene = make_scene(tmp_path)
    before = Reflectance.of(scene, BANDS, 20)
    key, values = before.key, before.read(before.extent)[0]

    file = scene.band(band)
    other = write(tmp_path / "next.tif", np.full((1, 64, 64), 9000, np.uint16), grid_at())
    Path(other).replace(file.href)

    after = Reflectance.of(scene, BANDS, 20)
    assert after.key != key
    changed = (after.read(after.extent)[0] != values).any(axis=(1, 2))
    assert [name for name, was in zip(BANDS, changed, strict=True) if was] == [band]


def test_the_grid_of_a_band_that_is_replaced(tmp_path: Path) -> None:
    """Where it is not known from a catalogue it is that of the file as it is now."""
    scene = make_scene(tmp_path)
    file = replace(scene.band("red"), grid=None)
    assert band_grid(scene, file) == grid_at()
    moved = grid_at(left=700000)
    write(tmp_path / "next.tif", np.ones((1, 64, 64), np.uint16), moved)
    (tmp_path / "next.tif").replace(file.href)
    assert band_grid(scene, file) == moved
