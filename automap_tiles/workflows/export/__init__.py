"""From a source to tiles that any web server can hand out, or a browser opens from a folder."""

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
