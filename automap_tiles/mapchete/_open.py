"""From what mapchete opens to a process of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.formats import OutputSpec, registry
from automap_tiles.mapchete._config import Config, ProcessingMode, ZoomLevels
from automap_tiles.mapchete._process import Mapchete
from automap_tiles.runtime import open_process
from automap_tiles.storage import is_remote
from automap_tiles.workflows.tiles.stored_tiles import (
    StoredTiles,
    TileSelection,
    open_stored_tiles,
)


def open(  # noqa: A001, PLR0913 - mapchete's name and its words
    some_input: str | Path | Mapping[str, Any],
    with_cache: bool = False,
    *,
    mode: str = "continue",
    zoom: int | list[int] | tuple[int, ...] | Mapping[str, int] | None = None,
    bounds: Any = None,
    bounds_crs: Any = None,
    area: Any = None,
    area_crs: Any = None,
    single_input_file: str | Path | None = None,
    fs: object = None,
    fs_kwargs: Mapping[str, Any] | None = None,
) -> Mapchete:
    """Open a process file, a dict of its keys, or a folder of tiles, which is only read.

    `mode` is memory, readonly, continue or overwrite. `with_cache` keeps computed tiles, as the
    mode memory does. `single_input_file` is the path of the only input.

    Raises `ConfigError`, and `ProcessError` when the function cannot be loaded.
    """
    if fs is not None or fs_kwargs:
        raise ConfigError(
            "file systems are not handed over",
            key="fs" if fs is not None else "fs_kwargs",
            remedy="credentials and endpoints stand in the environment: automap show-env",
        )
    wanted = ProcessingMode.of(mode)
    if _is_directory(some_input):
        config = _of_tiles(open_stored_tiles(str(some_input)), zoom)
        return Mapchete(config, narrowed=None, with_cache=with_cache)

    def narrowed(zooms: Any = None, tile: tuple[int, int, int] | None = None) -> Config:
        process = open_process(
            some_input,
            zooms=zoom if zooms is None and tile is None else zooms,
            bounds=bounds if tile is None else None,
            bounds_crs=bounds_crs if tile is None else None,
            area=area if tile is None else None,
            area_crs=area_crs if tile is None else None,
            tile=tile,
            inputs=single_input_file,
        )
        return Config(
            process=process,
            output=process.writer,
            mode=wanted,
            process_pyramid=process.pyramid,
            zoom_levels=ZoomLevels(process.zooms),
            area=process.area,
            config_dir=process.folder,
        )

    return Mapchete(narrowed(), narrowed=narrowed, with_cache=with_cache)


def _is_directory(source: object) -> bool:
    if not isinstance(source, str | Path):
        return False
    return (is_remote(source) and not str(source).endswith(".mapchete")) or Path(source).is_dir()


def _of_tiles(tiles: StoredTiles, zoom: Any) -> Config:
    """What a folder says of itself, as a process that computes nothing."""
    pyramid = tiles.pyramid
    options = {
        **tiles.metadata.options,
        "metatiling": pyramid.metatiling,
        "pixelbuffer": pyramid.pixelbuffer,
        "tile_size": pyramid.tile_size,
    }
    spec = OutputSpec(format=tiles.metadata.format, path=tiles.path, options=options)
    zooms = _zooms(zoom) or {index.zoom for index in tiles.existing(TileSelection())}
    return Config(
        process=None,
        output=registry.open_output(spec, pyramid),
        mode=ProcessingMode.READONLY,
        process_pyramid=pyramid,
        zoom_levels=ZoomLevels(zooms),
        area=pyramid.bounds.polygon(),
        config_dir=Path.cwd(),
    )


def _zooms(zoom: Any) -> set[int]:
    """One zoom, or the least and the most, as a set of all between them."""
    if zoom is None:
        return set()
    if isinstance(zoom, int):
        return {zoom}
    ends = list(zoom.values()) if isinstance(zoom, Mapping) else list(zoom)
    return set(range(min(ends), max(ends) + 1))
