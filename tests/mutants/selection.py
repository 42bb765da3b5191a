"""Which tests look at a file: those of its folder, and those of the folders that import it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.mutants.operators import Mutant, mutants
from tests.statements import statements

PACKAGES = ("automap_tiles", "processes/automap_processes", "devserver/automap_devserver")


def sources(root: Path) -> list[Path]:
    """Every module of the project, from the root."""
    found = [path for each in PACKAGES for path in (root / each).rglob("*.py")]
    return sorted(path.relative_to(root) for path in found)


def folder_of(path: str | Path) -> str:
    """`engine`, `workflows/automap`, `processes`; `.` for modules of the package itself."""
    parts = Path(path).parent.parts
    if parts[0] != "automap_tiles":
        return parts[0]
    deep = parts[1:2] in (("commands",), ("workflows",))
    return "/".join(parts[1:3] if deep else parts[1:2]) or "."


def looking_at(root: Path, path: Path) -> list[str]:
    """Files and folders for pytest: the nearest first."""
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    for prefix in ("processes.", "devserver."):
        module = module.removeprefix(prefix)
    own = folder_of(path)
    near = root / "tests" / ("" if own == "." else own)
    namesake = sorted((root / "tests").rglob(f"test_{path.stem}.py"))
    folders = [near] if near.is_dir() and own != "." else []
    direct = _importing(root, {module})
    users = {folder_of(user) for user in _modules_importing(root, module)} - {own, "."}
    others = [root / "tests" / user for user in sorted(users) if (root / "tests" / user).is_dir()]
    chosen: list[Path] = []
    for candidate in [*namesake, *direct, *folders, *others]:
        if not any(candidate == each or each in candidate.parents for each in chosen):
            chosen.append(candidate)
    return [str(each.relative_to(root)) for each in chosen]


def _importing(root: Path, modules: set[str]) -> list[Path]:
    """Test files that import one of the modules themselves."""
    files = sorted((root / "tests").rglob("test_*.py"))
    return [path for path in files if modules & _imports(path)]


def _modules_importing(root: Path, module: str) -> Iterable[Path]:
    return [path for path in sources(root) if module in _imports(root / path)]


_cache: dict[Path, set[str]] = {}


def _imports(path: Path) -> set[str]:
    if path not in _cache:
        names = set()
        for node in statements(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
            elif isinstance(node, ast.Import):
                names |= {each.name for each in node.names}
        _cache[path] = names
    return _cache[path]


def all_mutants(root: Path, folder: str | None = None) -> list[Mutant]:
    """Every change of every module, or of those below one folder."""
    chosen = [path for path in sources(root) if folder in (None, folder_of(path))]
    return [each for path in chosen for each in _of_source(path, (root / path).read_bytes())]


@cache
def _of_source(path: Path, source: bytes) -> tuple[Mutant, ...]:
    """Kept: a sample is drawn of all of them."""
    return tuple(mutants(str(path), source))
