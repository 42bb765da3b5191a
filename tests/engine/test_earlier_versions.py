"""Outputs that earlier versions began, known by their own hashes, are gone on with."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.journal import place_of
from automap_tiles.engine.on_demand import OnDemandJournal
from automap_tiles.engine.run import execute
from automap_tiles.errors import ProcessChanged
from automap_tiles.layers.open import process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.progress import ProgressView
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime.sources import builtin_earlier
from tests.engine.projects import DOUBLE, Project, make_raster

HELPER = "SCALE = 2\n"


def before_010(*parts: str) -> str:
    """The hash of a function as 2ef9973 made it."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return total.hexdigest()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_raster(tmp_path / "image.tif", size=200)
    (tmp_path / "double.py").write_text("import helper\n" + DOUBLE)
    (tmp_path / "helper.py").write_text(HELPER)
    return Project(tmp_path).configure()


def journal(process: Process) -> Path:
    return place_of(process.writer.path, process.config_path).path


def made(process: Process) -> int:
    *_, last = execute(process)
    assert isinstance(last, RunFinished)
    assert not last.summary.failed
    return last.summary.written + last.summary.empty


def remember(process: Process, function: str) -> None:
    with sqlite3.connect(journal(process)) as db:
        db.execute("UPDATE runs SET function = ?", (function,))


def remembered(process: Process) -> set[str]:
    with sqlite3.connect(journal(process)) as db:
        return {text for (text,) in db.execute("SELECT function FROM runs")}


def test_a_file_with_a_module_beside_it(project: Project) -> None:
    process = open_process(project.config)
    assert made(process)
    earlier = before_010("file", "import helper\n" + DOUBLE, "helper.py", HELPER)
    remember(process, earlier)
    view = ProgressView(process_layer(process, Keep.READONLY))
    assert sum(view.counts().tiles[13].values())  # who only looks sees them too
    assert remembered(process) == {earlier}
    assert made(process) == 0
    assert remembered(process) == {process.function.digest}
    # from here on a comment is nothing new
    (project.folder / "helper.py").write_text("# how much\n" + HELPER)
    assert made(open_process(project.config)) == 0
    (project.folder / "helper.py").write_text("SCALE = 3\n")
    with pytest.raises(ProcessChanged, match="the process function changed"):
        made(open_process(project.config))


def test_another_function_of_an_earlier_version(project: Project) -> None:
    process = open_process(project.config)
    made(process)
    remember(process, before_010("file", DOUBLE))
    with pytest.raises(ProcessChanged, match="the process function changed"):
        made(process)
    assert remembered(process) == {before_010("file", DOUBLE)}


def test_a_built_in_process(project: Project) -> None:
    text = project.config.read_text().replace("./double.py", "convert").replace('"image"', '"inp"')
    project.config.write_text(text)
    process = open_process(project.config)
    assert made(process)
    for earlier in (*builtin_earlier("automap_processes.convert"), process.function.text):
        remember(process, earlier)
        assert made(process) == 0
        assert remembered(process) == {process.function.digest}
    remember(process, "0" * 64)
    with pytest.raises(ProcessChanged):
        made(process)


def test_who_looks_goes_on_too(project: Project) -> None:
    process = open_process(project.config)
    made(process)
    remember(process, process.function.text)
    OnDemandJournal(process)
    assert remembered(process) == {process.function.digest}


def test_an_overwriting_run_of_an_earlier_version_that_was_stopped(project: Project) -> None:
    process = open_process(project.config)
    made(process)
    remember(process, process.function.text)
    with sqlite3.connect(journal(process)) as db:
        # as killed before its first tile, when what is stale was not marked yet
        db.execute("PRAGMA user_version = 0")
        db.execute("UPDATE runs SET finished = NULL, fresh_from = 2, id = 2")
    count = made(process)
    assert count, "what it declared stale stays stale"
    assert made(process) == 0
