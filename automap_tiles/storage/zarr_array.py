"""GDAL names of arrays in Zarr stores.

GDAL before 3.12 finds neither the CRS nor the transform of products in EOPF format
(OSGeo/gdal#13161), so the name encodes them as a virtual raster.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from automap_tiles.errors import InputError

_PLACED = re.compile(
    r'vrt://ZARR:"(?P<path>[^"?]+)"\?a_srs=EPSG:\d+&a_gt=[-+.,\de]+(&a_nodata=\d+)?'
)
_PLAIN = re.compile(r'ZARR:"(?P<path>[^"]+)"(:/\w+[:\d]*)?')


def placed_array(
    path: str, *, epsg: int, transform: Sequence[float], nodata: int | None = None
) -> str:
    """Name of an array (y, x) at a GDAL path, with the six coefficients of its transform.

    Raises `InputError` for a path that cannot be part of such a name.
    """
    _check(path)
    a, b, c, d, e, f = transform
    numbers = ",".join(repr(float(each)) for each in (c, a, b, f, d, e))
    last = "" if nodata is None else f"&a_nodata={nodata}"
    return f'vrt://ZARR:"{path}"?a_srs=EPSG:{epsg}&a_gt={numbers}{last}'


def plane_of(path: str, indexes: Sequence[int] = ()) -> str:
    """Name of a 2-D slice of an array at indexes of its other axes; raises `InputError`."""
    _check(path)
    name = path.rpartition("/")[2]
    places = "".join(f":{index}" for index in indexes)
    return f'ZARR:"{path}"' + (f":/{name}{places}" if places else "")


def is_placed(name: str) -> bool:
    """Whether a name was made by `placed_array`."""
    return _PLACED.fullmatch(name) is not None


def array_path(name: str) -> str | None:
    """Path of the array in a name made by `placed_array`; None for other names."""
    found = _PLACED.fullmatch(name) or _PLAIN.fullmatch(name)
    return None if found is None else found["path"]


def _check(path: str) -> None:
    if '"' in path or "?" in path:
        raise InputError('GDAL opens no array of a store with " or ? in its path', path)
