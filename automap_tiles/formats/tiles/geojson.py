"""GeoJSON tiles."""

from __future__ import annotations

from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.tiles._ogr import OgrFeatures

FORMAT = FormatInfo(
    name="GeoJSON",
    summary="GeoJSON tiles",
    kind=OutputKind.VECTOR,
    endings=("geojson",),
    codec=f"{__name__}:open_codec",
)


def open_codec(_spec: OutputSpec, _options: Options) -> OgrFeatures:
    """Features as GeoJSON."""
    return OgrFeatures(
        driver="GeoJSON", becomes_text={"bytes": "hexadecimal text"}, mixes_heights=True
    )
