"""Where a run puts what it makes: each satellite has a folder of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from automap_tiles.commands.run.parameters import RunParameters


def satellite_name(satellite: str) -> str:
    """`sentinel-2`, `landsat-8`."""
    return "sentinel-2" if satellite == "2" else f"landsat-{satellite}"


def scenes_folder(output: Path, satellite: str) -> Path:
    """Of the prepared scenes."""
    return output / satellite_name(satellite) / "scenes"


def fetched_folder(output: Path, satellite: str) -> Path:
    """Of files on their way from a catalogue; hidden, and empty when a scene is prepared."""
    return output / satellite_name(satellite) / ".fetched"


def composite_path(run: RunParameters, satellite: str) -> Path:
    """Of the composite of the time range."""
    first, last = run.period.first or date.min, run.period.last or date.max
    name = f"composite_{first:%Y%m%d}_{last:%Y%m%d}.tif"
    return run.output / satellite_name(satellite) / name
