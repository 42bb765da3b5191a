"""`metadata.json` of a tile directory, compatible with mapchete."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rasterio.crs import CRS

from automap_tiles.errors import GridError, InputError, OutputMismatch
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats.registry import find_format, format_of_tiles
from automap_tiles.grid import Pyramid
from automap_tiles.parsing import parse_json
from automap_tiles.storage import DEFAULT_SCHEMA, Storage, TileLayout

METADATA_NAME = "metadata.json"

# Names of formats in older files.
_OLD_NAMES = {"PNG_hillshade": "PNG"}

# Options about where or how something was run, or that could contain credentials.
_UNSAID = frozenset(
    ("path", "grid", "metatiling", "pixelbuffer", "tile_size", "stac", "storage_options", "type")
)

# Without these the tiles cannot be interpreted.
_DECISIVE = ("bands", "dtype", "nodata")


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Metadata of a tile directory."""

    pyramid: Pyramid
    """Of the tiles."""
    format: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the output, without `format`; `bands`, `dtype`, `nodata` of rasters, `schema` of
    features."""

    @property
    def info(self) -> FormatInfo | None:
        """The format; None: unknown."""
        return find_format(_OLD_NAMES.get(self.format, self.format))

    @property
    def is_known(self) -> bool:
        """Whether its tiles can be read: by their format, or by their declared suffix."""
        return self.info is not None or "extension" in self.options

    @property
    def extension(self) -> str:
        """Suffix of the tile files, without the dot."""
        info = self.info
        if info is not None and info.endings:
            return info.endings[0]
        return str(self.options.get("extension", "tif"))

    @property
    def kind(self) -> OutputKind:
        info = self.info or format_of_tiles(self.extension)
        return (info and info.kind) or OutputKind.RASTER

    @property
    def layout(self) -> TileLayout:
        schema = DEFAULT_SCHEMA if self.info is None else self.info.schema
        return TileLayout(str(self.options.get("tile_path_schema", schema)), self.extension)

    def to_json(self) -> bytes:
        """The file's bytes, without credentials and paths."""
        driver = {key: value for key, value in self.options.items() if key not in _UNSAID}
        content = {
            "driver": _with_text_keys({**driver, "format": self.format}),
            "pyramid": self.pyramid.to_dict(),
        }
        return json.dumps(content, indent=4, sort_keys=True, default=_plain).encode()


def read_metadata(storage: Storage) -> Metadata:
    """Read the metadata of a folder.

    Raises `FileNotFoundError` if there are none, `InputError` if they are invalid.
    """
    path = f"{storage.root}/{METADATA_NAME}"
    try:
        content = parse_json(storage.get(METADATA_NAME))
        driver = dict(content["driver"])
        name = str(driver.pop("format"))
        return Metadata(pyramid=_pyramid(content["pyramid"]), format=name, options=driver)
    except (ValueError, KeyError, TypeError, AttributeError, GridError) as error:
        raise InputError(
            f"is not a description of a tile directory: {_reason(error)}", path
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)


def write_metadata(storage: Storage, metadata: Metadata, *, overwrite: bool = False) -> None:
    """Write the metadata, or compare them with existing ones.

    With `overwrite` they replace existing ones of the same pyramid and format with other options.
    Raises `OutputMismatch` if the folder has another pyramid, format or bands.
    """
    try:
        found = read_metadata(storage)
    except FileNotFoundError:
        storage.put(METADATA_NAME, metadata.to_json())
        return
    _compare(storage.root, found, metadata)
    info = metadata.info
    decisive = (*_DECISIVE, *(() if info is None else info.decisive))
    different = [key for key in decisive if not _same(found, metadata, key)]
    if different and not overwrite:
        key = different[0]
        raise OutputMismatch(
            f"holds tiles with {key} {found.options.get(key)!r}, and this process writes "
            f"{metadata.options.get(key)!r}; write to another path, or run with --overwrite",
            storage.root,
        )
    if overwrite and found.to_json() != metadata.to_json():
        storage.put(METADATA_NAME, metadata.to_json())


def write_summary(storage: Storage, summary: Mapping[str, Any], prefix: str = "") -> None:
    """Store a process's results for a whole output, `<prefix><name>.json` for each name.

    Identical existing files are not written again.
    """
    for name, content in summary.items():
        key = f"{prefix}{name}.json"
        wanted = json.dumps(content, indent=1, ensure_ascii=False).encode(
            "utf-8", "backslashreplace"
        )
        try:
            found = storage.get(key)
        except FileNotFoundError:
            found = b""
        if found != wanted:
            storage.put(key, wanted)


def _compare(root: str, found: Metadata, wanted: Metadata) -> None:
    if found.format != wanted.format:
        raise OutputMismatch(
            f"holds {found.format} tiles, and this process writes {wanted.format}; "
            "write to another path",
            root,
        )
    theirs, ours = found.pyramid, wanted.pyramid
    if (
        not theirs.same_grid(ours)
        or theirs.metatiling != ours.metatiling
        or theirs.pixelbuffer != ours.pixelbuffer
    ):
        raise OutputMismatch(
            f"holds tiles of another pyramid: there {theirs}, here {ours}; write to another path",
            root,
        )


def _same(found: Metadata, wanted: Metadata, key: str) -> bool:
    """Equal, or absent in one of them; NaN equals NaN."""
    first, second = found.options.get(key), wanted.options.get(key)
    return first is None or second is None or first == second or str(first) == str(second)


def _pyramid(content: Mapping[str, Any]) -> Pyramid:
    grid = content["grid"]
    if isinstance(grid, Mapping):
        grid = dict(grid)
        if isinstance(crs := grid.pop("crs", None), str):  # written by old versions
            grid.setdefault("srs", {"wkt": CRS.from_string(crs).to_wkt()})
        if (grid.get("grid") or grid.get("type")) == "geodetic":
            grid = "geodetic"  # old versions swapped its shape
    return Pyramid.from_grid(
        grid,
        tile_size=content.get("tile_size", 256),
        metatiling=content.get("metatiling", 1),
        pixelbuffer=content.get("pixelbuffer", 0),
    )


def _with_text_keys(value: Any) -> Any:
    """Mappings may have band numbers or pixel values as keys; JSON has only text."""
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(each) for key, each in value.items()}
    return value


def _plain(value: Any) -> Any:
    """Types that json does not support: NumPy numbers, dates, paths."""
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return str(value)
