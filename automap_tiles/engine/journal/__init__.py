"""What became of every tile: an SQLite file beside the output, written by the parent alone.

A row is kept for written, empty and failed tiles, under the run that made it; a run holds the
hashes of function, parameters, inputs and output. Tiles are keyed by their place on the Morton
curve, so the planner, which streams along the same curve, asks for ranges.
"""

from automap_tiles.engine.journal.journal import Journal
from automap_tiles.engine.journal.lock import is_running
from automap_tiles.engine.journal.place import JOURNAL_NAME, journal_path
from automap_tiles.engine.journal.reader import JournalReader
from automap_tiles.engine.journal.rows import FailedTile, Row, RunRecord, TileRow

__all__ = [
    "JOURNAL_NAME",
    "FailedTile",
    "Journal",
    "JournalReader",
    "Row",
    "RunRecord",
    "TileRow",
    "is_running",
    "journal_path",
]
