"""Coregistration shifts of the scenes of an area."""

from automap_tiles.workflows.coregister._workflow import (
    CoregisterOrder,
    CoregisterOutcome,
    CoregisterReport,
    check,
    run,
)

__all__ = ["CoregisterOrder", "CoregisterOutcome", "CoregisterReport", "check", "run"]
