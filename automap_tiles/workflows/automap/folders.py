"""Where a run puts what it makes: each satellite has a folder of its own."""

from __future__ import annotations

import hashlib
from datetime import date

from automap_tiles.storage import Address
from automap_tiles.workflows.automap.parameters import Mode, RunParameters

_LONGEST = 100
"""Characters of statistics in a file's name."""


def scenes_folder(output: Address, satellite: str) -> Address:
    """Of the prepared scenes."""
    return output / satellite / "scenes"


def composite_path(run: RunParameters, satellite: str) -> Address:
    """Of the composite."""
    return run.output / satellite / f"composite_{result_name(run)}.tif"


def result_name(run: RunParameters) -> str:
    """Time range of a run and its statistics: results of others stay beside it."""
    first, last = run.period.first or date.min, run.period.last or date.max
    period = f"{first:%Y%m%d}_{last:%Y%m%d}"
    if not run.mode.includes(Mode.COMPOSITE):
        return period
    statistics = "-".join(run.statistics)
    if len(statistics) > _LONGEST:
        digest = hashlib.sha256(statistics.encode()).hexdigest()[:8]
        statistics = f"{len(run.statistics)}-statistics-{digest}"
    return f"{period}_{statistics}"


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
