"""Reproduce a run from its record, byte for byte, or list what is missing."""

from automap_tiles.workflows.reproduce._missing import MissingItem, MissingKind
from automap_tiles.workflows.reproduce._order import ReproduceOrder
from automap_tiles.workflows.reproduce._run import (
    ReproduceOutcome,
    ReproduceReport,
    check,
    run,
)

__all__ = [
    "MissingItem",
    "MissingKind",
    "ReproduceOrder",
    "ReproduceOutcome",
    "ReproduceReport",
    "check",
    "run",
]
