"""A STAC API that breaks off, asks for patience, or never comes to its last page."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from automap_tiles.errors import InputError
from automap_tiles.notes import Fate, collecting
from automap_tiles.scenes.catalogue import _api
from automap_tiles.scenes.download import Patience
from automap_tiles.scenes.download import retry_policy as patience_module
from automap_tiles.scenes.download.retry_policy import TryAgain, announce

pytest.importorskip("pystac_client")

_CORE = "https://api.stacspec.org/v1.0.0/core"
_SEARCH = "https://api.stacspec.org/v1.0.0/item-search"


class Api:
    """Answers a search with pages of one item each; `turn` may spoil an answer."""

    def __init__(self, pages: int, last_leads_to: int | None = None) -> None:
        self.searches = 0
        self.truncate: set[int] = set()
        """Searches, from 1, whose answer breaks off."""
        self.turn_away: dict[int, dict[str, str]] = {}
        """Headers of an answer 429 by search."""
        self.pages, self.last_leads_to = pages, last_leads_to
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                owner.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        if not to.path.startswith("/search"):
            self._send(to, json.dumps(self._landing()).encode())
            return
        self.searches += 1
        if self.searches in self.turn_away:
            self._send(to, b"{}", 429, self.turn_away[self.searches])
            return
        number = int(to.path.partition("page=")[2] or 1)
        self._send(to, json.dumps(self._page(number)).encode(), cut=self.searches in self.truncate)

    def _landing(self) -> dict[str, Any]:
        return {
            "type": "Catalog", "id": "x", "stac_version": "1.0.0", "description": "x",
            "conformsTo": [_CORE, _SEARCH],
            "links": [
                {"rel": rel, "href": f"{self.url}/{path}", "type": "application/geo+json"}
                for rel, path in (("root", ""), ("self", ""), ("search", "search"))
            ],
        }  # fmt: skip

    def _page(self, number: int) -> dict[str, Any]:
        following = number + 1 if number < self.pages else self.last_leads_to
        links = [] if following is None else [
            {"rel": "next", "href": f"{self.url}/search?page={following}", "method": "GET"}
        ]  # fmt: skip
        item = {"type": "Feature", "id": f"item{number}", "collection": "c", "properties": {}}
        return {"type": "FeatureCollection", "features": [item], "links": links}

    def _send(
        self,
        to: BaseHTTPRequestHandler,
        body: bytes,
        status: int = 200,
        headers: dict[str, str] | None = None,
        cut: bool = False,
    ) -> None:
        to.send_response(status)
        for name, value in (headers or {}).items():
            to.send_header(name, value)
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        to.wfile.write(body[:-20] if cut else body)
        to.close_connection = True


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Api]:
    own = Api(**getattr(request, "param", {"pages": 3}))
    thread = Thread(target=own.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield own
    finally:
        own.http.shutdown()
        own.http.server_close()
        thread.join()


def items_of(served: Api) -> list[str]:
    request = _api.Request(backoff=0.01)
    return [str(item["id"]) for item in _api.search(served.url, request)]


@pytest.mark.parametrize(
    "served",
    [
        {"pages": 1, "last_leads_to": 1},
        {"pages": 3, "last_leads_to": 3},
        {"pages": 3, "last_leads_to": 1},
    ],
    indirect=True,
)
def test_pages_without_an_end(served: Api) -> None:
    with collecting() as notes:
        found = items_of(served)
    assert found == [f"item{number}" for number in range(1, served.pages + 1)]
    assert served.searches == served.pages + 1
    (note,) = notes
    assert note.fate is Fate.GUESSED
    assert "the same page again and again" in note.reason


def test_pages_with_an_end_are_no_news(served: Api) -> None:
    with collecting() as notes:
        assert len(items_of(served)) == 3
    assert not len(notes)


def test_an_answer_that_breaks_off_is_asked_for_again(served: Api) -> None:
    served.truncate = {1, 3, 4}
    assert items_of(served) == ["item1", "item2", "item3"]
    assert served.searches == 6


def test_an_answer_that_always_breaks_off(served: Api) -> None:
    served.truncate = set(range(50))
    with pytest.raises(InputError, match="cannot be searched"):
        items_of(served)
    assert served.searches == 7


def test_a_long_pause_is_announced_and_cut(
    served: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience_module, "_NOTICED", 0.2)

    def short(**given: Any) -> Patience:
        return Patience(**given, longest_asked=0.3)

    monkeypatch.setattr(_api, "Patience", short)
    served.turn_away = {2: {"Retry-After": "3600"}}
    started = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert len(items_of(served)) == 3
    assert 0.3 <= time.monotonic() - started < 60
    (record,) = [each for each in caplog.records if "waiting" in each.message]
    assert "429" in record.message
    assert "it asks for 3600 s" in record.message
    assert served.url in record.message


def test_who_waits_ten_minutes_is_told(caplog: pytest.LogCaptureFixture) -> None:
    patience, error = Patience(), TryAgain("the server answers 429 Too Many Requests", 3600.0)
    pause = patience.pause(1, error.wait)
    assert pause == 600
    with caplog.at_level(logging.WARNING):
        announce("https://example.org/search", error, pause)
        announce("https://example.org/search", TryAgain("broke"), 1.0)
    (record,) = caplog.records
    assert record.message == (
        "https://example.org/search: the server answers 429 Too Many Requests; waiting 600 s "
        "(it asks for 3600 s) before it is tried again"
    )
