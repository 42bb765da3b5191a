"""FlatGeobuf tiles."""

from __future__ import annotations

from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.tiles._ogr import OgrFeatures

FORMAT = FormatInfo(
    name="FlatGeobuf",
    summary="FlatGeobuf tiles",
    kind=OutputKind.VECTOR,
    endings=("fgb",),
    codec=f"{__name__}:open_codec",
)

_BECOMES_TEXT = {
    "date": "text",
    "time": "text",
    "json": "text of JSON",
    "List[str]": "text of JSON",
}


def open_codec(_spec: OutputSpec, _options: Options) -> OgrFeatures:
    """Features as FlatGeobuf."""
    return OgrFeatures(driver="FlatGeobuf", becomes_text=_BECOMES_TEXT)
