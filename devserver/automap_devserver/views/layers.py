"""What the layers are, and their values: for the page and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request

from automap_devserver._limits import Limits
from automap_devserver._request_parameters import box, number, on_date
from automap_devserver.catalogue import Catalogue
from automap_devserver.settings import PreviewSettings
from automap_tiles.errors import ConfigError, TileFailed
from automap_tiles.layers.dated import DatedLayer
from automap_tiles.layers.histogram import histogram as count
from automap_tiles.layers.layer import Layer, LayerInfo, Query
from automap_tiles.layers.stretch import common_stretch, stretch
from automap_tiles.layers.values import values_at
from automap_tiles.pictures import colormaps


def blueprint(catalogue: Catalogue, settings: PreviewSettings, limits: Limits) -> Blueprint:
    """`/api/layers`, `/api/point`, `/api/{layer}/…`: style, statistics, histogram."""
    views = Blueprint("layers", __name__)

    @views.get("/api/layers")
    def layers() -> Response:
        found = list(catalogue)
        return jsonify(
            {
                "layers": limits.compute(
                    lambda: [_told(layer, *catalogue.known(layer)) for layer in found]
                ),
                "start": _start([layer.info for layer in found]),
                "colormaps": colormaps.names(),
                "base_map": settings.base_map,
                "base_map_attribution": settings.base_map_attribution,
            }
        )

    @views.get("/api/<name>/style")
    def style(name: str) -> Response:
        layer = catalogue[name]
        usual = limits.compute(lambda: catalogue.usual(layer))
        return jsonify({"layer": _told(layer, usual, catalogue.is_known(layer))})

    @views.get("/api/<name>/statistics")
    def statistics(name: str) -> Response:
        layer = on_date(catalogue[name], request.args.get("date"))
        bands = _bands(layer)
        area = box("bbox")
        found = limits.compute(lambda: stretch(layer, bands, area))
        if found is None:
            return jsonify({"statistics": None, "common": None})
        low, high = limits.compute(lambda: common_stretch(layer, bands, area)) or found[0]
        rows = [
            {"band": band, "low": low, "high": high}
            for band, (low, high) in zip(bands, found, strict=True)
        ]
        return jsonify({"statistics": rows, "common": {"low": low, "high": high}})

    @views.get("/api/<name>/histogram")
    def histogram(name: str) -> Response:
        layer = on_date(catalogue[name], request.args.get("date"))
        bands, area = _bands(layer), box("bbox") or layer.info.bounds
        found = limits.compute(lambda: count(layer, bands, area))
        return jsonify({"histogram": None if found is None else asdict(found), "bands": bands})

    @views.get("/api/point")
    def point() -> Response:
        lon, lat = number("lon", -540, 540), number("lat", -90, 90)
        zoom = round(number("zoom", 0, 30)) if "zoom" in request.args else None
        return jsonify(
            {
                "lon": lon,
                "lat": lat,
                "layers": limits.compute(
                    lambda: [_values(layer, lon, lat, zoom) for layer in catalogue]
                ),
            }
        )

    return views


def _usual(layer: Layer, query: Query) -> dict[str, list[str]]:
    """The default style, or a named one."""
    for name, style in layer.info.styles.items():
        if style == query:
            return {"style": [name]}
    return _query(query)


def _told(layer: Layer, usual: Query, complete: bool) -> dict[str, Any]:
    info = layer.info
    dated = layer if isinstance(layer, DatedLayer) else None
    return {
        "name": info.name,
        "title": info.title,
        "kind": info.kind.value,
        "bounds": list(info.bounds),
        "minzoom": info.min_zoom,
        "maxzoom": info.max_zoom,
        "bands": [
            {"index": number, "name": band.name, "dtype": band.dtype}
            for number, band in enumerate(info.bands, start=1)
        ],
        # NaN is not valid JSON
        "nodata": None if info.nodata is None or np.isnan(info.nodata) else info.nodata,
        "classes": [
            {"value": one.value, "name": one.name, "color": one.color} for one in info.classes
        ]
        or None,
        "styles": {name: _query(style) for name, style in info.styles.items()},
        "default_style": _usual(layer, usual),
        "is_looked_at": complete,
        "computed_from": info.computed_from,
        "dates": None if dated is None else list(dated.dates),
        "clouds": None if dated is None else list(dated.clouds),
        "date": None if dated is None else dated.date,
    }


def _query(query: Query) -> dict[str, list[str]]:
    return {key: list(values) for key, values in query.items()}


def _start(infos: list[LayerInfo]) -> dict[str, Any] | None:
    """The box that shows all outputs and processes."""
    boxes = np.array([info.bounds for info in infos if info.kind.value != "input"] or [])
    if not boxes.size:
        return None
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    return {"bounds": [low[0], low[1], high[2], high[3]]}


def _values(layer: Layer, lon: float, lat: float, zoom: int | None) -> dict[str, Any]:
    """Values of a layer at a point; a failed tile is reported as such."""
    said: dict[str, Any] = {"layer": layer.info.name, "values": None}
    try:
        found = values_at(layer, lon, lat, zoom)
    except TileFailed as error:
        return {**said, "error": str(error), "tile": error.tile}
    if found is not None:
        said["values"] = [_plain(value) for value in found]
    return said


def _plain(value: Any) -> float | int | None:
    if value is np.ma.masked:
        return None
    number: float | int = value.item()
    return number if np.isfinite(number) else None


def _bands(layer: Layer) -> list[int]:
    texts = request.args.getlist("bidx") or ["1"]
    count = len(layer.info.bands)
    if not all(text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= count for text in texts):
        raise ConfigError("is not a band", key="bidx", found=texts[0][:20], remedy=f"1 to {count}")
    return [int(text) for text in texts][:count]
