"""Whether tiles computed on demand are stored."""

from __future__ import annotations

from enum import Enum


class Keep(Enum):
    """How a process is looked at."""

    CONTINUE = "continue"
    """Done tiles are shown, missing ones are computed and kept, as a run would."""
    MEMORY = "memory"
    """Tiles are computed and forgotten again; the output is not touched."""
    READONLY = "readonly"
    """Done tiles are shown, nothing is computed."""
    OVERWRITE = "overwrite"
    """Each tile is computed anew when it is first looked at, and kept."""
