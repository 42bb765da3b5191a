"""Tiles on demand: computed for viewers, outside of a run.

They are the work of processes of their own, one for each tile at a time, and what became of them
stands in the journal of the output, as that of a run does.
"""

from automap_tiles.engine.on_demand._journal import OnDemandJournal
from automap_tiles.engine.on_demand._worker_side import MadeTile, PackedProcess
from automap_tiles.engine.on_demand._workers import TileWorkers, shared_workers

__all__ = ["MadeTile", "OnDemandJournal", "PackedProcess", "TileWorkers", "shared_workers"]
