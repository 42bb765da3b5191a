"""The built-in processes, made of their docstrings and signatures."""

from __future__ import annotations

from automap_tiles.runtime.process_help import builtin_processes
from docs.generate.words import plain


def page() -> str:
    """Each with what `automap processes NAME` prints."""
    parts = []
    for info in builtin_processes():
        if not info.module.startswith("automap_processes"):
            continue
        text = info.text.removeprefix(info.summary).strip("\n")
        parts += [f"### {info.name}", plain(info.summary), f"```text\n{text}\n```"]
    return "\n\n".join(parts)
