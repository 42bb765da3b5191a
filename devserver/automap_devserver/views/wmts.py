"""WMTS 1.0.0 (OGC 07-057r7), by parameters and by addresses."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, render_template, request

from automap_devserver._failures import NotFound, status_of
from automap_devserver._request_parameters import AskedTile
from automap_devserver._tiles import TileEnding, TileServer
from automap_devserver._tilesets import tile_set, tile_sets
from automap_devserver.catalogue import Catalogue
from automap_tiles.errors import AutomapError, ConfigError, GridError
from automap_tiles.grid import Tile
from automap_tiles.layers import web
from automap_tiles.layers.layer import Layer

_FORMATS = (TileEnding.PNG, TileEnding.JPG, TileEnding.WEBP)
_VERSION = "1.0.0"


def blueprint(catalogue: Catalogue, tiles: TileServer) -> Blueprint:
    """`/wmts` with parameters; below it the capabilities and tiles by address."""
    views = Blueprint("wmts", __name__, template_folder="../templates")

    @views.get("/wmts")
    def by_parameters() -> Response:
        asked = {key.upper(): value for key, value in request.args.items()}
        try:
            return _answer(asked)
        except AutomapError as error:
            return _report(error)

    @views.get(f"/wmts/{_VERSION}/WMTSCapabilities.xml")
    def capabilities() -> Response:
        return _capabilities(catalogue)

    @views.get("/wmts/<layer>/<style>/<matrix_set>/<int:zoom>/<int:row>/<int:col>.<ending>")
    def by_address(
        layer: str, style: str, matrix_set: str, zoom: int, row: int, col: int, ending: str
    ) -> Response:
        found = catalogue[layer]
        tile = tile_of(found, matrix_set, zoom, row, col)
        return tiles.answer(found, tile, ending, AskedTile(request.environ), style).response

    def _answer(asked: Mapping[str, str]) -> Response:
        service, wanted = asked.get("SERVICE", "WMTS"), asked.get("REQUEST", "GetCapabilities")
        if service.upper() != "WMTS":
            raise _wrong("SERVICE", service, "WMTS")
        if wanted.lower() == "getcapabilities":
            return _capabilities(catalogue)
        if wanted.lower() != "gettile":
            raise _wrong("REQUEST", wanted, "GetCapabilities or GetTile")
        if asked.get("VERSION", _VERSION) != _VERSION:
            raise _wrong("VERSION", asked["VERSION"], _VERSION)
        found = catalogue[_needed(asked, "LAYER")]
        place = [_number(asked, key) for key in ("TILEMATRIX", "TILEROW", "TILECOL")]
        tile = tile_of(found, _needed(asked, "TILEMATRIXSET"), *place)
        here, style = AskedTile(request.environ), asked.get("STYLE")
        return tiles.answer(found, tile, _ending(asked), here, style).response

    return views


def tile_of(layer: Layer, matrix_set: str, zoom: int, row: int, col: int) -> Tile:
    """A tile by the name of its grid; raises `NotFound`, `GridError`."""
    if not 0 <= zoom <= web.MAX_ZOOM:
        raise NotFound(f"there are the zooms 0 to {web.MAX_ZOOM}, not {zoom}")
    return tile_set(layer.info, matrix_set).pyramid.tile(zoom, row, col)


def _capabilities(catalogue: Catalogue) -> Response:
    layers = [layer.info for layer in catalogue]
    sets = {each.identifier: each for info in layers for each in tile_sets(info)}
    text = render_template(
        "wmts_capabilities.xml",
        layers=layers,
        sets=sets.values(),
        tile_sets=tile_sets,
        formats=_FORMATS,
        root=request.host_url.rstrip("/"),
    )
    return Response(text, mimetype="application/xml")


def _report(error: AutomapError) -> Response:
    """An exception report (OWS Common 1.1.0, OGC 06-121r3, clause 8)."""
    key = error.key if isinstance(error, ConfigError) else None
    known = ("SERVICE", "REQUEST", "VERSION", "LAYER", "STYLE", "FORMAT")
    missing = isinstance(error, ConfigError) and error.found is None
    code = "MissingParameterValue" if missing else "InvalidParameterValue"
    status = status_of(error)
    if isinstance(error, GridError):
        code, status = "TileOutOfRange", 400
    elif not isinstance(error, ConfigError | NotFound):
        code = "NoApplicableCode"
    root = ET.Element(
        "ExceptionReport", {"xmlns": "http://www.opengis.net/ows/1.1", "version": "1.0.0"}
    )
    place = {"exceptionCode": code} | ({"locator": key} if key in known else {})
    ET.SubElement(ET.SubElement(root, "Exception", place), "ExceptionText").text = _printable(error)
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, status, mimetype="application/xml")


def _printable(error: AutomapError) -> str:
    """Without characters that are not allowed in XML."""
    return "".join(sign for sign in str(error) if sign.isprintable() or sign == "\n")


def _needed(asked: Mapping[str, str], key: str) -> str:
    if key not in asked:
        raise ConfigError("is missing", key=key)
    return asked[key]


def _number(asked: Mapping[str, str], key: str) -> int:
    text = _needed(asked, key)
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise _wrong(key, text, "a whole number")
    return int(text)


def _ending(asked: Mapping[str, str]) -> str:
    wanted = asked.get("FORMAT", TileEnding.PNG.media_type)
    for each in _FORMATS:
        if wanted == each.media_type:
            return each.value
    raise _wrong("FORMAT", wanted, ", ".join(each.media_type for each in _FORMATS))


def _wrong(key: str, found: str, remedy: str) -> ConfigError:
    return ConfigError("cannot be", key=key, found=found[:40], remedy=remedy)
