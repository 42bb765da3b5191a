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
    """None: one per CPU."""
    dask_scheduler: str | None = None
    """Scheduler address; None starts a local cluster."""
    overwrite: bool = False
    """Recompute finished tiles."""
    retry_failed: bool = False
    """Only tiles that failed in an earlier run."""
    tile_seconds: float | None = None
    """Seconds after which the worker of a tile is terminated; None: no limit."""
    fail_fast: bool = False
    """Stop at the first tile that fails."""
    measures_memory: bool = False
    """Tell the peak of memory of each tile, where the system allows it."""
    update: Update | None = None
    """For a process whose tiles depend only on the parts of its input that intersect them."""

    def __post_init__(self) -> None:
        check_choice(self.concurrency, self.workers, self.dask_scheduler, self.tile_seconds)
