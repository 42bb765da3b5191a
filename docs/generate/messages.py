"""The messages of all errors that are raised on purpose, read from the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from automap_tiles import errors
from docs.generate.words import plain, table

_KINDS = {
    name
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, errors.AutomapError)
}
# Methods that make a `ConfigError` which says where.
_METHODS = {"error"}
_FEWEST = 8
"""Characters of a message that says something without what is filled in."""

_TOPICS = {
    "analysis": "Arrays, training and classification",
    "cli": "Command line",
    "client": "The service from a script",
    "demo": "Demo",
    "engine": "Runs",
    "formats": "Inputs and outputs",
    "grid": "Grids, tiles and areas",
    "jobs": "Jobs of the service",
    "layers": "Preview",
    "mapchete": "Scripts of mapchete",
    "missions": "Satellites",
    "parsing": "Files of others",
    "pictures": "Pictures and styles",
    "plugins": "Packages of others",
    "raster": "Rasters",
    "runtime": "Process files",
    "scenes": "Scenes",
    "storage": "Object stores and disks",
    "testing": "Tests of plug-ins",
    "vector": "Features",
    "workflows": "Workflows",
}


@dataclass(frozen=True, kw_only=True, order=True)
class Message:
    """An error as it is raised."""

    topic: str
    text: str
    """With … where something is filled in."""
    remedy: str = ""


def messages(package: Path) -> set[Message]:
    """All of them below the folder of `automap_tiles`."""
    found = set()
    for path in sorted(package.rglob("*.py")):
        floor = path.relative_to(package).parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {
            Message(topic=_TOPICS.get(floor, "Everywhere"), text=text, remedy=remedy)
            for text, remedy in _raised(tree)
        }
    return found


def _raised(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not _is_error(node.func):
            continue
        text = _text(node.args[0])
        if len(text.replace("…", "").strip()) >= _FEWEST:
            given = [word.value for word in node.keywords if word.arg == "remedy"]
            yield text, _text(given[0]) if given else ""


def _is_error(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in _METHODS
    return isinstance(function, ast.Name) and function.id in _KINDS


def _text(node: ast.expr) -> str:
    """A text of the code; … stands for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return "…" if isinstance(node, ast.FormattedValue | ast.IfExp | ast.Call) else ""


def page(package: Path) -> str:
    """Topic by topic, in the order of the alphabet."""
    found = messages(package)
    parts = []
    for topic in sorted({each.topic for each in found}):
        rows = [
            (plain(each.text), plain(each.remedy)) for each in sorted(found) if each.topic == topic
        ]
        parts += [f"## {topic}", table(("message", "remedy"), rows)]
    return "\n\n".join(parts)
