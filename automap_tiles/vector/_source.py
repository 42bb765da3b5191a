"""Opening vector files, and notes on what cannot be read from them."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rasterio.crs import CRS

from automap_tiles.errors import InputError, MissingCrs
from automap_tiles.grid import Bounds
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import is_address
from automap_tiles.vector._ogr import fiona, ogr_errors
from automap_tiles.vector._remote_files import local_copy

# An OGR VRT, whatever its name, could read other local files and open connections, so the allowed
# drivers are listed. None of these follows references.
DRIVERS = (
    "GeoJSON",
    "GeoJSONSeq",
    "TopoJSON",
    "GPKG",
    "ESRI Shapefile",
    "FlatGeobuf",
    "OpenFileGDB",
)

# Drivers of multi-layer formats.
_WITH_LAYERS = ("GPKG", "OpenFileGDB", "TopoJSON")

Stamp = tuple[int, int]
"""Time (ns) and size (bytes) of a file."""


def open_source(path: str) -> Any:
    """An open fiona collection; raises `InputError`."""
    try:
        return fiona().open(local_copy(path), enabled_drivers=list(DRIVERS))
    except ogr_errors(OSError, ValueError) as error:
        if not is_address(path) and not Path(path).exists():
            raise InputError("does not exist", path) from error
        of_rasters = "; a GeoPackage of rasters is read as GPKG:FILE:TABLE"
        raise InputError(
            f"is not a vector file of a known kind ({', '.join(DRIVERS)}): {error}"
            f"{of_rasters if path.lower().endswith('.gpkg') else ''}",
            path,
        ) from error


def bounds_of(source: Any) -> Bounds | None:
    """Box of its features; None where no feature has a geometry.

    Raises `InputError` for features that reach to infinity.
    """
    if not len(source):
        return None
    try:
        found = Bounds(*source.bounds)
    except ogr_errors():
        return None
    if found.left > found.right:  # as GDAL has the box of points at NaN
        return None
    if any(map(math.isinf, found)):
        raise InputError("cannot be read: a feature reaches to infinity", str(source.path))
    return None if any(map(math.isnan, found)) else found


def report_ignored_layers(path: str, source: Any) -> None:
    """Note that only the first of several layers is read, as GDAL does by default."""
    if source.driver not in _WITH_LAYERS:
        return
    others = [name for name in fiona().listlayers(local_copy(path)) if name != source.name]
    if others:
        tell(
            Note.of(
                others,
                fate=Fate.IGNORED,
                subject=Subject.LAYERS,
                reason=f"a file has several layers, and its first, {source.name}, is read",
                remedy="write the one that is meant to a file of its own",
            )
        )


@contextmanager
def skipped_columns() -> Iterator[list[str]]:
    """Columns that fiona drops with only a log message, having no type for them."""
    found: list[str] = []
    log = logging.getLogger("fiona.ogrext")
    heard = _Skipped(found)
    log.addHandler(heard)
    try:
        yield found
    finally:
        log.removeHandler(heard)


class _Skipped(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Skipping field") and "invalid type" in str(record.msg):
            named = isinstance(record.args, tuple) and record.args
            self._found.append(str(named[0] if named else record.msg))


def report_lost_columns(names: Sequence[str]) -> None:
    """Note which columns are lost."""
    if names:
        tell(
            Note.of(
                names,
                fate=Fate.LOST,
                subject=Subject.ATTRIBUTES,
                reason="columns of a type that cannot be read, such as lists of numbers",
                remedy="make them columns of text",
            )
        )


def crs_of(source: Any, path: str) -> CRS:
    """CRS of an open collection; raises `MissingCrs`."""
    if not source.crs_wkt:
        raise MissingCrs("has no CRS", path)
    return CRS.from_wkt(source.crs_wkt)


def stamp_of(path: str) -> Stamp | None:
    """Modification time (ns) and size (bytes) of a local file; None for anything else."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    return status.st_mtime_ns, status.st_size
