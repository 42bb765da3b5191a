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
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automap_tiles.missions._common.dialect import UsualDialect, find, reflective
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.sensor import Sensor
from automap_tiles.missions._common.stac import (
    About,
    Asset,
    BandAsset,
    BandInfo,
    Identity,
    Item,
    QualityAsset,
    ReadFile,
    Scalings,
)

_LEVEL = "SR"
_SCALING = Scaling(multiply=1e-4, add=0, nodata=-999)
_PRODUCT = re.compile(r"ga_(ls\d[a-z]*|s2[a-d]m)_ard(_\w+)?_3")
_AGENCY = "ga_"
_PREFIX = "nbart_"
_FROM_ABOVE = "NBAR of Digital Earth Australia"
ALL = {"coastal_aerosol": "coastal", "blue": "blue", "green": "green", "red": "red"}
"""Bands with the same name for all satellites → common name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ArdDialect(UsualDialect):
    """STAC items of these products; everything else follows the mission's usual dialect."""

    usual: UsualDialect
    names: Mapping[str, str]
    """DEA name → common name: `swir_2` is a different band for Landsat and Sentinel-2."""

    @property
    def layers(self) -> Mapping[str, str]:  # type: ignore[override]
        return {**self.usual.layers, "OA_FMASK": "dea_fmask"}

    def identify(self, item: Item) -> Identity | None:
        """Any product of the agency, the only ones whose stored numbers are documented here."""
        if not _product(item).startswith(_AGENCY):
            return None
        found = self.usual.identify(item)
        if found is None or not _is_ard(item):
            return found
        # Level and baseline in such an item are those of the source product.
        return replace(found, level=_LEVEL, baseline=None)

    def in_name(self, sensor: Sensor) -> re.Pattern[str]:
        return self.usual.in_name(sensor)

    def layer(self, word: str, identity: Identity) -> str:
        return "dea_fmask" if word == "OA_FMASK" else self.usual.layer(word, identity)

    def name_of(self, asset: Asset, info: BandInfo, sensor: Sensor) -> str | None:
        own = None
        if asset.key.startswith(_PREFIX):
            own = self.names.get(asset.key.removeprefix(_PREFIX))
        return find(sensor, own) or self.usual.name_of(asset, info, sensor)

    def about(self, item: Item, identity: Identity) -> About:
        found = self.usual.about(item, identity)
        return replace(found, from_above=_FROM_ABOVE) if _is_ard(item) else found

    def scalings(
        self,
        item: Item,
        identity: Identity,
        bands: Mapping[str, BandAsset],
        read: ReadFile,
    ) -> Scalings:
        """The constants above; the items do not state a scaling."""
        if not _is_ard(item):
            return self.usual.scalings(item, identity, bands, read)
        return Scalings(by_band=dict.fromkeys(reflective(identity, bands), _SCALING))

    def _quality_asset(self, asset: Asset, layer: str) -> QualityAsset:
        return self.usual._quality_asset(asset, layer)


def _product(item: Item) -> str:
    return item.text("odc:product") or item.collection


def _is_ard(item: Item) -> bool:
    return _PRODUCT.fullmatch(_product(item)) is not None
