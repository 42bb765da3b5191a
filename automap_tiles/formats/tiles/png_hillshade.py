"""PNG tiles of a hillshade: black, with opacity increasing with darkness, as a map overlay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import ProcessResultError
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.tiles.png import PngCodec, masked_where_clear
from automap_tiles.grid import Tile
from automap_tiles.notes import Note

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

FORMAT = FormatInfo(
    name="PNG_hillshade",
    summary="black PNG tiles whose opacity is a shading of one band",
    kind=OutputKind.RASTER,
    endings=("png",),
    codec=f"{__name__}:open_codec",
    opens_in_gdal=True,
    has_alpha=True,
    has_byte_pixels=True,
    takes_one_band=True,
)


def open_codec(_: OutputSpec, options: Options) -> HillshadeCodec:
    """As in mapchete, whose options have no effect here."""
    options.pick(("bands", "count", "dtype", "nodata", "old_band_num"))
    return HillshadeCodec()


@dataclass(frozen=True, kw_only=True)
class HillshadeCodec(PngCodec):
    """A hillshade as PNG; see `Codec`."""

    def advice(self) -> tuple[Note, ...]:
        return ()

    def convert(self, tile: Tile, result: object) -> RasterArray:
        """One band: 0 is opaque, 255 and masked pixels are transparent."""
        data = raster.prepare(result, count=None, dtype="uint8", nodata=None, shape=tile.shape)
        if len(data) != 1:
            raise ProcessResultError(f"a shading has one band, not {len(data)}")
        gaps = np.ma.getmaskarray(data)[0]
        alpha = np.where(gaps, np.uint8(0), np.uint8(255) - data.data[0])
        black = np.zeros_like(alpha)
        return masked_where_clear(np.stack([black, black, black, alpha]))
