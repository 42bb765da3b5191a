"""A process while it is looked at: its tiles, parameters, reload, events."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from automap_devserver._events import Hub, Message
from automap_devserver._failures import TooMany
from automap_tiles.engine.journal import JOURNAL_NAME, Journal, is_running
from automap_tiles.errors import TileFailed
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from tests.devserver.conftest import client_of
from tests.engine.projects import Project, make_project

FACTOR = """
def execute(image, factor: int = 2, name: str | None = None):
    return image.read() * factor
"""


@pytest.fixture
def factor(tmp_path: Path) -> Project:
    project = make_project(tmp_path / "project", zooms=(11, 12))
    (project.folder / "double.py").write_text(FACTOR)
    return project.configure(zooms=(11, 12))


def statuses(client: FlaskClient, zoom: int = 13) -> dict[str, str]:
    found = client.get(f"/api/double/grid?zoom={zoom}").get_json()
    return {one["id"]: one["properties"]["status"] for one in found["features"]}


def value(client: FlaskClient) -> int:
    """Of the first band, in the middle of the raster."""
    told = client.get("/api/point?lon=16.38&lat=47.81&zoom=13").get_json()
    (one,) = (layer for layer in told["layers"] if layer["layer"] == "double")
    return int(one["values"][0])


def test_the_grid_of_a_run_elsewhere(project: Project) -> None:
    client = client_of([project.config], Keep.READONLY)
    before = statuses(client)
    assert set(before.values()) == {"waiting"}
    assert project.run("--concurrency", "none").returncode == 0
    after = statuses(client)
    assert after.keys() == before.keys()
    with Journal.open_readonly(project.output / JOURNAL_NAME) as journal:
        wanted = journal.counts()[12]
    assert {status.name for status in wanted} <= {"WRITTEN", "EMPTY"}
    found = sorted(after.values())
    assert found.count("done") + found.count("empty") == sum(wanted.values()) == len(after)
    index = next(index for index, status in after.items() if status == "done")
    told = client.get(f"/api/double/tile/{index}").get_json()
    assert (told["status"], told["seconds"] > 0, told["error"]) == ("done", True, None)
    # the run's tiles are what is shown, and are not computed
    assert len(client.get("/double/13/4468/2853.png?bidx=1").data) > 1000
    assert client.post(f"/api/double/tile/{index}/retry").status_code == 403


def test_a_journal_of_another_process_says_nothing(factor: Project) -> None:
    assert factor.run("--concurrency", "none").returncode == 0
    factor.configure(zooms=(11, 12), factor=3)
    client = client_of([factor.config], Keep.MEMORY)
    assert set(statuses(client).values()) == {"waiting"}


def test_a_failed_tile_and_its_retry(project: Project) -> None:
    (index, *_) = statuses(client_of([project.config], Keep.READONLY))
    project.configure(zooms=(11, 12), fail=index)
    client = client_of([project.config], Keep.MEMORY)
    told = client.post(f"/api/double/tile/{index}/retry").get_json()
    assert told["status"] == "failed"
    assert told["error"] == "ValueError: this tile is not to my liking"
    assert "double.py" in told["traceback"]
    assert statuses(client)[index] == "failed"
    client.put("/api/double/process", json={"parameters": {"fail": ""}})
    assert client.post(f"/api/double/tile/{index}/retry").get_json()["status"] == "done"


@pytest.mark.parametrize("keep", [Keep.MEMORY, Keep.CONTINUE])
def test_a_tile_that_the_browser_has_is_not_read(
    project: Project, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of([project.config], keep)
    for address in ("/double/13/4468/2853.png?bidx=1", "/double/10/558/356.png?bidx=1"):
        etag = client.get(address).headers["ETag"]
        with monkeypatch.context() as unread:
            unread.setattr(ProcessLayer, "read", None)
            again = client.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    # made anew, it is another one
    index = next(each for each, status in statuses(client).items() if status == "done")
    assert client.post(f"/api/double/tile/{index}/retry").get_json()["status"] == "done"
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_a_failed_tile_is_never_what_the_browser_has(project: Project) -> None:
    (index, *_) = statuses(client_of([project.config], Keep.READONLY))
    project.configure(zooms=(11, 12), fail=index)
    (layer, *_), _ = open_layers([project.config], Keep.MEMORY)
    assert isinstance(layer, ProcessLayer)
    zoom, row, col = map(int, index.split("/"))
    tile = layer.process.pyramid.tile(zoom, row, col)
    for _ in range(2):
        with pytest.raises(TileFailed):
            layer.read(tile, [1])
        assert not layer.is_made(tile)


@pytest.mark.parametrize("address", ["12/0/0", "9/1/1", "12/959/99999999", "11/479/2233", "99/0/0"])
def test_a_tile_that_is_none_of_the_process(project: Project, address: str) -> None:
    client = client_of([project.config], Keep.MEMORY)
    assert client.post(f"/api/double/tile/{address}/retry").status_code == 404


def test_parameters_of_the_session(factor: Project) -> None:
    client = client_of([factor.config], Keep.CONTINUE)
    before = value(client)
    text = factor.config.read_text()
    told = client.get("/api/double/process").get_json()
    assert told["schema"]["properties"]["factor"] == {"type": "integer", "default": 2}
    assert {kind["type"] for kind in told["schema"]["properties"]["name"]["anyOf"]} == {
        "string", "null",
    }  # fmt: skip
    stored = factor.tiles()
    changed = client.put("/api/double/process", json={"parameters": {"factor": 6}}).get_json()
    assert (changed["version"], changed["values"]) == (2, {"factor": 6})
    assert "not kept" in changed["notice"]
    assert value(client) == 3 * before
    # nothing on disk has changed
    assert factor.config.read_text() == text
    assert factor.tiles() == stored
    # back to the file
    client.put("/api/double/process", json={"parameters": {}})
    assert value(client) == before


def test_wrong_parameters_change_nothing(factor: Project) -> None:
    client = client_of([factor.config], Keep.MEMORY)
    before = value(client)
    wrongs: list[dict[str, Any]] = [{"factor": "many"}, {"fctor": 3}, {"input": {}}]
    for wrong in wrongs:
        answer = client.put("/api/double/process", json={"parameters": wrong})
        assert answer.status_code == 400, wrong
        assert answer.get_json()["error"]
    for body in (b"[]", b"no json", b'{"parameters": 3}'):
        answer = client.put("/api/double/process", data=body, content_type="application/json")
        assert answer.status_code == 400
    assert client.get("/api/double/process").get_json()["version"] == 1
    assert value(client) == before


def test_parameters_are_saved_and_comments_stay(factor: Project) -> None:
    config = json.loads(factor.config.read_text())
    parts = [f"{key}: {json.dumps(part)}" for key, part in config.items() if key[:9] != "process_p"]
    lines = ["# what it is", *parts, "process_parameters:", "  factor: 3  # why three", ""]
    factor.config.write_text("\n".join(lines))
    client = client_of([factor.config], Keep.MEMORY)
    body = {"parameters": {"factor": 5, "name": "x"}, "save": True}
    told = client.put("/api/double/process", json=body).get_json()
    assert (told["values"], told["session"]) == ({"factor": 5, "name": "x"}, {})
    text = factor.config.read_text()
    assert "# what it is" in text
    assert "factor: 5  # why three" in text
    assert text.count("\n") == len(lines) + 0


def test_pages_of_others_learn_nothing_and_change_nothing(factor: Project) -> None:
    client = client_of([factor.config], Keep.MEMORY)
    theirs = {"Origin": "http://evil.example"}
    assert client.get("/api/double/process", headers=theirs).status_code == 403
    body = {"parameters": {"factor": 9}}
    assert client.put("/api/double/process", json=body, headers=theirs).status_code == 403
    own = {"Origin": "http://localhost"}
    assert client.put("/api/double/process", json=body, headers=own).status_code == 200


def events(client: FlaskClient) -> Iterator[tuple[str, dict[str, Any]]]:
    answer = client.get("/api/events")
    assert answer.mimetype == "text/event-stream"
    try:
        for part in answer.response:
            text = part.decode() if isinstance(part, bytes) else part
            kind, _, data = text.partition("\n")
            if kind.startswith("event: "):
                yield kind.removeprefix("event: "), json.loads(data.strip().removeprefix("data: "))
    finally:
        answer.close()


def until(stream: Iterator[tuple[str, dict[str, Any]]], kind: str) -> dict[str, Any]:
    return next(data for name, data in stream if name == kind)


def test_events(factor: Project) -> None:
    client = client_of([factor.config], Keep.CONTINUE)
    stream = events(client)
    assert until(stream, "process")["version"] == 1
    before = value(client)
    assert until(stream, "tile")["status"] == "running"
    assert until(stream, "tile")["status"] in ("done", "running")
    # an edit is taken in; tiles from before it are not mixed with new ones
    code = factor.folder / "double.py"
    code.write_text(FACTOR.replace("* factor", "* factor * 2"))
    told = until(stream, "process")
    assert (told["version"], told["error"]) == (2, None)
    assert "before the edit" in told["notice"]
    assert value(client) == 2 * before
    # one that cannot be read is told with its line, and all stays as it was
    code.write_text("def execute(image):\n    return (\n")
    error = until(stream, "process")["error"]
    assert (error["file"], error["line"]) == (str(code), 2)
    assert value(client) == 2 * before
    code.write_text(FACTOR)
    assert until(stream, "process")["error"] is None
    assert value(client) == before
    stream.close()  # type: ignore[attr-defined]


def test_a_run_elsewhere_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", zooms=(12, 13), pause=0.3)
    client = client_of([project.config], Keep.READONLY)
    stream = events(client)
    assert until(stream, "journal")["running"] is False
    run = project.start("--workers", "1")
    try:
        seen: set[str] = set()
        while "running" not in seen:
            assert until(stream, "journal")["running"] in (True, False)
            seen |= set(statuses(client, 14).values())
        assert is_running(project.output / JOURNAL_NAME)
        assert run.wait(timeout=90) == 0
    finally:
        run.kill()
        run.communicate()
    while (told := until(stream, "journal"))["running"]:
        pass
    assert sum(sum(each.values()) for each in told["tiles"].values()) == 26
    assert set(statuses(client, 14).values()) <= {"done", "empty"}
    stream.close()  # type: ignore[attr-defined]


def test_listeners_are_few_and_leave() -> None:
    hub = Hub()
    held = [hub.listen() for _ in range(64)]
    entered = 0
    with pytest.raises(TooMany):  # noqa: PT012
        for each in held:
            each.__enter__()
            entered += 1
    assert entered >= 4
    for each in held[:entered]:
        each.__exit__(None, None, None)
    with hub.listen() as messages:
        hub.tell("tile", {"row": 1})
        assert next(messages) == Message("tile", {"row": 1})


def test_the_lock_is_only_asked_for(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_NAME
    assert not is_running(path)
    with Journal.open(path):
        assert not is_running(path)  # this process holds it itself
        child = os.fork()
        if child == 0:
            os._exit(0 if is_running_elsewhere(path) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not is_running(path)


def is_running_elsewhere(path: Path) -> bool:
    """As another process sees it: what this one held is not its own."""
    from automap_tiles.engine.journal import _lock

    _lock._held.clear()
    return is_running(path)
