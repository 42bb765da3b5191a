"""Spectral indices, each with its formula and where it was published.

They are computed in float32 from masked arrays. The result is masked where a band has no data, and
where it means nothing: where the denominator is not above 0 (dark places whose reflectance is below
0 after the correction of the atmosphere), or beyond the range that the index is defined on. Ratios
do not care about the unit of the bands; those marked `reflectance` have constants in them and need
reflectance of about 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Picture = np.ma.MaskedArray[Any, Any]
_Array = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Index:
    """One index."""

    name: str
    title: str
    bands: tuple[str, ...]
    """Names of the bands it takes, in the order of the formula's arguments."""
    fraction: Callable[..., tuple[_Array, _Array]]
    """Bands (float32) -> numerator and denominator."""
    source: str
    limits: tuple[float, float] = (-1.0, 1.0)
    """Range that it is defined on; for ratios with constants what reflectance of 0 to 1 gives."""
    reflectance: bool = False
    """Whether the bands must be reflectance."""


def _difference(first: str, second: str) -> dict[str, Any]:
    """Fraction (first - second) / (first + second)."""
    return {"bands": (first, second), "fraction": lambda a, b: (a - b, a + b)}


_F = np.float32

_TABLE = (
    Index(
        name="ndvi",
        title="vegetation",
        **_difference("nir", "red"),
        source="Rouse et al. 1974, Third ERTS Symposium, NASA SP-351",
    ),
    Index(
        name="gndvi",
        title="vegetation, chlorophyll",
        **_difference("nir", "green"),
        source="Gitelson, Kaufman, Merzlyak 1996, doi:10.1016/S0034-4257(96)00072-7",
    ),
    Index(
        name="ndre",
        title="vegetation, red edge",
        **_difference("nir", "rededge"),
        source="Barnes et al. 2000, 5th International Conference on Precision Agriculture",
    ),
    Index(
        name="ndwi",
        title="open water",
        **_difference("green", "nir"),
        source="McFeeters 1996, doi:10.1080/01431169608948714",
    ),
    Index(
        name="mndwi",
        title="open water beside buildings",
        **_difference("green", "swir1"),
        source="Xu 2006, doi:10.1080/01431160600589179",
    ),
    Index(
        name="ndmi",
        title="moisture of vegetation",
        **_difference("nir", "swir1"),
        source="Gao 1996, doi:10.1016/S0034-4257(96)00067-3",
    ),
    Index(
        name="nbr",
        title="burnt area",
        **_difference("nir", "swir2"),
        source="López García, Caselles 1991, doi:10.1080/10106049109354290",
    ),
    Index(
        name="ndbi",
        title="built-up area",
        **_difference("swir1", "nir"),
        source="Zha, Gao, Ni 2003, doi:10.1080/01431160304987",
    ),
    Index(
        name="ndsi",
        title="snow",
        **_difference("green", "swir1"),
        source="Hall, Riggs, Salomonson 1995, doi:10.1016/0034-4257(95)00137-P",
    ),
    Index(
        name="bsi",
        title="bare soil",
        bands=("swir1", "red", "nir", "blue"),
        fraction=lambda s, r, n, b: ((s + r) - (n + b), (s + r) + (n + b)),
        source="Rikimaru, Roy, Miyatake 2002, Tropical Ecology 43(1)",
    ),
    Index(
        name="evi",
        title="vegetation, corrected for soil and haze",
        bands=("nir", "red", "blue"),
        fraction=lambda n, r, b: (_F(2.5) * (n - r), n + _F(6) * r - _F(7.5) * b + _F(1)),
        # Its denominator comes near 0 over snow and cloud; MODIS keeps it between -1 and 1 as well.
        source="Huete et al. 2002, doi:10.1016/S0034-4257(02)00096-2",
        reflectance=True,
    ),
    Index(
        name="evi2",
        title="vegetation, corrected for soil, without blue",
        bands=("nir", "red"),
        fraction=lambda n, r: (_F(2.5) * (n - r), n + _F(2.4) * r + _F(1)),
        source="Jiang et al. 2008, doi:10.1016/j.rse.2008.06.006",
        limits=(-2.5 / 3.4, 1.25),
        reflectance=True,
    ),
    Index(
        name="savi",
        title="vegetation, corrected for soil",
        bands=("nir", "red"),
        fraction=lambda n, r: (_F(1.5) * (n - r), n + r + _F(0.5)),
        source="Huete 1988, doi:10.1016/0034-4257(88)90106-X",
        reflectance=True,
    ),
)

IndexName: TypeAlias = Literal[
    "ndvi",
    "gndvi",
    "ndre",
    "ndwi",
    "mndwi",
    "ndmi",
    "nbr",
    "ndbi",
    "ndsi",
    "bsi",
    "evi",
    "evi2",
    "savi",
]
"""The names, as a type for parameters."""

INDICES: Mapping[str, Index] = {index.name: index for index in _TABLE}
"""All indices by name."""


def spectral_index(name: str, bands: Mapping[str, Any], *, scale: float = 1.0) -> Picture:
    """One index of a picture, float32 in the shape of its bands.

    `bands` holds an array, masked or not, under each band name of the index; others are left
    alone. `scale` is the value that stands for a reflectance of 1 in them (10000 for the usual
    products); it only matters for the indices that need reflectance.
    What the formula gives beyond the index's limits stays under the mask; without data there is 0.
    Raises `ValueError` for an unknown index and for a band that is missing.
    """
    index = INDICES.get(name)
    if index is None:
        raise ValueError(f"unknown index {name!r}; known: {', '.join(INDICES)}")
    if missing := [band for band in index.bands if band not in bands]:
        raise ValueError(f"{name} needs {', '.join(index.bands)}; missing: {', '.join(missing)}")
    given = [bands[band] for band in index.bands]
    planes = [np.ma.getdata(band).astype(np.float32) for band in given]
    if index.reflectance and scale != 1:
        planes = [plane / _F(scale) for plane in planes]
    with np.errstate(all="ignore"):
        top, bottom = index.fraction(*planes)
        data = top / bottom
        low, high = index.limits
        # NaN and infinity are beyond all limits
        mask = ~((bottom > 0) & (data >= _F(low)) & (data <= _F(high)))
    missing = ~np.isfinite(data)
    for band in given:
        missing |= np.ma.getmask(band)
    data[missing] = 0
    return np.ma.MaskedArray(data, mask=mask | missing)
