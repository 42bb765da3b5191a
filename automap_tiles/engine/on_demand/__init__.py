"""Tiles on demand: computed for viewers, outside of a run.

Each is made by a separate process, one tile at a time, and its outcome is recorded in the journal
of the output, like that of a run.
"""

from automap_tiles.engine.on_demand._journal import OnDemandJournal
from automap_tiles.engine.on_demand._worker_side import MadeTile, PackedProcess
from automap_tiles.engine.on_demand._workers import TileWorkers, shared_workers

__all__ = ["MadeTile", "OnDemandJournal", "PackedProcess", "TileWorkers", "shared_workers"]
