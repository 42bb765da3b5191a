"""From a source to tiles that any web server can hand out, or a browser opens from a folder."""

from automap_tiles.workflows.export.order import Container, Order
from automap_tiles.workflows.export.run import Listeners, Outcome, export

__all__ = ["Container", "Listeners", "Order", "Outcome", "export"]
