"""The description of a format: everything that other packages need to know about it."""

from __future__ import annotations

from dataclasses import dataclass

from automap_tiles.formats._contents import OutputKind
from automap_tiles.storage import DEFAULT_SCHEMA


@dataclass(frozen=True, kw_only=True)
class FormatInfo:
    """One format: all that differs from one to the next, said once.

    References are `module:function`, so that nothing is imported before it is needed. A format of
    tiles needs `endings` and a `codec`; sources and outputs of other shapes name a `reader` or
    `writer` of their own.
    """

    name: str
    """As written under `format`, and in the metadata.json of a directory."""
    summary: str
    """One line."""
    kind: OutputKind | None
    """None: either, as the source says."""
    extensions: tuple[str, ...] = ()
    """Endings of paths, without the dot, that are recognised when no format is written."""
    endings: tuple[str, ...] = ()
    """Of files of single tiles, without the dot; the first is written. None: it has no tiles."""
    schema: str = DEFAULT_SCHEMA
    """Keys of tiles, so that they can be listed."""
    has_fixed_keys: bool = False
    """Whether `tile_path_schema` cannot be another: readers of the format rely on the keys."""
    codec: str | None = None
    """Takes (OutputSpec, Options), gives a `Codec` or `FeatureCodec`: tiles as bytes, what is said
    of them in metadata.json, how they look. Of a directory that is there the options are those in
    its metadata.json."""
    beside: str | None = None
    """Takes (Storage, Metadata, zooms) and writes what must lie beside the tiles of these zooms."""
    opens_in_gdal: bool = False
    """Whether GDAL opens a single tile by its path, as virtual rasters need it."""
    is_read_by_codec: bool = False
    """Whether tiles are read by the codec although GDAL opens them: it knows what is masked."""
    has_alpha: bool = False
    """Whether the last band of a tile says how opaque a pixel is: no value stands for no data."""
    reader: str | None = None
    """Takes (InputSpec, OpenContext), gives a `Reader`."""
    writer: str | None = None
    """Takes (OutputSpec, process pyramid), gives a `Writer`; None: a directory, by the codec."""
    takes: tuple[str, ...] = ("bands", "dtype", "nodata", "schema")
    """Options of another format's output that mean the same here: a conversion hands them over."""
    decisive: tuple[str, ...] = ()
    """Options besides bands, dtype and nodata that tiles cannot be read without."""
    byte_nodata: int | None = None
    """Of pixels of 8 bits: what a conversion says where the source's nodata is no such number."""
    has_byte_pixels: bool = False
    """Whether its pixels are of 8 bits whatever is said."""
    takes_one_band: bool = False
    """Whether a process has to give it a single band, although its tiles have more."""

    is_directory: bool = False
    """Whether a path that is read is a folder of tiles, or leads to one."""

    @property
    def is_read_by_gdal(self) -> bool:
        """Whether GDAL decodes single tiles."""
        return self.codec is None or (self.opens_in_gdal and not self.is_read_by_codec)

    @property
    def is_written(self) -> bool:
        return self.writer is not None or self.codec is not None
