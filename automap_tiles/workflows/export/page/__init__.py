"""The HTML page of an export: one file that needs nothing but the tiles beside it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.pictures import colormaps
from automap_tiles.storage import open_storage
from automap_tiles.workflows.export._order import Container, ExportSpec

if TYPE_CHECKING:
    from automap_tiles.workflows.export._sink import Description

_STEPS = 16
"""Colours by which the page draws a colour map."""
_MARK = re.compile(r"/\*(title|config|style|script)\*/")


def page_path(order: ExportSpec) -> Path:
    """`index.html` in the folder of the tiles, `<name>.html` beside an archive."""
    if order.container is Container.XYZ:
        return order.out / "index.html"
    return order.out.with_suffix(".html")


def write(order: ExportSpec, description: Description) -> Path:
    """Write the page; raises `OutputError`."""
    path = page_path(order)
    parts = {
        "title": html.escape(description.title),
        "config": _script_safe(json.dumps(_config(order, description), ensure_ascii=False)),
        "style": _part("viewer.css"),
        "script": _part("viewer.js"),
    }
    text = _MARK.sub(lambda found: parts[found[1]], _part("page.html"))
    open_storage(str(path.parent)).put(path.name, text.encode())
    return path


def _config(order: ExportSpec, description: Description) -> dict[str, Any]:
    """What the script of the page is told."""
    tiles = (
        {"xyz": f"./{{z}}/{{x}}/{{y}}.{description.image.value}"}
        if order.container is Container.XYZ
        else {"pmtiles": f"./{order.out.name}", "type": description.image.media_type}
    )
    return {
        **tiles,
        "title": description.title,
        "attribution": description.attribution,
        "bounds": list(description.bounds),
        "zooms": list(description.zooms),
        "legend": [{"name": entry.name, "color": entry.color} for entry in description.legend],
        "ramp": _ramp(description.look["style"]),
        "base": order.base_map,
    }


def _ramp(style: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """The colours of a single band and the values at their ends; None where it has none."""
    names, limits = style.get("colormap_name", ()), style.get("rescale", ())
    if len(names) != 1 or len(limits) != 1:
        return None
    low, high = (float(text) for text in limits[0].split(","))
    places = np.linspace(0, 255, _STEPS).round().astype(int)
    rows = colormaps.named(names[0]).table[places, :3].tolist()
    colours = ["#{:02x}{:02x}{:02x}".format(*row) for row in rows]
    return {"colors": colours, "low": low, "high": high}


def _script_safe(text: str) -> str:
    """JSON that cannot end the element that it stands in."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _part(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
