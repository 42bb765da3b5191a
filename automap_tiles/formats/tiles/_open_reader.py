"""Open the reader of a tile directory from an entry of a process file or a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from automap_tiles.errors import GridError, InputError
from automap_tiles.formats._contents import OutputKind
from automap_tiles.formats._info import FormatInfo
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import InputSpec
from automap_tiles.formats.context import OpenContext
from automap_tiles.formats.registry import format_of_tiles
from automap_tiles.formats.tiles._decoding import GdalTiles
from automap_tiles.formats.tiles._directory import Matching, TileDirectory
from automap_tiles.formats.tiles._files import TileFiles
from automap_tiles.formats.tiles._metadata import METADATA_NAME, Metadata, read_metadata
from automap_tiles.formats.tiles._open import decoder_of, features_codec_of
from automap_tiles.formats.tiles._pixels import PixelFormat
from automap_tiles.grid import Bounds, Pyramid
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import is_remote, open_storage


def open_reader(spec: InputSpec, context: OpenContext) -> TileDirectory:
    """Reader of a folder of tiles.

    Without a `metadata.json` the options `extension` and `grid` describe it. Raises `ConfigError`
    for missing options, `InputError` if the folder is missing.
    """
    options = Options(spec)
    storage = open_storage(_place(spec, options, context.base))
    try:
        metadata: Metadata | None = read_metadata(storage)
    except FileNotFoundError:
        metadata = None
    said = metadata.options if metadata else {}
    info, extension = _format(spec, options, metadata)
    pyramid = _pyramid(spec, options, metadata)
    layout = options.layout(extension, said.get("tile_path_schema", info.schema))
    kind = info.kind or OutputKind.RASTER
    pixels = _pixels(options, said, info)
    known = said if pixels is None else {**said, **asdict(pixels), "bands": pixels.count}
    is_raster = kind is OutputKind.RASTER
    by_gdal = info.opens_in_gdal and metadata is None  # nothing declares what is masked
    decoder = decoder_of(info, known, storage.root) if is_raster and not by_gdal else GdalTiles()
    bounds = options.take("bounds")
    options.pick(("min_zoom", "schema", "type"))
    reader = TileDirectory(
        path=spec.path,
        files=TileFiles(
            storage=storage,
            layout=layout,
            pyramid=pyramid,
        ),
        kind=kind,
        pixels=pixels,
        resampling=options.text("resampling", "nearest") or "nearest",
        matching=Matching(max_zoom=options.whole("max_zoom", None)),
        bounds=None if bounds is None else Bounds(*map(float, bounds)),
        decoder=decoder,
        features_codec=features_codec_of(None if is_raster else info, known, storage.root),
    )
    options.finish()
    return reader


def _place(spec: InputSpec, options: Options, base: Path) -> str:
    path = str(options.take("abs_path") or spec.path)
    if is_remote(path):
        return path
    absolute = Path(base, path).absolute()
    if not absolute.is_dir():
        raise InputError(f"input {spec.name}: no such folder", absolute)
    return str(absolute)


def _format(spec: InputSpec, options: Options, metadata: Metadata | None) -> tuple[FormatInfo, str]:
    """The format of the tiles, and the suffix of their files."""
    if metadata is not None and not metadata.is_known and "extension" not in options:
        raise spec.error(
            "no package that is installed knows this format of tiles",
            found=metadata.format,
            remedy="install the one that wrote them, or give the extension of the tiles",
        )
    default = metadata.extension if metadata else None
    extension = options.text("extension", default)
    if extension is None:
        raise spec.error(
            f"is no folder of tiles: there is no {METADATA_NAME} in it",
            found=spec.path,
            remedy="give grid and extension of the tiles, for example: "
            "{format: TileDirectory, path: …, grid: mercator, extension: png}",
        )
    own = metadata.info if metadata is not None and extension == default else None
    info = own or format_of_tiles(extension)
    if info is None:
        raise spec.error("tiles of this kind cannot be read", key="extension", found=extension)
    return info, extension.lstrip(".")


_GRID_OPTIONS = ("grid", "metatiling", "tile_size", "pixelbuffer")


def _pyramid(spec: InputSpec, options: Options, metadata: Metadata | None) -> Pyramid:
    """From the folder's metadata; else from the options."""
    given = options.pick(_GRID_OPTIONS)
    if "grid" not in given and metadata is None:
        raise spec.error(
            f"the grid is missing, and there is no {METADATA_NAME}",
            key="grid",
            remedy="grid: mercator",
        )
    if metadata is not None:
        given = {**_own_options(metadata.pyramid), **given}
    try:
        pyramid = Pyramid.from_grid(
            given["grid"], **{name: given[name] for name in _GRID_OPTIONS[1:] if name in given}
        )
    except GridError as error:
        raise spec.error(str(error), key="grid") from error
    if metadata is None:
        return pyramid
    if pyramid != metadata.pyramid:
        _tell_ignored(spec, pyramid, metadata.pyramid)
    return metadata.pyramid


def _own_options(pyramid: Pyramid) -> dict[str, Any]:
    said = pyramid.to_dict()
    return {name: said[name] for name in _GRID_OPTIONS}


def _tell_ignored(spec: InputSpec, given: Pyramid, own: Pyramid) -> None:
    names = [name for name in _GRID_OPTIONS[1:] if getattr(given, name) != getattr(own, name)]
    if not replace(given, tile_size=own.tile_size).same_grid(own):
        names.insert(0, "grid")
    tell(
        Note(
            fate=Fate.IGNORED,
            subject=Subject.OPTIONS,
            reason=f"the tiles were written on another grid, as their {METADATA_NAME} says",
            count=len(names),
            examples=tuple(f"{spec.name}.{name}" for name in names),
            remedy="leave these options out",
        )
    )


def _pixels(options: Options, said: Mapping[str, Any], info: FormatInfo) -> PixelFormat | None:
    """Bands and dtype from the file or the folder; None if neither declares them."""
    count = options.whole("count", options.whole("bands", said.get("bands", said.get("count"))))
    dtype = options.text("dtype", said.get("dtype"))
    # the alpha band of an image marks pixels without data
    default = None if info.has_alpha else said.get("nodata", 0)
    nodata = options.number("nodata", default)
    if count is None or dtype is None:
        return None
    return PixelFormat(count=count, dtype=dtype, nodata=nodata)
