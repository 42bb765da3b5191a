"""Public catalogues do not lead into this network: by scheme, by name, at redirects.

Two servers on loopback: one at an address that is taken for a public one here, one inside.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from automap_tiles.errors import InputError
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.catalogue import SearchOptions, search
from automap_tiles.scenes.download import private_network, read_bytes

_OUTSIDE = "127.0.0.2"


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("8.8.8.8", False), ("2606:4700::1111", False), ("192.0.66.1", False),
        ("127.0.0.1", True), ("127.9.9.9", True), ("10.1.2.3", True), ("172.31.0.1", True),
        ("192.168.1.1", True), ("169.254.169.254", True), ("100.64.0.1", True), ("0.0.0.0", True),
        ("224.0.0.1", True), ("255.255.255.255", True), ("::1", True), ("::", True),
        ("fe80::1%eth0", True), ("fd00::1", True), ("ff02::1", True),
        # the same in other clothes
        ("::ffff:127.0.0.1", True), ("::ffff:8.8.8.8", False), ("2002:7f00:1::", True),
        ("64:ff9b::a9fe:a9fe", True), ("64:ff9b::808:808", False),
    ],
)  # fmt: skip
def test_addresses(address: str, is_private: bool) -> None:
    assert private_network.is_private(address) is is_private


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost.", "LOCALHOST", "0"]
)
def test_other_spellings_of_this_machine(host: str) -> None:
    """As the resolver of the system understands them, which GDAL and requests ask too."""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return  # then nothing can be opened by this name either
    assert private_network.lies_inside(host)
    with pytest.raises(InputError, match="inside of this network"):
        resolve(f"http://{host}/secret.tif", "public")


def test_names() -> None:
    assert private_network.lies_inside("localhost")
    assert not private_network.lies_inside("nowhere.invalid")
    assert private_network.is_public("s3://bucket/catalog.json")
    assert not private_network.is_public("http://127.0.0.1:8080/")
    assert not private_network.is_public("/data/catalog.json")
    with pytest.raises(InputError, match="inside of this network"):
        resolve("http://localhost/secret.tif", "public")
    assert resolve("s3://bucket/B04.tif", "public") == "s3://bucket/B04.tif"


@pytest.mark.parametrize(
    ("source", "href", "allowed"),
    [
        ("https://a.org/", "https://b.org/B04.tif", True),
        ("https://a.org/", "s3://b/B04.tif", True),
        ("https://a.org/", "gs://b/B04.tif", True),
        ("https://a.org/", "az://b/B04.tif", True),
        ("https://a.org/", "http://b.org/B04.tif", False),
        ("http://a.org/", "http://b.org/B04.tif", True),
        ("https://a.org/", "file:///etc/passwd", False),
        ("https://a.org/", "/etc/passwd", False),
        ("https://a.org/", "/vsicurl/http://10.0.0.1/", False),
        ("https://a.org/", "FILE:///etc/passwd", False),
        ("s3://a/catalog.json", "file:///etc/passwd", False),
        ("/data/items.json", "/data/B04.tif", True),
        ("/data/items.json", "http://10.0.0.1/B04.tif", True),
    ],
)
def test_schemes(source: str, href: str, allowed: bool) -> None:
    assert private_network.is_allowed(href, private_network.schemes_of(source)) is allowed


class Site:
    """A server at one address; `pages`: path → body, or the address to redirect to."""

    def __init__(self, host: str) -> None:
        self.pages: dict[str, bytes | str] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                page = site.pages.get(self.path)
                self.send_response(404 if page is None else 302 if isinstance(page, str) else 200)
                if isinstance(page, str):
                    self.send_header("Location", page)
                body = page if isinstance(page, bytes) else b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer((host, 0), Handler)
        self.url = f"http://{host}:{self.http.server_address[1]}"


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Site, Site]]:
    """(outside, inside), both running."""
    real: Callable[[str], bool] = private_network.is_private
    monkeypatch.setattr(private_network, "is_private", lambda ip: ip != _OUTSIDE and real(ip))
    private_network._lies_inside.cache_clear()
    with ExitStack() as stack:
        both = Site(_OUTSIDE), Site("127.0.0.1")
        for site in both:
            thread = Thread(target=site.http.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(site.http.server_close)
            stack.callback(site.http.shutdown)
        yield both
    private_network._lies_inside.cache_clear()


def test_redirects_are_looked_at(sites: tuple[Site, Site]) -> None:
    outside, inside = sites
    inside.pages["/secret"] = b"secret"
    outside.pages |= {"/good": b"good", "/bad": f"{inside.url}/secret", "/turn": "/good"}
    assert read_bytes(f"{outside.url}/good", "public") == b"good"
    assert read_bytes(f"{outside.url}/turn", "public") == b"good"
    with pytest.raises(InputError, match=r"leads to 127\.0\.0\.1, an address inside"):
        read_bytes(f"{outside.url}/bad", "public")
    with pytest.raises(InputError, match="inside of this network"):
        read_bytes(f"{inside.url}/secret", "public")
    assert inside.asked == []
    # who names an inner address himself may read it
    assert read_bytes(f"{inside.url}/secret") == b"secret"


def test_a_name_that_changes_between_two_questions(
    sites: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is public, the one that the connection is made with is not."""
    _, inside = sites
    port = int(inside.url.rpartition(":")[2])
    answers = [_OUTSIDE, "127.0.0.1", "127.0.0.1"]
    real = socket.getaddrinfo

    def rebinding(host: Any, *args: Any, **more: Any) -> Any:
        return real(answers.pop(0) if host == "rebind.example" else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(InputError, match="an address inside of this network"):
        read_bytes(f"http://rebind.example:{port}/secret", "public")
    assert answers == ["127.0.0.1"]
    assert inside.asked == []


def _item(name: str, **hrefs: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "geometry": None,
        "links": [],
        "properties": {
            "datetime": "2020-06-01T10:00:00Z",
            "platform": "sentinel-2a",
            "s2:processing_baseline": "02.14",
        },
        "assets": {key: {"href": href, "type": "image/tiff"} for key, href in hrefs.items()},
    }


def test_items_of_a_public_catalogue(sites: tuple[Site, Site]) -> None:
    outside, inside = sites
    items = [
        _item("plain", red="B04.tif"),
        _item("file", red="file:///etc/passwd"),
        _item("vsi", red="/vsicurl/http://127.0.0.1/B04.tif"),
        _item("half", red="B04.tif", nir="file:///etc/passwd"),
    ]
    collection = {"type": "FeatureCollection", "features": items}
    outside.pages["/items.json"] = json.dumps(collection).encode()
    found = search(
        f"{outside.url}/items.json", options=SearchOptions(bands=["red"], verify="never")
    )
    assert {scene.id: scene.access for scene in found.scenes} == {
        "plain": "public", "half": "public",
    }  # fmt: skip
    rejected = dict(found.rejected)
    assert "must not name such addresses: those of red" in rejected["file"]
    assert "must not name such addresses: those of red" in rejected["vsi"]
    both = SearchOptions(bands=["red", "nir"], verify="never")
    missing = dict(search(f"{outside.url}/items.json", options=both).rejected)
    assert "has no nir; a catalogue far away must not name" in missing["half"]
    assert inside.asked == []


def test_a_catalogue_inside_may_lead_inside(sites: tuple[Site, Site]) -> None:
    _, inside = sites
    item = _item("own", red=f"{inside.url}/B04.tif")
    inside.pages["/item.json"] = json.dumps(item).encode()
    (scene,) = search(f"{inside.url}/item.json", options=SearchOptions(verify="never")).scenes
    assert scene.access is None


def test_links_between_documents(sites: tuple[Site, Site]) -> None:
    outside, inside = sites
    inside.pages["/item.json"] = json.dumps(_item("inner", red="B04.tif")).encode()
    outside.pages["/good.json"] = json.dumps(_item("good", red="B04.tif")).encode()
    links = ["good.json", f"{inside.url}/item.json", "file:///etc/hostname"]
    catalog = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "links": [{"rel": "item", "href": href} for href in links],
    }
    outside.pages["/catalog.json"] = json.dumps(catalog).encode()
    found = search(f"{outside.url}/catalog.json", options=SearchOptions(verify="never"))
    assert [scene.id for scene in found.scenes] == ["good"]
    reasons = " ".join(reason for _, reason in found.rejected)
    assert len(found.rejected) == 2
    assert "inside of this network" in reasons
    assert "must not link to such an address" in reasons
    assert inside.asked == []
