"""Create a process file for existing data that runs without changes."""

from automap_tiles.workflows.create._draft import Draft
from automap_tiles.workflows.create._source import draft_from, usual_format
from automap_tiles.workflows.create._text import write_draft

__all__ = ["Draft", "draft_from", "usual_format", "write_draft"]
