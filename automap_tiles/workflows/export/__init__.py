"""Export a source as tiles for a static web server, or for a browser without a server."""

from automap_tiles.workflows.export._order import Container, ExportOrder, ExportSpec
from automap_tiles.workflows.export._results import ExportOutcome, ExportReport
from automap_tiles.workflows.export._run import check, export, run
from automap_tiles.workflows.export._source import open_source

__all__ = [
    "Container",
    "ExportOrder",
    "ExportOutcome",
    "ExportReport",
    "ExportSpec",
    "check",
    "export",
    "open_source",
    "run",
]
