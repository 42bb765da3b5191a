"""The description of all that the server answers."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from automap_devserver._openapi import description
from automap_devserver.catalogue import Catalogue


def blueprint(catalogue: Catalogue) -> Blueprint:
    """`/openapi.json`."""
    views = Blueprint("openapi", __name__)

    @views.get("/openapi.json")
    def document() -> Response:
        return jsonify(description(catalogue, request.host_url))

    return views
