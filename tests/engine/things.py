"""What workers do with things. They import nothing besides, which pytest would be."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def squared(number: int) -> int:
    return number * number


def deadly(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def killed_once(thing: tuple[int, str]) -> int:
    number, folder = thing
    mark = Path(folder, "killed")
    if number == 5 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def complaining(number: int) -> int:
    raise ValueError(number)


def slow(number: int) -> int:
    time.sleep(60)
    return number


def said(name: str) -> str | None:
    return os.environ.get(name)
