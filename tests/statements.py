"""The statements of a module, for tests that look for imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All below a node, and not the expressions in them, which are many and import nothing."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, field, ())
        for each in below if isinstance(below, list) else ():
            yield each
            yield from statements(each)
