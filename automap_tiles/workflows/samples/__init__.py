"""Training samples: read from any file, with features from a raster."""

from automap_tiles.workflows.samples._classes import ClassList, read_classes
from automap_tiles.workflows.samples._source import SampleShapes, read_samples
from automap_tiles.workflows.samples.extraction import Extraction, extract
from automap_tiles.workflows.samples.picture import SourcePicture, look_at

__all__ = [
    "ClassList",
    "Extraction",
    "SampleShapes",
    "SourcePicture",
    "extract",
    "look_at",
    "read_classes",
    "read_samples",
]
