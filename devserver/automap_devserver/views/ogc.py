"""OGC API – Tiles 1.0 (OGC 20-057), its tilesets of maps, on OGC API – Common (19-072, 20-024)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from automap_devserver._failures import NotFound
from automap_devserver._request_parameters import AskedTile
from automap_devserver._tiles import TileEnding, TileServer
from automap_devserver._tilesets import Matrix, TileSet, tile_set, tile_sets
from automap_devserver.catalogue import Catalogue
from automap_devserver.views.wmts import tile_of
from automap_tiles.errors import ConfigError
from automap_tiles.layers.layer import LayerInfo

_SPEC = "http://www.opengis.net/spec"
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_LON_LAT = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

_CONFORMS_TO = (
    f"{_SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-common-1/1.0/conf/landing-page",
    f"{_SPEC}/ogcapi-common-1/1.0/conf/json",
    f"{_SPEC}/ogcapi-common-1/1.0/conf/oas30",
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/tileset",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/tilesets-list",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/oas30",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/png",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/jpeg",
    f"{_SPEC}/ogcapi-tiles-1/1.0/conf/tiff",
    f"{_SPEC}/tms/2.0/conf/tilematrixset",
    f"{_SPEC}/tms/2.0/conf/json-tilematrixset",
)

Json = dict[str, Any]


def blueprint(catalogue: Catalogue, tiles: TileServer) -> Blueprint:
    """`/ogc` and everything below it."""
    views = Blueprint("ogc", __name__, url_prefix="/ogc")

    @views.get("")
    def landing() -> Response:
        return jsonify(_landing())

    @views.get("/conformance")
    def conformance() -> Response:
        return jsonify({"conformsTo": list(_CONFORMS_TO)})

    _add_collections(views, catalogue, tiles)
    _add_grids(views, catalogue)
    return views


def _add_collections(views: Blueprint, catalogue: Catalogue, tiles: TileServer) -> None:
    @views.get("/collections")
    def collections() -> Response:
        found = [_collection(layer.info) for layer in catalogue]
        return jsonify({"links": [_link("self", "/collections")], "collections": found})

    @views.get("/collections/<layer>")
    def collection(layer: str) -> Response:
        return jsonify(_collection(catalogue[layer].info))

    @views.get("/collections/<layer>/map/tiles")
    def map_tilesets(layer: str) -> Response:
        info = catalogue[layer].info
        return jsonify(
            {
                "links": [_link("self", f"/collections/{info.name}/map/tiles")],
                "tilesets": [_brief_tileset(info, each) for each in tile_sets(info)],
            }
        )

    @views.get("/collections/<layer>/map/tiles/<matrix_set>")
    def map_tileset(layer: str, matrix_set: str) -> Response:
        info = catalogue[layer].info
        return jsonify(_tileset(info, tile_set(info, matrix_set)))

    @views.get("/collections/<layer>/map/tiles/<matrix_set>/<int:zoom>/<int:row>/<int:col>")
    def map_tile(layer: str, matrix_set: str, zoom: int, row: int, col: int) -> Response:
        found = catalogue[layer]
        tile = tile_of(found, matrix_set, zoom, row, col)
        asked = AskedTile(request.environ)
        answer = tiles.answer(found, tile, _wanted_ending(), asked).response
        answer.headers["Vary"] = "Accept"
        return answer


def _add_grids(views: Blueprint, catalogue: Catalogue) -> None:
    @views.get("/tileMatrixSets")
    def matrix_sets() -> Response:
        return jsonify(
            {
                "links": [_link("self", "/tileMatrixSets")],
                "tileMatrixSets": [
                    _listed({"id": each.identifier, "title": each.title, "crs": each.uri}, each)
                    for each in _all_sets(catalogue).values()
                ],
            }
        )

    @views.get("/tileMatrixSets/<matrix_set>")
    def matrix_set_of(matrix_set: str) -> Response:
        found = _all_sets(catalogue)
        if matrix_set not in found:
            known = ", ".join(found)
            raise NotFound(f"there is no tile matrix set {matrix_set[:40]!r}; there are {known}")
        return jsonify(_definition(found[matrix_set]))


def _all_sets(catalogue: Catalogue) -> dict[str, TileSet]:
    """Tile matrix sets of all layers, by identifier."""
    return {each.identifier: each for layer in catalogue for each in tile_sets(layer.info)}


def _root() -> str:
    return f"{request.host_url}ogc"


def _link(rel: str, path: str, title: str = "", media_type: str = "application/json") -> Json:
    """A link below `/ogc`, or to an absolute address."""
    href = path if path.startswith("http") else f"{_root()}{path}"
    return {"rel": rel, "href": href, "type": media_type} | ({"title": title} if title else {})


def _landing() -> Json:
    return {
        "title": "automap",
        "description": "Outputs, inputs and running processes as tiles",
        "links": [
            _link("self", "", "This document"),
            _link("service-desc", f"{request.host_url}openapi.json", "The API", _OPENAPI),
            _link("conformance", "/conformance", "What it conforms to"),
            _link("data", "/collections", "Layers"),
            _link(f"{_REL}/data", "/collections", "Layers"),
            _link(f"{_REL}/tiling-schemes", "/tileMatrixSets", "Grids of the tiles"),
        ],
    }


def _collection(info: LayerInfo) -> Json:
    place = f"/collections/{info.name}"
    return {
        "id": info.name,
        "title": info.title,
        "dataType": "map",
        "extent": {"spatial": {"bbox": [_box(info)], "crs": _LON_LAT}},
        "crs": [_LON_LAT],
        "links": [
            _link("self", place),
            _link(f"{_REL}/tilesets-map", f"{place}/map/tiles", "Tiles"),
        ],
    }


def _box(info: LayerInfo) -> list[float]:
    """West, south, east, north; east is less than west across the antimeridian."""
    west, south, east, north = info.bounds
    if east - west >= 360:
        return [-180.0, south, 180.0, north]
    return [west, south, east if east <= 180 else east - 360, north]


def _brief_tileset(info: LayerInfo, of: TileSet) -> Json:
    place = f"/collections/{info.name}/map/tiles/{of.identifier}"
    said: Json = {
        "title": f"{info.title}: {of.title}",
        "dataType": "map",
        "crs": of.uri,
        "links": [_link("self", place), _scheme_link(of)],
    }
    return said | _registered(of)


def _tileset(info: LayerInfo, of: TileSet) -> Json:
    """Metadata of a tileset (OGC 17-083r4, clause 8)."""
    place = f"/collections/{info.name}/map/tiles/{of.identifier}"
    tiles = [
        _link("item", f"{place}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f={each.value}")
        | {"type": each.media_type, "templated": True}
        for each in TileEnding
        if each is not TileEnding.JPEG
    ]
    west, south, east, north = _box(info)
    return {
        **_brief_tileset(info, of),
        "links": [_link("self", place), _scheme_link(of), *tiles],
        "boundingBox": {
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": _LON_LAT,
        },
        "layers": [{"id": info.name, "title": info.title, "dataType": "map"}],
    }


def _listed(said: Json, of: TileSet) -> Json:
    place = f"/tileMatrixSets/{of.identifier}"
    return said | {"links": [_link("self", place)]} | _registered(of, "uri")


def _scheme_link(of: TileSet) -> Json:
    return _link(f"{_REL}/tiling-scheme", f"/tileMatrixSets/{of.identifier}", of.title)


def _registered(of: TileSet, key: str = "tileMatrixSetURI") -> Json:
    return {} if of.registered is None else {key: of.registered}


def _definition(of: TileSet) -> Json:
    """A tile matrix set (OGC 17-083r4, clause 7)."""
    return {
        "id": of.identifier,
        "title": of.title,
        **_registered(of, "uri"),
        "crs": of.uri,
        **({} if of.well_known is None else {"wellKnownScaleSet": _address(of.well_known)}),
        "tileMatrices": [_matrix(each) for each in of.matrices()],
    }


def _matrix(matrix: Matrix) -> Json:
    return {
        "id": matrix.identifier,
        "scaleDenominator": matrix.scale,
        "cellSize": matrix.cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": list(matrix.corner),
        "tileWidth": matrix.size,
        "tileHeight": matrix.size,
        "matrixWidth": matrix.cols,
        "matrixHeight": matrix.rows,
    }


def _address(urn: str) -> str:
    """`urn:ogc:def:wkss:OGC:1.0:Name` as the address of the same definition."""
    kind, authority, version, name = urn.removeprefix("urn:ogc:def:").split(":")
    return f"http://www.opengis.net/def/{kind}/{authority}/{version}/{name}"


def _wanted_ending() -> str:
    """From the parameter `f`, else the header `Accept`; PNG if anything is accepted.

    Raises `ConfigError` for any other `f`.
    """
    asked = request.args.get("f")
    if asked is not None:
        endings = [each.value for each in TileEnding]
        if asked not in endings:
            remedy = ", ".join(endings)
            raise ConfigError("unknown format", key="f", found=asked[:20], remedy=remedy)
        return asked
    known: dict[str, str] = {
        each.media_type: each.value for each in TileEnding if each is not TileEnding.JPEG
    }
    best: str = request.accept_mimetypes.best_match(known) or TileEnding.PNG.media_type
    return known[best]
