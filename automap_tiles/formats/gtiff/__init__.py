"""GeoTIFF tiles; or one GeoTIFF, or COG, when the path ends with .tif."""

from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats.gtiff._single_file import SingleFile
from automap_tiles.formats.gtiff._tiles import GeoTiffCodec
from automap_tiles.formats.gtiff._writer import open_writer

FORMAT = FormatInfo(
    name="GTiff",
    summary="GeoTIFF tiles, or one GeoTIFF or COG when the path ends with .tif",
    kind=OutputKind.RASTER,
    endings=("tif", "tiff"),
    opens_in_gdal=True,
    writer=f"{__name__}:open_writer",
    takes=(
        "bands", "dtype", "nodata", "descriptions", "scales", "offsets", "units", "colormap",
        "colorinterp", "tags",
    ),
)  # fmt: skip

__all__ = ["FORMAT", "GeoTiffCodec", "SingleFile", "open_writer"]
