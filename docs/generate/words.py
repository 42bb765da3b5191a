"""Texts of the code as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

_CODE = re.compile(r"(`[^`]+`)")
# What would be read as Markdown in a text that is none.
_MARKS = re.compile(r"([\\*_\[\]<>{}$|~^])")
_OPTION = re.compile(r"(?<![\w`/-])(--[a-z][a-z-]*[a-z]|-[a-zA-Z])(?![\w-])")
_BLANK = re.compile(r"\n\s*\n")


def plain(text: str) -> str:
    """A text that is no Markdown, options in it as code; what stands in backticks stays."""
    parts = _CODE.split(text)
    return "".join(part if _CODE.fullmatch(part) else _escaped(part) for part in parts)


def _escaped(text: str) -> str:
    pieces = _OPTION.split(text)
    return "".join(
        f"`{piece}`" if number % 2 else _MARKS.sub(r"\\\1", piece)
        for number, piece in enumerate(pieces)
    )


def paragraphs(text: str) -> str:
    """Help as click takes it; blocks behind the mark of click, or indented, are code."""
    found = []
    for block in _BLANK.split(inspect.cleandoc(text)):
        if block.lstrip().startswith("\b"):
            found.append(_code(block.replace("\b", "").strip("\n")))
        elif block.startswith("    "):
            found.append(_code(block))
        else:
            found.append(plain(" ".join(line.strip() for line in block.splitlines())))
    return "\n\n".join(found)


def _code(text: str) -> str:
    return f"```text\n{text}\n```"


def cell(text: str) -> str:
    """Markdown in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of cells in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell(one) for one in line)} |" for line in lines)
