"""Tiles as XYZ and TMS, and their description as TileJSON."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from automap_devserver._failures import NotFound
from automap_devserver._request_parameters import AskedTile
from automap_devserver._tiles import TileServer, web_tile
from automap_devserver.catalogue import Catalogue
from automap_tiles.layers.layer import LayerInfo


def blueprint(catalogue: Catalogue, tiles: TileServer) -> Blueprint:
    """`/{layer}/{z}/{x}/{y}[@2x].{ending}`, the same below `/tms/`, `/{layer}/tilejson.json`."""
    views = Blueprint("xyz", __name__)

    @views.get("/<layer>/<int:z>/<int:x>/<last>")
    def xyz(layer: str, z: int, x: int, last: str) -> Response:
        flipped = "tms" in request.args and request.args["tms"] in ("1", "true")
        return _tile(layer, z, x, last, flipped)

    @views.get("/<layer>/tms/<int:z>/<int:x>/<last>")
    def tms(layer: str, z: int, x: int, last: str) -> Response:
        return _tile(layer, z, x, last, flipped=True)

    def _tile(layer: str, z: int, x: int, last: str, flipped: bool) -> Response:
        y, scale, ending = _parts(last)
        row = 2**z - 1 - y if flipped and z < 64 else y
        tile, asked = web_tile(z, x, row, scale), AskedTile(request.environ)
        return tiles.answer(catalogue[layer], tile, ending, asked).response

    @views.get("/<layer>/tilejson.json")
    def tilejson(layer: str) -> Response:
        query = request.query_string.decode("latin-1")
        found = catalogue[layer]
        catalogue.style(found, request.args.get("style"), query)  # a wrong one is reported here
        return jsonify(_tilejson(found.info, request.host_url, query))

    return views


def _parts(last: str) -> tuple[int, int, str]:
    """`12@2x.png` as (12, 2, png)."""
    stem, dot, ending = last.rpartition(".")
    number, at, scale = stem.partition("@")
    if not (dot and number.isascii() and number.isdigit() and len(number) < 12):
        raise NotFound(f"no tile has the name {last[:30]!r}; they are called as 12.png")
    if at and scale not in ("1x", "2x"):
        raise NotFound(f"tiles are there at @1x and @2x, not @{scale[:10]}")
    return int(number), 2 if scale == "2x" else 1, ending


def _tilejson(info: LayerInfo, root: str, query: str) -> dict[str, object]:
    """TileJSON 3.0.0, https://github.com/mapbox/tilejson-spec."""
    west, south, east, north = info.bounds
    east = min(east, 180.0)
    behind = f"?{query}" if query else ""
    return {
        "tilejson": "3.0.0",
        "name": info.title,
        "scheme": "xyz",
        "tiles": [f"{root}{info.name}/{{z}}/{{x}}/{{y}}.png{behind}"],
        "minzoom": info.min_zoom,
        "maxzoom": info.max_zoom,
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, info.min_zoom],
        "vector_layers": [],  # empty; the published schema requires the key
    }
