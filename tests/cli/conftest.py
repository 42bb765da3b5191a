"""Processes for the command line to run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

# Constant tiles: empty on the left column, failing on the tile named in the file `bad`.
MODULE = """\
from pathlib import Path
import time
import numpy as np
from automap_tiles import Empty, Tile

def execute(tile: Tile, *, value: int = 7, seconds: float = 0.0):
    time.sleep(seconds)
    if tile.col == 0:
        raise Empty
    bad = Path(__file__).with_name("bad")
    if bad.exists() and str(tile.index) in bad.read_text().split():
        raise ValueError(f"bad tile {tile.index}")
    return np.full((1, *tile.shape), value, np.uint8)
"""

CONFIG = """\
process: ./work.py
pyramid: {{grid: geodetic}}
zoom_levels: {{min: {least}, max: {most}}}
{more}output: {{format: GTiff, path: tiles, bands: 1, dtype: uint8}}
process_parameters: {{seconds: {seconds}}}
"""

MakeProcess = Callable[..., Path]


@pytest.fixture
def make_process(tmp_path: Path) -> MakeProcess:
    """A function that writes work.mapchete and work.py; zoom 2 has 32 tiles, 4 of them empty."""

    def make(*, least: int = 2, most: int = 2, seconds: float = 0.0, more: str = "") -> Path:
        (tmp_path / "work.py").write_text(MODULE)
        path = tmp_path / "work.mapchete"
        text = CONFIG.format(least=least, most=most, seconds=seconds, more=more)
        path.write_text(text)
        return path

    return make
