"""Features as files that OGR reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automap_tiles import vector
from automap_tiles.formats._contents import Feature

if TYPE_CHECKING:
    from rasterio.crs import CRS


@dataclass(frozen=True, kw_only=True)
class OgrFeatures:
    """See `FeatureCodec`."""

    driver: str
    """Named as in GDAL."""
    becomes_text: Mapping[str, str] = field(default_factory=dict)
    mixes_heights: bool = False

    def encode(self, features: Sequence[Feature], *, schema: Mapping[str, Any], crs: CRS) -> bytes:
        return vector.encode_features(features, driver=self.driver, schema=schema, crs=crs)

    def decode(self, content: bytes) -> list[Feature]:
        return vector.decode_features(content, driver=self.driver)
