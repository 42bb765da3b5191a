"""What of a view of a process is there, and computing the rest."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from automap_devserver._preview import Previews
from automap_devserver._request_parameters import box, number
from automap_tiles.layers import web


def blueprint(previews: Previews) -> Blueprint:
    """`/api/{layer}/view`, `/api/{layer}/view/compute`."""
    views = Blueprint("view", __name__)

    @views.get("/api/<name>/view")
    def view(name: str) -> Response:
        preview = previews[name]
        area = box("bbox") or preview.layer.info.bounds
        return jsonify(preview.view(area, min(web.MAX_ZOOM, round(number("zoom", 0, 30)))))

    @views.post("/api/<name>/view/compute")
    def compute(name: str) -> Response:
        preview = previews[name]
        preview.compute(box("bbox") or preview.layer.info.bounds)
        return jsonify({"computing": preview.ahead.left})

    @views.delete("/api/<name>/view/compute")
    def stop(name: str) -> Response:
        previews[name].ahead.stop()
        return jsonify({"computing": previews[name].ahead.left})

    return views
