"""The description of a format: everything that other packages need to know about it."""

from __future__ import annotations

from dataclasses import dataclass

from automap_tiles.formats._contents import OutputKind
from automap_tiles.storage import DEFAULT_SCHEMA


@dataclass(frozen=True, kw_only=True)
class FormatInfo:
    """One format: everything that distinguishes it from others, in one place.

    References are `module:function`, so that nothing is imported before it is needed. A tile format
    needs `endings` and a `codec`; other sources and outputs have their own `reader` or `writer`.
    """

    name: str
    """Value of `format` in process files and in a directory's metadata.json."""
    summary: str
    """One line."""
    kind: OutputKind | None
    """None: either, depending on the source."""
    extensions: tuple[str, ...] = ()
    """Path suffixes, without the dot, by which the format is guessed when none is given."""
    endings: tuple[str, ...] = ()
    """Suffixes of tile files, without the dot; the first is used for writing. None: no tiles."""
    schema: str = DEFAULT_SCHEMA
    """Schema of tile keys, so that tiles can be listed."""
    has_fixed_keys: bool = False
    """Whether `tile_path_schema` is fixed because readers of the format rely on it."""
    codec: str | None = None
    """Takes (OutputSpec, Options), returns a `Codec` or `FeatureCodec`: encoding of tiles, their
    description in metadata.json, their appearance. For an existing directory the options are those
    in its metadata.json."""
    beside: str | None = None
    """Takes (Storage, Metadata, zooms) and writes the files that accompany the tiles of these
    zooms."""
    opens_in_gdal: bool = False
    """Whether GDAL opens a single tile by its path, as needed for VRTs."""
    is_read_by_codec: bool = False
    """Whether tiles are decoded by the codec although GDAL opens them: only it knows the mask."""
    has_alpha: bool = False
    """Whether the last band of a tile is alpha, so that no nodata value is needed."""
    reader: str | None = None
    """Takes (InputSpec, OpenContext), returns a `Reader`."""
    writer: str | None = None
    """Takes (OutputSpec, process pyramid), returns a `Writer`; None: a directory, by the codec."""
    takes: tuple[str, ...] = ("bands", "dtype", "nodata", "schema")
    """Output options with the same meaning in other formats: conversions carry them over."""
    decisive: tuple[str, ...] = ()
    """Options besides bands, dtype and nodata that are required to read tiles."""
    byte_nodata: int | None = None
    """For 8-bit formats: nodata of a conversion whose source has a nodata value outside 0 to
    255."""
    has_byte_pixels: bool = False
    """Whether its pixels always have 8 bits."""
    takes_one_band: bool = False
    """Whether a process must return a single band, although the tiles have more."""

    is_directory: bool = False
    """Whether an input path is a tile directory, or leads to one."""

    @property
    def is_read_by_gdal(self) -> bool:
        """Whether single tiles are decoded by GDAL."""
        return self.codec is None or (self.opens_in_gdal and not self.is_read_by_codec)

    @property
    def is_written(self) -> bool:
        return self.writer is not None or self.codec is not None
