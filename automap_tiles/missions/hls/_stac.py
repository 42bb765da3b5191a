"""STAC items of HLS as written by LP DAAC and the Planetary Computer.

They do not reliably state scale and nodata value; both are taken from the product guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from automap_tiles.errors import InputError
from automap_tiles.missions._common.dialect import (
    UsualDialect,
    day_of,
    nodata_of,
    parts_of,
    reflective,
)
from automap_tiles.missions._common.harmonized import HLS_COLLECTION, HLS_NAME, is_harmonized
from automap_tiles.missions._common.layers import HLS_FMASK
from automap_tiles.missions._common.sensor import Sensor
from automap_tiles.missions._common.stac import (
    About,
    BandAsset,
    Identity,
    Item,
    ReadFile,
    Scalings,
)
from automap_tiles.missions.hls._bands import BY_KIND, SCALING
from automap_tiles.missions.hls._version import FROM_ABOVE, LEVEL, check_version

# In the name of a file: `HLS.S30.T33TWL.2023227T100031.v2.0.B04.tif`
_IN_NAME = re.compile(r"(?:^|\.)(?P<band>B\d\d|B8A)(?P<size>)\.tiff?$", re.IGNORECASE)


class HlsDialect(UsualDialect):
    """Any catalogue with NASA's GeoTIFFs."""

    layers: Mapping[str, str] = {"FMASK": HLS_FMASK.name}

    def identify(self, item: Item) -> Identity | None:
        """Recognised by product name, or else by collection."""
        if not is_harmonized(item):
            return None
        parts = parts_of(item, HLS_NAME)
        listed = HLS_COLLECTION.fullmatch(item.collection)
        kind = parts.get("kind") or (listed["kind"] if listed else "")
        if listed and listed["kind"].upper() != kind.upper():
            raise InputError(
                f"says two things of itself: collection {item.collection}, and {kind.upper()} by "
                "the name of the product"
            )
        check_version(parts.get("version") or (listed["version"] if listed else None))
        return Identity(
            sensor=BY_KIND[kind.upper()],
            product=parts.get("matched") or item.id,
            level=LEVEL,
            tile=(parts.get("tile") or "").upper() or None,
            day=day_of((parts.get("seen") or "")[:7] or None, "%Y%j"),
        )

    def in_name(self, sensor: Sensor) -> re.Pattern[str]:
        del sensor
        return _IN_NAME

    def about(self, item: Item, identity: Identity) -> About:
        return replace(super().about(item, identity), from_above=FROM_ABOVE)

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        """The scaling of HLS; raises `InputError` if the item states a different one."""
        del item, read
        own = reflective(identity, bands)
        for name, band in own.items():
            said = (band.info.scale or SCALING.multiply, band.info.offset or 0.0)
            nodata = nodata_of(band, SCALING.nodata)
            if said != (SCALING.multiply, SCALING.add) or nodata != SCALING.nodata:
                raise InputError(
                    f"says of {name}: scale {said[0]:g}, offset {said[1]:g}, nodata {nodata}; "
                    f"HLS has {SCALING.multiply:g}, {SCALING.add:g}, {SCALING.nodata}"
                )
        return Scalings(by_band=dict.fromkeys(own, SCALING))
