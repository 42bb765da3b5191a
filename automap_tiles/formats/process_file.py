"""Which files are process files."""

from __future__ import annotations

import re
from pathlib import Path

_ENDING = ".mapchete"
_OTHER_ENDINGS = ("", ".yaml", ".yml")
_PYRAMID = re.compile(rb"^pyramid\s*:", re.MULTILINE)
"""What every process file has, and no other file of ours."""
_LOOKED_AT = 2**20
"""Bytes."""


def is_process_file(path: str | Path) -> bool:
    """Whether a path is that of a process file: by its ending, or by what stands in it.

    `automap execute` takes any name. Only local files without an ending or with one of YAML are
    looked at.
    """
    text = str(path)
    if text.endswith(_ENDING):
        return True
    file = Path(text)
    if file.suffix.lower() not in _OTHER_ENDINGS or not file.is_file():
        return False
    try:
        with file.open("rb") as content:
            return _PYRAMID.search(content.read(_LOOKED_AT)) is not None
    except OSError:
        return False
