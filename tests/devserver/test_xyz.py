"""Styled tiles against rasterio and NumPy by hand; wrong requests and their answers."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import jsonschema_rs
import numpy as np
import pytest
import rasterio
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from rasterio.io import MemoryFile
from rasterio.transform import from_bounds, from_origin
from rasterio.vrt import WarpedVRT

from automap_devserver._tiles import web_tile
from automap_devserver.settings import PreviewSettings
from automap_tiles.layers.open import process_layer
from automap_tiles.layers.persistence import Keep
from automap_tiles.runtime import open_process
from tests.devserver.conftest import client_of
from tests.engine.projects import Project

EDGE = 20037508.342789244


@pytest.fixture(scope="module")
def client(image: Path) -> FlaskClient:
    return client_of([image])


def warped(path: Path, z: int, x: int, y: int, bands: list[int], size: int = 256) -> np.ndarray:
    """The same tile by GDAL (band, y, x)."""
    span = 2 * EDGE / 2**z
    left, top = -EDGE + x * span, EDGE - y * span
    transform = from_bounds(left, top - span, left + span, top, size, size)
    with (
        rasterio.open(path) as source,
        WarpedVRT(
            source, crs="EPSG:3857", transform=transform, width=size, height=size, nodata=0
        ) as view,
    ):
        return np.asarray(view.read(bands))


def rgba(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


# A tile in the middle of the image, one at its edge.
@pytest.mark.parametrize(("z", "x", "y"), [(13, 4468, 2853), (12, 2234, 1426), (9, 279, 178)])
@pytest.mark.parametrize("scale", [1, 2])
def test_as_by_hand(client: FlaskClient, image: Path, z: int, x: int, y: int, scale: int) -> None:
    at = "" if scale == 1 else "@2x"
    answer = client.get(f"/image/{z}/{x}/{y}{at}.png?bidx=4&bidx=2&bidx=1&rescale=500,6000&gamma=2")
    assert answer.status_code == 200
    found = rgba(answer.data)
    values = warped(image, z, x, y, [4, 2, 1], 256 * scale)
    if z > 9:
        assert values.any()
        masked = (values == 0).any(axis=0)
        part = np.clip((values.astype(float) - 500) / 5500, 0, 1) ** 0.5
        wanted = np.moveaxis(np.floor(part * 255 + 0.5).astype(np.uint8), 0, -1)
        same = (found[..., :3] == wanted).all(axis=-1) | masked
        # nearest: GDAL's approximated coordinates round another way at some pixels
        assert same.mean() > 0.99
        assert ((found[..., 3] == 0) == masked).mean() > 0.99


def test_neighbours_have_no_seam(client: FlaskClient) -> None:
    """A tile at twice the scale is the four tiles of the next zoom."""
    large = rgba(client.get("/image/12/2234/1426@2x.png?bidx=1&rescale=0,7000").data)
    rows = [
        np.concatenate(
            [
                rgba(client.get(f"/image/13/{x}/{y}.png?bidx=1&rescale=0,7000").data)
                for x in (4468, 4469)
            ],
            axis=1,
        )
        for y in (2852, 2853)
    ]
    # nearest: coordinates are approximated tile by tile, within an eighth of a pixel
    assert (np.concatenate(rows) == large).all(axis=-1).mean() > 0.9


def test_numbers_as_geotiff(client: FlaskClient, image: Path) -> None:
    answer = client.get("/image/13/4468/2853.tif")
    with MemoryFile(answer.data) as memory, memory.open() as found:
        assert (found.count, found.nodata, found.crs.to_epsg()) == (4, 0, 3857)
        same = found.read() == warped(image, 13, 4468, 2853, [1, 2, 3, 4])
    assert same.mean() > 0.99
    assert client.get("/image/13/1/1.tif").status_code == 404


def test_numbers_of_a_source_with_a_mask(tmp_path: Path) -> None:
    """No value says there what is no data: one that is free does in the answer."""
    path = tmp_path / "masked.tif"
    data = np.arange(200, dtype=np.uint8)[None, :, None].repeat(200, 2)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=200, width=200, dtype="uint8",
        crs="EPSG:3857", transform=from_origin(1_500_000, 6_200_000, 100, 100),
    ) as file:  # fmt: skip
        file.write(data)
        file.write_mask(np.arange(200)[:, None].repeat(200, 1) % 2 == 0)
    client = client_of([path])
    size = 2 * EDGE / 2**11
    x, y = int((1_510_000 + EDGE) // size), int((EDGE - 6_190_000) // size)
    answer = client.get(f"/masked/11/{x}/{y}.tif")
    assert answer.status_code == 200
    with MemoryFile(answer.data) as memory, memory.open() as found:
        seen = found.read(1, masked=True)
    assert np.ma.getmaskarray(seen).any()
    assert seen.count() > 100
    assert (seen.compressed() % 2 == 0).all()


def test_tms_counts_from_the_south(client: FlaskClient) -> None:
    xyz = client.get("/image/13/4468/2853.png?bidx=1").data
    row = 2**13 - 1 - 2853
    assert client.get(f"/image/13/4468/{row}.png?bidx=1&tms=1").data == xyz
    assert client.get(f"/image/tms/13/4468/{row}.png?bidx=1").data == xyz


def test_a_browser_that_has_it_is_told_so(client: FlaskClient) -> None:
    answer = client.get("/image/13/4468/2853.png")
    again = client.get("/image/13/4468/2853.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(
        "/image/13/4468/2853.png?bidx=2", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert other.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_nothing_there_is_transparent(client: FlaskClient) -> None:
    answer = client.get("/image/13/1/1@2x.png")
    assert answer.status_code == 200
    assert (rgba(answer.data)[..., 3] == 0).all()
    assert rgba(answer.data).shape == (512, 512, 4)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nothing/1/0/0.png", 404),
        ("/image/1/2/0.png", 404),
        ("/image/1/0/2.png", 404),
        ("/image/99/0/0.png", 404),
        ("/image/1/0/0.gif", 404),
        ("/image/1/0/0", 404),
        ("/image/1/0/0@3x.png", 404),
        ("/image/1/0/-1.png", 404),
        ("/image/..%2f..%2fetc/0/0.png", 404),
        ("/image/1/0/0.png?bidx=9", 400),
        ("/image/1/0/0.png?rescale=a", 400),
        ("/image/1/0/0.png?expression=__import__('os')", 400),
        ("/image/1/0/0.png?resampling=magic", 400),
        ("/image/1/0/0.png?colormap=%7B&bidx=1", 400),
        ("/image/1/0/0.png?style=mine", 404),
        ("/image/tilejson.json?bidx=x", 400),
        ("/api/image/statistics?bbox=1,2,3", 400),
        ("/api/point?lon=x&lat=0", 400),
    ],
)
def test_wrong_requests(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.get_json()["error"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.lists(st.text(max_size=8) | st.sampled_from(["image", "api", "3", ".."]), max_size=5),
    query=st.dictionaries(
        st.sampled_from(["bidx", "rescale", "expression", "colormap", "style", "bbox", "lon"]),
        st.text(max_size=12),
        max_size=3,
    ),
)
def test_no_request_breaks_it(client: FlaskClient, path: list[str], query: dict[str, str]) -> None:
    address = "/" + "/".join(quote(part, safe="") for part in path).lstrip("/")
    with client.get(address, query_string=query) as answer:
        assert answer.status_code < 500


def test_layers_points_and_statistics(client: FlaskClient, image: Path) -> None:
    told = client.get("/api/layers").get_json()
    (layer,) = told["layers"]
    assert [band["name"] for band in layer["bands"]] == ["b1", "b2", "b3", "b4"]
    west, south, east, north = layer["bounds"]
    lon, lat = (west + east) / 2, (south + north) / 2
    (found,) = client.get(f"/api/point?lon={lon}&lat={lat}").get_json()["layers"]
    with rasterio.open(image) as source:
        x, y = rasterio.warp.transform("EPSG:4326", source.crs, [lon], [lat])
        around = source.read(window=rasterio.windows.Window(*_near(source, x[0], y[0]), 5, 5))
    assert all(value in band for value, band in zip(found["values"], around, strict=True))
    limits = client.get("/api/image/statistics?bidx=2&bidx=1").get_json()["statistics"]
    with rasterio.open(image) as source:
        values = source.read(2, masked=True).compressed()
    assert limits[0]["band"] == 2
    assert limits[0]["low"] == pytest.approx(np.percentile(values, 2), rel=0.1)
    assert limits[0]["high"] == pytest.approx(np.percentile(values, 98), rel=0.1)


def _near(source: rasterio.DatasetReader, x: float, y: float) -> tuple[int, int]:
    row, col = source.index(x, y)
    return col - 2, row - 2


def test_a_process_is_computed_and_a_failure_told(project: Project) -> None:
    client = client_of([project.config], Keep.MEMORY)
    address = "/double/12/2234/1426.png?bidx=1&rescale=0,9000"
    assert (rgba(client.get(address).data)[..., 3] > 0).any()
    assert not project.output.exists()
    # inside of a single tile of the process
    layer = process_layer(open_process(project.config), Keep.MEMORY)
    x, y, (index,) = next(
        (x, y, indexes)
        for x in range(2234 * 8, 2235 * 8)
        for y in range(1426 * 8, 1427 * 8)
        if len(indexes := layer.indexes(web_tile(15, x, y))) == 1
    )
    project.configure(zooms=(11, 12), fail=str(index))
    answer = client_of([project.config]).get(f"/double/15/{x}/{y}.png")
    assert answer.status_code == 500
    assert "not to my liking" in answer.get_json()["traceback"]


def test_others_see_no_traceback_and_change_nothing(image: Path) -> None:
    client = client_of([image])
    assert client.get("/api/layers", headers={"Host": "evil.example"}).status_code == 403
    open_client = client_of([image], settings=PreviewSettings(host="0.0.0.0"))
    assert open_client.get("/api/layers", headers={"Host": "map.example"}).status_code == 200
    answer = open_client.post("/api/layers", headers={"Host": "map.example"})
    assert answer.status_code in (403, 405)


def test_too_long_is_said(project: Project) -> None:
    project.configure(zooms=(11, 12), pause=3.0)
    client = client_of([project.config], settings=PreviewSettings(seconds=0.1))
    answer = client.get("/double/12/2234/1426.png")
    assert answer.status_code == 503
    assert "ask again" in answer.get_json()["error"]


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
NUMBERS = {"type": "array", "items": {"type": "number"}}
ZOOM = {"type": "integer", "minimum": 0, "maximum": 30}
VERSION = {"type": "string", "pattern": r"^\d+\.\d+\.\d+\w?[\w\d]*$"}
TILEJSON = {  # what 3.0.0/schema.json of mapbox/tilejson-spec asks for, and its text on lengths
    "type": "object",
    "required": ["tilejson", "tiles", "vector_layers"],
    "properties": {
        "tilejson": VERSION,
        "version": VERSION,
        "minzoom": ZOOM,
        "maxzoom": ZOOM,
        "fillzoom": ZOOM,
        "attribution": TEXT,
        "description": TEXT,
        "legend": TEXT,
        "name": TEXT,
        "template": TEXT,
        "data": TEXTS,
        "grids": TEXTS,
        "tiles": {**TEXTS, "minItems": 1},
        "scheme": {"enum": ["xyz", "tms"]},
        "bounds": {**NUMBERS, "minItems": 4, "maxItems": 4},
        "center": {**NUMBERS, "minItems": 3, "maxItems": 3},
        "vector_layers": {
            "type": "array",
            "items": {"type": "object", "required": ["id", "fields"]},
        },
    },
}


def test_tilejson(client: FlaskClient) -> None:
    told = client.get("/image/tilejson.json?bidx=1").get_json()
    jsonschema_rs.validate(TILEJSON, told)
    assert told["tiles"] == ["http://localhost/image/{z}/{x}/{y}.png?bidx=1"]
    west, south, east, north = told["bounds"]
    lon, lat, zoom = told["center"]
    assert west < lon < east
    assert south < lat < north
    assert told["minzoom"] <= zoom <= told["maxzoom"]
    address = told["tiles"][0].format(z=13, x=4468, y=2853).removeprefix("http://localhost")
    assert client.get(address).mimetype == "image/png"


def test_the_shortcut_answers_as_flask_does(client: FlaskClient) -> None:
    """Flask's own view has parameters that the shortcut leaves to it."""
    for query in ("bidx=2&rescale=0,9000", "bidx=9", "resampling=magic"):
        for tile in ("13/4468/2853.png", "13/4468/2853@2x.webp", "13/1/1.jpg", "1/5/0.png"):
            short = client.get(f"/image/{tile}?{query}")
            long = client.get(f"/image/{tile}?{query}&tms=0")
            assert (short.status_code, short.data) == (long.status_code, long.data)
            own, other = dict(short.headers), dict(long.headers)
            assert own.pop("ETag", "") != other.pop("ETag", "") or short.status_code != 200
            assert own == other
