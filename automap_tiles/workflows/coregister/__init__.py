"""By how much the scenes of a place are to be moved to lie on each other."""

from automap_tiles.workflows.coregister._workflow import (
    CoregisterOrder,
    CoregisterOutcome,
    CoregisterReport,
    check,
    run,
)

__all__ = ["CoregisterOrder", "CoregisterOutcome", "CoregisterReport", "check", "run"]
