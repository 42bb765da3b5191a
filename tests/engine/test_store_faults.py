"""`automap execute` to and from a store of which one request in ten fails."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from automap_tiles.storage import open_storage
from tests.engine.projects import AUTOMAP, DOUBLE, make_raster
from tests.storage.faults import KINDS, faulty
from tests.storage.s3 import BUCKET, S3Server

QUICK = {"GDAL_HTTP_LOW_SPEED_TIME": "1", "GDAL_HTTP_RETRY_DELAY": "0.1"}


def execute(
    place: Path, source: str, output: dict[str, Any], endpoint: str | None = None
) -> subprocess.CompletedProcess[str]:
    """On a machine that knows nothing."""
    place.mkdir()
    (place / "double.py").write_text(DOUBLE)
    is_single = output["path"].endswith(".tif")
    config = {
        "process": "./double.py",
        "input": {"image": source},
        "output": {"format": "GTiff", "bands": 2, "dtype": "uint16", **output},
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": 13 if is_single else {"min": 10, "max": 13},
        "baselevels": {"min": 13, "max": 13, "lower": "average"},
    }
    (place / "double.mapchete").write_text(json.dumps(config))
    own = {"XDG_CACHE_HOME": str(place / "cache")}
    if endpoint is not None:
        own |= {**QUICK, "AWS_S3_ENDPOINT": endpoint}
    return subprocess.run(
        [*AUTOMAP, "execute", str(place / "double.mapchete"), "--no-progress", "-w", "2"],
        capture_output=True, text=True, timeout=280, check=False, env={**os.environ, **own},
    )  # fmt: skip


def tiles(folder: str, prefix: str) -> dict[str, bytes]:
    storage = open_storage(folder)
    return {key: storage.get(key) for key in storage.list(prefix) if key.endswith(".tif")}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["out", "out.tif"])
def test_the_same_bytes(s3: S3Server, tmp_path: Path, name: str) -> None:
    """Directory of tiles and single COG; nothing is half there, and a second run makes nothing."""
    image, there = make_raster(tmp_path / "image.tif"), f"s3://{BUCKET}/{uuid4().hex}"
    open_storage(there).put("image.tif", image.read_bytes())
    single = {"cog": True} if name.endswith(".tif") else {}
    done = execute(tmp_path / "a", str(image), {"path": str(tmp_path / name), **single})
    assert done.returncode == 0, done.stderr
    wanted = tiles(str(tmp_path), name)
    assert wanted
    with faulty(s3.endpoint, 10, 20261201) as store:
        order = {"path": f"{there}/{name}", **single}
        done = execute(tmp_path / "b", f"{there}/image.tif", order, store.endpoint)
        assert done.returncode == 0, done.stderr
        assert len(store.faults().keys() & {*KINDS}) >= 5
        assert tiles(there, name) == wanted
        assert "Repeated: " in done.stderr
        again = execute(tmp_path / "c", f"{there}/image.tif", order, store.endpoint)
        assert again.returncode == 0, again.stderr
        assert "0 written" in again.stdout + again.stderr


@pytest.mark.timeout(120)
def test_a_store_that_fails_for_ever(s3: S3Server, tmp_path: Path) -> None:
    """One clear error in place of a traceback, and what is there stays."""
    image, there = make_raster(tmp_path / "image.tif"), f"s3://{BUCKET}/{uuid4().hex}"
    with faulty(s3.endpoint, 1, 1, kinds=["503"]) as store:
        done = execute(tmp_path / "b", str(image), {"path": f"{there}/out"}, store.endpoint)
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stderr
    assert there in done.stderr
    assert "503" in done.stderr
    assert "asked again" in done.stderr


@pytest.mark.timeout(300)
def test_lists_of_some_moments_ago(s3: S3Server, tmp_path: Path) -> None:
    """Every list lacks what is new: no tile of a single file is lost for that."""
    image, there = make_raster(tmp_path / "image.tif"), f"s3://{BUCKET}/{uuid4().hex}"
    done = execute(tmp_path / "a", str(image), {"path": str(tmp_path / "out.tif"), "cog": True})
    assert done.returncode == 0, done.stderr
    with faulty(s3.endpoint, 1, 1, kinds=["stale list"]) as store:
        order = {"path": f"{there}/out.tif", "cog": True}
        done = execute(tmp_path / "b", str(image), order, store.endpoint)
        assert done.returncode == 0, done.stderr
        assert store.faults()["stale list"]
    assert tiles(there, "out.tif") == tiles(str(tmp_path), "out.tif")
