"""Nothing is lost when things break."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal import JOURNAL_NAME, Journal
from tests.engine.projects import Project, make_project, processes_in_session

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc of Linux")

TWO = ("--concurrency", "processes", "-w", "2")

# Processes end within the grace and a moment; on a machine that does much else, moments are long.
# What never ends is still there then.
PATIENCE = 60


def nobody_left(session: int) -> bool:
    """Whether the processes of a session are gone, now or soon."""
    deadline = time.monotonic() + PATIENCE
    while processes_in_session(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_in_session(session) == []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("undisturbed"))
    done = project.run("--concurrency", "none")
    assert done.returncode == 0, done.stderr
    assert len(project.tiles()) > 20
    return project


def assert_all_done(project: Project, undisturbed: Project) -> None:
    assert project.tiles() == undisturbed.tiles()
    again = project.run(*TWO)
    assert again.returncode == 0, again.stderr
    with Journal.open_readonly(project.output / JOURNAL_NAME) as journal:
        last = journal.last_run()
        assert last is not None
        assert all(run.id < last.id for run in journal.runs_with_tiles())
    assert project.tiles() == undisturbed.tiles()


def test_worker_killed_once(tmp_path: Path, undisturbed: Project) -> None:
    project = make_project(tmp_path / "p", once=str(tmp_path / "killed"))
    done = project.run(*TWO)
    assert (tmp_path / "killed").exists()
    assert done.returncode == 0, done.stderr
    assert project.counts()[TileStatus.FAILED] == 0
    assert_all_done(project, undisturbed)


def test_tile_that_kills_its_worker_fails_alone(tmp_path: Path, undisturbed: Project) -> None:
    victim = next(path for path in undisturbed.tiles() if path.startswith("13/"))
    index = victim.removesuffix(".tif")
    project = make_project(tmp_path / "p", poison=index)
    done = project.run(*TWO)
    assert done.returncode == 1, done.stderr
    assert index in done.stderr
    with Journal.open_readonly(project.output / JOURNAL_NAME) as journal:
        failed = list(journal.failed())
    assert [str(tile.index) for tile in failed] == [index]
    assert "died" in failed[0].error
    whole = {path for path in undisturbed.tiles() if path.startswith("13/")}
    assert {path for path in project.tiles() if path.startswith("13/")} == whole - {victim}


def test_failed_tile_is_listed_and_retried(tmp_path: Path, undisturbed: Project) -> None:
    victim = next(path for path in undisturbed.tiles() if path.startswith("13/"))
    index = victim.removesuffix(".tif")
    project = make_project(tmp_path / "p", fail=index)
    source = project.folder / "double.py"
    failed = project.run(*TWO)
    assert failed.returncode == 1
    assert index in failed.stderr
    assert "not to my liking" in failed.stderr
    assert project.counts()[TileStatus.FAILED] == 1
    before = {path: (project.output / path).stat().st_mtime_ns for path in project.tiles()}

    same = project.run("--retry-failed", *TWO)
    assert same.returncode == 1
    # The function is mended outside its source and parameters, as by a repaired input or library.
    text = source.read_text()
    stamp = source.stat()
    source.write_text(text.replace("here == fail", "here == fail and not Path('mended').exists()"))
    changed = project.run("--retry-failed", *TWO)
    assert changed.returncode == 2
    assert "function changed" in changed.stderr
    source.write_text(text)
    os.utime(source, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    project.configure()
    mended = project.run("-o", *TWO)
    assert mended.returncode == 0, mended.stderr
    assert project.tiles() == undisturbed.tiles()
    assert set(before) == set(undisturbed.tiles()) - {victim}


def test_fail_fast_stops(tmp_path: Path, undisturbed: Project) -> None:
    first = next(path for path in undisturbed.tiles() if path.startswith("13/"))
    project = make_project(tmp_path / "p", fail=first.removesuffix(".tif"), pause=0.05)
    done = project.run("--fail-fast", "--concurrency", "none")
    assert done.returncode == 1
    assert len(project.tiles()) < len(undisturbed.tiles()) // 2


def test_killed_at_random_moments_then_continued(tmp_path: Path, undisturbed: Project) -> None:
    project = make_project(tmp_path / "p", pause=0.05)
    moments = random.Random(20261120)
    kills = 0
    while kills < 20:
        run = project.start(*TWO)
        time.sleep(moments.uniform(0.3, 1.6))
        if run.poll() is None:
            os.kill(run.pid, signal.SIGKILL)
            kills += 1
        run.communicate()
        assert nobody_left(run.pid)
        for path, data in project.tiles().items():
            assert data == undisturbed.tiles()[path], path
        if len(project.tiles()) == len(undisturbed.tiles()):
            shutil.rmtree(project.output)
    done = project.run(*TWO)
    assert done.returncode == 0, done.stderr
    assert_all_done(project, undisturbed)
    assert not list(project.output.rglob("*.part"))


@pytest.mark.parametrize(
    ("concurrency", "how"),
    [
        ("none", signal.SIGINT),
        ("threads", signal.SIGINT),
        ("processes", signal.SIGINT),
        ("processes", signal.SIGTERM),
        ("dask", signal.SIGINT),
    ],
)
def test_an_interrupt_ends_the_run(tmp_path: Path, concurrency: str, how: signal.Signals) -> None:
    if concurrency == "dask":
        pytest.importorskip("distributed")
    project = make_project(tmp_path / "p", pause=0.3)
    run = project.under_way("--concurrency", concurrency, "-w", "2")
    while not project.tiles():
        assert run.poll() is None
        time.sleep(0.05)
    os.kill(run.pid, how)
    _, errors = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130, errors
    assert "Traceback" not in errors
    assert nobody_left(run.pid)
    assert len(project.tiles()) < 20, "it was over anyway"
    done = project.run(*TWO)
    assert done.returncode == 0, done.stderr


def test_tile_longer_than_the_grace_is_dropped(tmp_path: Path) -> None:
    """Tiles of ten minutes, a grace of seconds."""
    project = make_project(tmp_path / "p", pause=600, zooms=(13, 13))
    run = project.under_way(*TWO)
    time.sleep(1)
    os.kill(run.pid, signal.SIGINT)
    run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert nobody_left(run.pid)


def test_truncated_input_fails_its_tiles_only(tmp_path: Path, undisturbed: Project) -> None:
    project = make_project(tmp_path / "p")
    image = project.folder / "image.tif"
    with image.open("r+b") as file:
        file.truncate(image.stat().st_size * 2 // 3)
    done = project.run(*TWO)
    assert done.returncode == 1, done.stderr
    assert "image.tif" in done.stderr
    counts = project.counts()
    assert counts[TileStatus.FAILED] > 0
    assert counts[TileStatus.WRITTEN] > 0
    expected = undisturbed.tiles()
    base = {path: data for path, data in project.tiles().items() if path.startswith("13/")}
    assert base
    assert all(expected[path] == data for path, data in base.items())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 kB."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(mount)]
    if (
        shutil.which("mount") is None
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("file systems cannot be mounted here")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def test_full_disk_stops_with_a_reason_and_can_be_continued(
    tmp_path: Path, small_disk: Path, undisturbed: Project
) -> None:
    project = make_project(tmp_path / "p")
    project.configure(output={"path": str(small_disk / "out")})
    done = project.run(*TWO)
    assert done.returncode == 1, done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    output = small_disk / "out"
    for tile in output.glob("13/*/*.tif"):
        assert tile.read_bytes() == (undisturbed.output / tile.relative_to(output)).read_bytes()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    rest = project.run(*TWO)
    assert rest.returncode == 0, rest.stderr
    written = {str(p.relative_to(output)): p.read_bytes() for p in output.rglob("*.tif")}
    assert written == undisturbed.tiles()


def test_read_only_output_is_refused_before_the_first_tile(
    tmp_path: Path, small_disk: Path
) -> None:
    project = make_project(tmp_path / "p")
    project.configure(output={"path": str(small_disk / "out")})
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = project.run(*TWO)
    assert done.returncode == 1, done.stderr
    assert str(small_disk / "out") in done.stderr
    assert "Read-only" in done.stderr
    assert "Traceback" not in done.stderr


def test_changed_parameter_asks_for_overwrite(tmp_path: Path, undisturbed: Project) -> None:
    project = make_project(tmp_path / "p")
    assert project.run(*TWO).returncode == 0
    project.configure(pause=0.001)
    refused = project.run(*TWO)
    assert refused.returncode == 2
    assert "parameters changed" in refused.stderr
    assert "--overwrite" in refused.stderr
    assert project.run("--overwrite", *TWO).returncode == 0
    assert_all_done(project, undisturbed)


def test_killed_overwrite_is_gone_on_with(tmp_path: Path, undisturbed: Project) -> None:
    project = make_project(tmp_path / "p")
    assert project.run(*TWO).returncode == 0
    project.configure(pause=0.05)
    for options in (["--overwrite"], []):
        run = project.under_way(*options, "--concurrency", "none")
        time.sleep(0.3)
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
    done = project.run(*TWO)
    assert done.returncode == 0, done.stderr
    with Journal.open_readonly(project.output / JOURNAL_NAME) as journal:
        first_run = journal.runs_with_tiles()[0]
    assert first_run.id > 1, "tiles of the first run were left"
    assert_all_done(project, undisturbed)


def test_second_run_on_the_same_output_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", pause=600)
    run = project.under_way(*TWO)
    second = project.run(*TWO)
    os.kill(run.pid, signal.SIGINT)
    run.communicate(timeout=PATIENCE)
    assert second.returncode == 2
    assert "another run" in second.stderr
