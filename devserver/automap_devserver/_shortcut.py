"""The usual tiles of a web map without Flask, whose routing and contexts cost more than a 304."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Request, Response

from automap_devserver._failures import answer_of, is_addressed_here
from automap_devserver._tiles import TileServer, web_tile
from automap_devserver.catalogue import Catalogue
from automap_devserver.settings import PreviewSettings
from automap_tiles.errors import AutomapError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TILE = re.compile(
    r"/(?P<layer>[A-Za-z0-9_-]{1,200})/(?P<z>\d{1,2})/(?P<x>\d{1,9})/(?P<y>\d{1,9})(?P<twice>@2x)?"
    r"\.(?P<ending>png|jpg|webp)",
    re.ASCII,
)


class TileShortcut:
    """In front of an application; whatever is no plain tile is left to it."""

    def __init__(
        self,
        behind: WSGIApplication,
        catalogue: Catalogue,
        tiles: TileServer,
        settings: PreviewSettings,
        finish: Callable[[Request, Response], Response],
    ) -> None:
        """`finish` adds the headers that all answers have."""
        self._behind = behind
        self._catalogue = catalogue
        self._tiles = tiles
        self._settings = settings
        self._finish = finish

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._tile(environ)
        return (answer or self._behind)(environ, start_response)

    def _tile(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        if environ["REQUEST_METHOD"] != "GET" or "tms" in environ["QUERY_STRING"]:
            return None
        match = _TILE.fullmatch(environ["PATH_INFO"])
        if match is None:
            return None
        request = Request(environ)
        if self._settings.is_loopback and not is_addressed_here(request):
            return None
        z, x, y = int(match["z"]), int(match["x"]), int(match["y"])
        try:
            tile = web_tile(z, x, y, 2 if match["twice"] else 1)
            layer = self._catalogue[match["layer"]]
            found = self._tiles.answer(layer, tile, match["ending"], request)
        except AutomapError as error:
            found = answer_of(error, request)
        self._finish(request, found)
        return found
