"""Objects of Azure: what is set for GDAL is enough, and a run is that on a disk."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from automap_tiles import raster
from automap_tiles.errors import ConfigError
from automap_tiles.storage import open_storage
from automap_tiles.storage._clients import _credentials, endpoint_of
from automap_tiles.storage.conditional import ChangedMeanwhile, GuardedStorage
from tests.engine.projects import AUTOMAP, DOUBLE, make_raster
from tests.storage.azure import CONTAINER


@pytest.fixture
def address(azure: str) -> str:
    """Below which nothing is."""
    assert azure
    return f"az://{CONTAINER}/{uuid4().hex}"


def test_of_two_that_write_one_fails(address: str) -> None:
    storage = GuardedStorage(address)
    first = storage.put_over("lock", b"1", None)
    assert storage.check_guard("lock", b"1", first) == first
    assert storage.is_guarded
    with pytest.raises(ChangedMeanwhile):
        storage.put_over("lock", b"2", None)
    second = storage.put_over("lock", b"2", first)
    with pytest.raises(ChangedMeanwhile):
        storage.put_over("lock", b"3", first)
    assert storage.get_version("lock") == (b"2", second)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("single", [False, True])
def test_a_run_to_and_from_it(address: str, tmp_path: Path, single: bool) -> None:
    """Tiles or one COG from a picture there: the same bytes, none made twice."""
    image = make_raster(tmp_path / "image.tif")
    open_storage(address).put("image.tif", image.read_bytes())
    (tmp_path / "double.py").write_text(DOUBLE)
    found = {}
    for name, source, output in (("here", str(image), str(tmp_path / "out")),
                                 ("there", f"{address}/image.tif", f"{address}/out")):  # fmt: skip
        ending = ".tif" if single else ""
        config = {
            "process": "./double.py",
            "input": {"image": source},
            "output": {"format": "GTiff", "path": f"{output}{ending}", "bands": 2,
                       "dtype": "uint16", **({"cog": True} if single else {})},
            "pyramid": {"grid": "geodetic"},
            "zoom_levels": 12,
        }  # fmt: skip
        place = tmp_path / name
        place.mkdir()
        (place / "double.py").write_text(DOUBLE)
        (place / "double.mapchete").write_text(json.dumps(config))
        for _ in range(2):
            done = subprocess.run(
                [*AUTOMAP, "execute", str(place / "double.mapchete"), "--no-progress", "-w", "2"],
                capture_output=True, text=True, timeout=100, check=False,
                env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        folder = open_storage(output.rpartition("/")[0])
        found[name] = {key: folder.get(key) for key in folder.list("out") if key.endswith(".tif")}
    assert found["here"]
    assert found["here"] == found["there"]
    assert raster.inspect(open_storage(address).url("image.tif")).count == 2


def test_a_connection_string_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    assert endpoint_of("az://c") is None
    assert _credentials("az://c") == {}
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "mine")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=x")
    assert _credentials("az://c") == {"account_name": "mine", "sas_key": "sv=1&sig=x"}
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING",
        "AccountName=a;AccountKey=b==;BlobEndpoint=http://127.0.0.1:1/a/;",
    )
    assert _credentials("az://c") == {"account_name": "a", "account_key": "b=="}
    assert endpoint_of("az://c") == "http://127.0.0.1:1/a"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "something else")
    with pytest.raises(ConfigError, match="connection string"):
        _credentials("az://c")
