"""Overviews are made again when what they are made from is newer."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.cli.main import main

MODULE = """\
from pathlib import Path
import numpy as np
from automap_tiles import Tile

def execute(tile: Tile):
    bad = Path(__file__).with_name("bad")
    if bad.exists() and str(tile.index) == bad.read_text():
        raise ValueError("bad")
    return np.full((1, *tile.shape), 1 + (tile.row + 3 * tile.col) % 7, np.uint8)
"""

CONFIG = """\
process: ./work.py
pyramid: {{grid: geodetic}}
zoom_levels: {{min: {least}, max: {most}}}
baselevels: {{min: 2, max: 2, lower: nearest, higher: nearest}}
output: {{format: GTiff, path: tiles, bands: 1, dtype: uint8}}
"""


def project(folder: Path, least: int, most: int) -> str:
    folder.mkdir()
    (folder / "work.py").write_text(MODULE)
    config = folder / "work.mapchete"
    config.write_text(CONFIG.format(least=least, most=most))
    return str(config)


def run(config: str, *options: str) -> int:
    return main(["execute", config, "--concurrency", "none", "--no-progress", *options])


def tiles(config: str) -> dict[str, bytes]:
    root = Path(config).with_name("tiles")
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.tif")}


@pytest.mark.parametrize("options", [(), ("--retry-failed",)], ids=["continue", "retry"])
@pytest.mark.parametrize(("least", "most"), [(0, 2), (2, 3)], ids=["lower", "higher"])
def test_a_run_of_the_base_alone_makes_the_overviews_stale(
    tmp_path: Path, least: int, most: int, options: tuple[str, ...]
) -> None:
    whole = project(tmp_path / "whole", least, most)
    assert run(whole) == 0
    config = project(tmp_path / "parts", least, most)
    bad = tmp_path / "parts" / "bad"
    bad.write_text("2/1/3")
    assert run(config) == 1
    assert tiles(config) != tiles(whole)
    bad.unlink()
    # As if the run that mends the tile were killed before it comes to the overviews.
    assert run(config, "-z", "2", "--retry-failed") == 0
    assert run(config, *options) == 0
    assert tiles(config) == tiles(whole)


@pytest.mark.parametrize(("least", "most"), [(0, 2), (2, 3)], ids=["lower", "higher"])
def test_nothing_is_stale_after_a_whole_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], least: int, most: int
) -> None:
    config = project(tmp_path / "whole", least, most)
    assert run(config, "-t", "2", "1", "3") == 0
    assert run(config) == 0
    capsys.readouterr()
    assert run(config) == 0
    assert "0 written, 0 empty" in capsys.readouterr().out
