"""What shaded relief takes for granted is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import automap_processes.contours
import automap_processes.hillshade
from automap_tiles import ConfigError, Pyramid
from automap_tiles.notes import Fate, collecting
from tests.processes.fakes import FakeRaster

contours: Any = automap_processes.contours
hillshade: Any = automap_processes.hillshade
HEIGHTS = np.add.outer(np.arange(66), 3 * np.arange(66))[np.newaxis].astype("f4")


@pytest.mark.parametrize(
    ("grid", "buffer", "scale", "words"),
    [
        ("geodetic", 1, 1.0, ["as steep as a wall"]),
        ("geodetic", 1, 111_120.0, []),
        ("mercator", 1, 1.0, []),
        ("mercator", 0, 1.0, ["edges may show"]),
        ("geodetic", 0, 1.0, ["as steep as a wall", "edges may show"]),
    ],
)
def test_guesses_are_told(grid: str, buffer: int, scale: float, words: list[str]) -> None:
    tile = Pyramid.from_grid(grid, tile_size=64, pixelbuffer=buffer).tile(6, 20, 20)
    pixels = HEIGHTS[:, : tile.height, : tile.width]
    with collecting() as told:
        hillshade.execute(FakeRaster(tile, np.ma.MaskedArray(pixels, mask=False)), scale=scale)
    notes = told.grouped()
    assert len(notes) == len(words)
    for word in words:
        assert any(word in note.reason for note in notes)
    assert all(note.fate is Fate.GUESSED for note in notes)


def test_contours_of_undeclared_no_data_are_refused_in_words() -> None:
    tile = Pyramid.from_grid("mercator", tile_size=64, pixelbuffer=1).tile(6, 20, 20)
    pixels = HEIGHTS.copy()
    pixels[0, 9, 9] = -32768 * 1e6
    with pytest.raises(ConfigError, match="no data that is not declared"):
        contours.execute(FakeRaster(tile, np.ma.MaskedArray(pixels, mask=False)), interval=10)
