"""Serve common tile requests without Flask, whose routing costs more than a 304 response."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Request

from automap_devserver._failures import answer_of, is_asked_here
from automap_devserver._request_parameters import AskedTile
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


class FastTiles:
    """WSGI middleware for plain tiles; anything else is passed on."""

    def __init__(
        self,
        behind: WSGIApplication,
        catalogue: Catalogue,
        tiles: TileServer,
        settings: PreviewSettings,
        headers: tuple[tuple[str, str], ...],
    ) -> None:
        """`headers` are those of all responses."""
        self._behind = behind
        self._catalogue = catalogue
        self._tiles = tiles
        self._settings = settings
        self._headers = headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match = self._tile(environ)
        if match is None:
            return self._behind(environ, start_response)
        z, x, y = int(match["z"]), int(match["x"]), int(match["y"])
        try:
            tile = web_tile(z, x, y, 2 if match["twice"] else 1)
            layer = self._catalogue[match["layer"]]
            found = self._tiles.answer(layer, tile, match["ending"], AskedTile(environ))
        except AutomapError as error:
            failed = answer_of(error, Request(environ))
            failed.headers.update(self._headers)
            return failed(environ, start_response)
        start_response(found.status, [*found.headers, *self._headers])
        return () if found.content is None else (found.content,)

    def _tile(self, environ: WSGIEnvironment) -> re.Match[str] | None:
        """The plain tile that is requested from this machine; None for any other request."""
        if environ["REQUEST_METHOD"] != "GET" or "tms" in environ["QUERY_STRING"]:
            return None
        match = _TILE.fullmatch(environ["PATH_INFO"])
        if match is None or (self._settings.is_loopback and not is_asked_here(environ)):
            return None
        return match
