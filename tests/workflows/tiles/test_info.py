"""What is told of outputs, as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automap_tiles import open_process
from automap_tiles.errors import ConfigError
from automap_tiles.workflows import check, run
from automap_tiles.workflows.events import Finished, Started
from automap_tiles.workflows.tiles.info import InfoOrder
from tests.golden import places


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places.work()
    Path("bad").write_text("2/1/3 2/2/5")
    list(open_process("work.mapchete").execute(concurrency="none"))


@pytest.mark.parametrize("path", ["work.mapchete", "tiles", "tiles/journal.sqlite"])
def test_the_same_journal_by_any_path(path: str) -> None:
    order = InfoOrder(path=path, failures=1)
    started, finished = run(order)
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert finished.outcome == check(order)
    found = json.loads(json.dumps(finished.outcome.to_json()))
    assert [(zoom["zoom"], zoom["written"], zoom["empty"], zoom["failed"])
            for zoom in found["journal"]["zooms"]] == [(1, 6, 2, 0), (2, 26, 4, 2)]  # fmt: skip
    ((one),) = found["journal"]["failed"]
    assert one["tile"] in ([2, 1, 3], [2, 2, 5])
    assert "ValueError: bad tile" in one["error"]
    assert found["tiles"] == ({"1": 6, "2": 26} if path == "tiles" else {})


def test_no_output() -> None:
    with pytest.raises(ConfigError, match=r"metadata\.json"):
        check(InfoOrder(path="nowhere"))
