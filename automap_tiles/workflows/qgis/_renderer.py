"""A map style as a QGIS renderer: the same bands, limits and colours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError
from automap_tiles.layers.layer import LayerInfo, Query
from automap_tiles.pictures.colormaps import Classes, Intervals, Ramp, Rgba
from automap_tiles.pictures.style import Style, read_style

VERSION = "3.22.0"
"""QGIS version of these elements; later versions read them."""
Stop: TypeAlias = tuple[float, Rgba, str]
"""Value, colour and label."""


def pipe_of(query: Query, info: LayerInfo) -> ET.Element:
    """What QGIS calls a pipe: renderer and brightness.

    Raises `ConfigError` for a style that QGIS cannot show: an expression, or rescaled classes.
    """
    style = read_style(query, info.band_names, info.alpha)
    pipe = ET.Element("pipe")
    _Renderer(style, info).add_to(pipe)
    ET.SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma=repr(style.gamma))
    ET.SubElement(pipe, "huesaturation", saturation="0", colorizeOn="0", grayscaleMode="0")
    ET.SubElement(pipe, "rasterresampler", maxOversampling="2")
    return pipe


def qml_of(query: Query, info: LayerInfo) -> str:
    """The content of a `.qml`; raises as `pipe_of`."""
    root = ET.Element("qgis", version=VERSION, styleCategories="Symbology")
    root.append(pipe_of(query, info))
    ET.SubElement(root, "blendMode").text = "0"
    ET.indent(root)
    return _HEAD + ET.tostring(root, encoding="unicode") + "\n"


def is_own(text: str) -> bool:
    """Whether a `.qml` was written here; QGIS itself writes its full version number."""
    return text.startswith(f'{_HEAD}<qgis version="{VERSION}"')


_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


class _Renderer:
    """One style of one layer."""

    def __init__(self, style: Style, info: LayerInfo) -> None:
        if style.expression is not None:
            raise ConfigError(
                "QGIS shows bands and no formula", key="expression", remedy="the layer of the WMTS"
            )
        self._style, self._info = style, info

    def add_to(self, pipe: ET.Element) -> None:
        style = self._style
        match style.colormap:
            case Classes(colours=colours):
                self._check_values()
                self._palette(pipe, colours)
            case Intervals(colours=intervals):
                self._check_values()
                self._shader(pipe, "DISCRETE", _steps(intervals))
            case Ramp(table=table):
                self._shader(pipe, "INTERPOLATED", _ramp(table, *self._limits(0)))
            case _ if len(style.bands) == 3:
                self._colours(pipe)
            case _:
                self._gray(pipe)

    def _check_values(self) -> None:
        if self._style.rescale:
            raise ConfigError("QGIS colours classes by their own numbers", key="rescale")

    def _element(self, pipe: ET.Element, kind: str, **options: str) -> ET.Element:
        alpha = str(self._style.alpha or -1)
        common = {"type": kind, "opacity": "1", "alphaBand": alpha, "nodataColor": ""}
        element = ET.SubElement(pipe, "rasterrenderer", {**common, **options})
        ET.SubElement(element, "rasterTransparency")
        return element

    def _limits(self, number: int) -> tuple[float, float]:
        """Of one of the displayed bands, as in `pictures.render`."""
        rescale = self._style.rescale
        if rescale:
            return rescale[number if len(rescale) > 1 else 0]
        dtype = np.dtype(self._info.bands[self._style.bands[number] - 1].dtype)
        if dtype.kind not in "iu":
            return 0.0, 1.0
        limits = np.iinfo(dtype)
        return float(limits.min), float(limits.max)

    def _enhance(self, parent: ET.Element, name: str, number: int) -> None:
        low, high = self._limits(number)
        element = ET.SubElement(parent, name)
        ET.SubElement(element, "minValue").text = repr(low)
        ET.SubElement(element, "maxValue").text = repr(high)
        ET.SubElement(element, "algorithm").text = "StretchToMinimumMaximum"

    def _colours(self, pipe: ET.Element) -> None:
        names = ("red", "green", "blue")
        bands = {
            f"{name}Band": str(band) for name, band in zip(names, self._style.bands, strict=True)
        }
        element = self._element(pipe, "multibandcolor", **bands)
        for number, name in enumerate(names):
            self._enhance(element, f"{name}ContrastEnhancement", number)

    def _gray(self, pipe: ET.Element) -> None:
        band = str(self._style.bands[0])
        element = self._element(pipe, "singlebandgray", grayBand=band, gradient="BlackToWhite")
        self._enhance(element, "contrastEnhancement", 0)

    def _palette(self, pipe: ET.Element, colours: tuple[tuple[float, Rgba], ...]) -> None:
        element = self._element(pipe, "paletted", band=str(self._style.bands[0]))
        palette = ET.SubElement(element, "colorPalette")
        names = {entry.value: entry.name for entry in self._info.classes}
        for value, colour in colours:
            label = names.get(int(value), f"{value:g}")
            ET.SubElement(palette, "paletteEntry", {**_entry(value, colour), "label": label})

    def _shader(self, pipe: ET.Element, kind: str, stops: list[Stop]) -> None:
        low, high = stops[0][0], stops[-1][0]
        ends = {"classificationMin": repr(low), "classificationMax": repr(high)}
        band = str(self._style.bands[0])
        element = self._element(pipe, "singlebandpseudocolor", band=band, **ends)
        shader = ET.SubElement(ET.SubElement(element, "rastershader"), "colorrampshader")
        shader.attrib.update(
            {
                "colorRampType": kind,
                "classificationMode": "1",
                "clip": "0",
                "minimumValue": repr(low),
                "maximumValue": repr(high),
            }
        )
        for value, colour, label in stops:
            said = {**_entry(value, colour), "label": label or f"{value:.6g}"}
            ET.SubElement(shader, "item", said)


def _ramp(table: NDArray[np.uint8], low: float, high: float) -> list[Stop]:
    """256 colours between two values, ascending."""
    places = np.linspace(low, high, len(table)).tolist()
    stops: list[Stop] = [
        (place, (red, green, blue, alpha), "")
        for place, (red, green, blue, alpha) in zip(places, table.tolist(), strict=True)
    ]
    return stops if low < high else stops[::-1]


def _steps(
    intervals: tuple[tuple[float, float, Rgba], ...],
) -> list[Stop]:
    """Upper limits with the colour below each; gaps between intervals are transparent.

    QGIS includes the upper limit in an interval, we do not: therefore the next smaller value is
    written. Where intervals overlap the first one wins.
    """
    ends = sorted({end for low, high, _ in intervals for end in (low, high)})
    stops: list[Stop] = [(math.nextafter(ends[0], -math.inf), (0, 0, 0, 0), "")]
    for low, high in itertools.pairwise(ends):
        found = next((c for a, b, c in intervals if a <= low and high <= b), (0, 0, 0, 0))
        stops.append((math.nextafter(high, -math.inf), found, f"{low:g} – {high:g}"))
    return [*stops, (math.inf, (0, 0, 0, 0), "")]


def _entry(value: float, colour: Rgba) -> Mapping[str, str]:
    red, green, blue, alpha = colour
    said = repr(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
    return {"value": said, "color": f"#{red:02x}{green:02x}{blue:02x}", "alpha": str(alpha)}


def looks_of(info: LayerInfo, usual: Query) -> Iterator[Query]:
    """The default style, then the named ones: QGIS shows the first that it supports."""
    yield usual
    yield from info.styles.values()
