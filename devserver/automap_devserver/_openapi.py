"""What can be asked of the server, as OpenAPI 3.0 tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from automap_devserver._endpoints import (
    ENDPOINTS,
    GEOJSON,
    JSON,
    TEXT,
    WHOLE,
    XML,
    Endpoint,
    Json,
    Parameter,
)
from automap_devserver._tiles import TileEnding
from automap_devserver._tilesets import tile_sets
from automap_devserver.catalogue import Catalogue
from automap_tiles.layers import web

_FILE_NAME = {
    "type": "string",
    "pattern": r"^\d{1,8}(@[12]x)?\.(png|jpg|jpeg|webp|tif)$",
    "description": "Row and ending: 12.png, 12@2x.webp.",
}


def description(catalogue: Catalogue, root: str) -> Json:
    """The whole document; `root` is the address of the server."""
    paths: dict[str, Json] = {}
    places = _places(catalogue)
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, places)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "automap",
            "version": "1",
            "description": "Outputs, inputs and running processes as tiles for web maps.",
        },
        "servers": [{"url": root.rstrip("/")}],
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


_ERROR: Json = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "parameter": {"type": "string", "nullable": True},
        "traceback": {"type": "string", "description": "For this machine only."},
    },
    "required": ["error"],
}


def _places(catalogue: Catalogue) -> dict[str, Json]:
    """Schemas of path parameters."""
    layers = [layer.info for layer in catalogue]
    sets = dict.fromkeys(each.identifier for info in layers for each in tile_sets(info))
    styles = dict.fromkeys(name for info in layers for name in ("default", *info.styles))
    zoom = {"type": "integer", "minimum": 0, "maximum": web.MAX_ZOOM}
    return {
        "layer": {"type": "string", "enum": [info.name for info in layers]},
        "style": {"type": "string", "enum": list(styles)},
        "matrixSet": {"type": "string", "enum": list(sets)},
        "ending": {"type": "string", "enum": [each.value for each in TileEnding]},
        "last": _FILE_NAME,
        "z": zoom,
        "zoom": zoom,
        "x": WHOLE,
        "row": WHOLE,
        "col": WHOLE,
    }


def _operation(endpoint: Endpoint, places: dict[str, Json]) -> Json:
    named = re.findall(r"{(\w+)}", endpoint.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": places[name]} for name in named
    ]
    said: Json = {
        "summary": endpoint.about,
        "parameters": [*parameters, *map(_query, endpoint.parameters)],
        "responses": _responses(endpoint),
    }
    if endpoint.body is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": endpoint.body}}}
    return said


def _query(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.about,
        "schema": parameter.schema,
    }


def _responses(endpoint: Endpoint) -> Json:
    return {
        "200": {"description": "As asked.", "content": _content(endpoint.media)},
        **{str(code): _error(code, endpoint) for code in endpoint.errors},
    }


def _content(media: Iterable[str]) -> Json:
    # pictures and XML are described by their type alone
    return {each: {"schema": _schema(each)} for each in media}


def _schema(media: str) -> Json:
    if media in (JSON, GEOJSON):
        return {"type": "object"}
    return {"type": "string"} if media == XML else {"type": "string", "format": "binary"}


_MEANING = {
    304: "The browser has it.",
    400: "A parameter is wrong.",
    403: "Only from this server's own page.",
    404: "There is no such thing.",
    500: "The process fails on this tile.",
    503: "It takes too long, or the server is busy; ask again.",
}


def _error(code: int, endpoint: Endpoint) -> Json:
    if code == 304:
        return {"description": _MEANING[code]}
    content: Json = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    if endpoint.path == "/wmts":
        content = {XML: {"schema": TEXT}}
    return {"description": _MEANING[code], "content": content}
