"""Where a run puts what it makes: each satellite has a folder of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from automap_tiles.storage import Address
from automap_tiles.workflows.automap.order import CompositeOrder, DownloadOrder
from automap_tiles.workflows.automap.parameters import (
    Mode,
    RunParameters,
    parse_dates,
    parse_statistics,
)

SCENES = "scenes"
"""Name of the folder of a satellite's prepared scenes."""
PARTS = ".parts"
"""What the folder of the tiles of a file that is being made is called, behind the file's name."""
_LONGEST = 100
"""Characters of statistics in a file's name."""


def scenes_folder(output: Address, satellite: str) -> Address:
    """Of the prepared scenes."""
    return output / satellite / SCENES


def composite_path(run: RunParameters, satellite: str) -> Address:
    """Of the composite."""
    return _beside(run, satellite, "composite", ".tif")


def result_name(run: RunParameters) -> str:
    """Time range of a run and its statistics: results of others stay beside it."""
    first, last = run.period.first or date.min, run.period.last or date.max
    return _result_name(run.mode, (first, last), run.statistics)


def order_result_name(order: DownloadOrder) -> str:
    """As `result_name`, of an order whose words are right."""
    period = parse_dates(order.start, order.end)
    first, last = period.first or date.min, period.last or date.max
    names = parse_statistics(order.statistics) if isinstance(order, CompositeOrder) else ()
    return _result_name(Mode(order.workflow), (first, last), names)


def order_path(order: DownloadOrder) -> Address:
    """Where the options of a run are kept, as YAML beside its record.

    Raises `ConfigError` for days and statistics that cannot be.
    """
    return Address.of(order.output) / f"run_{order.workflow}_{order_result_name(order)}.yaml"


def _result_name(mode: Mode, period: tuple[date, date], statistics: Sequence[str]) -> str:
    first, last = period
    said = f"{first:%Y%m%d}_{last:%Y%m%d}"
    if not mode.includes(Mode.COMPOSITE):
        return said
    words = "-".join(statistics)
    if len(words) > _LONGEST:
        digest = hashlib.sha256(words.encode()).hexdigest()[:8]
        words = f"{len(statistics)}-statistics-{digest}"
    return f"{said}_{words}"


def result_names(
    mode: Mode, period: tuple[date, date], statistics: Sequence[str]
) -> dict[str, str]:
    """`classes` and `composite` → the name of its file in the folder of a satellite.

    Of what a run of that mode makes; for who has the words of an order alone.
    """
    name = _result_name(mode, period, statistics)
    words = {"classes": Mode.CLASSIFICATION, "composite": Mode.COMPOSITE}
    return {word: f"{word}_{name}.tif" for word, needed in words.items() if mode.includes(needed)}


def samples_folder(output: Address, satellite: str) -> Address:
    """Of the features of samples; hidden, and read again by the next training."""
    return output / satellite / ".samples"


def model_path(run: RunParameters, satellite: str) -> Address:
    """Of the model; the report of its training is beside it."""
    return _beside(run, satellite, "model", ".zip")


def report_path(run: RunParameters, satellite: str) -> Address:
    """Of the report of the training."""
    return _beside(run, satellite, "training", ".html")


def map_path(run: RunParameters, satellite: str) -> Address:
    """Of the map of classes."""
    return _beside(run, satellite, "classes", ".tif")


def _beside(run: RunParameters, satellite: str, word: str, ending: str) -> Address:
    return run.output / satellite / f"{word}_{result_name(run)}{ending}"
