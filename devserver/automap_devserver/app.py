"""The application: services put together."""

from __future__ import annotations

from flask import Flask, Request, Response, request

from automap_devserver import _failures
from automap_devserver._compress import compress
from automap_devserver._events import Hub
from automap_devserver._failures import Refused, is_addressed_here, is_local
from automap_devserver._fast_tiles import FastTiles
from automap_devserver._limits import BODY, Limits
from automap_devserver._preview import Previews
from automap_devserver._tiles import TileServer
from automap_devserver.catalogue import Catalogue
from automap_devserver.settings import PreviewSettings
from automap_devserver.views import layers, live, ogc, openapi, page, process, view, wmts, xyz

_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
_SHOWN_ELSEWHERE = (("Access-Control-Allow-Origin", "*"),)
"""Pages of other sites may embed the responses."""
_AS_SAID = (("X-Content-Type-Options", "nosniff"),)
"""Prevents MIME sniffing."""


def create_app(catalogue: Catalogue, settings: PreviewSettings | None = None) -> Flask:
    """A Flask application that serves layers; any WSGI server can run it."""
    settings = settings or PreviewSettings()
    app = Flask("automap_devserver", static_folder="static", static_url_path="/static")
    app.url_map.strict_slashes = False
    _failures.install(app)
    app.config["MAX_CONTENT_LENGTH"] = BODY
    limits = Limits(settings.seconds, patient=settings.patient)
    tiles = TileServer(catalogue, settings, limits)
    hub = Hub()
    previews = Previews(catalogue, hub)
    app.extensions["automap-hub"] = hub
    app.extensions["automap-limits"] = limits
    app.extensions["automap-previews"] = previews
    app.register_blueprint(layers.blueprint(catalogue, settings, limits))
    app.register_blueprint(ogc.blueprint(catalogue, tiles))
    app.register_blueprint(openapi.blueprint(catalogue))
    app.register_blueprint(live.blueprint(hub, previews))
    app.register_blueprint(page.blueprint(settings))
    app.register_blueprint(process.blueprint(catalogue, previews, limits))
    app.register_blueprint(view.blueprint(previews))
    app.register_blueprint(wmts.blueprint(catalogue, tiles))
    app.register_blueprint(xyz.blueprint(catalogue, tiles))
    app.before_request(lambda: _check(settings))
    app.after_request(lambda response: compress(request, response))
    app.after_request(lambda response: _open_to_other_pages(request, response))
    app.wsgi_app = FastTiles(  # type: ignore[method-assign]
        app.wsgi_app, catalogue, tiles, settings, (*_SHOWN_ELSEWHERE, *_AS_SAID)
    )
    return app


def _check(settings: PreviewSettings) -> None:
    """Refuse cross-site requests from other pages in the user's browser."""
    if settings.is_loopback and not is_addressed_here(request):
        raise Refused("this server answers to 127.0.0.1 and localhost only")
    if request.method in _CHANGING and not is_local(request):
        raise Refused("changes are only taken from this server's own page")


def _open_to_other_pages(request: Request, response: Response) -> Response:
    response.headers.update(_AS_SAID)
    if request.method in ("GET", "HEAD"):
        response.headers.update(_SHOWN_ELSEWHERE)
    return response
