"""Options of a run."""

from __future__ import annotations

from dataclasses import dataclass

from automap_tiles.engine._update import Update
from automap_tiles.engine.pools import Concurrency, check_choice


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a process is run; raises `ConfigError` for workers that cannot be."""

    concurrency: Concurrency = Concurrency.PROCESSES
    workers: int | None = None
    """None: one for each processor."""
    dask_scheduler: str | None = None
    """Address; None starts a cluster on this machine."""
    overwrite: bool = False
    """Make tiles again that are done."""
    retry_failed: bool = False
    """Only tiles that failed before."""
    tile_seconds: float | None = None
    """How long a tile may take before its worker is ended; None: as long as it likes."""
    fail_fast: bool = False
    """Stop at the first tile that fails."""
    measures_memory: bool = False
    """Tell the peak of memory of each tile, where the system allows it."""
    update: Update | None = None
    """Of a process whose tiles depend on the parts of its input that reach them, and no others."""

    def __post_init__(self) -> None:
        check_choice(self.concurrency, self.workers, self.dask_scheduler, self.tile_seconds)
