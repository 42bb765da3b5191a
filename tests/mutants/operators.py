"""Small changes of code that a test ought to notice.

Operators as of mutation testing (DeMillo, Lipton, Sayward 1978, "Hints on test data selection",
IEEE Computer 11(4)): comparisons, arithmetic, logic, constants, statements, arguments, returns.
Each changes one place of a file; what stands around it keeps its text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change."""

    path: str
    """From the root of the checkout."""
    line: int
    start: int
    """Bytes of the file that are replaced: from here …"""
    end: int
    """… to here."""
    old: str
    new: str
    text: str
    """The line that it begins in."""
    in_function: bool
    """Run when a function is called; the rest is when a module is imported."""

    @property
    def lines(self) -> range:
        """Lines of the file that it stands in."""
        return range(self.line, self.line + self.old.count("\n") + 1)

    @property
    def key(self) -> str:
        """What the list of equivalent ones names: it does not change with the lines above."""
        return f"{self.path}: {self.text}: {_one_line(self.old)} -> {_one_line(self.new)}"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {_one_line(self.old)}  ->  {_one_line(self.new)}"

    def applied(self, source: bytes) -> bytes:
        """The file with the change."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def mutants(path: str, source: bytes) -> list[Mutant]:
    """Every change of one file, in the order of its lines."""
    tree = ast.parse(source)
    starts, lines = [0], source.splitlines(keepends=True)
    for line in lines:
        starts.append(starts[-1] + len(line))
    inside = _inside_functions(tree)
    found = []
    for node in _code(tree):
        for new in _changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
            old = source[start:end].decode()
            found.append(
                Mutant(
                    path=path,
                    line=node.lineno,
                    start=start,
                    end=end,
                    old=old,
                    new=new,
                    text=lines[node.lineno - 1].decode().strip(),
                    in_function=id(node) in inside,
                )
            )
    return sorted(found, key=lambda each: (each.start, each.new))


def _inside_functions(tree: ast.AST) -> set[int]:
    """Identities of the nodes of bodies of functions, whose defaults are not among them."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _code(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Expressions and statements that are run: no annotations, docstrings, parts of f-strings."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        hidden: list[ast.AST | None] = []
        if isinstance(node, ast.AnnAssign | ast.arg):
            hidden = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            hidden = [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            hidden = list(node.decorator_list)
        elif isinstance(node, ast.Raise):
            hidden = [node.exc, node.cause]
        elif _is_spared(node):
            hidden = [node]
        for each in hidden:
            if each is not None:
                skipped.update(id(inner) for inner in ast.walk(each))
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.stmt) and id(node) not in skipped:
            yield node


def _is_spared(node: ast.AST) -> bool:
    """Messages, imports for types, lists of public names; signals, which go anywhere when wrong."""
    match node:
        case ast.JoinedStr() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="kill" | "killpg")):
            return True
    return False


def _changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    """New texts for one node."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            yield _with(node, ops=[_COMPARISONS[type(op)]()])
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC and not _is_type_union(node):
            yield _with(node, op=_ARITHMETIC[type(op)]())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.IfExp(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Constant(value=bool(value)):
            yield f"({not value})"
        case ast.Constant(value=int(value)) | ast.Constant(value=float(value)):
            yield f"({value + 1!r})"
        case ast.Call():
            yield from _calls(node)
        case ast.stmt():
            yield from _statements(node)


def _is_type_union(node: ast.BinOp) -> bool:
    """`int | None`, also as an alias or in `isinstance`."""
    sides = (node.left, node.right)
    return isinstance(node.op, ast.BitOr) and any(
        (isinstance(side, ast.Constant) and side.value is None)
        or (isinstance(side, ast.Name) and (side.id[0].isupper() or side.id in _TYPES))
        or (isinstance(side, ast.Attribute) and side.attr[0].isupper() and not side.attr.isupper())
        for side in sides
    )


_TYPES = {"int", "float", "str", "bool", "bytes", "list", "dict", "tuple", "set"}


def _calls(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield _with(node, func=ast.Name(_NAMES[node.func.id]))
    for number, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            rest = node.keywords[:number] + node.keywords[number + 1 :]
            yield _with(node, keywords=rest)


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Return(value=value) if value is not None and not _is_nothing(value):
            yield "return None"
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield "pass"
        case ast.Continue() | ast.Break() | ast.Raise():
            yield "pass"


def _is_nothing(value: ast.expr) -> bool:
    """False where it is asked for its truth, as None is."""
    return isinstance(value, ast.Constant) and value.value in (None, False)


def _with(node: ast.expr, **changes: object) -> str:
    """Text of a node with some of its parts exchanged."""
    fields = {name: getattr(node, name) for name in node._fields} | changes
    return f"({ast.unparse(ast.fix_missing_locations(type(node)(**fields)))})"
