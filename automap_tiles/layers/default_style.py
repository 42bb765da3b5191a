"""How a layer looks when nobody says how."""

from __future__ import annotations

import json
from collections.abc import Sequence

from automap_tiles.layers.layer import Layer, LayerInfo, Query
from automap_tiles.layers.stretch import as_text, stretch


def default_style(layer: Layer) -> tuple[Query, bool]:
    """The look, and whether it can be kept: of a process more is to be seen later."""
    info = layer.info
    if info.default_style:
        return info.default_style, True
    if info.classes:
        colours = {str(each.value): each.color for each in info.classes}
        return {"bidx": ("1",), "colormap": (json.dumps(colours),)}, True
    bands = _colours(info)
    limits = stretch(layer, bands)
    chosen = {"bidx": tuple(map(str, bands))}
    if limits is None:
        return chosen, False
    return {**chosen, "rescale": tuple(map(as_text, limits))}, True


def _colours(info: LayerInfo) -> Sequence[int]:
    """Bands for red, green and blue by their names; else the first three, or one."""
    names = [name.lower() for name in info.band_names]
    found = [_place(names, colour) for colour in ("red", "green", "blue")]
    if all(found):
        return found
    shown = len(names) - (info.alpha is not None)
    return (1, 2, 3) if shown == 3 or len(names) == 4 else (1,)


def _place(names: Sequence[str], colour: str) -> int:
    """Number of the first band of that name, or that ends with it (`median_red`); 0: none."""
    for number, name in enumerate(names, start=1):
        if name == colour or name.endswith(f"_{colour}"):
            return number
    return 0
