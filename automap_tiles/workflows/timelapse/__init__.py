"""Pictures of a place over time, as one animation."""

from automap_tiles.workflows.timelapse._order import TimelapseOrder
from automap_tiles.workflows.timelapse._workflow import (
    FrameMade,
    TimelapseOutcome,
    TimelapseReport,
    check,
    run,
)

__all__ = ["FrameMade", "TimelapseOrder", "TimelapseOutcome", "TimelapseReport", "check", "run"]
