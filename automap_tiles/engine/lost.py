"""Tiles that went with their workers."""

from __future__ import annotations

from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.plan import Step
from automap_tiles.engine.pools import Pool
from automap_tiles.engine.pools.protocol import Results

_ALONE = (
    "The worker process died while it worked on this tile alone "
    "(out of memory, or a crash in a native library)."
)

_OR_TOO_LONG = "Or it took longer than --tile-timeout, and left no word of it."


def ended(step: Step, seconds: float, error: str) -> TileResult:
    """A tile that went with its worker."""
    return TileResult(
        index=step.index,
        status=TileStatus.FAILED,
        seconds=seconds,
        worker="lost",
        error=error,
    )


def died_alone(step: Step, *, has_limit: bool) -> TileResult:
    """A tile whose worker died while it worked on nothing else; `has_limit`: on its time."""
    return ended(step, 0.0, f"{_ALONE} {_OR_TOO_LONG}" if has_limit else _ALONE)


def is_lost(future: Results, pool: Pool) -> bool:
    """Whether the worker of a batch died; any other error of the machinery is raised as it is."""
    if future.cancelled():
        return True
    error = future.exception()
    return isinstance(error, pool.lost_worker)


def last_line(error: str | None) -> str:
    """What a traceback says in the end."""
    lines = (error or "").strip().splitlines()
    return lines[-1] if lines else "an error without a text"
