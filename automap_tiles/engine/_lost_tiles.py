"""Results for tiles that were lost because their worker died."""

from __future__ import annotations

import signal

from automap_tiles.engine._plan import TileStep
from automap_tiles.engine.events import TileResult, TileStatus
from automap_tiles.engine.pools import Pool
from automap_tiles.engine.pools.protocol import Results
from automap_tiles.grid import TileIndex

_OR_TOO_LONG = "Or it took longer than --tile-timeout, and left no word of it."


def lost_tile(index: TileIndex, error: str, seconds: float = 0.0) -> TileResult:
    """The result of a tile whose worker died."""
    return TileResult(
        index=index, status=TileStatus.FAILED, seconds=seconds, worker="lost", error=error
    )


def died(code: int | None) -> str:
    """Describe how a worker process ended, by its exit code; None if that is unknown."""
    if code is None:
        return "died"
    if code < 0:
        known = {each.value: each.name for each in signal.Signals}
        return f"died of {known.get(-code, f'signal {-code}')}"  # Real-time signals have no names.
    return f"ended itself with exit status {code}"


def lost_alone(step: TileStep, code: int | None, *, has_limit: bool) -> TileResult:
    """Result of a tile whose worker died while working on it alone; `has_limit`: with a timeout."""
    words = (
        f"The worker process {died(code)} while it worked on this tile alone "
        "(out of memory, a crash in a native library, or a call that ends the process)."
    )
    return lost_tile(step.index, f"{words} {_OR_TOO_LONG}" if has_limit else words)


def is_lost(future: Results, pool: Pool) -> bool:
    """Whether the worker of a batch died; any other internal error is re-raised."""
    if future.cancelled():
        return True
    error = future.exception()
    return isinstance(error, pool.lost_worker)


def last_line(error: str | None) -> str:
    """Return the last line of a traceback."""
    lines = (error or "").strip().splitlines()
    return lines[-1] if lines else "an error without a text"
