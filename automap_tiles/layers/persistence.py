"""Whether tiles computed on demand are stored."""

from __future__ import annotations

from enum import Enum


class Keep(Enum):
    """How tiles computed on demand are stored."""

    CONTINUE = "continue"
    """Existing tiles are shown, missing ones are computed and stored, as a run would."""
    MEMORY = "memory"
    """Tiles are computed and kept in memory; the output is not modified."""
    READONLY = "readonly"
    """Existing tiles are shown, nothing is computed."""
    OVERWRITE = "overwrite"
    """Each tile is recomputed when it is first viewed, and stored."""
