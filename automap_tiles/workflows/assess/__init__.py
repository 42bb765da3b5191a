"""Map accuracy: from a reference sample to estimates, and the sample that they need."""

from automap_tiles.workflows.assess._assessment import Assessment, assess
from automap_tiles.workflows.assess._drawing import DesignRequest, Drawn, draw, write_points
from automap_tiles.workflows.assess._reference import ReferenceRequest
from automap_tiles.workflows.assess._workflow import (
    AssessOrder,
    AssessOutcome,
    DesignOrder,
    DesignOutcome,
    check,
    run,
)

__all__ = [
    "AssessOrder",
    "AssessOutcome",
    "Assessment",
    "DesignOrder",
    "DesignOutcome",
    "DesignRequest",
    "Drawn",
    "ReferenceRequest",
    "assess",
    "check",
    "draw",
    "run",
    "write_points",
]
