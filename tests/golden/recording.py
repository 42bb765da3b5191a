"""Runs command lines one after the other in a folder, and writes down what they say and leave.

The command line is called in this process: what is recorded is what the user of a terminal that is
no terminal (a file, a pipe) sees, with the code that the shell gets.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from automap_tiles.cli.main import main
from tests.golden.normal import normal

_COLUMNS = "80"
# More files than this with one ending are counted rather than named.
_NAMED = 4


@dataclass(frozen=True)
class Step:
    """A command line, or something that happens between two of them."""

    words: str
    """As typed after `automap`; of what happens in between a word or two."""
    happens: Callable[[], None] | None = None
    """Done instead of a command; the folder of the scenario is the working directory."""
    typed: str = ""
    """What stdin holds."""


@dataclass(frozen=True)
class Scenario:
    """Command lines that belong together."""

    name: str
    steps: Sequence[Step]
    prepare: Sequence[Callable[[], None]] = ()
    """Make the inputs in the working directory."""


def record(scenario: Scenario, folder: Path) -> str:
    """Run a scenario in an empty folder: what each step said, its exit code, which files came."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(folder), mock.patch.dict(os.environ, {"COLUMNS": _COLUMNS}):
        for prepare in scenario.prepare:
            prepare()
        return "\n".join(_blocks(scenario, folder))


def _blocks(scenario: Scenario, folder: Path) -> Iterator[str]:
    before = _files(folder)
    for step in scenario.steps:
        if step.happens is not None:
            step.happens()
            before = _files(folder)
            yield f"# {step.words}\n"
            continue
        code, out, err = _run(step)
        after = _files(folder)
        lines = [f"$ automap {step.words}".rstrip()]
        if step.typed:
            lines += [f"[typed] {step.typed!r}"]
        lines += [f"[exit] {code}"]
        for name, text in (("stdout", out), ("stderr", err)):
            if text:
                lines += [f"[{name}]", normal(text, folder).removesuffix("\n")]
        files = [f"[new] {name}" for name in _named(after - before)]
        files += [f"[gone] {name}" for name in _named(before - after)]
        lines += normal("\n".join(files), folder).splitlines()
        before = after
        yield "\n".join(lines) + "\n"


def _run(step: Step) -> tuple[int, str, str]:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "stdin", io.StringIO(step.typed)),
    ):
        code = main(shlex.split(step.words))
    return code, _text(out), _text(err)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


def _files(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


def _named(names: set[str]) -> list[str]:
    """Names, or of many with one ending below one folder their number."""

    def kind(name: str) -> str:
        top, slash, rest = name.partition("/")
        return f"{top}/…{Path(rest).suffix}" if slash else name

    many = {kind: count for kind, count in Counter(map(kind, names)).items() if count > _NAMED}
    single = [name for name in names if kind(name) not in many]
    return sorted([*single, *(f"{kind} ({count})" for kind, count in many.items())])
