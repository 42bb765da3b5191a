"""PNG tiles: RGBA, 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import ProcessResultError
from automap_tiles.formats._contents import OutputKind, Tiled
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.tiles._codec import Tags
from automap_tiles.formats.tiles._nodata_losses import advice, report_lost_zeros
from automap_tiles.grid import Tile
from automap_tiles.notes import Note

if TYPE_CHECKING:
    from automap_tiles.formats._contents import RasterArray

_OPAQUE = np.uint8(255)


FORMAT = FormatInfo(
    name="PNG",
    summary="8-bit PNG tiles with an alpha band",
    kind=OutputKind.RASTER,
    endings=("png",),
    codec=f"{__name__}:open_codec",
    opens_in_gdal=True,
    has_alpha=True,
    has_byte_pixels=True,
)


def open_codec(spec: OutputSpec, options: Options) -> PngCodec:
    """Pixels as PNG; raises `ConfigError` for a nodata value that no pixel can have."""
    # known from mapchete, and without effect there too: four bands of uint8 are written
    options.pick(("bands", "count"))
    options.bytes_alone()
    assumed = "nodata" not in options
    return PngCodec(transparent=_transparent(spec, options), is_assumed=assumed)


def _transparent(spec: OutputSpec, options: Options) -> int | None:
    """The value that is shown transparent, None for null in the file.

    0.0 is accepted for 0, since some sources declare it that way.
    """
    if "nodata" in options and spec.options["nodata"] is None:
        options.take("nodata")
        return None
    value = options.number("nodata", 0) or 0
    if value not in range(256):
        raise spec.error(
            "does not fit the pixels of a PNG",
            key="nodata",
            found=value,
            remedy="a whole number from 0 to 255",
        )
    return int(value)


@dataclass(frozen=True, kw_only=True)
class PngCodec:
    """Pixels as PNG; see `Codec`. In the four bands 0 is nodata."""

    transparent: int | None = 0
    """Value of a function's result that is shown transparent, besides masked pixels."""
    is_assumed: bool = False
    """Whether that value was not declared."""

    count = 4
    dtype = np.dtype("uint8")
    nodata = 0
    lossless = True
    keeps_tags = False

    def described(self) -> dict[str, Any]:
        return {"bands": self.count, "dtype": "uint8", "nodata": self.transparent}

    def appearance(self) -> Appearance:
        return Appearance(names=(None,) * self.count, dtype="uint8", alpha=self.count)

    def advice(self) -> tuple[Note, ...]:
        return (advice("uint8"),) if self.is_assumed else ()

    def convert(self, tile: Tile, result: object) -> RasterArray:
        """One band is grey, two are grey and alpha, three RGB, four RGBA."""
        data = raster.prepare(result, count=None, dtype="uint8", nodata=None, shape=tile.shape)
        bands, gaps = data.data, np.ma.getmaskarray(data)
        if len(bands) > 4:
            raise ProcessResultError(f"PNG tiles have 1 to 4 bands, not {len(bands)}")
        if len(bands) in (2, 4):
            alpha = bands[-1]
        else:
            clear = gaps[0]
            if self.transparent is not None:
                clear = clear | (bands[0] == self.transparent)
            if self.is_assumed:
                report_lost_zeros(data[:1], np.ma.MaskedArray(bands[:1], mask=clear[None]))
            alpha = np.where(clear, np.uint8(0), _OPAQUE)
        grey = len(bands) < 3
        colours = (bands[0],) * 3 if grey else tuple(bands[:3])
        return masked_where_clear(np.stack([*colours, alpha]))

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes:  # noqa: ARG002
        return raster.encode_png(data)

    def decode(self, content: bytes, tile: Tile) -> Tiled:  # noqa: ARG002
        data, _ = raster.decode(content)
        return Tiled(masked_where_clear(data.data))


def masked_where_clear(data: np.ndarray[Any, np.dtype[Any]]) -> RasterArray:
    """Four bands, each 0 where there is no data."""
    return np.ma.MaskedArray(data, mask=data == 0, fill_value=0)
