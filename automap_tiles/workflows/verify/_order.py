"""The order of a verification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from automap_tiles.workflows._bounds import Count
from automap_tiles.workflows._order import Order


@dataclass(frozen=True, kw_only=True)
class VerifyOrder(Order):
    """Compare an output with the checksums recorded when it was written."""

    workflow: ClassVar[str] = "verify"

    output: str
    """Folder or file of a process, or its `.mapchete` file."""
    seams: bool = False
    """Also recompute a sample of tiles with other metatilings; requires the `.mapchete` file."""
    sample: Count = 20
    """Size of that sample."""
    seed: int = 0
    """Seed of that sample."""
    mark: bool = True
    """Mark damaged tiles in the journal: the next run remakes them."""
    failures: str | None = None
    """GeoJSON file of failures; None: `verify_….geojson` in the working directory."""
