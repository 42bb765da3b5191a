"""The capabilities of WMTS as OpenLayers' own parser reads them, in the browser."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from tests.devserver.browser.chromium import Open, Serve

READER = Path(__file__).parent / "wmts" / "reader.min.js"


@pytest.mark.parametrize(
    ("matrix_set", "place"),
    [("WebMercatorQuad", (13, 4468, 2853)), ("WorldCRS84Quad", (12, 4468, 960))],
)
def test_the_address_of_a_tile(
    matrix_set: str, place: tuple[int, int, int], image: Path, serve: Serve, window: Open
) -> None:
    server = serve(image)
    seen = window(server.address)
    # as a value, not as a script of the page: its policy allows only its own
    seen.page.evaluate(READER.read_text(encoding="utf-8"))
    with urllib.request.urlopen(f"{server.address}wmts/1.0.0/WMTSCapabilities.xml") as answer:
        text = answer.read().decode()
    address = seen.page.evaluate(
        "([text, set, place]) => window.tileAddress(text, 'image', set, place)",
        [text, matrix_set, list(place)],
    )
    zoom, col, row = place
    plain = f"{server.address}wmts/image/default/{matrix_set}/{zoom}/{row}/{col}.png"
    with urllib.request.urlopen(address) as found, urllib.request.urlopen(plain) as wanted:
        content = found.read()
        assert content == wanted.read()
    assert content.startswith(b"\x89PNG")
