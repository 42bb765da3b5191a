"""Whether a file without a checksum can at least be read."""

from __future__ import annotations

from pathlib import PurePosixPath

from rasterio.errors import RasterioError

from automap_tiles import vector
from automap_tiles.errors import InputError, ResourceError, is_without_handles
from automap_tiles.raster.drivers import open_dataset
from automap_tiles.storage import Storage

_VECTOR_DRIVERS = {".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}


def why_unreadable(storage: Storage, key: str) -> str | None:
    """What goes wrong when all of a file is read, block by block; None when it is whole.

    Raises `ResourceError` where that is no fault of the file.
    """
    driver = _VECTOR_DRIVERS.get(PurePosixPath(key).suffix)
    try:
        if driver is not None:
            vector.decode_features(storage.get(key), driver=driver)
        else:
            _read_raster(storage.url(key))
    except (InputError, RasterioError) as error:
        if is_without_handles(error):
            raise ResourceError.without_handles() from error
        return str(error).strip().splitlines()[0]
    return None


def _read_raster(url: str) -> None:
    with open_dataset(url) as dataset:
        for _, window in dataset.block_windows(1):
            dataset.read(window=window)
