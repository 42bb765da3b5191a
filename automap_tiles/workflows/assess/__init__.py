"""Map accuracy: from a reference sample to estimates, and the sample that they need."""

from automap_tiles.workflows.assess.assessment import Assessment, assess
from automap_tiles.workflows.assess.drawing import DesignWish, Drawn, draw, write_points
from automap_tiles.workflows.assess.reference import ReferenceWish

__all__ = [
    "Assessment",
    "DesignWish",
    "Drawn",
    "ReferenceWish",
    "assess",
    "draw",
    "write_points",
]
