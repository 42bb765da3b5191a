"""Errors become a message and an exit code in one place."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from automap_tiles.cli._environment import settle_environment
from automap_tiles.cli._exits import run_guarded
from automap_tiles.cli.main import main
from automap_tiles.errors import (
    AutomapError,
    ConfigError,
    GridError,
    InputError,
    MissingExtra,
    OutputBusy,
    OutputMismatch,
    ProcessError,
    TilesFailed,
)


def command_raising(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("bad", file="x.mapchete", line=3, key="pyramid.grid"), 2),
        (GridError("no such tile"), 2),
        (ProcessError("cannot be loaded"), 2),
        (OutputMismatch("other pyramid", "out"), 2),
        (OutputBusy("busy"), 2),
        (MissingExtra("distributed", "dask"), 2),
        (InputError("cannot be read", "a.tif"), 1),
        (click.UsageError("no such option"), 2),
    ],
)
def test_message_and_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(command_raising(error), []) == code
    shown = capsys.readouterr().err
    text = str(error) if isinstance(error, AutomapError) else "no such option"
    assert text in shown
    assert "Traceback" not in shown


def test_failed_tiles_were_told_by_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(command_raising(TilesFailed("3 tiles failed")), []) == 1
    assert capsys.readouterr().err == ""


def test_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(command_raising(KeyboardInterrupt()), []) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run_guarded(command_raising(ZeroDivisionError()), [])


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exeucte"]) == 2
    assert "exeucte" in capsys.readouterr().err


def test_fine_is_zero() -> None:
    assert main(["formats"]) == 0


def test_reader_of_our_output_may_leave() -> None:
    """`automap tiles … | head -1`: no traceback."""
    line = f"{sys.executable} -m automap_tiles tiles --grid mercator -z 9 | head -1"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "9 0 0\n"
    assert done.stderr == ""


def test_environment_is_settled_but_not_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    settle_environment()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "4"
    assert os.environ["OMP_WAIT_POLICY"] == "passive"
