"""The processes that come with the package, or with others, read without importing them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from automap_tiles.errors import ProcessError
from automap_tiles.runtime._builtin import builtin_processes as known_processes

_TABLES = "VALUES"


@dataclass(frozen=True, kw_only=True)
class BuiltinInfo:
    """One process that can be named in a `.mapchete` file."""

    name: str
    module: str
    summary: str
    """First line of its docstring."""
    text: str
    """Docstring of the module, signature and docstring of its function, and what parameters can be
    where a table says it."""


def builtin_processes() -> list[BuiltinInfo]:
    """All of them, by name; our own first where two have the same name."""
    return [_info(name, module) for name, module in sorted(known_processes().items())]


def builtin_process(name: str) -> BuiltinInfo:
    """One of them; raises `ProcessError` when there is none of that name."""
    known = {info.name: info for info in builtin_processes()}
    # Old names lead to the same processes.
    found = known.get(name.removeprefix("mapchete.processes."))
    if found is None:
        raise ProcessError(f"there is no built-in process {name!r}; known: {', '.join(known)}")
    return found


def _info(name: str, module: str) -> BuiltinInfo:
    tree = _source(module)
    summary = (ast.get_docstring(tree) or "").partition("\n")[0]
    return BuiltinInfo(name=name, module=module, summary=summary, text=_text(tree))


def _source(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return ast.Module(body=[], type_ignores=[])
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"), spec.origin)


def _text(tree: ast.Module) -> str:
    parts = [ast.get_docstring(tree) or ""]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "execute":
            returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
            parts.append(f"execute({ast.unparse(_with_values(node.args, tree))}){returns}")
            parts.append(ast.get_docstring(node) or "")
    parts += [_listed(name, table) for name, table in _tables(tree).items()]
    return "\n\n".join(part for part in parts if part)


def _with_values(arguments: ast.arguments, tree: ast.Module) -> ast.arguments:
    """The arguments with the values of defaults that the module has names for."""
    known = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }

    def value(default: ast.expr) -> ast.expr:
        return known.get(default.id, default) if isinstance(default, ast.Name) else default

    arguments.defaults = [value(each) for each in arguments.defaults]
    arguments.kw_defaults = [each and value(each) for each in arguments.kw_defaults]
    return arguments


def _tables(tree: ast.Module) -> dict[str, str]:
    """Parameter -> `module:table` of what it can be, as a process says with a literal `VALUES`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _TABLES:
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    return {}


def _listed(parameter: str, table: str) -> str:
    """The names of a table with the `summary` of each."""
    module, _, name = table.partition(":")
    entries = getattr(importlib.import_module(module), name)
    width = max(map(len, entries))
    lines = (f"  {key:<{width}}  {entry.summary}" for key, entry in entries.items())
    return "\n".join([f"{parameter}:", *lines])
