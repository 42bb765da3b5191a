"""The land of the Earth as polygons, from the package `world-atlas` that the page of maps uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

_ATLAS = Path(__file__).parents[2] / "devserver/frontend/node_modules/world-atlas"


def land(detail: str = "50m") -> BaseGeometry:
    """Longitude and latitude; `detail`: `110m`, `50m` or `10m`, scales of Natural Earth."""
    topology = json.loads((_ATLAS / f"land-{detail}.json").read_text(encoding="utf-8"))
    arcs = [_arc(points, topology["transform"]) for points in topology["arcs"]]
    (collection,) = topology["objects"]["land"]["geometries"]
    polygons = [_polygon(rings, arcs) for rings in collection["arcs"]]
    return shapely.make_valid(shapely.union_all([each.buffer(0) for each in polygons]))


def _arc(points: list[list[int]], how: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Coordinates of an arc, which is stored as whole steps."""
    found: np.ndarray[Any, Any] = np.cumsum(points, axis=0) * how["scale"] + how["translate"]
    return found


def _polygon(rings: list[list[int]], arcs: list[np.ndarray[Any, Any]]) -> shapely.Polygon:
    shell, *holes = (
        np.concatenate([arcs[number] if number >= 0 else arcs[~number][::-1] for number in ring])
        for ring in rings
    )
    return shapely.Polygon(shell, holes)
