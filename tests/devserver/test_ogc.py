"""OGC API – Tiles: its links, the schemas of its standard written down, and what others read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask.testing import FlaskClient
from morecantile import Tile, TileMatrixSet

from tests.devserver.conftest import client_of
from tests.devserver.test_wmts import _grid
from tests.engine.projects import Project

LINK = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": {
        "href": {"type": "string", "format": "uri-template"},  # a plain URI is one, too
        "templated": {"type": "boolean"},
    },
}
LINKS = {"type": "array", "items": LINK, "minItems": 1}
POINT = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
TILE_SET = {  # OGC 17-083r4, annex on JSON: a tileset's metadata
    "type": "object",
    "required": ["dataType", "crs", "links"],
    "properties": {
        "title": {"type": "string"},
        "dataType": {"enum": ["map", "vector", "coverage"]},
        "crs": {"type": "string", "format": "uri"},
        "tileMatrixSetURI": {"type": "string", "format": "uri"},
        "links": LINKS,
        "boundingBox": {
            "type": "object",
            "required": ["lowerLeft", "upperRight"],
            "properties": {"lowerLeft": POINT, "upperRight": POINT},
        },
        "layers": {"type": "array", "items": {"type": "object", "required": ["id", "dataType"]}},
    },
}
BOX = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
COLLECTION = {  # OGC 20-024
    "type": "object",
    "required": ["id", "links"],
    "properties": {
        "links": LINKS,
        "extent": {
            "type": "object",
            "properties": {
                "spatial": {
                    "type": "object",
                    "properties": {"bbox": {"type": "array", "items": BOX, "minItems": 1}},
                }
            },
        },
    },
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "/ogc": {"type": "object", "required": ["links"], "properties": {"links": LINKS}},
    "/ogc/conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}},
    },
    "/ogc/collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {"links": LINKS, "collections": {"type": "array", "items": COLLECTION}},
    },
    "/ogc/collections/image": COLLECTION,
    "/ogc/collections/image/map/tiles": {
        "type": "object",
        "required": ["tilesets"],
        "properties": {"links": LINKS, "tilesets": {"type": "array", "items": TILE_SET}},
    },
    "/ogc/collections/image/map/tiles/WebMercatorQuad": TILE_SET,
    "/ogc/tileMatrixSets": {
        "type": "object",
        "required": ["tileMatrixSets"],
        "properties": {
            "tileMatrixSets": {
                "type": "array",
                "items": {"type": "object", "required": ["id", "links"]},
            }
        },
    },
}


@pytest.fixture(scope="module")
def client(image: Path) -> FlaskClient:
    return client_of([image])


@pytest.mark.parametrize("path", SCHEMAS)
def test_documents_are_as_the_standard_has_them(client: FlaskClient, path: str) -> None:
    said = client.get(path).get_json()
    jsonschema_rs.validate(SCHEMAS[path], said, validate_formats=True)


def test_titiler_reads_the_same(client: FlaskClient) -> None:
    models = pytest.importorskip("titiler.core.models.OGC")
    place = "/ogc/collections/image/map/tiles"
    models.Landing.model_validate(client.get("/ogc").get_json())
    models.TileSetList.model_validate(client.get(place).get_json())
    models.TileSet.model_validate(client.get(f"{place}/WorldCRS84Quad").get_json())
    models.TileMatrixSetList.model_validate(client.get("/ogc/tileMatrixSets").get_json())


def links(said: Any) -> list[dict[str, Any]]:
    """All links of a document, wherever they stand."""
    if isinstance(said, list):
        return [link for each in said for link in links(each)]
    if not isinstance(said, dict):
        return []
    own = [said] if {"href", "rel"} <= said.keys() else []
    return own + [link for each in said.values() for link in links(each)]


def test_every_link_leads_somewhere(client: FlaskClient) -> None:
    """From the landing page to the last tile, and back to itself."""
    seen: set[str] = set()
    waiting = ["/ogc"]
    kinds = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if not answer.is_json or path == "/openapi.json":
            continue
        found = links(answer.get_json())
        if "links" in answer.get_json():  # definitions of grids have none
            (own,) = (link for link in answer.get_json()["links"] if link["rel"] == "self")
            assert own["href"] == f"http://localhost{path}"
        for link in found:
            href = link["href"].format(tileMatrix=13, tileRow=2853, tileCol=4468)
            if "WorldCRS84Quad" in href and link.get("templated"):
                href = link["href"].format(tileMatrix=13, tileRow=1920, tileCol=8937)
            target = href.removeprefix("http://localhost")
            if link.get("templated"):
                assert client.get(target).content_type == link["type"]
                kinds.add(link["type"].partition(";")[0])
            else:
                waiting.append(target)
    assert kinds == {"image/png", "image/jpeg", "image/webp", "image/tiff"}
    assert {"/openapi.json", "/ogc/tileMatrixSets/WorldCRS84Quad"} <= seen


@pytest.mark.parametrize("identifier", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_grids_are_those_of_morecantile(client: FlaskClient, identifier: str) -> None:
    import morecantile

    found = TileMatrixSet.model_validate(client.get(f"/ogc/tileMatrixSets/{identifier}").get_json())
    wanted = morecantile.tms.get(identifier)
    assert found.crs.srs == wanted.crs.srs
    for zoom in (0, 5, 17):
        own, other = (each.xy_bounds(Tile(1, 0, zoom)) for each in (found, wanted))
        assert tuple(own) == pytest.approx(tuple(other), abs=1e-6)
        assert found.matrix(zoom).matrixWidth == wanted.matrix(zoom).matrixWidth


def test_the_grid_of_a_process(project: Project) -> None:
    project.config.write_text(project.config.read_text().replace('"geodetic"', _grid()))
    client = client_of([project.config])
    found = TileMatrixSet.model_validate(client.get("/ogc/tileMatrixSets/double-grid").get_json())
    assert tuple(found.xy_bounds(Tile(0, 0, 0))) == pytest.approx(
        (590000, 5290000, 610480, 5310480)
    )
    tile = "/ogc/collections/double/map/tiles/double-grid/0/0/0"
    assert client.get(tile).data == client.get("/wmts/double/default/double-grid/0/0/0.png").data


def test_tiles_are_those_of_xyz_in_the_format_asked_for(client: FlaskClient) -> None:
    tile = "/ogc/collections/image/map/tiles/WebMercatorQuad/13/2853/4468"
    for ending in ("png", "jpg", "webp", "tif"):
        wanted = client.get(f"/image/13/4468/2853.{ending}?bidx=2&rescale=0,9000")
        found = client.get(f"{tile}?bidx=2&rescale=0,9000&f={ending}")
        assert found.data == wanted.data
        by_header = client.get(
            f"{tile}?bidx=2&rescale=0,9000", headers={"Accept": wanted.content_type}
        )
        assert by_header.data == wanted.data
        assert by_header.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/collections/nothing", 404),
        ("/collections/nothing/map/tiles", 404),
        ("/collections/image/map/tiles/Mars", 404),
        ("/collections/image/map/tiles/WebMercatorQuad/1/0/2", 404),
        ("/collections/image/map/tiles/WebMercatorQuad/99/0/0", 404),
        ("/collections/image/map/tiles/WebMercatorQuad/1/0/0?f=gif", 400),
        ("/tileMatrixSets/Mars", 404),
    ],
)
def test_what_is_not_there(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(f"/ogc{path}")
    assert answer.status_code == status
    assert answer.get_json()["error"]
