"""Hashes of the source code of processes, without running it.

Of each kind of process there are two: of what its sources *mean* (`*_digest`), which is remembered
beside finished tiles, and of how they are *written* (`*_text`), which says which version a worker
loads and is what versions of this package before 0.1.0 remembered.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path

from automap_tiles.errors import ProcessError
from automap_tiles.runtime._canonical import digest
from automap_tiles.runtime._hash_cache import cached_hash
from automap_tiles.runtime._meaning import Imported, meaning
from automap_tiles.runtime._meaning import __file__ as meaning_rules

# What of our package the values of a built-in process come from, besides the process itself.
_COMPUTING = ("automap_tiles.analysis", "automap_tiles.scenes", "automap_tiles.missions")

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

# The version that is part of the hash of built-in processes as they are written.
_TEXT_VERSION = "0.1.0"

_EARLIER = "earlier.toml"

# A module is known by what it does, that by what the modules do which it imports, and so on: this
# many steps. Imports may go in circles, so there is no end to it.
_ROUNDS = 4


def file_digest(path: Path) -> str:
    """Hash of what a Python file does, with the modules beside it that it imports.

    Directly or not; a package is hashed whole. Raises `ProcessError` when a file cannot be read.
    """
    return _of_file(path, path.parent, _meaning_of)


def file_text(path: Path, folder: Path | None = None) -> str:
    """Hash of how the same is written; `folder` is where the modules beside it are."""
    return _of_file(path, folder or path.parent, _read)


def module_digest(name: str) -> str:
    """Hash of what a module does, with all modules of the package it is in.

    Raises `ProcessError` when Python cannot find the module.
    """
    return _of_module(name, _meaning_of)


def module_text(name: str) -> str:
    """Hash of how the same is written."""
    return _of_module(name, _read)


def builtin_digest(name: str, text: str | None = None) -> str:
    """Hash of what a built-in process does: it and what it imports of its own and of our package.

    Of our package that is what computes and reads scenes. Where in it something stands does not
    count. `text` is its `builtin_text`, where that is at hand. Raises `ProcessError` when Python
    cannot find the module.
    """
    rules = [_read(Path(file)) for file in (__file__, meaning_rules)]
    # fifty files are read within 10 ms and understood within 200
    return cached_hash(digest(text or builtin_text(name), *rules), lambda: _builtin_meaning(name))


def _builtin_meaning(name: str) -> str:
    file = _module_file(name)
    own = b"" if file is None else _read(file)
    found = _sources_behind(name, own, lambda source: _names_in(meaning(source).imports))
    labels = dict.fromkeys(found, "")
    for _ in range(_ROUNDS):
        labels = {module: digest(meaning(text).text(labels)) for module, text in found.items()}
        labels |= {name: labels[behind] for name, behind in _BEHIND.items() if behind in labels}
    texts = [meaning(source).text(labels) for source in found.values()]
    return digest("meaning of builtin", name, meaning(own).text(labels), *sorted(texts))


def builtin_text(name: str) -> str:
    """Hash of how the same is written, with all that it mentions."""
    file = _module_file(name)
    own = b"" if file is None else _read(file)
    parts: list[str | bytes] = ["builtin", name, _TEXT_VERSION, own]
    for module, source in sorted(_sources_behind(name, own, _mentioned).items()):
        parts += [module, source]
    return digest(*parts)


def builtin_earlier(name: str) -> frozenset[str]:
    """Hashes of earlier versions of a built-in process that gave the same results.

    They stand in `earlier.toml` of its package: nobody can tell from two sources. Each version of
    the package adds its own; who changes results empties the list of the process.
    """
    file = _module_file(name)
    if file is None or not (table := file.with_name(_EARLIER)).is_file():
        return frozenset()
    found = tomllib.loads(table.read_text(encoding="utf-8"))
    return frozenset(found.get(name.rpartition(".")[2], ()))


def _of_file(path: Path, folder: Path, what: Callable[[Path], str | bytes]) -> str:
    parts: list[str | bytes] = ["file"]
    for file in (path, *(file for _, file in siblings(path, folder))):
        for each in files_of(file):
            parts += [str(each.relative_to(folder)), what(each)]
    # the name of the file itself does not matter
    return digest(*(part for number, part in enumerate(parts) if number != 1))


def _of_module(name: str, what: Callable[[Path], str | bytes]) -> str:
    file = _module_file(name)
    parts: list[str | bytes] = ["module", name]
    if file is not None:
        inside_package = "." in name or file.name == "__init__.py"
        files = sorted(file.parent.rglob("*.py")) if inside_package else [file]
        for each in files:
            parts += [str(each.relative_to(file.parent)), what(each)]
    return digest(*parts)


def _meaning_of(path: Path) -> str:
    return meaning(_read(path)).text()


def _sources_behind(
    name: str, source: bytes, imports: Callable[[bytes], Iterable[str]]
) -> dict[str, bytes]:
    """Sources by module that a built-in process imports, directly or not, in that order."""
    own = tuple(f"{one}." for one in (name.partition(".")[0], *_COMPUTING))
    folders = {one: _folders_of(one) for one in {one.partition(".")[0] for one in own}}
    waiting = deque(imports(source))
    found: dict[str, bytes] = {}
    plain: set[str] = set()
    seen = {name}
    while waiting:
        imported = waiting.popleft()
        module = _BEHIND.get(imported, imported)
        if module in seen:
            continue
        seen.add(module)
        if not f"{module}.".startswith(own) or module.rpartition(".")[0] in plain:
            continue
        top, _, inner = module.partition(".")
        file = _file_of(inner, folders[top])
        if file is None:
            continue
        if file.name != "__init__.py":
            plain.add(module)  # what is imported of it is no module
        found[module] = _read(file)
        waiting += imports(found[module])
    return found


def _names_in(imports: Iterable[Imported]) -> list[str]:
    return [module for imported in imports for module in imported.modules]


@lru_cache(maxsize=256)
def _mentioned(source: bytes) -> tuple[str, ...]:
    """Full names after `import` and `from`; what is imported of a module may be one as well."""
    names: list[str] = []
    for found in _IMPORT.finditer(source.decode("utf-8", "replace")):
        module, members = found["module"], found["members"] or ""
        names.append(module)
        names += [f"{module}.{member}" for member in re.findall(r"\w+", members)]
    return tuple(names)


def _folders_of(package: str) -> tuple[str, ...]:
    spec = importlib.util.find_spec(package)
    return tuple((spec.submodule_search_locations if spec else None) or ())


def _file_of(inner: str, folders: Iterable[str]) -> Path | None:
    """Source file of a module, found without importing the packages that it is in.

    `inner` is its name below the package that lies in `folders`.
    """
    for folder in folders:
        # joined as text: hundreds of names are looked at each time, most of them no modules
        path = "/".join((folder, *filter(None, inner.split("."))))
        for file in (Path(f"{path}/__init__.py"), Path(f"{path}.py")):
            if file.is_file():
                return file
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


def files_of(file: Path) -> list[Path]:
    """The file; of a package all its modules."""
    return sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]


def _imported_names(path: Path) -> list[str]:
    """First parts of all names that a module or package imports, sorted."""
    names: set[str] = set()
    for file in files_of(path):
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
