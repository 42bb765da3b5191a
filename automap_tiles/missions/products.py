"""Which products a set of file names is: from names alone, nothing is opened.

Known are

* Landsat before the collections (`LC80900842013284LGN00_B4.TIF`, `L71090081_08120090415_B40.TIF`),
  Collection 1 and 2 of level 1 and 2 (`LC08_L2SP_001062_20201031_20201106_02_T2_SR_B4.TIF`),
  and any `name_B4.tif` beside a `name_MTL.txt`;
* Sentinel-2 `.SAFE`, before and after December 2016, of level 1C and 2A;
* the flat layouts of AWS: `B04.jp2` beside `metadata.xml` and `tileInfo.json`, `R10m/B04.jp2`, and
  the Cloud Optimized GeoTIFFs of Earth Search (`S2A_33TWL_20230815_0_L2A/B04.tif`);
* single bands with ESA's names (`T33UUU_20170216T102101_B04.jp2`).

Names are relative paths with `/`, and best begin with the product's own folder, which often says
what the files in it do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from automap_tiles.missions.common.layout import Family, ProductLayout
from automap_tiles.missions.landsat import names as landsat_names
from automap_tiles.missions.sentinel2 import names as sentinel2_names

__all__ = ["Family", "ProductLayout", "find_all", "recognise"]


def find_all(names: Sequence[str]) -> list[ProductLayout]:
    """All products among these names, in the order of their ids; other files are left alone."""
    names = sorted(names)
    layouts = [*landsat_names.find(names), *sentinel2_names.find(names)]
    return sorted(layouts, key=lambda layout: layout.id)


def recognise(names: Sequence[str]) -> ProductLayout | None:
    """The one product of these names; None when there is none or more than one (`find_all`)."""
    layouts = find_all(names)
    return layouts[0] if len(layouts) == 1 else None
