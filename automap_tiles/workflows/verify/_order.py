"""What to verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from automap_tiles.workflows._bounds import Count
from automap_tiles.workflows._order import Order


@dataclass(frozen=True, kw_only=True)
class VerifyOrder(Order):
    """Compare an output with the checksums kept when it was written."""

    workflow: ClassVar[str] = "verify"

    output: str
    """Folder or file of a process, or its `.mapchete` file."""
    seams: bool = False
    """Also compute a sample of tiles again with other cuts; needs the `.mapchete` file."""
    sample: Count = 20
    """How many tiles that are."""
    seed: int = 0
    """Which tiles."""
    mark: bool = True
    """Note damaged tiles in the journal: the next run makes them again."""
    failures: str | None = None
    """GeoJSON that is written when something fails; None: `verify_….geojson` in the working
    directory."""
