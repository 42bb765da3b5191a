"""What can be asked of the server, written once: one table of addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from automap_devserver._tiles import RESAMPLINGS, TileEnding
from automap_tiles.pictures import colormaps

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer", "minimum": 0}
JSON, GEOJSON, XML = "application/json", "application/geo+json", "application/xml"
_PICTURES = tuple(dict.fromkeys(each.media_type for each in TileEnding))


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A query parameter."""

    name: str
    schema: Json
    about: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One address and its responses."""

    path: str
    """`{layer}` and the like are path parameters described elsewhere."""
    about: str
    media: tuple[str, ...] = (JSON,)
    """Media types of successful responses."""
    parameters: tuple[Parameter, ...] = ()
    method: str = "get"
    errors: tuple[int, ...] = ()
    """Status codes besides 200: 304 for cached content, and errors as JSON."""
    body: Json | None = None
    """Schema of the request body."""


def _list(item: Json, most: int) -> Json:
    return {"type": "array", "items": item, "maxItems": most}


_BAND = {"type": "integer", "minimum": 1, "maximum": 65535}
_RANGE = {"type": "string", "pattern": r"^-?\d{1,6}(\.\d{1,3})?,-?\d{1,6}(\.\d{1,3})?$"}
_BOX = {"type": "string", "pattern": r"^(-?\d{1,2}(\.\d{1,6})?,){3}-?\d{1,2}(\.\d{1,6})?$"}
_LON = Parameter(
    name="lon",
    schema={"type": "number", "minimum": -540, "maximum": 540},
    about="Degrees.",
    required=True,
)
_LAT = Parameter(
    name="lat",
    schema={"type": "number", "minimum": -90, "maximum": 90},
    about="Degrees.",
    required=True,
)
_DATE = Parameter(
    name="date", schema={"type": "string", "format": "date"}, about="Of a layer with dates."
)
_ZOOM = Parameter(
    name="zoom",
    schema={"type": "integer", "minimum": 0, "maximum": 30},
    about="Of the map; its finest by default.",
)
_BIDX = Parameter(name="bidx", schema=_list(_BAND, 3), about="Bands from 1; one, or three for RGB.")
_BBOX = Parameter(name="bbox", schema=_BOX, about="West, south, east, north in degrees.")
_STYLE = (
    _BIDX,
    Parameter(name="expression", schema=TEXT, about="Of bands in place of bidx: (b4-b3)/(b4+b3)."),
    Parameter(name="rescale", schema=_list(_RANGE, 3), about="Values that become black and white."),
    Parameter(
        name="gamma",
        schema={"type": "number", "minimum": 0.01, "maximum": 100},
        about="Above 1 makes the middle brighter.",
    ),
    Parameter(
        name="colormap_name",
        schema={"type": "string", "enum": list(colormaps.names())},
        about="Colours of a single band.",
    ),
    Parameter(name="colormap", schema=TEXT, about='JSON: {"1": "#ff0000"} or [[[0, 9], "red"]].'),
    Parameter(name="return_mask", schema={"type": "boolean"}, about="Transparent without data."),
    Parameter(
        name="resampling",
        schema={"type": "string", "enum": list(RESAMPLINGS)},
        about="To the pixels of the tile.",
    ),
    Parameter(name="style", schema=TEXT, about="Name of a style of the layer."),
    _DATE,
)
_TILE_ERRORS = (304, 400, 404, 500, 503)
_FORMAT = Parameter(
    name="f",
    schema={"type": "string", "enum": [each.value for each in TileEnding]},
    about="In place of the header Accept.",
)
_TMS = Parameter(
    name="tms",
    schema={"type": "string", "enum": ["1", "true", "0", "false"]},
    about="Whether rows count from the south.",
)
_WMTS = tuple(
    Parameter(name=name, schema=TEXT, about="Of WMTS 1.0.0.")
    for name in (
        "service", "request", "version", "layer", "format", "tilematrixset", "tilematrix",
        "tilerow", "tilecol",
    )
)  # fmt: skip
_VALUES: Json = {
    "type": "object",
    "description": "Parameters of the process by name; save: whether they go into its file.",
    "properties": {"parameters": {"type": "object"}, "save": {"type": "boolean"}},
    "required": ["parameters"],
}

ENDPOINTS = (
    Endpoint(path="/openapi.json", about="This description.", media=(JSON,)),
    Endpoint(
        path="/api/layers", about="All layers, their bands, classes and styles.", errors=(503,)
    ),
    Endpoint(
        path="/api/{layer}/style",
        about="How a layer looks when nobody says how; tiles of a process are computed for that.",
        errors=(404, 503),
    ),
    Endpoint(
        path="/api/{layer}/statistics",
        about="Values between which a part of a layer is shown.",
        parameters=(_BIDX, _BBOX, _DATE),
        errors=(400, 404, 503),
    ),
    Endpoint(
        path="/api/{layer}/histogram",
        about="How often the values of bands occur in a part of a layer.",
        parameters=(_BIDX, _BBOX, _DATE),
        errors=(400, 404, 503),
    ),
    Endpoint(
        path="/api/point",
        about="Values of every layer at a place.",
        parameters=(
            _LON,
            _LAT,
            _ZOOM,
        ),
        errors=(400, 503),
    ),
    Endpoint(path="/api/colormaps", about="Colours of the colour maps, from low to high."),
    Endpoint(
        path="/api/{layer}/series",
        about="What every date of a layer, or of a process's scenes, saw of a place.",
        parameters=(_LON, _LAT),
        errors=(400, 404, 503),
    ),
    Endpoint(
        path="/api/{layer}/grid",
        about="Where the tiles of a process are: waiting, running, done, empty or failed.",
        parameters=(_BBOX, replace(_ZOOM, about="Of the map.", required=True)),
        errors=(400, 404),
    ),
    Endpoint(
        path="/api/{layer}/view",
        about="Which tiles of a process a view still needs, and whether they come by themselves.",
        parameters=(_BBOX, replace(_ZOOM, about="Of the map.", required=True)),
        errors=(400, 404),
    ),
    Endpoint(
        path="/api/{layer}/view/compute",
        about="Compute the tiles that a view needs.",
        method="post",
        parameters=(_BBOX,),
        errors=(400, 403, 404),
    ),
    Endpoint(
        path="/api/{layer}/view/compute",
        about="Begin to compute no other tile of a view.",
        method="delete",
        errors=(403, 404),
    ),
    Endpoint(
        path="/api/{layer}/tile/{zoom}/{row}/{col}",
        about="How a tile of a process is.",
        errors=(404,),
    ),
    Endpoint(
        path="/api/{layer}/tile/{zoom}/{row}/{col}/retry",
        about="Make a tile of a process again.",
        method="post",
        errors=(403, 404, 503),
    ),
    Endpoint(
        path="/api/{layer}/process",
        about="The files of a process, and its parameters with their JSON schema.",
        errors=(403, 404),
    ),
    Endpoint(
        path="/api/{layer}/process",
        about="Other values of its parameters, for this session or for good.",
        method="put",
        body=_VALUES,
        errors=(400, 403, 404),
    ),
    Endpoint(
        path="/api/events",
        about="Events as they happen: tile, process, journal.",
        media=("text/event-stream",),
        errors=(503,),
    ),
    Endpoint(
        path="/{layer}/{z}/{x}/{last}",
        about="A tile of a web map (XYZ).",
        media=_PICTURES,
        parameters=(*_STYLE, _TMS),
        errors=_TILE_ERRORS,
    ),
    Endpoint(
        path="/{layer}/tms/{z}/{x}/{last}",
        about="A tile of a web map whose rows count from the south.",
        media=_PICTURES,
        parameters=_STYLE,
        errors=_TILE_ERRORS,
    ),
    Endpoint(
        path="/{layer}/tilejson.json",
        about="The layer as TileJSON 3.0.0.",
        parameters=_STYLE,
        errors=(400, 404),
    ),
    Endpoint(
        path="/wmts",
        about="WMTS 1.0.0 by parameters.",
        media=(XML, *_PICTURES),
        parameters=(*_WMTS, *_STYLE),
        errors=_TILE_ERRORS,
    ),
    Endpoint(path="/wmts/1.0.0/WMTSCapabilities.xml", about="What the WMTS offers.", media=(XML,)),
    Endpoint(
        path="/wmts/{layer}/{style}/{matrixSet}/{z}/{row}/{col}.{ending}",
        about="A tile of the WMTS.",
        media=_PICTURES,
        parameters=_STYLE,
        errors=_TILE_ERRORS,
    ),
    Endpoint(path="/ogc", about="OGC API: where it begins."),
    Endpoint(path="/ogc/conformance", about="OGC API: what it conforms to."),
    Endpoint(path="/ogc/collections", about="OGC API: all layers."),
    Endpoint(path="/ogc/collections/{layer}", about="OGC API: a layer.", errors=(404,)),
    Endpoint(
        path="/ogc/collections/{layer}/map/tiles",
        about="OGC API: the grids that a layer is cut by.",
        errors=(404,),
    ),
    Endpoint(
        path="/ogc/collections/{layer}/map/tiles/{matrixSet}",
        about="OGC API: a layer on one of them.",
        errors=(404,),
    ),
    Endpoint(
        path="/ogc/collections/{layer}/map/tiles/{matrixSet}/{z}/{row}/{col}",
        about="OGC API: a tile.",
        media=_PICTURES,
        parameters=(_FORMAT, *_STYLE),
        errors=_TILE_ERRORS,
    ),
    Endpoint(path="/ogc/tileMatrixSets", about="OGC API: all grids."),
    Endpoint(path="/ogc/tileMatrixSets/{matrixSet}", about="OGC API: a grid.", errors=(404,)),
)
