"""From a catalogue over files behind http to pixels: the whole way, with a real Landsat product."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.missions import COMMON
from automap_tiles.scenes.catalogue import SearchOptions, search
from automap_tiles.scenes.download import (
    FetchStatus,
    Patience,
    amount,
    fetch,
    fetched,
    files_of_all,
    measured,
)
from tests.scenes.download.server import Fault, FileServer


@pytest.fixture
def product(shared: Path) -> Path:
    return shared / "data" / "landsat" / "rio_tiler_pds_LC08_001062_C2_L2SP_600m"


def catalogue(server: FileServer, product: Path, *, spoiled: str | None = None) -> str:
    """The product's own item, its links changed to the server's, with sizes and checksums."""
    item = json.loads(next(product.glob("*_SR_stac.json")).read_text())
    there = {path.name: path for path in product.iterdir()}
    for key, asset in list(item["assets"].items()):
        name = asset["href"].rpartition("/")[2]
        if name not in there:
            del item["assets"][key]
            continue
        data = there[name].read_bytes()
        digest = hashlib.sha512(b"other" if key == spoiled else data).hexdigest()
        asset["href"] = f"./files/{name}"
        asset["file:checksum"] = f"1340{digest}"
        asset["file:size"] = len(data)
        server.put(f"/stac/files/{name}", data)
    return server.put("/stac/item.json", json.dumps(item).encode())


def test_from_item_to_reflectance(
    server: FileServer, product: Path, tmp_path: Path, hurry: Patience
) -> None:
    found = search(catalogue(server, product), options=SearchOptions(bands=COMMON, verify="never"))
    assert len(found.scenes) == 1
    files = files_of_all(found, COMMON)
    names = {file.target.rpartition("_")[2] for file in files}
    assert names >= {"B2.TIF", "B7.TIF", "PIXEL.TIF", "RADSAT.TIF"}
    assert "B1.TIF" not in names
    for file in files:
        path = file.href.removeprefix(server.url)
        server.faults[path] = [Fault(503), Fault(cut_after=20_000)]
    assert measured(files) == files  # the catalogue tells
    wanted = amount(files, tmp_path)
    assert wanted.missing == sum(
        (product / Path(file.target).name).stat().st_size for file in files
    )
    done = list(fetch(files, tmp_path, patience=hurry))
    assert {one.status for one in done} == {FetchStatus.FETCHED}
    assert amount(files, tmp_path).missing == 0
    scene = fetched(found.scenes[0], tmp_path, COMMON)
    for name in COMMON:
        band = scene.band(name)
        with rasterio.open(band.href) as pixels:
            numbers = pixels.read(1)
        with rasterio.open(product / Path(band.href).name) as original:
            assert (numbers == original.read(1)).all()
        assert band.scaling is not None
        reflectance = np.asarray(band.scaling.apply(numbers))
        expected = np.where(numbers == 0, np.nan, numbers * 2.75e-5 - 0.2)
        np.testing.assert_allclose(reflectance, expected, atol=1e-6)


def test_one_file_is_not_what_the_catalogue_says(
    server: FileServer, product: Path, tmp_path: Path, hurry: Patience
) -> None:
    found = search(
        catalogue(server, product, spoiled="SR_B4.TIF"), options=SearchOptions(verify="never")
    )
    done = list(fetch(files_of_all(found), tmp_path, patience=hurry))
    failed = [one for one in done if one.status is FetchStatus.FAILED]
    assert [one.path.name[-9:] for one in failed] == ["SR_B4.TIF"]
    assert "checksum" in str(failed[0].error)
    assert not failed[0].path.exists()
    assert len(list(tmp_path.rglob("*.TIF"))) == len(done) - 1
