"""The page and the engine know the same statuses of a tile; a further one is a line in each."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME
from automap_tiles.grid import TileIndex, morton
from automap_tiles.layers.persistence import Keep
from tests.devserver.conftest import client_of
from tests.engine.projects import Project

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


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> TileStatus:
    """A further status, as the line `HELD = 7` in the class would make it."""
    member = int.__new__(TileStatus, 7)
    member._name_, member._value_ = "HELD", 7
    monkeypatch.setitem(TileStatus._member_map_, "HELD", member)
    monkeypatch.setitem(TileStatus._value2member_map_, 7, member)
    assert TileStatus(7) is member
    return member


def test_a_further_status_is_one_line_of_the_engine(
    project: Project, held: TileStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    """Journal, preview, events and the check take it as it comes."""
    assert main(["execute", str(project.config), "--concurrency", "none", "--no-progress"]) == 0
    with sqlite3.connect(project.output / JOURNAL_NAME) as db:
        (key,) = db.execute("SELECT min(key) FROM tiles WHERE zoom = 12").fetchone()
        db.execute("UPDATE tiles SET status = 7 WHERE zoom = 12 AND key = ?", (key,))
    index = TileIndex(12, *morton.decode(key))
    client = client_of([project.config], Keep.READONLY)
    features = client.get("/api/double/grid?zoom=13").get_json()["features"]
    words = {each["id"]: each["properties"]["status"] for each in features}
    assert words[str(index)] == "held"
    assert set(words.values()) == {"held", "done"}
    assert client.get(f"/api/double/tile/{index}").get_json()["status"] == "held"
    result = TileResult(index=index, status=held, seconds=0, worker="")
    assert result.to_json()["status"] == "held"
    capsys.readouterr()
    assert main(["execute", str(project.config), "--check"]) == 0
    # whatever else it may be, it is neither done nor failed
    assert re.search(r"^ +12 +6 +5 +0 ", capsys.readouterr().out, re.MULTILINE)
