"""The page itself, and what it needs besides the layers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from flask import Blueprint, Response, jsonify

from automap_devserver.settings import PreviewSettings
from automap_tiles.pictures import colormaps

_STATIC = Path(__file__).parent.parent / "static"
_STEPS = 16
"""Number of colours with which the page draws a colour map."""


def blueprint(settings: PreviewSettings) -> Blueprint:
    """`/`, `/favicon.ico`, `/api/colormaps`."""
    views = Blueprint("page", __name__)
    policy = _policy(settings)

    @views.get("/")
    def index() -> Response:
        response = Response((_STATIC / "index.html").read_bytes(), mimetype="text/html")
        response.headers["Content-Security-Policy"] = policy
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-cache"
        return response

    @views.get("/favicon.ico")
    def icon() -> Response:
        return Response((_STATIC / "icon.svg").read_bytes(), mimetype="image/svg+xml")

    @views.get("/api/colormaps")
    def ramps() -> Response:
        return jsonify({name: _colours(name) for name in colormaps.names()})

    return views


def _policy(settings: PreviewSettings) -> str:
    """Content security policy: only this server, and the base map if there is one (CSP level 3)."""
    pictures = "'self' data: blob:"
    if settings.base_map:
        parts = urlsplit(settings.base_map)
        if parts.scheme in ("http", "https") and parts.netloc:
            pictures += f" {parts.scheme}://{parts.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {pictures}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _colours(name: str) -> list[str]:
    """Colours of a colour map, from low to high."""
    places = np.linspace(0, 255, _STEPS).round().astype(int)
    rows = colormaps.named(name).table[places, :3].tolist()
    return ["#{:02x}{:02x}{:02x}".format(*row) for row in rows]
