"""One GDAL environment per thread, entered once and kept open."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rasterio.env import Env, hasenv

from automap_tiles.quiet import ignore_missing_georeference
from automap_tiles.raster._retries import report_gdal_retries
from automap_tiles.raster.memory import keep_freed_memory
from automap_tiles.storage.zarr_array import array_path

# Sidecar files (.aux.xml, .ovr, .msk) are looked up by name instead of listing the folder, which is
# slow with thousands of tiles; the HTTP options save requests for remote files. By default the
# block cache (bytes) would take 5 % of the machine's memory in every worker. Tiles come along the
# Morton curve, so 256 MB are enough: measured with the composite of 8 dates x 7 bands, that is 6 %
# slower than 1 GB; 64 MB are 35 % slower.
GDAL_OPTIONS = {
    "GDAL_CACHEMAX": 256 * 2**20,
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MAX_RETRY": "3",
    # GDAL's default delay between retries is 30 s.
    "GDAL_HTTP_RETRY_DELAY": "1",
    # Without these, GDAL waits for ever for a source that accepts a connection and sends nothing.
    # No timeout for a whole request: that would forbid slow connections and large reads.
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_LOW_SPEED_TIME": "15",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1000",
}
"""GDAL options set for every thread; environment variables of the same name take precedence."""


_NETWORKED = re.compile(r"(/vsi(curl|s3|gs|az|oss|swift|webhdfs)|https?:|ftp:|s3:|gs:|az:)")


def is_networked(path: str) -> bool:
    """Whether GDAL reads a path over the network."""
    return _NETWORKED.match(array_path(path) or path) is not None


def patience() -> tuple[float, str]:
    """Seconds and bytes per second of GDAL's low-speed limit."""
    seconds, least = (
        os.environ.get(name, str(GDAL_OPTIONS[name]))
        for name in ("GDAL_HTTP_LOW_SPEED_TIME", "GDAL_HTTP_LOW_SPEED_LIMIT")
    )
    return float(seconds), least


class _Kept(threading.local):
    env: Env | None = None


_kept = _Kept()


def ensure_env() -> None:
    """Enter the thread's GDAL environment when none is active.

    Without one, rasterio builds a new session at every open, 7 ms instead of 1.4 ms once AWS keys
    are set. An environment entered by the caller is left unchanged. Images without georeferencing
    are opened without a warning; callers that need it check for it. Memory freed by tiles is kept
    for the next ones.
    """
    ignore_missing_georeference()
    keep_freed_memory()
    report_gdal_retries()
    if not hasenv():
        options = {key: value for key, value in GDAL_OPTIONS.items() if key not in os.environ}
        _kept.env = Env(**options)
        _kept.env.__enter__()


@contextmanager
def gdal_options(options: Mapping[str, object]) -> Iterator[None]:
    """GDAL options inside the block, in addition to those of the thread."""
    ensure_env()
    with Env(**options):
        yield


class _Collector(logging.Handler):
    """Collects the messages of this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.messages.append(record.getMessage())


@contextmanager
def gdal_warnings() -> Iterator[list[str]]:
    """GDAL's warnings inside the block, which rasterio sends to the log."""
    ensure_env()
    log, collector = logging.getLogger("rasterio._env"), _Collector()
    log.addHandler(collector)
    try:
        yield collector.messages
    finally:
        log.removeHandler(collector)
