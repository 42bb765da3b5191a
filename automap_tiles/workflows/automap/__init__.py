"""From satellite products to scenes, composites and maps of classes.

Three orders of one deed: each makes first what the one before it makes.
"""

from automap_tiles.workflows.automap.check import AutomapReport, SatellitePlan, check
from automap_tiles.workflows.automap.order import (
    ClassificationOrder,
    CompositeOrder,
    DownloadOrder,
)
from automap_tiles.workflows.automap.run import run
from automap_tiles.workflows.automap.state import AutomapOutcome, Results

__all__ = [
    "AutomapOutcome",
    "AutomapReport",
    "ClassificationOrder",
    "CompositeOrder",
    "DownloadOrder",
    "Results",
    "SatellitePlan",
    "check",
    "run",
]
