"""Paths of a run's results: each satellite has its own folder."""

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
"""Folder name of a satellite's prepared scenes."""
PARTS = ".parts"
"""Suffix of the tile folder of a file in progress."""
_LONGEST = 100
"""Longest list of statistics in a file name, characters."""


def scenes_folder(output: Address, satellite: str) -> Address:
    """Folder of the prepared scenes."""
    return output / satellite / SCENES


def composite_path(run: RunParameters, satellite: str) -> Address:
    """Path of the composite."""
    return _beside(run, satellite, "composite", ".tif")


def result_name(run: RunParameters) -> str:
    """Time range and statistics of a run: different results are kept side by side."""
    first, last = run.period.first or date.min, run.period.last or date.max
    return _result_name(run.mode, (first, last), run.statistics)


def order_result_name(order: DownloadOrder) -> str:
    """Like `result_name`, for a valid order."""
    period = parse_dates(order.start, order.end)
    first, last = period.first or date.min, period.last or date.max
    names = parse_statistics(order.statistics) if isinstance(order, CompositeOrder) else ()
    return _result_name(Mode(order.workflow), (first, last), names)


def order_path(order: DownloadOrder) -> Address:
    """Path of the YAML file with the options of a run, beside its record.

    Raises `ConfigError` for invalid days and statistics.
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
    """`classes` and `composite` → the file name in a satellite's folder.

    For a run of this mode, if only the values of an order are available.
    """
    name = _result_name(mode, period, statistics)
    words = {"classes": Mode.CLASSIFICATION, "composite": Mode.COMPOSITE}
    return {word: f"{word}_{name}.tif" for word, needed in words.items() if mode.includes(needed)}


def samples_folder(output: Address, satellite: str) -> Address:
    """Hidden folder of the features of samples, reused by the next training."""
    return output / satellite / ".samples"


def model_path(run: RunParameters, satellite: str) -> Address:
    """Path of the model; the training report is beside it."""
    return _beside(run, satellite, "model", ".zip")


def report_path(run: RunParameters, satellite: str) -> Address:
    """Path of the training report."""
    return _beside(run, satellite, "training", ".html")


def map_path(run: RunParameters, satellite: str) -> Address:
    """Path of the class map."""
    return _beside(run, satellite, "classes", ".tif")


def _beside(run: RunParameters, satellite: str, word: str, ending: str) -> Address:
    return run.output / satellite / f"{word}_{result_name(run)}{ending}"
