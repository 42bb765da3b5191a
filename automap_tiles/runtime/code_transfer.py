"""Ship the source of user functions to workers that do not share the disk."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from automap_tiles.errors import ProcessError
from automap_tiles.runtime import sources
from automap_tiles.runtime._process import Process
from automap_tiles.runtime.function import FunctionKind, FunctionRef
from automap_tiles.runtime.steps import all_steps, with_functions


@dataclass(frozen=True)
class PackedCode:
    """A Python file and what it imports from beside it."""

    name: str
    """Of the file itself."""
    files: tuple[tuple[str, bytes], ...]
    """Path below its folder, and content."""


CodeBundle = Mapping[FunctionRef, PackedCode]
"""What each function of a process needs that is a file."""


def packed(process: Process) -> CodeBundle:
    """The files behind the functions of a process and its steps."""
    processes = (process, *(step.process for step in all_steps(process)))
    functions = {each.function for each in processes if each.function.kind is FunctionKind.FILE}
    return {ref: _carried(ref.path) for ref in functions if ref.path is not None}


def unpacked(process: Process, luggage: CodeBundle) -> Process:
    """The process on another machine: files that are not there as they were are taken from it."""

    def at_hand(ref: FunctionRef) -> FunctionRef:
        carried = luggage.get(ref)
        if carried is None or _is_there(ref):
            return ref
        return replace(ref, path=_written(ref.text, carried))

    return with_functions(process, at_hand) if luggage else process


def _carried(path: Path) -> PackedCode:
    beside = [file for _, file in sources.siblings(path)]
    files = [path, *(inner for file in beside for inner in sources.files_of(file))]
    return PackedCode(
        path.name, tuple((str(file.relative_to(path.parent)), file.read_bytes()) for file in files)
    )


def _is_there(ref: FunctionRef) -> bool:
    try:
        return ref.path is not None and sources.file_text(ref.path) == ref.text
    except ProcessError:  # it cannot be read here
        return False


@lru_cache(maxsize=64)
def _written(text: str, carried: PackedCode) -> Path:
    """The file, in a folder of this process that nobody else writes into; `text` is its hash."""
    folder = _folder() / text[:16]
    for name, content in carried.files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder / carried.name


@lru_cache(maxsize=1)
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="automap-code-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
