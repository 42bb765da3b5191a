"""The default style of a layer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from automap_tiles.engine.journal import place_of
from automap_tiles.errors import ConfigError
from automap_tiles.layers._stored_style import style_of_stored
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import Layer, LayerInfo, Query
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.layers.stretch import as_text, common_stretch, first_tiles, stretch_of
from automap_tiles.pictures.style import read_style

_COLOURS = (
    ("red", "green", "blue"),
    ("b04", "b03", "b02"),  # Sentinel-2: ESA's names, two digits; Landsat's have one
)
"""Names of the bands for red, green and blue."""


def default_style(layer: Layer, *, computing: bool = True) -> tuple[Query, bool]:
    """The style, and whether it is final: the style of a process may change as tiles are computed.

    The first named style; classes with their colours; 8-bit images unchanged; else the common
    stretch of the displayed bands, which is stored beside an output. If nothing of a process is
    stored, a few of its tiles are computed for that, unless not `computing`.
    """
    info = layer.info
    said = _said(info)
    if isinstance(layer, ProcessLayer):
        return _of_process(layer, said, computing=computing)
    if said is not None:
        return said, True
    if isinstance(layer, FileLayer) and (kept := _kept(layer)) is not None:
        return kept, True
    bands = colours_of(info)
    chosen = {"bidx": tuple(map(str, bands))}
    limits = common_stretch(layer, bands)
    if limits is None:
        return chosen, False
    return {**chosen, "rescale": (as_text(limits),)}, True


def _said(info: LayerInfo) -> Query | None:
    """The style declared by the layer itself."""
    if info.default_style:
        return info.default_style
    if info.styles:
        return next(iter(info.styles.values()))
    if info.classes:
        colours = {str(each.value): each.color for each in info.classes}
        return {"bidx": ("1",), "colormap": (json.dumps(colours),)}
    bands = colours_of(info)
    if len(bands) == 3 and all(info.bands[band - 1].dtype == "uint8" for band in bands):
        return {"bidx": tuple(map(str, bands)), "rescale": ("0,255",)}
    return None


def _kept(layer: FileLayer) -> Query | None:
    """The style stored beside a tile directory.

    None if there is none, or it does not match its bands.
    """
    path = layer.folder
    look = None if path is None else style_of_stored(place_of(path))
    return look if look is not None and _fits(look, layer.info) else None


def _of_process(layer: ProcessLayer, said: Query | None, *, computing: bool) -> tuple[Query, bool]:
    look = said or layer.stored_style()
    if look is None or not _fits(look, layer.info):
        look = _found(layer, computing=computing)
    if look is None:
        return {"bidx": tuple(map(str, colours_of(layer.info)))}, False
    layer.store_style(look)
    return look, True


def _found(layer: ProcessLayer, *, computing: bool) -> Query | None:
    """From stored tiles; else from tiles computed for it. None: there are none yet."""
    stored = layer.stored_layer()
    bands = colours_of(layer.info)
    limits = None if stored is None else common_stretch(stored, bands)
    if limits is None and computing:
        tiles = first_tiles(layer)
        if (said := _said(layer.info)) is not None:
            return said
        bands = colours_of(layer.info)  # band names are only known now
        limits = stretch_of(tiles, bands)
    if limits is None:
        return None
    return {"bidx": tuple(map(str, bands)), "rescale": (as_text(limits),)}


def _fits(look: Query, info: LayerInfo) -> bool:
    try:
        read_style(look, info.band_names, info.alpha)
    except ConfigError:
        return False
    return True


def colours_of(info: LayerInfo) -> Sequence[int]:
    """Bands for red, green and blue by their names; else the first three, or one."""
    names = [name.lower() for name in info.band_names]
    for colours in _COLOURS:
        if found := _places(names, colours):
            return found
    shown = len(names) - (info.alpha is not None)
    return (1, 2, 3) if shown == 3 or len(names) == 4 else (1,)


def _places(names: Sequence[str], colours: Sequence[str]) -> list[int]:
    """Numbers of the first bands with these names or suffixes; none if one is missing.

    Those of one statistic (`median_red`, `median_green`, …) take precedence over those of several.
    """
    found = [[number for number, name in enumerate(names, start=1) if _is_called(name, colour)]
             for colour in colours]  # fmt: skip
    if not all(found):
        return []
    for number in found[0]:
        before = names[number - 1].removesuffix(colours[0])
        alike = [before + colour for colour in colours]
        if all(each in names for each in alike):
            return [names.index(each) + 1 for each in alike]
    return [numbers[0] for numbers in found]


def _is_called(name: str, colour: str) -> bool:
    return name == colour or name.endswith(f"_{colour}")
