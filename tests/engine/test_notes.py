"""What tiles tell goes up: shown when it first happens, counted at the end, kept in the journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automap_tiles.cli.main import main

MODULE = """\
import numpy as np
from automap_tiles import Fate, Note, Subject, Tile, tell

def execute(tile: Tile):
    if tile.col % 2:
        tell(Note(fate=Fate.LOST, subject=Subject.PIXELS, reason="too odd", count=5,
                  examples=(str(tile.index),)))
    return np.full((1, *tile.shape), 1, np.uint8)
"""

CONFIG = """\
process: ./work.py
pyramid: {grid: geodetic}
zoom_levels: 2
output: {format: GTiff, path: tiles, bands: 1, dtype: uint8}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "work.py").write_text(MODULE)
    path = tmp_path / "work.mapchete"
    path.write_text(CONFIG)
    return str(path)


@pytest.mark.parametrize("concurrency", ["none", "threads", "processes"])
def test_told_of_all_tiles(
    config: str, concurrency: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["execute", config, "--concurrency", concurrency, "--no-progress"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "too odd" in line]
    # once when it first happened, once with the sum: 16 of the 32 tiles are odd
    assert len(told) == 2
    assert told[0].startswith("Lost: 5 pixels (2/")
    assert told[1].startswith("Lost: 80 pixels (2/")
    assert main(["info", config]) == 0
    assert "Lost: 80 pixels (2/" in capsys.readouterr().out


def test_as_json(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    how = ["--concurrency", "none", "--no-progress", "--log-format", "json"]
    assert main(["execute", config, *how]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (note,) = [line for line in lines if line["event"] == "note"]
    assert (note["fate"], note["subject"], note["count"]) == ("lost", "pixels", 5)
    (said,) = lines[-1]["notes"]
    assert (said["reason"], said["count"], len(said["examples"])) == ("too odd", 80, 3)
