"""What is made once for all processes that tests run in."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

Made = TypeVar("Made")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process is in here with the same folder."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def place(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder of this name that all processes of this run of the tests have."""
    base = factory.getbasetemp()
    if base.name.startswith("popen-"):  # that of a worker lies in that of the run
        base = base.parent
    folder = base / name
    folder.mkdir(exist_ok=True)
    return folder


def made_once(folder: Path, make: Callable[[], Made]) -> Made:
    """What `make` gives, in a process that has the folder alone; kept there for the others."""
    kept = folder / "made.pickle"
    with alone(folder):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
        found: Made = pickle.loads(kept.read_bytes())
    return found
