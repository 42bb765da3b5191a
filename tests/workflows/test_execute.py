"""An order to execute, as a database would have kept it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from automap_tiles import open_process
from automap_tiles.engine.events import Summary, TileResult
from automap_tiles.engine.run import STOPPED
from automap_tiles.errors import ConfigError
from automap_tiles.workflows import check, order_from_json, run
from automap_tiles.workflows.events import Done, Event, Failed, Finished, Skipped, Started
from automap_tiles.workflows.execute import ExecuteOrder
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.subset import Subset
from tests.golden import places

HERE = ExecutionOptions(concurrency="none")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places.work()


def summary(events: list[Event]) -> Summary:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, Summary)
    return last.outcome


def test_kept_and_carried_out_later() -> None:
    order = ExecuteOrder(
        process="work.mapchete",
        where=Subset(zooms=(2,), bounds=(0, 0, 90, 90)),
        how=HERE,
        output="elsewhere",
    )
    assert check(order).to_json()["tiles"] == 4
    again = order_from_json(json.loads(json.dumps(order.to_json())))
    assert again == order
    events = list(run(again))
    assert isinstance(events[0], Started)
    assert events[0].total == 4
    assert summary(events).written == 4
    assert len(list(Path("elsewhere").rglob("*.tif"))) == 4
    for event in events:
        json.dumps(event.to_json())
    second = list(run(again))
    assert sum(event.count for event in second if isinstance(event, Skipped)) == 4


def test_failed_tiles_and_only_those() -> None:
    Path("bad").write_text("2/1/3 2/2/5")
    order = ExecuteOrder(process="work.mapchete", how=HERE)
    failed = [event.item for event in run(order) if isinstance(event, Failed)]
    assert {str(item.index) for item in failed if isinstance(item, TileResult)} == {
        "2/1/3",
        "2/2/5",
    }
    assert all("ValueError: bad tile" in item.to_json()["error"] for item in failed)
    Path("bad").unlink()
    events = list(run(ExecuteOrder(process="work.mapchete", how=HERE, retry_failed=True)))
    assert summary(events).written == sum(isinstance(event, Done) for event in events) == 2


def test_stopped_and_gone_on_with() -> None:
    stop = threading.Event()
    order = ExecuteOrder(process="work.mapchete", how=HERE)
    events = []
    for event in run(order, stop=stop):
        events.append(event)
        if isinstance(event, Done):
            stop.set()
    assert summary(events).stopped_by == STOPPED
    made = summary(events).computed
    assert 0 < made < 40
    assert summary(list(run(order))).skipped == made


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (
            ExecuteOrder(
                process="work.mapchete", retry_failed=True, how=ExecutionOptions(overwrite=True)
            ),
            "retry_failed: excludes overwrite",
        ),
        (
            ExecuteOrder(process="work.mapchete", tile=(2, 1, 3), where=Subset(zooms=(2,))),
            "tile: goes with no other",
        ),
        (ExecuteOrder(process="nowhere.mapchete"), "cannot be read"),
    ],
)
def test_what_cannot_be(order: ExecuteOrder, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check(order)
    with pytest.raises(ConfigError, match=message):
        list(run(order))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            {"dask_scheduler": "tcp://localhost:1"},
            r"dask_scheduler: .*processes(.|\n)*remedy: concurrency dask",
        ),
        ({"concurrency": "threads", "tile_timeout": 3.0}, "tile-timeout"),
        ({"workers": 0}, "at least one worker"),
    ],
)
def test_workers_that_cannot_be(how: dict[str, object], message: str) -> None:
    """Said when the order is made, from whichever words: nothing is begun."""
    with pytest.raises(ConfigError, match=message):
        ExecutionOptions(**how)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=message):
        order_from_json({"workflow": "execute", "process": "work.mapchete", "how": how})
    named = {key.replace("timeout", "seconds"): value for key, value in how.items()}
    with pytest.raises(ConfigError, match=message):
        open_process("work.mapchete").execute(**named)  # type: ignore[arg-type]
    assert not Path("work").exists()
