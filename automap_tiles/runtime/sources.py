"""Hashes of source code, without running it."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from automap_tiles.errors import ProcessError
from automap_tiles.runtime.canonical import digest
from automap_tiles.version import VERSION

# What of our package the values of a built-in process come from, besides the process itself.
_COMPUTING = ("automap_tiles.analysis", "automap_tiles.scenes", "automap_tiles.sensors")

# Public names behind which such code stands.
_BEHIND = {"automap_tiles.Scenes": "automap_tiles.scenes.reading"}

# A statement at the beginning of a line; reading the syntax of fifty files would take too long.
_IMPORT = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?P<module>[\w.]+)"
    r"(?:[ \t]+import[ \t]+(?P<members>\([^)]*\)|[^\n#]*))?",
    re.MULTILINE,
)

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
    """Hash of a built-in process: the version of our package, its source and what that imports.

    Of our package that is what computes and reads scenes: in a checkout a changed kernel is noticed
    without a new version. Raises `ProcessError` when Python cannot find the module.
    """
    file = _module_file(name)
    parts: list[str | bytes] = ["builtin", name, VERSION, b"" if file is None else _read(file)]
    for module, source in sorted(_imported_sources(name, file).items()):
        parts += [module, source]
    return digest(*parts)


def _imported_sources(name: str, file: Path | None) -> dict[str, bytes]:
    """Sources by module that a built-in process imports, directly or not."""
    own = (name.partition(".")[0], *_COMPUTING)
    waiting = [] if file is None else _imported_modules(_read(file))
    found: dict[str, bytes] = {}
    seen = {name}
    while waiting:
        imported = waiting.pop()
        module = _BEHIND.get(imported, imported)
        if module in seen or not any(module == one or module.startswith(f"{one}.") for one in own):
            continue
        seen.add(module)
        source = _source_of(module)
        if source is not None:
            found[module] = source
            waiting += _imported_modules(source)
    return found


def _imported_modules(source: bytes) -> list[str]:
    """Full names after `import` and `from`; what is imported of a module may be one as well."""
    names: list[str] = []
    for found in _IMPORT.finditer(source.decode("utf-8", "replace")):
        module, members = found["module"], found["members"] or ""
        names.append(module)
        names += [f"{module}.{member}" for member in re.findall(r"\w+", members)]
    return names


def _source_of(module: str) -> bytes | None:
    """Source of a module, found without importing the packages that it is in."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder, *inner)
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if file.is_file():
                return _read(file)
    return None


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
