"""An order to verify: what it answers before, tells meanwhile, and leaves."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from automap_tiles import open_process
from automap_tiles.errors import ConfigError
from automap_tiles.storage import LocalStorage
from automap_tiles.workflows import run
from automap_tiles.workflows.events import (
    Done,
    Event,
    Failed,
    Finished,
    Noted,
    PhaseFinished,
    Started,
)
from automap_tiles.workflows.verify import VerifyOrder, VerifyOutcome, check
from automap_tiles.workflows.verify.files_report import Damage, SoundFile
from tests.engine.projects import Project, make_project
from tests.runtime.steps.samples import Step, make_sample, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path)
    list(open_process(made.config).execute(concurrency="none"))
    return made


def outcome_of(events: list[Event]) -> VerifyOutcome:
    last = events[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.outcome, VerifyOutcome)
    return last.outcome


def test_before(project: Project) -> None:
    files = list(project.output.rglob("*.tif"))
    report = check(VerifyOrder(output=str(project.output)))
    assert report.files == len(files)
    assert report.bytes == sum(path.stat().st_size for path in files)
    assert report.unknown_tiles == 0


def test_a_sound_output(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    events = list(run(VerifyOrder(output=str(project.config), seams=True, sample=2)))
    assert isinstance(events[0], Started)
    names = {event.item.name for event in events if isinstance(event, Done)
             if isinstance(event.item, SoundFile)}  # fmt: skip
    assert names == {
        path.relative_to(project.output).as_posix() for path in project.output.rglob("*.tif")
    }
    outcome = outcome_of(events)
    assert outcome.is_sound
    assert outcome.seams is not None
    assert outcome.seams.tried == 2
    assert not list(tmp_path.glob("verify_*"))


def test_what_fails(project: Project, tmp_path: Path) -> None:
    victim = next(project.output.rglob("*.tif"))
    victim.write_bytes(b"no TIFF")
    order = VerifyOrder(output=str(project.output), failures=str(tmp_path / "map.geojson"))
    events = list(run(order))
    (damage,) = (event.item for event in events if isinstance(event, Failed))
    assert isinstance(damage, Damage)
    assert damage.name == victim.relative_to(project.output).as_posix()
    outcome = outcome_of(events)
    assert outcome.marked
    assert not outcome.set_aside
    assert outcome.failures == order.failures
    assert len(json.loads((tmp_path / "map.geojson").read_text())["features"]) == 1
    # each can be written down
    for event in events:
        assert json.loads(json.dumps(event.to_json()))["event"]


def test_stopped(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also within a file: one of 100 GB is not read to its end."""
    monkeypatch.chdir(tmp_path)
    stop = threading.Event()
    read = 0

    def endless(self: LocalStorage, key: str) -> object:
        nonlocal read
        while True:
            read += 1
            if read == 100:
                stop.set()
            yield b"x"

    monkeypatch.setattr(LocalStorage, "pieces", endless)
    events = list(run(VerifyOrder(output=str(project.output)), stop=stop))
    outcome = outcome_of(events)
    assert outcome.stopped
    assert outcome.is_sound
    assert outcome.files.files == 0
    assert any(isinstance(event, PhaseFinished) for event in events)


def test_interrupted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files are not read to their end either."""

    def endless(self: LocalStorage, key: str) -> object:
        while True:
            time.sleep(0.01)
            yield b"x"

    monkeypatch.setattr(LocalStorage, "pieces", endless)
    threads = threading.active_count()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        list(run(VerifyOrder(output=str(project.output))))
    assert threading.active_count() <= threads


def test_seams_need_the_process(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"remedy: the \.mapchete file"):
        check(VerifyOrder(output=str(project.output), seams=True))


def test_stored_steps_are_not_taken_for_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = {"first": Step(("image",), is_stored=True), "last": Step(("first",))}
    config = write(make_sample(tmp_path / "sample", steps))
    list(open_process(config).execute(concurrency="none"))
    folder = tmp_path / "sample" / "out_first"
    next(folder.rglob("*.tif")).write_bytes(b"harmed")
    events = list(run(VerifyOrder(output=str(config))))
    (note,) = [event.note for event in events if isinstance(event, Noted)]
    assert note.examples == (str(folder),)
    assert "were not compared" in note.reason
    assert not outcome_of(list(run(VerifyOrder(output=str(folder), mark=False)))).is_sound
