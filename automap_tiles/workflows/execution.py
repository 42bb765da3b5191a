"""Execution options of an order: workers, overwriting, time limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from automap_tiles.workflows._order import Part

Concurrency: TypeAlias = Literal["none", "threads", "processes", "loky", "dask"]


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions(Part):
    """How tiles are processed; raises `ConfigError` for invalid worker settings."""

    concurrency: Concurrency = "processes"
    """Kind of the workers."""
    workers: int | None = None
    """Number of workers; None: the number of cores."""
    dask_scheduler: str | None = None
    """Address of a running scheduler; None: a local cluster."""
    overwrite: bool = False
    """Also recompute existing tiles."""
    fail_fast: bool = False
    """Stop at the first failed tile."""
    tile_timeout: float | None = None
    """Time limit per tile in seconds; requires processes or Dask."""

    def __post_init__(self) -> None:
        if (self.workers, self.dask_scheduler, self.tile_timeout) != (None, None, None):
            from automap_tiles.engine.pools import Concurrency, check_choice

            kind = Concurrency(self.concurrency)
            check_choice(kind, self.workers, self.dask_scheduler, self.tile_timeout)
