"""Who may import what: which modules of a folder others use, and the pages that list them.

A module, or a folder, whose name begins with an underscore belongs to the folder it lies in. One
without is a door: another folder imports it, or it is found by its name. `tests/test_doors.py`
holds this; `python -m tests.doors --write` lists the doors anew in the page of each floor.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "automap_tiles": ROOT,
    "automap_processes": ROOT / "processes",
    "automap_devserver": ROOT / "devserver",
    "automap_service": ROOT / "devserver",
}

LIBRARY = "automap_tiles.analysis"
"""Its modules are for authors of processes as well, whoever of us uses them."""

BY_NAME = (
    "automap_tiles.cli.commands",
    "automap_service.migrations",
    "automap_processes",
)
"""Folders whose modules are found by names that are put together."""

_TABLE = re.compile(r"(?<=\n)\| module \| what it is \|\n\|---\|---\|\n(?:\|.*\n)*")
_OF = re.compile(r"(?<![\w.])automap_\w+(?:\.\w+)+")


@dataclass(frozen=True, kw_only=True)
class Import:
    """A module imports another one, or a name of it."""

    by: str
    module: str
    line: int


class House:
    """The modules of all packages, and who imports whom."""

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """Module -> file; a package has the name of its folder."""
        found = {}
        for package, base in PACKAGES.items():
            for file in sorted((base / package).rglob("*.py")):
                parts = file.relative_to(base).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
        return found

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Those of our own modules; a member that is a module counts as that."""
        return tuple(each for module in self.files for each in self._imports(module))

    @cached_property
    def importers(self) -> Mapping[str, set[str]]:
        """Module -> modules that import it."""
        found: dict[str, set[str]] = {}
        for each in self.imports:
            found.setdefault(each.module, set()).add(each.by)
        return found

    @cached_property
    def named(self) -> frozenset[str]:
        """Modules that stand in a text of the code or of pyproject.toml, to be found by it."""
        texts = [(ROOT / "pyproject.toml").read_text("utf-8").partition("[tool.")[0]]
        for file in self.files.values():
            texts += _texts(ast.parse(file.read_text("utf-8")))
        return frozenset(_OF.findall("\n".join(texts)))

    def folder_of(self, module: str) -> str:
        """The folder of a module; a package lies in the one above it."""
        return module.rpartition(".")[0]

    def is_package(self, module: str) -> bool:
        return self.files[module].name == "__init__.py"

    def trespasses(self) -> Iterator[str]:
        """Imports of what has an underscore, from outside of the folder it lies in."""
        for each in self.imports:
            parts = each.module.split(".")
            for number, part in enumerate(parts):
                owner = ".".join(parts[:number])
                if part.startswith("_") and not is_inside(each.by, owner):
                    yield f"{each.by}, line {each.line}: {each.module} belongs to {owner}"

    def is_for_users(self, module: str) -> bool:
        """Whether a module is there for authors of processes as well."""
        return is_inside(module, LIBRARY)

    def is_used_elsewhere(self, module: str) -> bool:
        """Whether another folder imports a module, or something finds it by its name."""
        folder = self.folder_of(module)
        return module in self.named or any(
            not is_inside(by, folder) for by in self.importers.get(module, ())
        )

    def doors(self, floor: str) -> Iterator[str]:
        """Modules of a floor that others use, or may, in the order of their names."""
        for module in self.files:
            if not is_inside(module, floor) or module == floor or "._" in module:
                continue
            if module.startswith(BY_NAME) and module not in BY_NAME:
                continue
            if (
                self.is_package(module)
                or self.is_for_users(module)
                or self.is_used_elsewhere(module)
            ):
                yield module

    def hidden(self) -> Iterator[str]:
        """Modules without an underscore that nobody outside of their folder uses."""
        for module in self.files:
            if "._" in module or self.is_package(module) or module.count(".") < 2:
                continue
            is_found = any(is_inside(module, each) for each in BY_NAME)
            if not (is_found or self.is_for_users(module) or self.is_used_elsewhere(module)):
                yield module

    def namesakes(self) -> Mapping[str, list[str]]:
        """Class names of `automap_tiles` that are there several times -> their modules."""
        found: dict[str, list[str]] = {}
        for module, file in self.files.items():
            if not is_inside(module, "automap_tiles"):
                continue
            for node in ast.parse(file.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found.setdefault(node.name, []).append(module)
        return {name: modules for name, modules in found.items() if len(modules) > 1}

    def about(self, module: str) -> str:
        """The first line of a module's docstring."""
        text = ast.get_docstring(ast.parse(self.files[module].read_text("utf-8"))) or ""
        return text.partition("\n")[0].replace("|", "\\|")

    def _imports(self, by: str) -> Iterator[Import]:
        for node in ast.walk(ast.parse(self.files[by].read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = [f"{node.module}.{alias.name}" for alias in node.names]
                names = [name if name in self.files else node.module for name in inner]
            else:
                continue
            for name in names:
                if name.partition(".")[0] in PACKAGES:
                    yield Import(by=by, module=name, line=node.lineno)


def _texts(tree: ast.Module) -> Iterator[str]:
    """The strings of a module, and those that begin with one of its constants."""
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            match node.values:
                case [ast.FormattedValue(value=ast.Name(id=name)), ast.Constant(value=str(rest))]:
                    yield constants.get(name, "") + rest


def is_inside(module: str, folder: str) -> bool:
    """Whether a module is a folder's own, however deep."""
    return module == folder or module.startswith(f"{folder}.")


def floors() -> dict[str, Path]:
    """Floor -> its page."""
    above = ROOT / "automap_tiles"
    found = {
        f"automap_tiles.{folder.name}": folder / "README.md"
        for folder in sorted(above.iterdir())
        if (folder / "__init__.py").is_file()
    }
    return found | {"automap_devserver": ROOT / "devserver/automap_devserver/README.md"}


def table(house: House, floor: str) -> str:
    """The doors of a floor, as a table of its page; empty when its `__init__` is the only one."""
    rows = [
        f"| `{module.removeprefix(f'{floor}.')}` | {house.about(module)} |\n"
        for module in house.doors(floor)
    ]
    return "".join(["| module | what it is |\n", "|---|---|\n", *rows]) if rows else ""


def listed(page: str) -> str:
    """The table of a page as it stands there."""
    found = _TABLE.search(page)
    return found.group() if found else ""


def main() -> None:
    """List the doors anew."""
    parser = argparse.ArgumentParser(prog="python -m tests.doors", description=__doc__)
    parser.add_argument("--write", action="store_true", required=True)
    parser.parse_args()
    house = House()
    for floor, file in floors().items():
        page, wanted = file.read_text("utf-8"), table(house, floor)
        prose = page.replace(listed(page), "").rstrip()
        file.write_text(f"{prose}\n\n{wanted}".rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
