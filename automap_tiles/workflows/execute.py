"""Run a process on its tiles."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from automap_tiles.engine.check import CheckReport
from automap_tiles.engine.check import check as check_process
from automap_tiles.errors import ConfigError
from automap_tiles.runtime import Process
from automap_tiles.workflows._notes import run_with_notes
from automap_tiles.workflows._order import NEVER, Order, StopToken
from automap_tiles.workflows.events import Event
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.report import check_page, following
from automap_tiles.workflows.running import carry_out
from automap_tiles.workflows.selections import open_narrowed
from automap_tiles.workflows.subset import Subset

Inputs: TypeAlias = str | tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, kw_only=True)
class ExecuteOrder(Order):
    """Compute the tiles of a process that are not done."""

    workflow: ClassVar[str] = "execute"

    process: str
    """Its `.mapchete` file."""
    where: Subset = field(default_factory=Subset)
    """Default: everything that the file covers."""
    how: ExecutionOptions = field(default_factory=ExecutionOptions)
    tile: tuple[int, int, int] | None = None
    """Zoom, row and column of a single tile, counted in metatiles; excludes `where`."""
    retry_failed: bool = False
    """Only the tiles that failed before; excludes `overwrite`."""
    inputs: Inputs = None
    """Path of the only input, or names of inputs with their paths, replacing the file's."""
    output: str | None = None
    """Path replacing the file's."""
    measures_memory: bool = False
    """Report the peak memory of each tile, where the system allows it."""
    report: str | None = None
    """HTML report of the run: results, times, and errors."""


def check(order: ExecuteOrder) -> CheckReport:
    """Count the tiles to compute. Opens no data and writes nothing.

    Raises `ConfigError` naming file, line and key, and `ProcessError` if the function cannot be
    loaded.
    """
    return check_process(_process(order))


def run(order: ExecuteOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Compute the tiles; items are `TileResult`s, the outcome is a `Summary`.

    Raises as `check`, and `OutputBusy`, `OutputMismatch`, `ProcessChanged` or `OutputError` before
    the first tile.
    """
    report = None if order.report is None else check_page(order.report)
    process = yield from run_with_notes(lambda: _process(order))
    events = carry_out(
        process,
        order.how,
        retry_failed=order.retry_failed,
        measures_memory=order.measures_memory,
        stop=stop,
    )
    yield from events if report is None else following(events, order, lambda _: report)


def _process(order: ExecuteOrder) -> Process:
    if order.retry_failed and order.how.overwrite:
        raise ConfigError("excludes overwrite", key="retry_failed", found=True)
    if order.tile is not None and not order.where.is_everywhere:
        raise ConfigError("goes with no other choice of tiles", key="tile", found=order.tile)
    inputs = order.inputs
    return open_narrowed(
        order.process,
        order.where,
        tile=order.tile,
        output=order.output,
        inputs=dict(inputs) if isinstance(inputs, tuple) else inputs,
    )
