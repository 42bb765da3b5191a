"""Who is told of a run, and that nothing of it is disturbed."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from automap_tiles.errors import ConfigError, OutputError, ProcessChanged
from automap_tiles.workflows.events import Event, Finished, Noted
from automap_tiles.workflows.execute import ExecuteOrder, run
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.observers import ADDRESS, ENTRY_POINTS, Observer, observed
from tests.engine.projects import make_project


def order(folder: Path) -> ExecuteOrder:
    return ExecuteOrder(
        process=str(make_project(folder / "p", zooms=(12, 12)).config),
        how=ExecutionOptions(workers=1),
    )


class Chat:
    """What a server has been sent."""

    def __init__(self, status: int) -> None:
        self.status, self.messages, chat = status, [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                chat.messages.append(json.loads(self.rfile.read(size))["text"])
                self.send_response(chat.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on the terminal."""

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/secret-token"

    messages: list[str]


@pytest.fixture
def chat(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    made = Chat(getattr(request, "param", 200))
    monkeypatch.setenv(ADDRESS, made.address)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_log_and_a_webhook(tmp_path: Path, chat: Chat) -> None:
    file = tmp_path / "run.log"
    events = list(observed(run(order(tmp_path)), [f"log={file}", "webhook"]))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["event"] for line in lines] == [event.to_json()["event"] for event in events]
    assert all("time" in line for line in lines)
    begin, end = chat.messages
    assert begin.startswith("AutoMap: a run of ")
    assert "has ended" in end
    assert "0 failed" in end
    assert "secret" not in begin + end + file.read_text()


@pytest.mark.parametrize("chat", [500], indirect=True)
def test_a_webhook_that_refuses_is_told_once_and_the_run_goes_on(
    tmp_path: Path, chat: Chat
) -> None:
    events = list(observed(run(order(tmp_path)), ["webhook"]))
    assert isinstance(events[-1], Finished)
    (said,) = [str(event.note) for event in events if isinstance(event, Noted)]
    assert "the webhook answered 500" in said
    assert "secret" not in said
    assert len(chat.messages) == 1


def test_a_run_that_is_broken_off_is_told(tmp_path: Path, chat: Chat) -> None:
    def broken() -> Iterator[Event]:
        yield from ()
        raise ProcessChanged("of /somewhere/secret")

    with pytest.raises(ProcessChanged):
        list(observed((event for event in broken()), ["webhook"]))
    assert chat.messages == ["AutoMap: the run was broken off (ProcessChanged)"]


@contextlib.contextmanager
def counting(target: str) -> Iterator[Observer]:
    seen: list[Event] = []
    yield seen.append
    Path(target).write_text(str(len(seen)))


def test_one_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("counting", f"{__name__}:counting", ENTRY_POINTS)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda: EntryPoints([entry]))
    events = list(observed(run(order(tmp_path)), [f"counting={tmp_path / 'count'}"]))
    assert (tmp_path / "count").read_text() == str(len(events))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("log", "says no file"),
        ("webhook=https://x", "taken from the environment"),
        ("webhook", "taken from the environment"),
        ("pigeon", "one of log, webhook"),
    ],
)
def test_what_cannot_be_opened(
    wanted: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)
    with pytest.raises(ConfigError, match=words) as caught:
        list(observed(run(order(tmp_path)), [wanted]))
    assert "https://x" not in str(caught.value)
    assert not (tmp_path / "p" / "out").exists()
    with pytest.raises(OutputError):
        list(observed(run(order(tmp_path)), [f"log={tmp_path}/none/run.log"]))
