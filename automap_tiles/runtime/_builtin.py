"""Processes that can be referred to by name: built-in ones and those of other packages."""

from __future__ import annotations

import difflib
import importlib.util
import pkgutil
from functools import lru_cache
from pathlib import Path

from automap_tiles.errors import ProcessError
from automap_tiles.plugins import plugins
from automap_tiles.runtime.document import Document
from automap_tiles.runtime.function import FunctionRef

ENTRY_POINTS = "automap_tiles.processes"
"""Group of entry points; each names a module with a function `execute`."""

_PACKAGE = "automap_processes"

# mapchete's built-in processes that we have under the same name
_OF_MAPCHETE = {
    f"mapchete.processes.{name}": name for name in ("convert", "clip", "hillshade", "contours")
}


def builtin_processes() -> dict[str, str]:
    """Name to module of all processes that can be asked for by a bare name."""
    return {**_from_entry_points(), **_own()}


def find_function(document: Document) -> FunctionRef:
    """The function that `process` of a process file stands for; its module is not run.

    Raises `ConfigError` when it is missing or of the wrong type, `ProcessError` when there is no
    such file or module.
    """
    value = document.values.get("process")
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return FunctionRef.from_lines(value, document.file)
    if not isinstance(value, str) or not value:
        raise document.error(
            "names what to run",
            "process",
            found=value,
            remedy="a built-in process, ./file.py or package.module",
        )
    if value.endswith(".py"):
        return _from_file(value, document)
    return _from_name(_OF_MAPCHETE.get(value, value), document)


def _from_file(value: str, document: Document) -> FunctionRef:
    path = Path(document.folder, value)
    if not path.is_file():
        names = [file.name for file in sorted(document.folder.glob("*.py"))]
        close = difflib.get_close_matches(path.name, names, 1)
        raise document.error(
            "there is no such file",
            "process",
            found=str(path),
            remedy=f"./{close[0]}?" if close else "relative paths start at the file's own folder",
        )
    return FunctionRef.from_file(path.resolve())


def _from_name(name: str, document: Document) -> FunctionRef:
    if "." not in name:
        module = _own().get(name) or _from_entry_points().get(name)
        if module is not None:
            return FunctionRef.from_builtin(module)
    try:
        return FunctionRef.from_module(name)
    except ProcessError as error:
        known = sorted(builtin_processes())
        close = difflib.get_close_matches(name, known, 1)
        raise document.error(
            f"there is no such process ({error})",
            "process",
            found=name,
            remedy=f"{close[0]}?" if close else f"built in are {', '.join(known)}",
        ) from error


@lru_cache(maxsize=1)
def _own() -> dict[str, str]:
    spec = importlib.util.find_spec(_PACKAGE)
    folders = None if spec is None else spec.submodule_search_locations
    names = [module.name for module in pkgutil.iter_modules(folders or [])]
    return {name: f"{_PACKAGE}.{name}" for name in names if not name.startswith("_")}


@lru_cache(maxsize=1)
def _from_entry_points() -> dict[str, str]:
    return {name: entry.value for name, entry in plugins(ENTRY_POINTS, _own()).items()}
