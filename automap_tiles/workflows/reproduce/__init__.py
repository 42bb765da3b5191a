"""A run made again of its record: to the same bytes, or what is no longer to be had."""

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
