"""The values of a point or an area over time."""

from automap_tiles.workflows.series.workflow import (
    SeriesOrder,
    SeriesOutcome,
    SeriesReport,
    check,
    run,
)

__all__ = ["SeriesOrder", "SeriesOutcome", "SeriesReport", "check", "run"]
