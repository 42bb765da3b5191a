"""Scenes of a catalogue whose files are behind HTTP: fetched, prepared, gone again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.scenes import find, prepare
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import parameters as rules
from automap_tiles.workflows.automap._check import plans
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.preparing import SceneStatus
from tests.scenes.download.server import Fault, FileServer
from tests.workflows.automap.conftest import run_download

pytest.importorskip("requests")

SOURCE = "data/landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as running:
        yield running


@pytest.fixture
def run(shared: Path, server: FileServer, tmp_path: Path) -> rules.RunParameters:
    """A run over a catalogue of one scene."""
    folder = shared / SOURCE
    (item_file,) = folder.glob("*_SR_stac.json")
    item = json.loads(item_file.read_text())
    for name, asset in list(item["assets"].items()):
        file = folder / asset["href"].rpartition("/")[2]
        if not file.is_file():
            del item["assets"][name]
            continue
        server.files[f"/{file.name}"] = file.read_bytes()
        asset["href"] = f"{server.url}/{file.name}"
        asset.pop("alternate", None)
        for key in [key for key in asset if key.startswith("file:")]:
            del asset[key]  # of the original, not of the resampled file
    catalogue = tmp_path / "items.json"
    catalogue.write_text(json.dumps(item))
    (scene,) = find.products(folder).scenes
    assert scene.footprint is not None
    return rules.RunParameters(
        mode=rules.Mode.DOWNLOAD,
        satellites=frozenset({"landsat-8"}),
        period=rules.parse_dates("2020-10-01", "2020-11-30"),
        area=scene.footprint,
        source=str(catalogue),
        output=Address.of(tmp_path / "out"),
    )


def test_fetched_prepared_and_gone(
    run: rules.RunParameters, shared: Path, server: FileServer, tmp_path: Path
) -> None:
    (plan,) = plans(run, discover(run))
    assert plan.scenes == 1
    assert plan.to_fetch == plan.bytes > 0
    (done,) = run_download(run).values()
    assert (done.status, done.error) == (SceneStatus.WRITTEN, None)
    assert done.fetched == done.to_json()["fetched_bytes"] == plan.to_fetch
    (picture,) = (Path(run.output.text) / "landsat-8" / "scenes").glob("*.tif")
    (scene,) = find.products(shared / SOURCE).scenes
    prepare.write(tmp_path / "local.tif", scene, run.area)
    with rasterio.open(picture) as one, rasterio.open(tmp_path / "local.tif") as other:
        np.testing.assert_array_equal(one.read(), other.read())
    assert not list((Path(run.output.text) / "landsat-8" / ".fetched").rglob("*.TIF"))
    requests = len(server.asked)
    (again,) = run_download(run).values()
    assert again.status is SceneStatus.THERE
    assert again.fetched == 0
    assert "fetched_bytes" not in again.to_json()
    assert not [asked for asked in server.asked[requests:] if asked.path.endswith(".TIF")]


def test_a_file_that_is_not_there(run: rules.RunParameters, server: FileServer) -> None:
    found = [path for path in server.files if path.endswith("_SR_B4.TIF")]
    server.faults[found[0]] = [Fault(status=404)] * 50
    (done,) = run_download(run).values()
    assert done.status is SceneStatus.FAILED
    assert "B4" in (done.error or "")
    server.faults.clear()
    (again,) = run_download(replace(run)).values()
    assert again.status is SceneStatus.WRITTEN
    assert done.fetched > 0  # also what came for nothing is paid for, each byte once
    assert again.fetched == len(server.files[found[0]])
