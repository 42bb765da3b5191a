"""A tile that takes too long fails alone: its worker is ended and replaced."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from automap_tiles.engine._tile_timeout import TimeLimit
from automap_tiles.engine.events import RunFinished, Summary, TileStatus
from automap_tiles.engine.journal import Journal, place_of
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError
from automap_tiles.runtime import open_process
from tests.engine.projects import Project, make_raster

CODE = """
import re, time
from automap_tiles import Tile

def hang(how):
    if how == "sleep":
        time.sleep(1000)
    while how == "loop":
        try:
            time.sleep(0.01)
        except BaseException:  # also of what might interrupt it
            pass
    # holds the lock of the interpreter: no thread of Python comes to its turn
    re.match("(a+)+$", "a" * 60 + "b")

def execute(image, tile: Tile, hanging: str = "", how: str = "", pause: float = 0.0):
    time.sleep(pause)
    if str(tile.index) in hanging:
        hang(how)
    return image.read() + 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    make_raster(tmp_path / "image.tif", size=400)
    (tmp_path / "double.py").write_text(CODE)
    return Project(tmp_path)


def indexes(project: Project) -> list[str]:
    process = open_process(project.configure().config)
    from automap_tiles.grid import cover

    zoom = process.zooms[-1]
    return [str(index) for index in cover.tiles(process.pyramid, process.area_at(zoom), zoom)]


def run(project: Project, concurrency: Concurrency, seconds: float | None = 2.0) -> Summary:
    options = RunOptions(concurrency=concurrency, workers=2, tile_seconds=seconds)
    *_, last = execute(open_process(project.config), options)
    assert isinstance(last, RunFinished)
    return last.summary


def failed(project: Project) -> dict[str, str]:
    process = open_process(project.config)
    with Journal.open_readonly(place_of(process.writer.path, process.config_path)) as journal:
        return {str(tile.index): tile.error for tile in journal.failed()}


@pytest.mark.parametrize("how", ["sleep", "loop", "native"])
def test_the_others_are_made(project: Project, how: str) -> None:
    tiles = indexes(project)
    bad = [tiles[0], tiles[len(tiles) // 2]]
    project.configure(hanging=" ".join(bad), how=how)
    started = time.monotonic()
    summary = run(project, Concurrency.PROCESSES)
    assert summary.failed == 2
    assert summary.written + summary.failed + summary.empty > len(tiles)  # the overviews too
    assert time.monotonic() - started < 40
    errors = failed(project)
    assert set(errors) == set(bad)
    for error in errors.values():
        assert error.splitlines()[-1] == (
            "TimeoutError: the tile took longer than 2 s, and its worker was ended"
        )
        assert "double.py" in error
        assert "in execute" in error
    written = {path: path.read_bytes() for path in project.output.rglob("*.tif")}
    # the same with the parameters of a function that hangs nowhere: the same bytes
    other = project.configure(output={"path": "other"})
    assert run(other, Concurrency.PROCESSES, None).failed == 0
    for path, content in written.items():
        same = project.folder / "other" / path.relative_to(project.output)
        if path.parts[-3] == "13":
            assert content == same.read_bytes()
    assert not list(project.folder.rglob("*.part*"))


def test_a_dask_cluster_on_this_machine(project: Project) -> None:
    tiles = indexes(project)
    project.configure(hanging=tiles[1], how="native")
    summary = run(project, Concurrency.DASK)
    assert summary.failed == 1
    assert "took longer than 2 s" in failed(project)[tiles[1]]


def test_long_runs_of_short_tiles_are_no_long_tiles(project: Project) -> None:
    project.configure(pause=0.3)
    assert run(project, Concurrency.PROCESSES, 2.0).failed == 0


def test_whose_time_cannot_be_limited(project: Project) -> None:
    project.configure()
    for concurrency in (Concurrency.NONE, Concurrency.THREADS):
        with pytest.raises(ConfigError, match="can only be ended with the process") as caught:
            run(project, concurrency)
        assert caught.value.key == "tile-timeout"
    with pytest.raises(ConfigError, match="more than 0"):
        run(project, Concurrency.PROCESSES, 0.0)
    said = project.run("--tile-timeout", "5", "--concurrency", "threads")
    assert said.returncode == 2
    assert "--tile-timeout needs --concurrency processes or dask" in said.stderr


def test_at_the_command_line(project: Project) -> None:
    tiles = indexes(project)
    project.configure(hanging=tiles[0], how="sleep")
    said = project.run("--tile-timeout", "1.5", "-w", "1")
    assert said.returncode == 1
    assert "the tile took longer than 1.5 s, and its worker was ended" in said.stderr + said.stdout
    assert "1 failed" in said.stderr + said.stdout
    process = open_process(project.config)
    with Journal.open_readonly(place_of(process.writer.path, process.config_path)) as journal:
        assert journal.counts()[13][TileStatus.FAILED] == 1


def test_asked_after_it_was_tidied_away() -> None:
    """By one thread while another gives the whole up: there is nothing to tell, and no error."""
    limit = TimeLimit(5.0)
    with limit:
        assert limit.overdue() == {}
    assert limit.overdue() == {}
