"""Open layers from paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.engine.run import reading_what_is_there
from automap_tiles.errors import AutomapError, ConfigError, ProcessChanged
from automap_tiles.formats.capabilities import Dated, tile_writer
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.layers import web
from automap_tiles.layers._overviews import DEEPEST
from automap_tiles.layers._path_layers import Shown, layers_at
from automap_tiles.layers._scenes import ScenesLayer, scenes_layer
from automap_tiles.layers.dated import dated_files, series_by_name
from automap_tiles.layers.files import FileLayer, file_layer, land_classes
from automap_tiles.layers.layer import Layer, LayerBand, LayerInfo, LayerKind, LegendEntry
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.process_tiles import TileState
from automap_tiles.pictures.style import read_style
from automap_tiles.runtime import open_process
from automap_tiles.runtime.steps import StepReader, all_steps
from automap_tiles.runtime.styles import address_name

if TYPE_CHECKING:
    from automap_tiles.engine.on_demand import TileWorkers
    from automap_tiles.runtime import Process

_IGNORE: Callable[[TileState], None] = lambda _: None  # noqa: E731


def open_layers(
    paths: Sequence[str | Path],
    keep: Keep = Keep.CONTINUE,
    workers: TileWorkers | None = None,
    opened: Callable[[str | Path], Process] = open_process,
) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Layers of process files, tile directories and rasters, and notes about them.

    A process file gives its process, followed by its steps and its inputs; those that cannot be
    shown on a map are omitted and named. If its output holds tiles of another process it is
    computed in memory. `workers` compute the tiles; `opened` opens a process file. Raises as the
    opening of processes and files does.
    """
    layers: list[Layer] = []
    remarks: list[str] = []
    for path in paths:
        if is_process_file(path):
            process = opened(path)
            _check_styles(process)
            free = _free(layers, process.name)
            try:
                layers.append(process_layer(process, keep, name=free, workers=workers))
            except ProcessChanged as error:
                remarks.append(f"{error}; until then tiles are computed and not kept")
                layers.append(process_layer(process, Keep.MEMORY, name=free, workers=workers))
            for step in all_steps(process):
                free = _free(layers, f"{process.name}-{step.name}")
                layers.append(step_layer(step, keep, name=free, workers=workers))
            inputs = dict(_inputs(process))
            for name, found in inputs.items():
                if isinstance(found, AutomapError):
                    remarks.append(f"the input {name} is not shown: {found}")
            shown = {n: each for n, each in inputs.items() if not isinstance(each, AutomapError)}
            for name, layer in _by_date(shown).items():
                layers.append(_named(layer, _free(layers, f"{process.name}-{name}")))
        else:
            for layer in layers_at(str(path)):
                layers.append(_named(layer, _free(layers, layer.info.name)))
    return tuple(layers), tuple(remarks)


def process_layer(
    process: Process,
    keep: Keep,
    *,
    name: str | None = None,
    on_tile: Callable[[TileState], None] = _IGNORE,
    workers: TileWorkers | None = None,
) -> ProcessLayer:
    """A process, computed on demand; raises `ProcessChanged`, `OutputMismatch`."""
    process = reading_what_is_there(process)
    bounds = web.lonlat_bounds(process.area_at(process.zooms[-1]), process.pyramid.crs)
    finest = web.zoom_of(process.pyramid, process.zooms[-1], bounds)
    base = (process.base_zooms or process.zooms)[0]
    computed = web.zoom_of(process.pyramid, base, bounds)
    coarsest = web.zoom_of(process.pyramid, process.zooms[0], bounds)
    info = LayerInfo(
        name=safe_name(name or process.name),
        title=process.name,
        kind=LayerKind.PROCESS,
        bounds=bounds,
        min_zoom=max(0, int(min(coarsest, computed - DEEPEST) + 1e-3)),
        max_zoom=min(web.MAX_ZOOM, max(0, round(finest + 0.49))),
        bands=_bands(process),
        nodata=process.writer.nodata,
        alpha=tile_writer(process.writer).appearance().alpha,
        pyramid=process.output_pyramid,
        classes=_classes(process),
        styles=process.styles,
        computed_from=max(0, round(computed)),
    )
    return ProcessLayer(info, process, keep, on_tile, workers)


def step_layer(
    step: StepReader, keep: Keep, *, name: str, workers: TileWorkers | None = None
) -> ProcessLayer:
    """A step, computed on demand; if it is stored in an output of its own, that is kept."""
    how = keep if step.is_stored or keep is Keep.READONLY else Keep.MEMORY
    try:
        return process_layer(step.process, how, name=name, workers=workers)
    except ProcessChanged:
        return process_layer(step.process, Keep.MEMORY, name=name, workers=workers)


def _check_styles(process: Process) -> None:
    """Raises `ConfigError` for a named style that does not match the bands."""
    names = tuple(band.name for band in _bands(process))
    for name, query in process.styles.items():
        try:
            read_style(query, names)
        except ConfigError as error:
            raise ConfigError(
                f"{error.key}: {error.message}",
                process.config_path,
                None,
                f"output.styles.{name}",
                error.found,
                error.remedy,
            ) from error


def safe_name(text: str) -> str:
    """The name of a layer in URLs."""
    return address_name(text, "layer")


def _free(layers: Sequence[Layer], name: str) -> str:
    """A unique name."""
    taken = {layer.info.name for layer in layers}
    safe = safe_name(name)
    numbered = (f"{safe}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (safe, *numbered) if each not in taken)


def _named(layer: Shown, name: str) -> Shown:
    return replace(layer, info=replace(layer.info, name=name))


def _by_date(inputs: Mapping[str, FileLayer | ScenesLayer]) -> dict[str, Shown]:
    """Replace inputs of one raster per date by one layer, at the position of the first of them."""
    files = {name: each for name, each in inputs.items() if isinstance(each, FileLayer)}
    found: dict[str, Shown] = dict(inputs)
    for kind, days in series_by_name(files).items():
        name = kind or "dates"
        title = name.rpartition("/")[2]
        by_day = {day: files[each] for day, each in days.items()}
        layer = dated_files(name, title, LayerKind.INPUT, by_day)
        if layer is not None:
            found = {each: one for each, one in found.items() if each not in days.values()}
            found[name] = layer
    return found


def _inputs(process: Process) -> Iterator[tuple[str, FileLayer | ScenesLayer | AutomapError]]:
    """Inputs at the finest zoom, or the reason why one cannot be shown."""
    for name, reader in process.inputs_of_file.readers(process.zooms[-1]):
        try:
            if isinstance(reader, Dated):
                yield name, scenes_layer(name, name, reader.by_date())
                continue
            yield name, file_layer(name, name, reader, kind=LayerKind.INPUT)
        except AutomapError as error:
            yield name, error


def _bands(process: Process) -> tuple[LayerBand, ...]:
    looks = tile_writer(process.writer).appearance()
    return tuple(
        LayerBand(name=name or f"b{number}", dtype=looks.dtype)
        for number, name in enumerate(looks.names, start=1)
    )


def _classes(process: Process) -> tuple[LegendEntry, ...]:
    """Meaning of the values of band 1, as declared by the output."""
    looks = tile_writer(process.writer).appearance()
    colours = {
        value: "#{:02x}{:02x}{:02x}".format(*colour)
        for value, colour in looks.class_colours.items()
    }
    return land_classes(looks.class_names, colours)
