"""The journal: the status of every tile, in an SQLite file that only the parent process writes.

A row is kept for written, empty and failed tiles, under the run that made it; a run holds the
hashes of function, parameters, inputs and output. Tiles are keyed by their place on the Morton
curve, so the planner, which streams along the same curve, asks for ranges.

Who writes an output, whatever it writes, holds it first (`hold`); `Journal.open` does so itself.
"""

from automap_tiles.engine.journal._inspect import has_journal, is_running, stamp_of
from automap_tiles.engine.journal._journal import Journal
from automap_tiles.engine.journal._location import JOURNAL_NAME, JournalLocation, beside, place_of
from automap_tiles.engine.journal._lock import lock_path
from automap_tiles.engine.journal._provenance import (
    OutputProvenance,
    read_provenance,
    write_provenance,
)
from automap_tiles.engine.journal._reader import JournalReader
from automap_tiles.engine.journal._rows import DAMAGED, FailedTile, Renewal, Row, RunRecord, TileRow
from automap_tiles.engine.journal._schema import LOOKED_AT
from automap_tiles.engine.journal.hold import Hold, hold

__all__ = [
    "DAMAGED",
    "JOURNAL_NAME",
    "LOOKED_AT",
    "FailedTile",
    "Hold",
    "Journal",
    "JournalLocation",
    "JournalReader",
    "OutputProvenance",
    "Renewal",
    "Row",
    "RunRecord",
    "TileRow",
    "beside",
    "has_journal",
    "hold",
    "is_running",
    "lock_path",
    "place_of",
    "read_provenance",
    "stamp_of",
    "write_provenance",
]
