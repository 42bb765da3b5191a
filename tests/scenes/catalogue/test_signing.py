"""Signed links: one token for a container, renewed in time, and never shown."""

from __future__ import annotations

import json
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from automap_tiles import raster
from automap_tiles.errors import InputError, without_signatures
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.catalogue import signing
from automap_tiles.scenes.catalogue.convert import sketch, to_scene
from automap_tiles.scenes.catalogue.item import read_item
from automap_tiles.scenes.catalogue.signing import Signer
from automap_tiles.scenes.download import Patience, RemoteFile, fetch, files_of
from tests.scenes.catalogue.conftest import load
from tests.scenes.download.server import FileServer

FILE = "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/06/V/B04.tif"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Service:
    """Gives tokens of an hour."""

    def __init__(self) -> None:
        self.now = START
        self.asked: list[str] = []

    def __call__(self, href: str) -> bytes:
        self.asked.append(href)
        expiry = (self.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps(
            {"msft:expiry": expiry, "token": f"st=a&sig=number%2F{len(self.asked)}"}
        ).encode()

    def signer(self) -> Signer:
        return Signer(self, lambda: self.now)


def test_a_token_for_each_container() -> None:
    service = Service()
    sign = service.signer()
    assert sign(FILE) == f"{FILE}?st=a&sig=number%2F1"
    assert sign(FILE.replace("B04", "B08")).endswith("B08.tif?st=a&sig=number%2F1")
    assert sign(FILE.replace("sentinel2-l2/", "other/")).endswith("number%2F2")
    base = "https://planetarycomputer.microsoft.com/api/sas/v1/token/sentinel2l2a01"
    assert service.asked == [f"{base}/sentinel2-l2", f"{base}/other"]


def test_renewed_before_it_expires() -> None:
    service = Service()
    sign = service.signer()
    sign(FILE)
    service.now += timedelta(minutes=50)
    assert sign(FILE).endswith("number%2F1")
    service.now += timedelta(minutes=6)
    assert sign(FILE).endswith("number%2F2")


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org/B04.tif",
        "https://blob.core.windows.net.example.org/x/B04.tif",
        "s3://bucket/B04.tif",
        "/data/B04.tif",
        f"{FILE}?sv=1&sig=already",
        "https://ai4edatasetspublicassets.blob.core.windows.net/assets/pc_thumbnails/a.png",
    ],
)
def test_left_alone(href: str) -> None:
    service = Service()
    assert service.signer()(href) == href
    assert not service.asked


def test_asked_once_by_many_threads() -> None:
    service = Service()
    sign = service.signer()
    with ThreadPoolExecutor(16) as pool:
        links = set(pool.map(sign, [FILE] * 200))
    assert len(links) == 1
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'{"token": "secret"}', b'{"token": "secret", "msft:expiry": 7}']
)
def test_no_token(answer: bytes) -> None:
    with pytest.raises(InputError, match="no token") as caught:
        Signer(lambda href: answer)(FILE)
    assert "secret" not in str(caught.value) + repr(caught.value)


def test_tokens_are_not_shown() -> None:
    service = Service()
    sign = service.signer()
    sign(FILE)
    assert "number" not in repr(sign) + repr(sign._tokens)


def test_the_service_itself(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real answer over http, with the subscription key where there is one."""
    expiry = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = json.dumps({"msft:expiry": expiry, "token": "sig=t"}).encode()
    server.put("/sas/token/sentinel2l2a01/sentinel2-l2", answer)
    monkeypatch.setenv("PC_SDK_SAS_URL", f"{server.url}/sas/")
    assert Signer()(FILE) == f"{FILE}?sig=t"
    assert server.asked[0].query == ""
    monkeypatch.setenv("PC_SDK_SUBSCRIPTION_KEY", "my-key")
    Signer()(FILE)
    assert server.asked[1].query == "subscription-key=my-key"


def test_a_scene_travels_without_signature(odc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load(odc / "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json")
    service = Service()
    monkeypatch.setattr(signing, "_default", service.signer())
    scene = to_scene(sketch(read_item(data, "/x"), "planetary-computer"), lambda href: b"")
    link = resolve(scene.band("red").href, scene.access)
    assert link.endswith("sig=number%2F1")
    assert b"number" not in pickle.dumps(scene)
    assert {file.access for file in files_of(scene, ["red"])} == {"planetary-computer"}
    with pytest.raises(InputError, match="unknown way"):
        resolve(FILE, "nobody")


def test_what_cannot_be_opened_is_named_without_signature(tmp_path: Path) -> None:
    """Pixels are read through signed links; GDAL's messages repeat them."""
    link = "https://127.0.0.1:9/a/B04.tif?sv=1&sig=secret-word"
    with pytest.raises(InputError) as caught:
        raster.inspect(link)
    error = caught.value
    assert "127.0.0.1:9/a/B04.tif" in str(error)
    said = [str(error), repr(error), error.message, str(error.path)]
    assert not any("secret-word" in text for text in said)
    assert b"secret-word" not in pickle.dumps(error)
    whole = "".join(traceback.format_exception(error))
    assert "secret-word" not in without_signatures(whole)
    plain = InputError("what?", tmp_path / "a?b.tif")
    assert str(plain) == f"{tmp_path}/a?b.tif: what?"
    assert "me:pass" not in str(InputError("no", "https://me:pass@host/x"))


def test_signed_anew_at_every_attempt(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that has expired in the middle of a long download does not end it."""
    data = bytes(range(256)) * 4000
    server.put("/a.tif", data)
    links = iter([f"{server.url}/a.tif?old", f"{server.url}/a.tif?new", f"{server.url}/a.tif?new"])
    monkeypatch.setattr(signing, "_default", lambda href: next(links))
    from tests.scenes.download.server import Fault

    server.faults["/a.tif"] = [Fault(cut_after=300_000)]
    file = RemoteFile(href=FILE, target="a.tif", access="planetary-computer")
    (done,) = fetch([file], tmp_path, patience=Patience(first=0.01))
    assert done.error is None
    assert (tmp_path / "a.tif").read_bytes() == data
    assert [asked.query for asked in server.asked] == ["old", "new"]
    assert server.asked[1].range == "bytes=300000-"
