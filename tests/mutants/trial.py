"""Tries a change: the tests that look at it, in a copy of the checkout."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests.mutants.operators import Mutant
from tests.mutants.selection import PACKAGES

_COPIED = (*PACKAGES, "processes/examples", "tests", "bench", "pyproject.toml", "README.md")
_NO_TESTS = 5
# A changed program may signal any process that it sees: where this is allowed it sees only its own.
_ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")


class Outcome(StrEnum):
    """What became of it."""

    NOTICED = "noticed"
    """A test failed."""
    HUNG = "hung"
    """A test did not end: noticed too."""
    SURVIVED = "survived"
    """Every test passed, or as many as there was time for."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A change and its outcome."""

    mutant: Mutant
    outcome: Outcome
    seconds: float


def copy_of(root: Path, target: Path) -> Path:
    """The parts of a checkout that tests need."""
    for name in _COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    return target


def attempt(
    mutant: Mutant, copy: Path, *, tests: list[str], shared: Path | None, seconds: float
) -> Trial:
    """Change the copy, run the tests, change it back.

    `seconds` bound the run: what has not failed until then has survived. A single test that hangs
    counts as noticed; a change that no test looks at has survived.
    """
    if not tests:
        return Trial(mutant=mutant, outcome=Outcome.SURVIVED, seconds=0.0)
    path = copy / mutant.path
    source = path.read_bytes()
    started = time.monotonic()
    try:
        path.write_bytes(mutant.applied(source))
        outcome = _run(copy, tests, shared, seconds)
    finally:
        path.write_bytes(source)
    return Trial(mutant=mutant, outcome=outcome, seconds=time.monotonic() - started)


def _run(copy: Path, tests: list[str], shared: Path | None, seconds: float) -> Outcome:
    command = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "--no-header", "--tb=no"]
    command += ["-p", "no:cacheprovider", f"--timeout={max(20, seconds / 2)}"]
    command = [*_alone(), *command]
    paths = [str(copy), str(copy / "processes"), str(copy / "devserver")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if shared is not None:
        environment["AUTOMAP_SHARED"] = str(shared)
    with subprocess.Popen(
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        try:
            code = run.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Outcome.SURVIVED
        finally:
            _end(run)
    return Outcome.SURVIVED if code in (0, _NO_TESTS) else Outcome.NOTICED


def _end(run: subprocess.Popen[bytes]) -> None:
    """It and everything that it started, which is all in a session of its own."""
    try:
        os.killpg(run.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@cache
def _alone() -> tuple[str, ...]:
    if shutil.which("unshare") is None:
        return ()
    tried = subprocess.run([*_ALONE, "true"], capture_output=True, check=False)
    return _ALONE if tried.returncode == 0 else ()
