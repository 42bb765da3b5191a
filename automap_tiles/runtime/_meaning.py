"""Normalise Python source: sources that differ only in comments and layout give the same text.

Comments, white space, line breaks, docstrings and what only type checkers read do not count.
Everything else does, the order of definitions included: whether two different sources do the same
nobody can tell in general.

The text is made of the syntax tree by rules of our own, not by `ast.dump` or `ast.unparse`, whose
output differs from one version of Python to the next: an output that was begun with one is
continued with another.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

# Functions of a process module whose arguments are matched and converted by their annotations.
_HOOKS = frozenset({"execute", "setup", "pixelbuffer", "check_parameters", "sum_up"})

# Names by which a module reads annotations when it runs (of the standard library and pydantic).
_READS_ANNOTATIONS = frozenset(
    {
        "__annotations__",
        "get_annotations",
        "get_type_hints",
        "getfullargspec",
        "signature",
        "validate_call",
    }
)

# Modules whose names only annotations use.
_FOR_ANNOTATIONS = frozenset({"__future__", "typing", "typing_extensions"})

# Fields of the tree that say nothing of what is done: loading or storing shows from the place, the
# others are the `u` of a text and comments of type checkers.
_SILENT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that a module takes from elsewhere."""

    module: str
    """With its leading dots; empty for `import name`."""
    name: str
    alias: str | None

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules this may be, the likelier first: a member can be a module itself."""
        if not self.module:
            return (self.name,)
        return f"{self.module}.{self.name}", self.module


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a source does."""

    parts: tuple[str | Imported, ...]

    @property
    def imports(self) -> tuple[Imported, ...]:
        """What it imports when it runs."""
        return tuple(part for part in self.parts if isinstance(part, Imported))

    def text(self, labels: Mapping[str, str] | None = None) -> str:
        """One text for all of it; `labels` are what stands for the names of modules."""
        return "\n".join(
            part if isinstance(part, str) else _said(part, labels or {}) for part in self.parts
        )


@lru_cache(maxsize=1024)
def meaning(source: bytes) -> Meaning:
    """What a source does; of one that is no valid Python the source itself."""
    try:
        tree = ast.parse(source)
        names = {name for node in ast.walk(tree) for name in _names(node)}
        reader = _Reader(
            keeps_docstrings="__doc__" in names,
            keeps_annotations=not names.isdisjoint(_READS_ANNOTATIONS),
        )
        reader.read(tree)
    # Python's parser says MemoryError of expressions that are nested too deeply
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Meaning((source.decode("utf-8", "backslashreplace"),))
    return Meaning(tuple(_joined(reader.parts)))


def _joined(parts: list[str | Imported]) -> Iterator[str | Imported]:
    """With the texts between two imports in one; `Meaning.text` is asked for many times."""
    for is_text, some in groupby(parts, lambda part: isinstance(part, str)):
        if is_text:
            yield "\n".join(part for part in some if isinstance(part, str))
        else:
            yield from some


def _said(imported: Imported, labels: Mapping[str, str]) -> str:
    for module in imported.modules:
        if module in labels:
            return f"import {labels[module]} {imported.name} {imported.alias}"
    return f"import {imported.module} {imported.name} {imported.alias}"


def _is_empty_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


def _names(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name():
            return (node.id,)
        case ast.Attribute():
            return (node.attr,)
        case ast.alias():
            return (node.name,)
    return ()


class _Reader:
    """Walks a tree and writes down what counts, in order."""

    def __init__(self, *, keeps_docstrings: bool, keeps_annotations: bool) -> None:
        self.parts: list[str | Imported] = []
        self._keeps_docstrings = keeps_docstrings
        self._keeps_annotations = keeps_annotations
        self._in_class = False

    def read(self, node: ast.AST) -> None:
        write = self.parts.append
        write(type(node).__name__)
        match node:
            case ast.Constant():
                write(f"{type(node.value).__name__} {node.value!r}")
                return
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.AnnAssign() if not self._in_class and not self._keeps_annotations:
                self._variable(node)
            case _:
                self._fields(node)
        write(")")

    def _fields(self, node: ast.AST, without: Container[str] = ()) -> None:
        for name, value in ast.iter_fields(node):
            if value is None or name in _SILENT or name in without:
                continue
            if isinstance(node, ast.JoinedStr):
                # Python 3.12 writes an empty text behind a format that ends with a field.
                value = [part for part in value if not _is_empty_text(part)]  # noqa: PLW2901
            if value == [] and name != "body":
                continue
            self.parts.append(name)
            if isinstance(value, ast.AST):
                self.read(value)
            elif not isinstance(value, list):
                self.parts.append(repr(value))
            elif name == "body" or (value and isinstance(value[0], ast.stmt)):
                self._statements(value, may_explain=name == "body" and _has_docstring(node))
            else:
                for item in value:
                    self._item(item)

    def _item(self, item: ast.AST | str | None) -> None:
        if isinstance(item, ast.AST):
            self.read(item)
        else:
            # a name, or what stands for no key in {**other}
            self.parts.append(repr(item))

    def _statements(self, statements: list[ast.stmt], *, may_explain: bool) -> None:
        for number, statement in enumerate(statements):
            explains = may_explain and number == 0 and self._keeps_docstrings
            if isinstance(statement, ast.Pass) or (_is_text(statement) and not explains):
                continue
            for each in _that_runs(statement):
                if isinstance(each, ast.Import | ast.ImportFrom):
                    self._import(each)
                else:
                    self.read(each)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outside, self._in_class = self._in_class, False
        keeps = self._keeps_annotations
        self._keeps_annotations = keeps or bool(node.decorator_list)
        self.parts.append(repr(node.name))
        for name in ("decorator_list", "type_params"):
            for item in getattr(node, name, ()):
                self.read(item)
        self._arguments(node.args, annotated=self._keeps_annotations or node.name in _HOOKS)
        if self._keeps_annotations and node.returns is not None:
            self.read(node.returns)
        self._keeps_annotations = keeps
        self._statements(node.body, may_explain=True)
        self._in_class = outside

    def _arguments(self, arguments: ast.arguments, *, annotated: bool) -> None:
        for name, value in ast.iter_fields(arguments):
            self.parts.append(name)
            for item in value if isinstance(value, list) else [value]:
                if not isinstance(item, ast.arg):
                    self._item(item)
                    continue
                self.parts.append(repr(item.arg))
                if annotated and item.annotation is not None:
                    self.read(item.annotation)

    def _class(self, node: ast.ClassDef) -> None:
        """The annotations of its attributes count: data classes and models are made of them."""
        outside, self._in_class = self._in_class, True
        self._fields(node)
        self._in_class = outside

    def _variable(self, node: ast.AnnAssign) -> None:
        """`x: int = 1` does what `x = 1` does; without a value it makes a name a local one."""
        if node.value is not None and node.simple:
            self.parts[-1] = ast.Assign.__name__
            self.parts.append("targets")
            self.read(node.target)
            self.parts.append("value")
            self.read(node.value)
        else:
            self._fields(node, without=("annotation",))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = ""
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
        for alias in node.names:
            of_types = (module or alias.name) in _FOR_ANNOTATIONS
            if not of_types or alias.asname is not None:
                self.parts.append(Imported(module, alias.name, alias.asname))


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _that_runs(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statement; of `if TYPE_CHECKING` what stands under `else`."""
    if isinstance(statement, ast.If):
        test = statement.test
        name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", None)
        if name == "TYPE_CHECKING":
            yield from statement.orelse
            return
    yield statement
