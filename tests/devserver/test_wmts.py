"""WMTS as others read it: the schemas of OGC, owslib, and GDAL's own driver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import mapproxy
import numpy as np
import pytest
import rasterio
from flask.testing import FlaskClient
from lxml import etree
from owslib.wmts import WebMapTileService
from rasterio.windows import Window
from werkzeug.serving import make_server

from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_tiles.layers.open import open_layers
from tests.devserver.conftest import client_of
from tests.engine.projects import Project

SCHEMAS = Path(mapproxy.__file__).parent / "test" / "schemas"


@pytest.fixture(scope="module")
def client(image: Path) -> FlaskClient:
    return client_of([image])


def schema(name: str) -> etree.XMLSchema:
    """A schema of OGC; what it includes by address is in the same folder of schemas."""

    class Local(etree.Resolver):  # type: ignore[misc]
        def resolve(self, address: str, identifier: str, context: object) -> object:
            for root in ("http://schemas.opengis.net/", "https://schemas.opengis.net/"):
                if address.startswith(root):
                    path = SCHEMAS / address.removeprefix(root)
                    return self.resolve_filename(str(path), context)
            if address.startswith("http"):
                path = SCHEMAS / address.partition("://")[2].partition("/")[2]
                return self.resolve_filename(str(path), context)
            return None

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Local())
    return etree.XMLSchema(etree.parse(str(SCHEMAS / name), parser))


@pytest.mark.parametrize(
    "address",
    [
        "/wmts",
        "/wmts?service=WMTS&request=GetCapabilities",
        "/wmts/1.0.0/WMTSCapabilities.xml",
    ],
)
def test_capabilities_are_valid(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.mimetype == "application/xml"
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(answer.data))


@pytest.mark.parametrize(
    ("query", "code", "locator", "status"),
    [
        ("request=GetMap", "InvalidParameterValue", "REQUEST", 400),
        ("request=GetTile", "MissingParameterValue", "LAYER", 400),
        ("request=GetTile&layer=nothing", "InvalidParameterValue", None, 404),
        ("service=WMS", "InvalidParameterValue", "SERVICE", 400),
        (
            "request=GetTile&layer=image&tilematrixset=WebMercatorQuad&tilematrix=1&tilerow=9&tilecol=0",
            "TileOutOfRange",
            None,
            400,
        ),
    ],
)
def test_errors_are_valid_reports(
    client: FlaskClient, query: str, code: str, locator: str | None, status: int
) -> None:
    answer = client.get(f"/wmts?{query}")
    assert answer.status_code == status
    report = etree.fromstring(answer.data)
    schema("ows/1.1.0/owsExceptionReport.xsd").assertValid(report)
    (exception,) = report
    assert (exception.get("exceptionCode"), exception.get("locator")) == (code, locator)


def test_parameters_and_addresses_give_what_xyz_gives(client: FlaskClient) -> None:
    wanted = client.get("/image/13/4468/2853.png").data
    by_address = client.get("/wmts/image/default/WebMercatorQuad/13/2853/4468.png")
    by_parameters = client.get(
        "/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=image&STYLE=default"
        "&FORMAT=image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=13&TILEROW=2853&TILECOL=4468"
    )
    assert by_address.data == by_parameters.data == wanted


@pytest.fixture(scope="module")
def address(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    layers, _ = open_layers([image])
    server = make_server("127.0.0.1", 0, create_app(Catalogue(layers)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_owslib_reads_it(address: str) -> None:
    service = WebMapTileService(f"{address}/wmts")
    assert list(service.contents) == ["image"]
    layer = service.contents["image"]
    assert set(layer.tilematrixsetlinks) == {"WebMercatorQuad", "WorldCRS84Quad"}
    tile = service.gettile(
        layer="image", tilematrixset="WebMercatorQuad", tilematrix="13", row=2853, column=4468,
        format="image/png",
    )  # fmt: skip
    assert tile.read().startswith(b"\x89PNG")


@pytest.mark.parametrize("matrix_set", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_gdal_fetches_the_right_pixels(address: str, client: FlaskClient, matrix_set: str) -> None:
    source = (
        f"WMTS:{address}/wmts/1.0.0/WMTSCapabilities.xml,layer=image,tilematrixset={matrix_set},"
        "zoom_level=13"
    )
    row, col = (2853, 4468) if matrix_set == "WebMercatorQuad" else (1920, 8937)
    with rasterio.Env(GDAL_HTTP_TIMEOUT=30), rasterio.open(source) as dataset:
        # the dataset is the layer's box: where the tile lies in it
        pixel = dataset.transform.a
        left = -20037508.342789244 if matrix_set == "WebMercatorQuad" else -180
        top = 20037508.342789244 if matrix_set == "WebMercatorQuad" else 90
        x = round((left + col * 256 * pixel - dataset.transform.c) / pixel)
        y = round((dataset.transform.f - (top - row * 256 * pixel)) / pixel)
        found = dataset.read(window=Window(x, y, 256, 256), boundless=False)
        inside = np.s_[:, max(0, -y) :, max(0, -x) :]
    content = client.get(f"/wmts/image/default/{matrix_set}/13/{row}/{col}.png").data
    with rasterio.io.MemoryFile(content) as memory, memory.open() as wanted:
        tile = wanted.read()
    assert tile[-1].any()
    picture = tile[inside][:, : found.shape[1], : found.shape[2]]
    seen = picture[-1] > 0
    assert seen.any()
    grey = picture[0][seen]
    np.testing.assert_array_equal(found[0][: seen.shape[0], : seen.shape[1]][seen], grey)


def test_the_grid_of_a_process(project: Project) -> None:
    """Its own grid is there under a name of its own where it is none of the two of the world."""
    config = project.config.read_text().replace('"geodetic"', _grid())
    project.config.write_text(config)
    client = client_of([project.config])
    answer = client.get("/wmts")
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(answer.data))
    assert b"double-grid" in answer.data
    tile = client.get("/wmts/double/default/double-grid/0/0/0.png?bidx=1")
    assert tile.status_code == 200


def _grid() -> str:
    return (
        '{"shape": [1, 1], "bounds": [590000, 5290000, 610480, 5310480], "srs": {"epsg": 32633},'
        ' "is_global": false}'
    )
