"""Map accuracy: from a reference sample to estimates, and the sample that they need."""

from automap_tiles.workflows.assess.assessment import Assessment, assess
from automap_tiles.workflows.assess.drawing import DesignWish, Drawn, draw, write_points
from automap_tiles.workflows.assess.reference import ReferenceWish
from automap_tiles.workflows.assess.workflow import (
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
    "DesignWish",
    "Drawn",
    "ReferenceWish",
    "assess",
    "check",
    "draw",
    "run",
    "write_points",
]
