"""Products in an object store: found and read like those of a folder, from a real S3 server."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.errors import InputError, MissingExtra
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.formats.scenes_reader import ScenesReader
from automap_tiles.grid import Pyramid
from automap_tiles.scenes.find import products
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.report import SearchReport
from automap_tiles.storage import open_storage
from tests.scenes.test_find import C2, FOUR, SAFE
from tests.scenes.test_real import stack_on
from tests.scenes.test_yaml_stack import ROMANIA
from tests.storage.s3 import BUCKET, S3Server

pytest.importorskip("obstore")

TWO = ("red", "swir1")


def upload(source: Path, address: str, only: Callable[[Path], bool] = Path.is_file) -> None:
    store = open_storage(address)
    for path in sorted(source.rglob("*")):
        if path.is_file() and only(path):
            store.put(str(path.relative_to(source)), path.read_bytes())


def reader_of(address: str) -> ScenesReader:
    options = {"bands": list(TWO)}
    spec = InputSpec(name="scenes", path=address, format="scenes", options=options)
    reader = open_input(spec, Path(), Pyramid.from_grid("mercator"))
    assert isinstance(reader, ScenesReader)
    return reader


def check_alike(remote: SearchReport, local: SearchReport, bands: tuple[str, ...] = TWO) -> None:
    """The same scenes but for their addresses, and the same pixels and masks."""
    assert remote.rejected == ()
    assert [scene.id for scene in remote.scenes] == [scene.id for scene in local.scenes]
    assert all(scene.band("red").href.startswith("/vsi") for scene in remote.scenes)
    for rule in (None, MaskRule()):
        found, wanted = (stack_on(each.scenes, bands, rule) for each in (remote, local))
        assert found.times == wanted.times
        np.testing.assert_array_equal(found.valid, wanted.valid)
        np.testing.assert_array_equal(found.values, wanted.values)


@pytest.mark.parametrize("name", [C2, SAFE])
def test_folders(s3: S3Server, shared: Path, name: str) -> None:
    address = f"s3://{BUCKET}/scenes/{Path(name).name}"
    upload(shared / "data" / name, address)
    remote = products(address, bands=TWO)
    check_alike(remote, products(shared / "data" / name, bands=TWO))
    assert all(scene.band("red").href.startswith("/vsis3/") for scene in remote.scenes)


@pytest.fixture(scope="module")
def archives(s3: S3Server, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of the store with a Landsat product as .tar and .tar.gz, a SAFE as .zip."""
    folder = tmp_path_factory.mktemp("archives")
    landsat, sentinel = shared / "data" / C2, shared / "data" / SAFE
    product = next(landsat.glob("*_MTL.txt")).name.removesuffix("_MTL.txt")
    for ending, mode in (("tar", "w"), ("tar.gz", "w:gz")):
        with tarfile.open(folder / f"{product}.{ending}", mode) as archive:  # type: ignore[call-overload]
            for path in sorted(landsat.iterdir()):
                archive.add(path, path.name)
    safe = next(sentinel.rglob("MTD_MSIL1C.xml")).parent
    with zipfile.ZipFile(folder / f"{safe.stem}.zip", "w") as packed:
        for path in sorted(safe.rglob("*")):
            packed.write(path, f"{safe.name}/{path.relative_to(safe)}")
    for kind in ("tar", "tar.gz", "zip"):
        address = f"s3://{BUCKET}/archives/{kind}"
        upload(folder, address, lambda path, kind=kind: path.name.endswith(f".{kind}"))  # type: ignore[misc]
    return f"s3://{BUCKET}/archives"


@pytest.mark.parametrize(("kind", "name"), [("tar", C2), ("zip", SAFE)])
def test_archives(archives: str, shared: Path, kind: str, name: str) -> None:
    """In a folder, and by their own address."""
    local = products(shared / "data" / name, bands=TWO)
    remote = products(f"{archives}/{kind}", bands=TWO)
    check_alike(remote, local)
    (key,) = open_storage(f"{archives}/{kind}").list()
    one = products(f"{archives}/{kind}/{key}", bands=TWO)
    assert one.scenes == remote.scenes


def test_a_packed_archive_is_unpacked_here(archives: str, shared: Path, tmp_path: Path) -> None:
    """Its windows could only be read from the beginning, each time over the network."""
    place = f"{archives}/tar.gz"
    ((_, reason),) = products(place, bands=TWO).rejected
    assert "unpack_to" in reason
    local = products(shared / "data" / C2, bands=TWO)
    for _ in range(2):  # the second time it is there
        found = products(place, bands=TWO, unpack_to=tmp_path)
        assert [scene.id for scene in found.scenes] == [scene.id for scene in local.scenes]
        assert found.scenes[0].band("red").href.startswith(str(tmp_path))


def test_a_broken_archive_is_set_aside(archives: str, s3: S3Server) -> None:
    place = f"s3://{BUCKET}/broken"
    source = open_storage(f"{archives}/zip")
    (key,) = source.list()
    open_storage(place).put(key, source.get(key)[:5000])
    ((name, reason),) = products(place, bands=TWO).rejected
    assert name == f"{place}/{key}"
    assert "cannot be read as an archive" in reason


def test_a_described_stack(s3: S3Server, shared: Path, tmp_path: Path) -> None:
    source = shared / "data/sentinel2/nrt_romania_l2a/derived_geotiff"
    address = f"s3://{BUCKET}/described/s2"
    local = tmp_path / "s2"
    local.mkdir()
    for path in source.glob("*_20180[45]0*.tif"):
        (local / path.name).symlink_to(path)
    (local / "scenes.yaml").write_text(ROMANIA)
    upload(local, address)
    wanted = products(local, bands=FOUR)
    assert len(wanted.scenes) == 3
    for place in (address, f"{address}/scenes.yaml", f"s3://{BUCKET}/described"):
        check_alike(products(place, bands=FOUR), wanted, FOUR)


def test_what_changed_is_noticed(s3: S3Server, shared: Path) -> None:
    """A run with other pixels under the same names is another run."""
    address = f"s3://{BUCKET}/changed"
    upload(shared / "data" / C2, address)

    first = reader_of(address).fingerprint()
    assert reader_of(address).fingerprint() == first
    store = open_storage(address)
    key = next(key for key in store.list() if key.endswith("_SR_B4.TIF"))
    store.put(key, store.get(key) + b"\0")
    assert reader_of(address).fingerprint() != first


@pytest.mark.parametrize("place", ["no-such-bucket/x", f"{BUCKET}/nothing", f"{BUCKET}/no.zip"])
def test_a_place_that_is_not_there(s3: S3Server, place: str) -> None:
    with pytest.raises(InputError, match=f"s3://{place}"):
        _ = reader_of(f"s3://{place}").found


@pytest.mark.parametrize("address", ["gs://bucket/x", "az://container/x"])
def test_other_stores_say_what_is_wrong(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server of theirs is there; that they are asked, and how it fails, is what can be seen."""
    for name, value in {
        "GOOGLE_SKIP_SIGNATURE": "true",
        "GOOGLE_BASE_URL": "http://127.0.0.1:9",
        "AZURE_STORAGE_ACCOUNT_NAME": "devstoreaccount1",
        "AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:9",
        "AZURE_SKIP_SIGNATURE": "true",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises((InputError, MissingExtra)) as caught:
        products(address, bands=TWO)
    assert address in str(caught.value)
