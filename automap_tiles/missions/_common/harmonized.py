"""Product names of Harmonized Landsat and Sentinel-2 (HLS).

HLS items name the satellite that acquired them, so the Landsat and Sentinel-2 missions have to skip
them.
"""

from __future__ import annotations

import re

from automap_tiles.missions._common.stac import Item

HLS_NAME = re.compile(
    r"HLS\.(?P<kind>[LS]30)\.T(?P<tile>\d\d[A-Z]{3})\.(?P<seen>\d{7}T\d{6})\.v(?P<version>\d+\.\d+)",
    re.IGNORECASE,
)
"""`HLS.S30.T33TWL.2023227T100031.v2.0` (HLS Product User Guide 2.0, section on file names)."""
HLS_COLLECTION = re.compile(
    r"hls-?2?-?(?P<kind>[ls]30)(?:[._]v?(?P<version>\d+\.\d+))?", re.IGNORECASE
)
"""`HLSL30_2.0`, `HLSS30.v2.0` (LP DAAC), `hls2-l30` (Planetary Computer)."""


def is_harmonized(item: Item) -> bool:
    """Whether an item is an HLS item, by its name or collection."""
    named = HLS_NAME.match(item.id) or HLS_COLLECTION.fullmatch(item.collection)
    return named is not None
