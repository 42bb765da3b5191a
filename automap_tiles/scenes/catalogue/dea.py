"""Analysis-ready data of Digital Earth Australia: surface reflectance of Landsat and Sentinel-2.

Products `ga_ls5t_ard_3` … `ga_s2cm_ard_3`. Names of the bands, their number type and their nodata
value, and the classes of `oa_fmask`: Geoscience Australia, product definitions of Collection 3
(repository dea-config, folder products/baseline_satellite_data/c3). That 10000 is a reflectance of
1: the same agency's description of DEA Surface Reflectance, Collection 3. The items say none of it.

`nbart` is reflectance with the terrain taken out; older versions also have `nbar` (without), which
is not used.
"""

from __future__ import annotations

import re

from automap_tiles.missions import Scaling
from automap_tiles.scenes.catalogue.item import Item

LEVEL = "SR"
SCALING = Scaling(multiply=1e-4, add=0, nodata=-999)
FMASK = "oa_fmask"

_PRODUCT = re.compile(r"ga_(ls\d[a-z]*|s2[a-d]m)_ard(_\w+)?_3")
_PREFIX = "nbart_"
_ALL = {"coastal_aerosol": "coastal", "blue": "blue", "green": "green", "red": "red"}
_OF_LANDSAT = {"nir": "nir", "swir_1": "swir1", "swir_2": "swir2", "panchromatic": "pan"}
# Bands 11 and 12 are "swir 2" and "swir 3" there: 10, cirrus, counts as the first one.
_OF_SENTINEL = {
    "red_edge_1": "rededge1",
    "red_edge_2": "rededge2",
    "red_edge_3": "rededge3",
    "nir_1": "nir",
    "nir_2": "nir08",
    "swir_2": "swir1",
    "swir_3": "swir2",
}


def is_ard(item: Item) -> bool:
    """Whether it is one of these products."""
    return _PRODUCT.fullmatch(item.text("odc:product") or item.collection) is not None


def band(key: str, sensor: str) -> str | None:
    """Common name of an asset's band; None for what is no reflectance of theirs.

    `swir_2` is another band of Landsat than of Sentinel-2; `sensor` is its key.
    """
    if not key.startswith(_PREFIX):
        return None
    own = _OF_SENTINEL if sensor.startswith("sentinel-2") else _OF_LANDSAT
    return {**_ALL, **own}.get(key.removeprefix(_PREFIX))
