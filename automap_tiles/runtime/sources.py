"""Hashes of source code, without running it."""

from __future__ import annotations

import ast
import importlib.util
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from automap_tiles.errors import ProcessError
from automap_tiles.runtime.canonical import digest
from automap_tiles.version import VERSION

# Never taken for a user's own module, also when a process file lies in a checkout of ours.
_NEVER_SIBLINGS = sys.stdlib_module_names | {"automap_tiles", "automap_processes", "mapchete"}


def file_digest(path: Path, folder: Path | None = None) -> str:
    """Hash of a Python file and of the modules beside it that it imports, directly or not.

    `folder` is where those are, by default that of the file; a package is hashed whole. Raises
    `ProcessError` when a file cannot be read.
    """
    folder = folder or path.parent
    parts: list[str | bytes] = ["file"]
    for file in (path, *(file for _, file in siblings(path, folder))):
        for each in _files(file):
            parts += [str(each.relative_to(folder)), _read(each)]
    # the name of the file itself does not matter
    return digest(*(part for number, part in enumerate(parts) if number != 1))


def module_digest(name: str) -> str:
    """Hash of a module's source with that of all modules of the package it is in.

    Raises `ProcessError` when Python cannot find the module.
    """
    file = _module_file(name)
    parts: list[str | bytes] = ["module", name]
    if file is not None:
        inside_package = "." in name or file.name == "__init__.py"
        files = sorted(file.parent.rglob("*.py")) if inside_package else [file]
        for each in files:
            parts += [str(each.relative_to(file.parent)), _read(each)]
    return digest(*parts)


def builtin_digest(name: str) -> str:
    """Hash of a built-in process: its source and the version of the package.

    Raises `ProcessError` when Python cannot find the module.
    """
    file = _module_file(name)
    return digest("builtin", name, VERSION, b"" if file is None else _read(file))


def _module_file(name: str) -> Path | None:
    """Source file of a module; None for one that is not written in Python."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError) as error:
        raise ProcessError(f"{name}: {error}") from error
    if spec is None:
        raise ProcessError(f"there is no module {name}")
    if spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def siblings(path: Path, folder: Path | None = None) -> list[tuple[str, Path]]:
    """(name, file) of the modules in a folder that a file imports, and of those that they import.

    `folder` is by default that of the file. Modules that import nothing from there come before
    those that do. A file that is no valid Python has none: the error shows when it is loaded.
    """
    found: dict[str, Path] = {}
    _collect(path, folder or path.parent, found, frozenset({path}))
    return list(found.items())


def _collect(path: Path, folder: Path, found: dict[str, Path], above: frozenset[Path]) -> None:
    for name in _imported_names(path):
        file = _beside(folder, name)
        if file is None or file in above or name in found:
            continue
        _collect(file, folder, found, above | {file})
        found.setdefault(name, file)


def _files(file: Path) -> list[Path]:
    """The file; of a package all its modules."""
    return sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]


def _imported_names(path: Path) -> list[str]:
    """First parts of all names that a module or package imports, sorted."""
    names: set[str] = set()
    for file in _files(path):
        try:
            tree = ast.parse(_read(file))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return sorted(names)


def _beside(folder: Path, name: str) -> Path | None:
    """File of a module in a folder, unless Python has a module of that name of its own."""
    for file in (folder / f"{name}.py", folder / name / "__init__.py"):
        if file.is_file():
            return None if name in _NEVER_SIBLINGS or _is_installed(name, folder) else file
    return None


def _is_installed(name: str, folder: Path) -> bool:
    """Whether a module is found elsewhere, however this interpreter was started."""
    elsewhere = [entry for entry in sys.path if entry and Path(entry).resolve() != folder.resolve()]
    return PathFinder.find_spec(name, elsewhere) is not None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProcessError(f"{path}: {error.strerror}") from error
