"""Whether a file without a checksum is readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasterio.errors import RasterioError

from automap_tiles.errors import InputError, ResourceError, is_without_handles
from automap_tiles.raster.drivers import open_dataset

if TYPE_CHECKING:
    from automap_tiles.workflows.verify._target import Target


def why_unreadable(target: Target, name: str) -> str | None:
    """The error on reading a file completely, block by block; None if it is intact.

    Raises `ResourceError` for errors that the file does not cause.
    """
    try:
        if target.directory is None:
            _read_raster(target.storage.url(name))
        else:
            target.directory.probe(name)
    except (InputError, RasterioError) as error:
        if is_without_handles(error):
            raise ResourceError.without_handles() from error
        return str(error).strip().splitlines()[0]
    return None


def _read_raster(url: str) -> None:
    with open_dataset(url) as dataset:
        for _, window in dataset.block_windows(1):
            dataset.read(window=window)
