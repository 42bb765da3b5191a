"""JPEG tiles: grey or RGB, 8 bits, without a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from automap_tiles import raster
from automap_tiles.errors import OutputError, ProcessResultError
from automap_tiles.formats._contents import OutputKind, Tiled
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.formats.capabilities import Appearance
from automap_tiles.formats.tiles._codec import Tags
from automap_tiles.formats.tiles._nodata_losses import advice, report_lost_zeros
from automap_tiles.grid import Tile
from automap_tiles.notes import Fate, Note, Subject, tell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from automap_tiles.formats._contents import RasterArray

FORMAT = FormatInfo(
    name="JPEG",
    summary="8-bit JPEG tiles, grey or in colour; small, but neither exact nor transparent",
    kind=OutputKind.RASTER,
    endings=("jpg", "jpeg"),
    codec=f"{__name__}:open_codec",
    opens_in_gdal=True,
    is_read_by_codec=True,
    has_byte_pixels=True,
    byte_nodata=0,
)

_QUALITY = 85
"""1 to 100, as in libjpeg. From 75 on black and white, the usual nodata values, are restored
exactly: the DC coefficient of a block is rounded by half a grey value at most."""

_REMEDY = "format: PNG keeps them, and GTiff the values as well"


def open_codec(spec: OutputSpec, options: Options) -> JpegCodec:
    """Pixels as JPEG; raises `ConfigError`."""
    options.bytes_alone()
    bands = options.whole("count", options.whole("bands", None, least=1), least=1)
    quality = options.whole("quality", _QUALITY, least=1) or _QUALITY
    if quality > 100:
        raise spec.error("must be 1 to 100", key="quality", found=quality)
    is_null = "nodata" in options and spec.options["nodata"] is None
    value = options.number("nodata", 0) or 0
    if value not in range(256):
        raise spec.error(
            "does not fit the pixels of a JPEG",
            key="nodata",
            found=value,
            remedy="a whole number from 0 to 255",
        )
    return JpegCodec(
        count=1 if bands in (1, 2) else 3,  # the second and the fourth are alpha bands
        quality=quality,
        nodata=None if is_null else int(value),
        is_assumed="nodata" not in options,
    )


@dataclass(frozen=True, kw_only=True)
class JpegCodec:
    """Pixels as JPEG; see `Codec`. A pixel has no data if all its bands are nodata."""

    count: int = 3
    quality: int = _QUALITY
    nodata: int | None = 0
    """Value of pixels without data, in each band; None: black, and nothing is masked when tiles are
    read."""
    is_assumed: bool = False
    """Whether it was not declared."""

    dtype = np.dtype("uint8")
    lossless = False
    keeps_tags = False

    def described(self) -> dict[str, Any]:
        return {
            "bands": self.count,
            "dtype": "uint8",
            "nodata": self.nodata,
            "quality": self.quality,
        }

    def appearance(self) -> Appearance:
        kinds = ("gray",) if self.count == 1 else ("red", "green", "blue")
        return Appearance(names=(None,) * self.count, dtype="uint8", colorinterp=kinds)

    def advice(self) -> tuple[Note, ...]:
        return (advice("uint8"),) if self.is_assumed else ()

    def convert(self, tile: Tile, result: object) -> RasterArray:
        """One band is grey, two are grey and alpha, three RGB, four RGBA."""
        data = raster.prepare(result, count=None, dtype="uint8", nodata=None, shape=tile.shape)
        bands, clear = data.data, np.ma.getmaskarray(data)[0]
        if len(bands) > 4 or (self.count == 1 and len(bands) > 2):
            most = "1 or 2 bands" if self.count == 1 else "1 to 4 bands"
            raise ProcessResultError(f"these JPEG tiles are made of {most}, not {len(bands)}")
        colours = bands
        if len(bands) in (2, 4):
            colours, alpha = bands[:-1], bands[-1]
            clear = clear | (alpha == 0)
            _tell_of_alpha(alpha, clear)
            self._tell_of_nodata(colours, clear)
        elif self.nodata is not None:
            self._tell_of_nodata(colours, clear)
            clear = clear | (colours == self.nodata).all(axis=0)
        self._tell_of_mask(clear)
        pixels = np.where(clear, np.uint8(self.nodata or 0), colours)
        pixels = np.broadcast_to(pixels, (self.count, *tile.shape)).copy()
        mask = np.broadcast_to(clear, pixels.shape).copy()
        return np.ma.MaskedArray(pixels, mask=mask, fill_value=self.nodata or 0)

    def encode(self, data: RasterArray, tile: Tile, tags: Tags) -> bytes:  # noqa: ARG002
        count, height, width = data.shape
        raster.ensure_env()
        try:
            with MemoryFile() as memory:
                with memory.open(
                    driver="JPEG",
                    width=width,
                    height=height,
                    count=count,
                    dtype="uint8",
                    quality=self.quality,
                ) as dataset:
                    dataset.write(np.ma.getdata(data))
                return bytes(memory.getbuffer())
        except (RasterioError, ValueError) as error:
            raise OutputError(f"cannot be written as JPEG: {error}") from error

    def decode(self, content: bytes, tile: Tile) -> Tiled:  # noqa: ARG002
        data, _ = raster.decode(content)
        pixels = np.ma.getdata(data)
        if self.nodata is None:
            mask = np.zeros(pixels.shape, bool)
        else:
            clear = (pixels == self.nodata).all(axis=0)
            mask = np.broadcast_to(clear, pixels.shape).copy()
        return Tiled(np.ma.MaskedArray(pixels, mask=mask, fill_value=self.nodata or 0))

    def _tell_of_nodata(self, colours: NDArray[Any], clear: NDArray[np.bool_]) -> None:
        """Note pixels whose colour equals the assumed nodata."""
        if self.is_assumed:
            found = clear | (colours == self.nodata).all(axis=0)
            report_lost_zeros(_first(colours, clear), _first(colours, found))

    def _tell_of_mask(self, clear: NDArray[np.bool_]) -> None:
        count = int(np.count_nonzero(clear))
        if 0 < count < clear.size:
            tell(
                Note(
                    fate=Fate.REPLACED,
                    subject=Subject.PIXELS,
                    count=count,
                    reason=f"JPEG tiles have no mask: pixels without data are the colour "
                    f"{self.nodata or 0}, which blurs into those beside them",
                    remedy=_REMEDY,
                )
            )


def _first(colours: NDArray[Any], clear: NDArray[np.bool_]) -> RasterArray:
    return np.ma.MaskedArray(colours[:1], mask=clear[None])


def _tell_of_alpha(alpha: NDArray[Any], clear: NDArray[np.bool_]) -> None:
    partly = int(np.count_nonzero((alpha < 255) & ~clear))
    if partly:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.PIXELS,
                count=partly,
                reason="JPEG tiles have no alpha band: pixels that are partly transparent are "
                "opaque",
                remedy=_REMEDY,
            )
        )
