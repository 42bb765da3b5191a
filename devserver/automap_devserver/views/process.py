"""A process while it is looked at: its tiles, its text and its parameters."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request

from automap_devserver import _parameters
from automap_devserver._failures import Refused, is_local
from automap_devserver._limits import Limits
from automap_devserver._preview import Preview, Previews
from automap_devserver._request_parameters import box, number
from automap_devserver.catalogue import Catalogue
from automap_tiles.errors import ConfigError
from automap_tiles.grid import TileIndex
from automap_tiles.layers.dated import DatedLayer
from automap_tiles.layers.progress import TileProgress
from automap_tiles.layers.series import series_at, series_of

_LONGEST_TEXT = 200_000
"""Largest number of characters shown of a file."""


def blueprint(catalogue: Catalogue, previews: Previews, limits: Limits) -> Blueprint:
    """`/api/{layer}/…`: grid, tile, retry, series, process."""
    views = Blueprint("process", __name__)

    @views.get("/api/<name>/grid")
    def grid(name: str) -> Response:
        view = previews[name].progress
        area = box("bbox") or previews[name].layer.info.bounds
        tiles = view.tiles(area, round(number("zoom", 0, 30)))
        return jsonify(
            {
                "type": "FeatureCollection",
                "zoom": tiles[0].index.zoom if tiles else None,
                "features": [
                    {
                        "type": "Feature",
                        "id": str(tile.index),
                        "properties": _place(tile.index) | {"status": tile.status.word},
                        "geometry": {
                            "type": "Polygon",
                            "coordinates": [view.outline(tile.index)],
                        },
                    }
                    for tile in tiles
                ],
            }
        )

    @views.get("/api/<name>/tile/<int:zoom>/<int:row>/<int:col>")
    def tile(name: str, zoom: int, row: int, col: int) -> Response:
        return jsonify(_tile(previews[name].progress.tile(TileIndex(zoom, row, col))))

    @views.post("/api/<name>/tile/<int:zoom>/<int:row>/<int:col>/retry")
    def retry(name: str, zoom: int, row: int, col: int) -> Response:
        preview, index = previews[name], TileIndex(zoom, row, col)
        limits.compute(lambda: preview.retry(index))
        return jsonify(_tile(preview.progress.tile(index)))

    @views.get("/api/<name>/series")
    def series(name: str) -> Response:
        lon, lat = number("lon", -540, 540), number("lat", -90, 90)
        layer = catalogue[name]
        if isinstance(layer, DatedLayer):
            found = [limits.compute(lambda: series_at(layer, lon, lat))]
        else:
            process = previews[name].process
            found = limits.compute(lambda: series_of(process, lon, lat))
        return jsonify({"lon": lon, "lat": lat, "inputs": [_plain(each) for each in found]})

    @views.get("/api/<name>/process")
    def process(name: str) -> Response:
        _only_here()
        return jsonify(_described(previews[name]))

    @views.put("/api/<name>/process")
    def change(name: str) -> Response:
        preview = previews[name]
        asked = request.get_json(silent=True)
        asked = asked if isinstance(asked, dict) else {}
        changed = asked.get("parameters")
        if not isinstance(changed, dict):
            raise ConfigError("must be an object of names and values", key="parameters")
        preview.change(changed)
        if asked.get("save") is True:
            preview.save()
        return jsonify(_described(preview))

    return views


def _only_here() -> None:
    """File contents are only for this machine."""
    if not is_local(request):
        raise Refused("the files of a process are only shown on the machine that serves it")


def _described(preview: Preview) -> dict[str, Any]:
    process = preview.process
    return {
        **preview.status(),
        "function": str(process.function),
        "output": process.writer.path,
        "zooms": list(process.zooms),
        "base_zooms": list(process.base_zooms),
        "values": _parameters.values(process),
        "session": preview.parameters,
        "schema": _parameters.schema(process),
        "files": [{"path": str(file), "text": _text(file)} for file in preview.files],
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:_LONGEST_TEXT]
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _place(index: TileIndex) -> dict[str, Any]:
    zoom, row, col = index
    return {"zoom": zoom, "row": row, "col": col}


def _tile(tile: TileProgress) -> dict[str, Any]:
    """Tracebacks are only for this machine."""
    told: dict[str, Any] = _place(tile.index) | {
        "status": tile.status.word,
        "seconds": tile.seconds,
        "error": None,
    }
    if tile.error:
        told["error"] = tile.error.strip().splitlines()[-1]
        if is_local(request):
            told["traceback"] = tile.error
    return told


def _plain(series: Any) -> dict[str, Any]:
    return asdict(series)
