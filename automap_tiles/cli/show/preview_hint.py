"""The command line that previews an output, as a hint to the user."""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def preview_hint(paths: Iterable[str]) -> str:
    """The command that shows these files, folders or processes on a map."""
    return f"Look: automap serve {' '.join(map(shlex.quote, paths))}"
