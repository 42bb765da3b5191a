"""Layers as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError, ProcessChanged
from automap_tiles.formats import is_single_file
from automap_tiles.layers.dated import DatedLayer
from automap_tiles.layers.layer import Layer, LayerInfo
from automap_tiles.layers.open import open_layers, process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.pictures.html import figure, table

if TYPE_CHECKING:
    from automap_tiles.notebook._array import Box
    from automap_tiles.runtime import Process

_PICTURE = 480
"""Pixels along the longer side of a picture, at most."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One layer."""

    layer: Layer
    attribution: str = ""

    @property
    def info(self) -> LayerInfo:
        """Name, bands, extent, zooms."""
        return self.layer.info

    @property
    def dates(self) -> tuple[str, ...]:
        """Of a layer that shows one of several dates, such as a folder of scenes."""
        return self.layer.dates if isinstance(self.layer, DatedLayer) else ()

    def on(self, date: str) -> Shown:
        """The same layer on one of its `dates`; raises `ConfigError` for another."""
        if not isinstance(self.layer, DatedLayer):
            raise ConfigError("this layer has no dates", key="date", found=date)
        return replace(self, layer=self.layer.on(date))

    def picture(self, size: int = _PICTURE, style: str | None = None) -> bytes:
        """A PNG of all of it in its usual look, or a named style; `size` pixels at most.

        Raises `ConfigError` for an unknown style, and what reading and computing raise.
        """
        from automap_tiles.notebook._picture import picture

        return picture(self.layer, size, style)

    def to_xarray(self, *, bounds: Box | None = None, zoom: int | None = None) -> Any:
        """The values as an `xarray.DataArray` (band, y, x), NaN where there is no data.

        On the layer's own grid, or web mercator where it has none, at its finest zoom unless `zoom`
        says otherwise; `bounds` are left, bottom, right, top in degrees. The CRS stands in the
        coordinate `spatial_ref` (CF conventions), as rioxarray reads it. Raises `ConfigError` for
        more than 2 GB, `MissingExtra` without xarray.
        """
        from automap_tiles.notebook._array import to_xarray

        return to_xarray(self.layer, bounds, zoom)

    def _repr_html_(self) -> str:
        facts = _facts(self.info, self.dates)
        return figure(self.picture(), self.info.title, self.attribution) + table(("", ""), facts)


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """Layers that belong together, the first at the bottom."""

    layers: tuple[Shown, ...]
    remarks: tuple[str, ...] = ()
    """What could not be shown, and why."""

    def __getitem__(self, name: str) -> Shown:
        """A layer by its name; raises `KeyError`."""
        found = {each.info.name: each for each in self.layers}
        if name not in found:
            raise KeyError(f"there is no layer {name!r}; there are {', '.join(found)}")
        return found[name]

    def __iter__(self) -> Iterator[Shown]:
        return iter(self.layers)

    def map(self, *, height: str = "480px", basemap: Any = None) -> Any:
        """A map (`ipyleaflet.Map`) of all layers, served by this process.

        `basemap` is what ipyleaflet takes for one; without, nobody else is asked for anything.
        Raises `MissingExtra` without the extra `notebook`.
        """
        from automap_tiles.notebook._map import open_map

        return open_map(self.layers, height=height, basemap=basemap)

    def to_xarray(self, *, bounds: Box | None = None, zoom: int | None = None) -> Any:
        """The values of the first layer, see `Shown.to_xarray`."""
        return self.layers[0].to_xarray(bounds=bounds, zoom=zoom)

    def _repr_html_(self) -> str:
        first = self.layers[0]
        rows = [(each.info.name, each.info.kind.value, _bands(each.info)) for each in self.layers]
        remarks = "".join(table(("not shown",), [(each,)]) for each in self.remarks)
        shown = figure(first.picture(), first.info.title, first.attribution)
        return shown + table(("layer", "what", "bands"), rows) + remarks


def look(*paths: str | Path, attribution: str = "", computing: bool = True) -> LookedAt:
    """Open process files, folders of tiles, rasters, folders of scenes: what `automap serve` opens.

    Tiles of a process that are not there are computed and forgotten again, unless not `computing`.
    Raises as the opening of processes and files does, `ConfigError` without a path.
    """
    if not paths:
        raise ConfigError("there is nothing to look at", remedy="look('out/ndvi')")
    layers, remarks = open_layers(paths, Keep.MEMORY if computing else Keep.READONLY)
    shown = tuple(Shown(layer=each, attribution=attribution) for each in layers)
    return LookedAt(layers=shown, remarks=remarks)


def look_at(process: Process, attribution: str = "") -> LookedAt:
    """The same of a process that is open: what a run has made of it, else computed where one looks.

    Nothing is written.
    """
    path = process.writer.path
    if is_single_file(path) and Path(path).is_file():
        return look(path, attribution=attribution)
    layer = _stored(process) or process_layer(process, Keep.MEMORY)
    return LookedAt(layers=(Shown(layer=layer, attribution=attribution),))


def _stored(process: Process) -> Layer | None:
    """The tiles that a run of this very process has made; None: none has."""
    if not Path(process.writer.path, "journal.sqlite").is_file():
        return None
    try:
        return process_layer(process, Keep.READONLY)
    except ProcessChanged:
        return None


def _bands(info: LayerInfo) -> str:
    return ", ".join(info.band_names)


def _facts(info: LayerInfo, dates: Sequence[str]) -> list[tuple[str, str]]:
    west, south, east, north = info.bounds
    facts = [
        ("bands", _bands(info)),
        ("type", ", ".join(dict.fromkeys(band.dtype for band in info.bands))),
        ("extent", f"{west:.4f}, {south:.4f}, {east:.4f}, {north:.4f} degrees"),
        ("zooms of a web map", f"{info.min_zoom} to {info.max_zoom}"),
    ]
    if info.pyramid is not None:
        facts.append(("grid", str(info.pyramid)))
    if info.classes:
        facts.append(("classes", ", ".join(f"{each.value} {each.name}" for each in info.classes)))
    if dates:
        facts.append(("dates", f"{len(dates)}, {dates[0]} to {dates[-1]}"))
    return facts
