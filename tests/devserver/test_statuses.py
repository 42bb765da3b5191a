"""The page and the engine know the same statuses of a tile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automap_tiles.engine.events import TileStatus

SOURCE = Path(__file__).parents[2] / "devserver" / "frontend" / "src" / "statuses.js"
WORDS = {status.word for status in TileStatus}


def block(name: str) -> str:
    found = re.search(
        rf"const {name} = [{{\[](.*?)[}}\]];", SOURCE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, name
    return found[1]


def test_the_list() -> None:
    named = re.findall(r'"(\w+)"', block("STATUSES"))
    assert len(named) == len(set(named))
    assert set(named) == WORDS


@pytest.mark.parametrize("table", ["COLOURS", "SHAPES"])
def test_each_has_a_colour_and_a_shape(table: str) -> None:
    assert set(re.findall(r"^  (\w+):", block(table), re.MULTILINE)) == WORDS
