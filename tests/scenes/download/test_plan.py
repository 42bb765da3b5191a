"""What is to be fetched: files of scenes, their sizes, and whether they fit."""

from __future__ import annotations

import shutil
from collections import namedtuple
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automap_tiles.errors import InputError, OutputError
from automap_tiles.missions import BandFile, QualityFile, Scene
from automap_tiles.scenes.download import (
    Patience,
    RemoteFile,
    amount,
    check_space,
    fetch,
    fetched,
    files_of,
    files_of_all,
    measured,
    read_bytes,
    shares,
)
from automap_tiles.scenes.download import (
    _part as part,
)
from automap_tiles.scenes.download.address import kind_of, name_of, resolve, safe_name, shown
from automap_tiles.scenes.report import SearchReport
from tests.scenes.download.server import Fault, FileServer


def scene(name: str = "one", sensor: str = "sentinel-2a", day: int = 1, **more: object) -> Scene:
    base = f"https://example.org/{name}"
    is_landsat = sensor.startswith("landsat")
    names = ("B4", "B5") if is_landsat else ("B04", "B08")
    bands = {band: BandFile(href=f"{base}/{band}.tif", size=1000) for band in names}
    return Scene(
        id=name,
        sensor=sensor,
        time=datetime(2020, 1, day, tzinfo=UTC),
        bands=bands,
        quality=(QualityFile(layer="scl", href=f"{base}/SCL.tif", size=100),),
        **more,  # type: ignore[arg-type]
    )


def test_files_of_a_scene() -> None:
    files = files_of(scene(access="planetary-computer"))
    assert [file.target for file in files] == ["one/B04.tif", "one/B08.tif", "one/SCL.tif"]
    assert {(file.scene, file.access) for file in files} == {("one", "planetary-computer")}
    assert [file.target for file in files_of(scene(), ["nir"])] == ["one/B08.tif", "one/SCL.tif"]
    with pytest.raises(InputError, match="has no blue"):
        files_of(scene(), ["blue"])


def test_names_are_unique_and_stay() -> None:
    """Sentinel-2 has the same file name in several folders; a stack has all bands in one file."""
    bands = {
        "B04": BandFile(href="s3://b/R10m/x.jp2"),
        "B08": BandFile(href="s3://b/R20m/X.jp2"),
        "B11": BandFile(href="https://h/stack.tif?a=1", index=1),
        "B12": BandFile(href="https://h/stack.tif?a=1", index=2),
    }
    own = replace(scene(), bands=bands)
    targets = {file.href: file.target for file in files_of(own)}
    assert sorted(targets.values()) == [
        "one/2_X.jp2", "one/SCL.tif", "one/stack.tif", "one/x.jp2",
    ]  # fmt: skip
    some = {file.href: file.target for file in files_of(own, ["B08", "B12"])}
    assert some.items() <= targets.items()


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "a/b", "..", ".", "", "\x00", "ü/ß"])
def test_names_of_a_catalogue_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    own = replace(scene(), id=name, bands={"B04": BandFile(href=f"https://h/{name}")}, quality=())
    (file,) = files_of(own)
    target = (tmp_path / file.target).resolve()
    assert target.is_relative_to(tmp_path)
    assert len(target.relative_to(tmp_path).parts) == 2
    assert not any(part.startswith(".") for part in Path(file.target).parts)


def test_the_scene_when_it_is_there(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    far = replace(
        scene(),
        access=None,
        bands={name: BandFile(href=server.put(f"/{name}.tif", name.encode()), index=2)
               for name in ("B04", "B08")},
        quality=(QualityFile(layer="scl", href=server.put("/SCL.tif", b"scl")),),
    )  # fmt: skip
    list(fetch(files_of(far, ["red"]), tmp_path, patience=hurry))
    near = fetched(far, tmp_path, ["red"])
    assert set(near.bands) == {"B04"}
    assert near.band("red").index == 2
    assert Path(near.band("red").href).read_bytes() == b"B04"
    assert Path(near.quality[0].href).read_bytes() == b"scl"
    assert near.access is None
    assert set(fetched(far, tmp_path).bands) == {"B04", "B08"}


def test_angles_come_too(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    """Landsat's sun angle for every pixel, which reflectance is made with."""
    angles = {"sun_zenith": server.put("/SZA.TIF", b"sun"), "view_zenith": f"{server.url}/VZA.TIF"}
    bands = {"B4": BandFile(href=server.put("/B4.TIF", b"B4"))}
    far = replace(
        scene(sensor="landsat-8"),
        bands=bands,
        quality=(),
        metadata={"angles": angles, "tier": "T1"},
    )
    done = list(fetch(files_of(far), tmp_path, patience=hurry))
    assert {one.file.target for one in done} == {"one/B4.TIF", "one/SZA.TIF"}
    near = fetched(far, tmp_path)
    assert near.metadata == {"tier": "T1", "angles": {"sun_zenith": str(tmp_path / "one/SZA.TIF")}}
    assert Path(near.metadata["angles"]["sun_zenith"]).read_bytes() == b"sun"


def test_amounts(tmp_path: Path) -> None:
    found = SearchReport(
        scenes=(
            scene("a", day=1), scene("b", day=5), scene("c", "landsat-8", day=3),
        )
    )  # fmt: skip
    files = files_of_all(found)
    whole = amount(files, tmp_path)
    assert (whole.files, whole.bytes, whole.missing, whole.unknown) == (9, 6300, 6300, 0)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/B04.tif").write_bytes(b"x" * 1000)
    (tmp_path / "a/B08.tif").write_bytes(b"x" * 10)  # of another size: to be fetched again
    with part.open_part(tmp_path / "b/B04.tif") as growing:
        growing.begin(part.Origin(origin="x"))
        growing.append(b"y" * 400)
    assert amount(files, tmp_path).missing == 6300 - 1000 - 400
    by_satellite = {share.satellite: share for share in shares(found, files, tmp_path)}
    assert by_satellite["sentinel-2"].scenes == 2
    assert (by_satellite["sentinel-2"].first.day, by_satellite["sentinel-2"].last.day) == (1, 5)
    assert by_satellite["sentinel-2"].amount.bytes == 4200
    assert by_satellite["landsat-8"].amount.missing == 2100


def test_sizes_that_no_catalogue_gives(server: FileServer, tmp_path: Path) -> None:
    local = tmp_path / "local.tif"
    local.write_bytes(b"1234567")
    server.faults["/busy"] = [Fault(503)]
    hrefs = {
        server.put("/a", b"12345"): 5,
        server.put("/empty", b""): 0,
        f"{server.url}/absent": None,
        server.put("/busy", b"1"): None,
        str(local): 7,
        str(tmp_path / "absent"): None,
    }
    files = [RemoteFile(href=href, target=str(n)) for n, href in enumerate(hrefs)]
    assert [file.size for file in measured(files)] == list(hrefs.values())
    # a byte is enough to know, and what is known is not asked for
    assert server.sent.total() <= 2
    server.asked.clear()
    assert measured([replace(files[0], size=9)])[0].size == 9
    assert not server.asked


def test_sizes_of_a_server_without_ranges(server: FileServer) -> None:
    server.ranges = False
    file = RemoteFile(href=server.put("/a", b"x" * 1000), target="a")
    assert measured([file])[0].size == 1000


def test_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [RemoteFile(href="x", target="x", size=10**9)]
    usage = namedtuple("usage", "total used free")
    for free, fits in ((10**10, True), (10**9, False), (0, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage(0, 0, free))
        wanted = amount(files, tmp_path / "not" / "yet")
        if fits:
            check_space(wanted, tmp_path / "not" / "yet")
        else:
            with pytest.raises(OutputError, match=r"1\.0 GB are to be fetched"):
                check_space(wanted, tmp_path / "not" / "yet")
    assert not (tmp_path / "not").exists()


def test_small_files(server: FileServer, tmp_path: Path) -> None:
    hurry = Patience(attempts=3, first=0.01)
    server.faults["/a"] = [Fault(503), Fault(cut_after=2)]
    assert read_bytes(server.put("/a", b"12345"), patience=hurry) == b"12345"
    server.faults["/a"] = [Fault(503)] * 3
    with pytest.raises(InputError, match="503"):
        read_bytes(f"{server.url}/a", patience=hurry)
    with pytest.raises(InputError, match="larger than 4"):
        read_bytes(f"{server.url}/a", largest=4)
    (tmp_path / "x").write_bytes(b"x")
    assert read_bytes(str(tmp_path / "x")) == b"x"
    with pytest.raises(InputError, match="no such file"):
        read_bytes(str(tmp_path / "y"))


@pytest.mark.parametrize(
    ("base", "href", "resolved"),
    [
        ("/a/b/item.json", "B04.tif", "/a/b/B04.tif"),
        ("/a/b/item.json", "./c/../../B04.tif", "/a/B04.tif"),
        ("/a/b/item.json", "/x.tif", "/x.tif"),
        ("item.json", "B04.tif", "B04.tif"),
        ("../item.json", "../B04.tif", "../../B04.tif"),
        ("file:///a/b/item.json", "B04.tif", "file:///a/b/B04.tif"),
        ("https://h/a/item.json?x=1", "../B04.tif", "https://h/B04.tif"),
        ("s3://bucket/a/item.json", "./B04.tif", "s3://bucket/a/B04.tif"),
        ("/a/item.json", "https://h/B04.tif", "https://h/B04.tif"),
        ("/a/item.json", "/vsitar/x.tar/B04.tif", "/vsitar/x.tar/B04.tif"),
    ],
)
def test_links(base: str, href: str, resolved: str) -> None:
    assert resolve(base, href) == resolved


def test_addresses() -> None:
    assert kind_of("https://h/x") == kind_of("http://h/x") == "http"
    assert kind_of("s3://b/x") == "object"
    assert kind_of("/a/b") == kind_of("file:///a/b") == kind_of("C:/x") == "file"
    with pytest.raises(InputError, match="ftp"):
        kind_of("ftp://h/x")
    assert shown("https://me:pass@h/x.tif?sig=abc") == "https://h/x.tif?…"
    assert shown("/plain?x.tif") == "/plain?x.tif"
    assert name_of("https://h/a/b%20c.tif?x=/y") == "b_c.tif"
    assert name_of("s3://b/a/B04.tif") == name_of("/a/B04.tif") == "B04.tif"
    assert safe_name("S2A_MSIL2A.SAFE") == "S2A_MSIL2A.SAFE"
