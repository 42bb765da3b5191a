"""GDAL datasets, opened once per thread and cached."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import MemoryFile
from rasterio.windows import Window

from automap_tiles.errors import InputError, SourceBrokeOff, without_signatures
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster import read_ahead
from automap_tiles.raster._partial import read_parts
from automap_tiles.raster._retries import with_retries
from automap_tiles.raster.drivers import (
    has_side_files,
    is_local,
    names_its_driver,
    open_dataset,
    reason_not_opened,
)
from automap_tiles.raster.env import ensure_env, is_networked, patience
from automap_tiles.raster.inside import inside
from automap_tiles.raster.source import RasterInfo, describe
from automap_tiles.raster.tiff import Profile, Stamp, TiledFile, stamp_of
from automap_tiles.storage import Address
from automap_tiles.storage.zarr_array import array_path

# Messages of libtiff and GDAL's drivers about truncated files.
_CUT_OFF = re.compile(r"got \d+ bytes, expected|Read error|short read|Cannot read", re.IGNORECASE)

MAX_OPEN = 128
"""Datasets kept open per thread. Each holds a file descriptor, of which a process has 1024."""

# Datasets inherited by a forked child: closing them could deadlock on a lock that a thread of the
# parent held, so they are kept and never used.
_inherited: list[object] = []


@dataclass(frozen=True)
class OpenSource:
    """An open dataset of the calling thread and its metadata."""

    dataset: Any
    info: RasterInfo
    stamp: Stamp | None
    """Stamp of a local file when it was opened."""
    level: int | None = None
    """Overview level of the dataset; None: full resolution."""

    def read(
        self,
        indexes: Sequence[int],
        window: Window,
        out: NDArray[Any] | None = None,
        wanted: NDArray[np.bool_] | None = None,
        *,
        once: bool = False,
    ) -> NDArray[Any]:
        """Pixels (band, y, x) of bands of one dtype in a window of whole source pixels.

        Blocks of a plain tiled TIFF are read without GDAL, everything else by it. Where (y, x)
        nothing is `wanted`, pixels may be 0. `once`: only blocks known to be needed by other
        windows have to be cached.
        """
        top, left = int(window.row_off), int(window.col_off)
        rows = range(top, top + int(window.height))
        columns = range(left, left + int(window.width))
        tiles = self._tiles
        if tiles is not None:
            if out is None:
                out = np.empty((len(indexes), len(rows), len(columns)), tiles.layout.dtype)
            later = read_ahead.expected_windows(self.info.crs, self.info.transform)
            if tiles.read(indexes, (rows, columns), out, wanted, later=later, once=once):
                return out
        # Over the network a single request for everything is fastest.
        is_local_file = self.stamp is not None
        if is_local_file and out is not None and wanted is not None and not wanted.all():
            read_parts(self.dataset, list(indexes), (top, left), out, wanted)
            return out
        found: NDArray[Any] = self.dataset.read(list(indexes), window=window, out=out)
        return found

    @cached_property
    def _tiles(self) -> TiledFile | None:
        """The blocks of the source; None where GDAL reads them."""
        info, dataset = self.info, self.dataset
        path = info.path.removeprefix("file://")
        if info.driver != "GTiff" or self.stamp is None or not is_local(path) or not info.count:
            return None
        if self.level is not None and has_side_files(path):
            return None
        kinds = {*zip(info.dtypes, dataset.block_shapes, strict=True)}
        if len(kinds) > 1:
            return None
        dtype, block = kinds.pop()
        shape = (info.count, *info.shape)
        profile = Profile(
            shape=shape, dtype=dtype, block=tuple(block), is_overview=self.level is not None
        )
        return TiledFile.of(path, self.stamp, profile)


class _Pool(threading.local):
    def __init__(self) -> None:
        self.pid = os.getpid()
        self.sources: OrderedDict[tuple[str, int | None], OpenSource] = OrderedDict()


_pool = _Pool()


def open_source(path: str | Path, level: int | None = None) -> OpenSource:
    """The cached dataset of a path, reopened when its file has changed.

    `level` opens the overview of that number (0 is the finest) as if it were the whole source.
    Raises `InputError` when GDAL cannot open it.
    """
    ensure_env()
    _leave_to_parent()
    key = (os.fspath(path), level)
    stamp = file_stamp(key[0])
    source = _pool.sources.get(key)
    if source is not None and source.stamp == stamp:
        _pool.sources.move_to_end(key)
        return source
    forget(path, level)
    if stamp is None and is_networked(key[0]):
        return _keep(key, with_retries(key[0], lambda: _open_far(key[0], level)))
    return _keep(key, _open(key[0], level, stamp))


def _leave_to_parent() -> None:
    """In a forked child: leave the parent's datasets alone."""
    if _pool.pid != os.getpid():
        _inherited.append(_pool.sources)
        _pool.__init__()  # type: ignore[misc]


def _keep(key: tuple[str, int | None], source: OpenSource) -> OpenSource:
    _pool.sources[key] = source
    while len(_pool.sources) > MAX_OPEN:
        _, oldest = _pool.sources.popitem(last=False)
        oldest.dataset.close()
    return source


def open_virtual(text: str) -> OpenSource:
    """The cached dataset of a VRT written by this package, given as XML."""
    ensure_env()
    _leave_to_parent()
    key = (text, None)
    source = _pool.sources.get(key)
    if source is None:
        dataset = rasterio.open(text)
        return _keep(key, OpenSource(dataset, describe(dataset, "virtual raster"), None))
    _pool.sources.move_to_end(key)
    return source


def inspect(path: str | Path) -> RasterInfo:
    """Metadata of a raster source; raises `InputError` when it cannot be opened."""
    return open_source(path).info


def inspect_anew(path: str | Path) -> RasterInfo:
    """Like `inspect`, for a file that may have been replaced since GDAL last read it."""
    if is_networked(os.fspath(path)):
        forget(path)
        _forget_content(os.fspath(path))
    return inspect(path)


def inspect_content(content: bytes, name: str) -> RasterInfo:
    """Like `inspect`, for the bytes of a file; raises `InputError`."""
    try:
        with MemoryFile(content) as memory, memory.open() as dataset:
            return describe(dataset, name)
    except (RasterioIOError, CPLE_BaseError) as error:
        raise InputError(f"cannot be opened: {deepest_reason(error)}", name) from error


def require_bands(source: OpenSource) -> None:
    """Raise `InputError` for a file without bands, such as a container of subdatasets."""
    if not source.info.count:
        names = source.dataset.subdatasets
        inside = f"; it holds {len(names)} others, such as {names[0]}" if names else ""
        raise InputError(f"has no bands of its own{inside}", source.info.path)


def further_pages(path: str | Path) -> tuple[str, ...]:
    """Names of the rasters in a file after the first, such as further pages of a TIFF.

    Raises `InputError` when it cannot be opened.
    """
    source = open_source(path)
    is_first = bool(source.info.count) and not names_its_driver(os.fspath(path))
    return tuple(source.dataset.subdatasets[1:]) if is_first else ()


def forget(path: str | Path, level: int | None = None) -> None:
    """Close the thread's dataset of a path, if any."""
    source = _pool.sources.pop((os.fspath(path), level), None)
    if source is not None:
        source.dataset.close()


def close_all() -> None:
    """Close all datasets of the calling thread."""
    while _pool.sources:
        _, source = _pool.sources.popitem()
        source.dataset.close()


def open_count() -> int:
    """Number of datasets that the calling thread keeps open."""
    return len(_pool.sources)


@contextmanager
def reading(info: RasterInfo, level: int | None = None) -> Iterator[None]:
    """Turn GDAL's errors inside into `InputError` with the path, and drop the dataset.

    `SourceBrokeOff` when a network response was shorter than announced.
    """
    started = time.monotonic()
    try:
        yield
    except (RasterioError, CPLE_BaseError, ValueError) as error:
        forget(info.path, level)
        reason, stalled = deepest_reason(error), _stalled(info.path, started)
        kind = InputError
        if is_networked(info.path):
            if not stalled and _CUT_OFF.search(reason):
                kind = SourceBrokeOff
            _forget_content(info.path)
        raise kind(f"cannot be read: {reason}{stalled}", info.path) from error


def _open_far(path: str, level: int | None) -> OpenSource:
    """What is over the network; GDAL keeps for true what it could not be told, until it forgets."""
    try:
        return _open(path, level, None)
    except InputError:
        _forget_content(path)
        raise


def _open(path: str, level: int | None, stamp: Stamp | None) -> OpenSource:
    options = {} if level is None else {"OVERVIEW_LEVEL": level}
    started = time.monotonic()
    try:
        dataset = open_dataset(path, **options)
        info = describe(dataset, path)
    except (RasterioIOError, CPLE_BaseError) as error:
        message = f"{_open_failure(path, stamp, error)}{_stalled(path, started)}"
        raise InputError(message, path) from error
    return OpenSource(dataset, info, stamp, level)


def _open_failure(path: str, stamp: Stamp | None, error: Exception) -> str:
    if is_local(path) and ":" not in path and stamp is None:
        return "no such file"
    reason = reason_not_opened(path, deepest_reason(error))
    return f"cannot be opened as a raster: {reason}"


def _forget_content(path: str) -> None:
    """Clear GDAL's cache of a remote file, which also holds truncated parts.

    Content that is not to be cached is dropped when such a file is closed.
    """
    address = Address.of_url(array_path(path) or path)
    place = path if address is None else address.gdal_name
    with (
        rasterio.Env(CPL_VSIL_CURL_NON_CACHED=place),
        suppress(RasterioIOError, CPLE_BaseError, InputError),
    ):
        open_dataset(path).close()


def _stalled(path: str, started: float) -> str:
    """Suffix for the error of a source over the network that was given up; issues a note too."""
    seconds, least = patience()
    if not is_networked(path) or time.monotonic() - started < seconds:
        return ""
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.FILES,
            reason=f"a source over the network sent less than {least} bytes/s for {seconds:g} s",
            examples=(without_signatures(path),),
            remedy="run again later with --retry-failed; GDAL_HTTP_LOW_SPEED_TIME (seconds) and "
            "GDAL_HTTP_LOW_SPEED_LIMIT (bytes/s) in the environment set other limits",
        )
    )
    return f"; it was given up because it sent less than {least} bytes/s for {seconds:g} s"


def deepest_reason(error: BaseException) -> str:
    """The message of the root cause, where GDAL says what is wrong."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)


def file_stamp(path: str) -> Stamp | None:
    """Stamp that changes when a local file is replaced; None for anything not in a local file.

    Members of an archive and subdatasets have the stamp of the whole file.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - this runs at every read, and pathlib costs more
    except (OSError, ValueError):
        within = inside(path)
        return None if within is None else file_stamp(within.file)
    return stamp_of(status)
