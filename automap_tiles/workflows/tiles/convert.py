"""Convert a file or tile directory to tiles or a single file."""

from __future__ import annotations

from collections.abc import Generator

from automap_tiles.engine.check import CheckReport
from automap_tiles.engine.check import check as check_process
from automap_tiles.runtime import Process
from automap_tiles.workflows._notes import run_with_notes
from automap_tiles.workflows._order import NEVER, StopToken
from automap_tiles.workflows.events import Event
from automap_tiles.workflows.running import carry_out
from automap_tiles.workflows.selections import open_narrowed
from automap_tiles.workflows.tiles._conversion import FORMAT_REMEDY, conversion_config
from automap_tiles.workflows.tiles._convert_order import ConvertOrder
from automap_tiles.workflows.tiles._inherited import NODATA_REMEDY

__all__ = ["FORMAT_REMEDY", "NODATA_REMEDY", "ConvertOrder", "check", "conversion_config", "run"]


def check(order: ConvertOrder) -> CheckReport:
    """Count the tiles to make; writes nothing.

    Raises `ConfigError` if options are required that the source does not determine, or they
    contradict each other; `InputError` if the source is missing or cannot be read.
    """
    return check_process(_process(order))


def run(order: ConvertOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Make the tiles; items are `TileResult`s, the outcome is a `Summary`.

    Raises as `check`, and `OutputBusy`, `OutputMismatch`, `ProcessChanged` or `OutputError` before
    the first tile.
    """
    process = yield from run_with_notes(lambda: _process(order))
    yield from carry_out(process, order.how, stop=stop)


def _process(order: ConvertOrder) -> Process:
    """The built-in process `convert` for this source and target."""
    return open_narrowed(conversion_config(order), order.where)
