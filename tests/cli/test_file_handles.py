"""Too few file handles: said in words, and nothing is blamed or marked for it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.engine.journal import JOURNAL_NAME, Journal
from automap_tiles.errors import ResourceError, is_without_handles
from tests.engine.projects import AUTOMAP, Project, make_project

SAID = "too many open files: the system lets this process open no more; raise the limit"


def limited(handles: int, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a shell that allows it few open files."""
    script = f'ulimit -n {handles}; exec "$@"'
    return subprocess.run(
        ["bash", "-c", script, "bash", *AUTOMAP, *command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("handles") / "p", zooms=(11, 13))
    assert main(["execute", str(made.config), "--concurrency", "none"]) == 0
    return made


@pytest.mark.parametrize("handles", [6, 8, 10, 20])
@pytest.mark.parametrize("what", ["execute", "convert", "cp", "verify"])
def test_in_words(project: Project, tmp_path: Path, handles: int, what: str) -> None:
    """It works, or says why not and what to do; never a traceback, never another reason."""
    copy = tmp_path / "copy"
    shutil.copytree(project.output, copy)
    raster = str(project.folder / "image.tif")
    mercator = ("--output-pyramid", "mercator", "-z", "8")
    commands: dict[str, tuple[str, ...]] = {
        "convert": ("convert", raster, str(tmp_path / "c"), *mercator),
        "cp": ("cp", str(copy), str(tmp_path / "k")),
        "verify": ("verify", str(copy)),
    }
    if what == "execute":
        # it may leave tiles to be made anew, which `cp` would tell of
        own = shutil.copytree(project.folder, tmp_path / "own")
        config = own / project.config.relative_to(project.folder)
        copy = own / project.output.relative_to(project.folder)
        commands["execute"] = ("execute", str(config), "--overwrite", "--workers", "2")
    done = limited(handles, *commands[what])
    assert "Traceback" not in done.stdout + done.stderr
    if done.returncode:
        assert SAID in done.stderr
        assert "ulimit -n" in done.stderr
    with Journal.open_readonly(copy / JOURNAL_NAME) as journal:
        assert not list(journal.failed())


def test_a_tile_that_finds_no_handle_ends_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All others would fail likewise: what is done is kept, the rest is left for the next run."""
    project = make_project(tmp_path / "p", zooms=(13, 13))
    source = project.folder / "double.py"
    good = source.read_text()
    greedy = "    open_files = [open(__file__) for _ in range(10**6)]\n    data = image.read()"
    source.write_text(good.replace("    data = image.read()", greedy))
    before = ("execute", str(project.config), "--concurrency", "none", "--no-progress")
    done = limited(60, *before)
    assert done.returncode == 1
    assert SAID in done.stdout + done.stderr
    with Journal.open_readonly(project.output / JOURNAL_NAME) as journal:
        assert len(list(journal.failed())) == 1
    source.write_text(good)
    assert main([*before, "--overwrite"]) == 0
    capsys.readouterr()


def test_what_is_an_error_of_handles() -> None:
    wrapped = ValueError("cannot be read")
    wrapped.__cause__ = OSError(24, "Too many open files", "a.tif")
    assert is_without_handles(wrapped)
    assert is_without_handles(RuntimeError("a.tif: Too many open files"))
    assert not is_without_handles(OSError(2, "No such file or directory"))
    assert "--workers" in str(ResourceError.without_handles())


def test_errors_that_name_each_other() -> None:
    """Such chains come of errors that are kept and raised again."""
    first, second = ValueError("one"), KeyError("two")
    first.__cause__, second.__context__ = second, first
    assert not is_without_handles(first)
