"""What others must not get, and must not take from those who look."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from automap_devserver import _limits
from automap_devserver._failures import TooLong, TooMany
from automap_devserver._limits import Limits
from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_devserver.serve import serve
from automap_devserver.settings import PreviewSettings
from automap_tiles.grid import Tile
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.open import open_layers
from automap_tiles.raster import lru
from automap_tiles.stopping import raise_if_stopped
from tests.devserver.conftest import client_of
from tests.engine.projects import Project

TILE = "/image/13/4468/2853.png"


@pytest.fixture(scope="module")
def client(image: Path) -> FlaskClient:
    return client_of([image])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8080", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:8080", 403),
        ("evil.example", 403),
        ("[::2]:8080", 403),
    ],
)
def test_other_names_for_this_machine_are_refused(
    client: FlaskClient, host: str, status: int
) -> None:
    """DNS rebinding: a page of another host whose name leads here."""
    assert client.get("/api/layers", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "Via"])
def test_what_a_proxy_passes_on_is_not_local(client: FlaskClient, header: str) -> None:
    assert client.get("/api/layers", headers={header: "192.0.2.7"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "remote", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({"Origin": "http://localhost"}, "127.0.0.1", 200),
        ({"Origin": "http://localhost:3000"}, "127.0.0.1", 403),
        ({"Origin": "https://evil.example"}, "127.0.0.1", 403),
        ({"Origin": "null"}, "127.0.0.1", 403),
        ({}, "192.0.2.7", 403),
        ({"Host": "map.example"}, "127.0.0.1", 403),
    ],
)
def test_changes_are_taken_from_the_own_page_alone(
    project: Project, headers: dict[str, str], remote: str, status: int
) -> None:
    client = client_of([project.config], settings=PreviewSettings(host="0.0.0.0"))
    answer = client.put(
        "/api/double/process",
        json={"parameters": {"pause": 0.01}},
        headers=headers,
        environ_base={"REMOTE_ADDR": remote},
    )
    assert answer.status_code == status
    retried = client.post(
        "/api/double/tile/12/1/1/retry", headers=headers, environ_base={"REMOTE_ADDR": remote}
    )
    assert (retried.status_code == 403) is (status == 403)


def test_tracebacks_and_files_stay_here(project: Project) -> None:
    project.configure(zooms=(11, 12), fail="12/2/3")
    code = project.folder / "double.py"
    code.write_text(code.read_text().replace("if here == fail:", "if fail:"))
    client = client_of([project.config], settings=PreviewSettings(host="0.0.0.0"))
    away = {"REMOTE_ADDR": "192.0.2.7"}
    address = "/double/12/2234/1426.png"
    here, there = client.get(address), client.get(address, environ_base=away)
    assert here.status_code == there.status_code == 500
    assert "double.py" in here.get_json()["traceback"]
    for path in (address, "/api/double/process", "/api/double/tile/12/1/1", "/api/layers"):
        text = client.get(path, environ_base=away).get_data(as_text=True)
        assert "Traceback" not in text
        assert str(project.folder) not in text
    assert client.get("/api/double/process", environ_base=away).status_code == 403


@pytest.mark.parametrize("base", ["/static/", "/", "/image/", "/wmts/", "/ogc/collections/"])
@pytest.mark.parametrize(
    "path",
    ["../app.py", "..%2fapp.py", "....//app.py", "%2e%2e/settings.py", "etc/passwd", "\\..\\"],
)
def test_nothing_but_what_was_opened(client: FlaskClient, base: str, path: str) -> None:
    for address in (base + path, base + quote(path, safe="")):
        with client.get(address) as answer:
            assert answer.status_code in (301, 308, 400, 404)


def test_bodies_and_pictures_are_limited(client: FlaskClient, project: Project) -> None:
    changing = client_of([project.config])
    large = {"parameters": {"pause": "x" * (_limits.BODY + 1)}}
    assert changing.put("/api/double/process", json=large).status_code in (400, 413)
    small = client_of([project.config], settings=PreviewSettings(largest=256))
    assert small.get("/double/12/2234/1426@2x.png").status_code == 400
    assert client.get(f"{TILE}?{'bidx=1&' * 2000}").status_code == 400


def test_a_request_waits_no_longer_than_it_may_and_others_are_served() -> None:
    held = threading.Event()
    bounded = Limits(0.1)
    waiting: list[threading.Thread] = []
    try:
        start = time.monotonic()
        with pytest.raises(TooLong):
            bounded.compute(held.wait)
        assert time.monotonic() - start < 5
        slow = Limits(30)
        waiting = [threading.Thread(target=_swallowed, args=(slow, held)) for _ in range(30)]
        for thread in waiting:
            thread.start()
        time.sleep(0.2)
        with pytest.raises(TooMany):
            slow.compute(held.wait)
        assert slow.read(lambda: 7) == 7
    finally:
        held.set()
        for thread in waiting:
            thread.join()


def test_what_has_begun_is_left_when_the_server_ends() -> None:
    bounded, began = Limits(300), threading.Event()

    def work() -> None:
        began.set()
        while True:
            raise_if_stopped()
            time.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(bounded.read, work)
        assert began.wait(60)
        bounded.close()
        with pytest.raises(TooMany, match="being stopped"):
            answer.result(60)


def _swallowed(bounded: Limits, held: threading.Event) -> None:
    with contextlib.suppress(TooMany):
        bounded.compute(held.wait)


@pytest.fixture
def address(image: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A real server in a thread; it is left behind."""
    monkeypatch.setenv("GDAL_CACHEMAX", "64")
    monkeypatch.setattr(lru, "_part", 1.0)  # set by `serve`; set back after the test
    layers, _ = open_layers([image])
    settings = PreviewSettings(port=0)
    told: list[str] = []
    ready = threading.Event()

    def say(address: str) -> None:
        told.append(address)
        ready.set()

    app = create_app(Catalogue(layers), settings)
    threading.Thread(target=serve, args=(app, settings, say), daemon=True).start()
    assert ready.wait(10)
    return told[0]


def test_slow_clients_keep_nobody_waiting(address: str) -> None:
    """Connections that never finish their request, and one that never reads its answer."""
    host, _, port = address.removeprefix("http://").strip("/").partition(":")
    lazy = [socket.create_connection((host, int(port))) for _ in range(60)]
    try:
        for connection in lazy[:-1]:
            connection.sendall(b"GET /api/layers HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        lazy[-1].sendall(b"GET /wmts HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        start = time.monotonic()
        with urllib.request.urlopen(address + TILE[1:], timeout=20) as answer:
            assert answer.read().startswith(b"\x89PNG")
        assert time.monotonic() - start < 10
    finally:
        for connection in lazy:
            connection.close()


def test_large_headers_are_refused(address: str) -> None:
    host, _, port = address.removeprefix("http://").strip("/").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        # in one piece: the server answers and closes as soon as it is too much
        head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: "
        connection.sendall(head + b"x" * _limits.HEADERS + b"\r\n\r\n")
        assert b" 431 " in connection.recv(100)


def test_text_is_compressed_and_pictures_are_not(client: FlaskClient) -> None:
    takes = {"Accept-Encoding": "gzip"}
    for path in ("/wmts", "/openapi.json"):
        plain, packed = client.get(path), client.get(path, headers=takes)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) == packed.content_length < len(plain.data) / 3
        assert "Accept-Encoding" in plain.headers["Vary"]
    for path in (TILE, TILE.replace("png", "tif"), "/image/tilejson.json"):  # small, the last
        assert "Content-Encoding" not in client.get(path, headers=takes).headers


def test_files_that_are_compressed_can_be_asked_for_again(client: FlaskClient) -> None:
    takes = {"Accept-Encoding": "gzip"}
    with client.get("/static/page.js", headers=takes) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        etag = answer.headers["ETag"]
        content = gzip.decompress(answer.data)
    with client.get("/static/page.js") as plain:
        assert plain.data == content
    with client.get("/static/page.js", headers={**takes, "If-None-Match": etag}) as again:
        assert again.status_code == 304


def test_a_raster_is_not_read_as_a_whole_for_a_few_pixels(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (layer,) = client.get("/api/layers").get_json()["layers"]
    read: list[int] = []
    inner = FileLayer.read

    def spied(self: FileLayer, tile: Tile, bands: Sequence[int], resampling: str) -> object:
        read.append(tile.zoom)
        return inner(self, tile, bands, resampling)

    monkeypatch.setattr(FileLayer, "read", spied)
    lowest = layer["minzoom"]
    for zoom in range(lowest + 1):
        x, y = 4468 >> (13 - zoom), 2853 >> (13 - zoom)
        assert client.get(f"/image/{zoom}/{x}/{y}.png").status_code == 200
    assert read == [lowest]


@pytest.mark.parametrize(
    ("base_map", "allowed"),
    [
        ("https://tiles.example.org/{z}/{x}/{y}.png", "https://tiles.example.org"),
        ("http://127.0.0.1:8089/osm/{z}/{x}/{y}.png", "http://127.0.0.1:8089"),
        ("/own/{z}/{x}/{y}.png", None),
        ("ftp://example.org/{z}", None),
        (None, None),
    ],
)
def test_pictures_only_from_here_and_from_the_base_map(
    image: Path, base_map: str | None, allowed: str | None
) -> None:
    answer = client_of([image], settings=PreviewSettings(base_map=base_map)).get("/")
    policy = dict(
        part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["img-src"].split() == [
        "'self'",
        "data:",
        "blob:",
        *([allowed] if allowed else []),
    ]
