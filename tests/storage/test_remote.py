"""Object stores: nothing secret is shown, errors are told apart."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.errors import InputError, MissingExtra, OutputError
from automap_tiles.formats import InputSpec, RasterInput
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Pyramid
from automap_tiles.storage import _clients, _retries, is_remote, open_storage
from tests.storage.s3 import BUCKET, S3Server


def test_which_paths_are_remote() -> None:
    assert all(map(is_remote, ("s3://bucket/x", "gs://bucket", "az://container/y")))
    assert not any(map(is_remote, ("/s3/x", "x.tif", "https://host/x.tif", "C:/x", "s3:/x")))


def test_what_gdal_opens() -> None:
    pytest.importorskip("obstore")
    assert open_storage("s3://bucket/folder/").url("1/2/3.tif") == "/vsis3/bucket/folder/1/2/3.tif"
    assert open_storage("gs://bucket").url("a") == "/vsigs/bucket/a"
    assert open_storage("az://container").url("") == "/vsiaz/container"


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(MissingExtra, match=r"automap-tiles\[s3\]"):
        open_storage("s3://bucket/x")


def test_wrong_keys_say_so_and_show_nothing(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "not-the-secret-0123456789"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    storage = open_storage(f"s3://{BUCKET}/wrong-keys")
    asks = (
        lambda: storage.get("x"),
        lambda: storage.put("x", b""),
        lambda: storage.exists("x"),
        lambda: storage.delete("x"),
        lambda: list(storage.list()),
    )
    for ask in asks:
        with pytest.raises((InputError, OutputError), match="403") as caught:
            ask()
        said = repr(caught.value) + str(caught.value) + repr(storage)
        assert secret not in said
        assert s3.environment["AWS_SECRET_ACCESS_KEY"] not in said
        assert secret.encode() not in pickle.dumps(caught.value) + pickle.dumps(storage)


def test_signatures_in_addresses_are_left_out() -> None:
    error = ValueError("GET https://x.blob.core.windows.net/a?sv=2024&sig=abc%2Fdef failed")
    assert "sig" not in _clients.reason_of(error)
    assert "failed" in _clients.reason_of(error)


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("obstore")
    monkeypatch.setenv("AWS_S3_ENDPOINT", "127.0.0.1:9")
    monkeypatch.setenv("AWS_HTTPS", "NO")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setattr(_retries, "ATTEMPTS", 1)
    with pytest.raises(InputError, match="nobody/there"):
        open_storage("s3://nobody/there").get("x")


def test_gdal_reads_what_was_put(s3: S3Server, tmp_path: Path) -> None:
    values = np.arange(256 * 256, dtype="uint16").reshape(1, 256, 256)
    tile = Pyramid.from_grid("geodetic").tile(4, 3, 5)
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", count=1, height=256, width=256, dtype="uint16",
        crs=tile.crs, transform=tile.transform,
    ) as file:  # fmt: skip
        file.write(values)
    open_storage(f"s3://{BUCKET}").put("gdal/a.tif", (tmp_path / "a.tif").read_bytes())
    spec = InputSpec.from_value("a", f"s3://{BUCKET}/gdal/a.tif")
    reader = open_input(spec, tmp_path, tile.pyramid)
    found = reader.at(tile)
    assert isinstance(found, RasterInput)
    assert (found.read().data == values).all()
    before = reader.fingerprint()
    assert reader.fingerprint() == before
    open_storage(f"s3://{BUCKET}").put("gdal/a.tif", b"another")
    assert reader.fingerprint() != before
    open_storage(f"s3://{BUCKET}").delete("gdal/a.tif")
    with pytest.raises(InputError, match="no such file"):
        reader.fingerprint()
