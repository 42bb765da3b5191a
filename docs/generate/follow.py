"""Does what a page says: writes its files and runs its commands, as they stand there.

A block of a `language path` is a file, a block of `console` holds commands behind `$ `.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.generate.places import ROOT

_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: (?P<path>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A file, or commands."""

    language: str
    path: str | None
    text: str


class Failed(Exception):
    """A command of a page did not end well; holds what it printed."""


def blocks(page: Path) -> list[Block]:
    """All of a page, in its order."""
    text = page.read_text(encoding="utf-8")
    return [Block(**found.groupdict()) for found in _BLOCK.finditer(text)]


def commands(page: Path) -> list[str]:
    """All commands of a page."""
    return [line for block in blocks(page) for line in _commands(block)]


def _commands(block: Block) -> Iterator[str]:
    if block.language == "console":
        yield from re.findall(r"^\$ (.*)$", block.text, flags=re.MULTILINE)


def follow(page: Path, folder: Path) -> None:
    """Write the files of a page into a folder and run its commands there; raises `Failed`."""
    for block in blocks(page):
        if block.path is not None:
            (folder / block.path).write_text(block.text, encoding="utf-8")
        for line in _commands(block):
            run(line, folder)


def run(line: str, folder: Path) -> str:
    """Run one command of `automap`; gives what it printed, raises `Failed`."""
    program, *words = shlex.split(line)
    if program != "automap":
        raise Failed(f"{program} is no command of ours: {line}")
    paths = [str(ROOT / name) for name in ("", "processes", "devserver")]
    done = subprocess.run(
        [sys.executable, "-m", "automap_tiles", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*paths, *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"{line}\n{done.stdout}\n{done.stderr}")
    return done.stdout
