"""What a raster may make GDAL open: what is in the file, never an address that it names."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.env import get_gdal_config
from rasterio.transform import from_origin

from automap_tiles.errors import InputError
from automap_tiles.grid import Pyramid
from automap_tiles.raster import close_all, decode, ensure_env, inspect, read
from automap_tiles.raster._virtual import bands_of
from automap_tiles.raster.datasets import open_source
from automap_tiles.raster.drivers import REFERRING, SELF_CONTAINED, drivers_for
from automap_tiles.raster.source import describe

# In a process of its own: GDAL waits for the answer while it holds the interpreter.
_SERVER = """
import http.server, pathlib, sys
folder = pathlib.Path(sys.argv[1])
class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args):
        super().__init__(*args, directory=folder / "public")
    def log_message(self, *args):
        with (folder / "asked").open("a") as file:
            file.write(self.path + "\\n")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Web:
    folder: Path
    port: int

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def asked(self) -> list[str]:
        log = self.folder / "asked"
        return log.read_text().split() if log.exists() else []


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A server that keeps what it was asked for."""
    (tmp_path / "public").mkdir()
    command = [sys.executable, "-c", _SERVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield Web(tmp_path, int(server.stdout.readline()))
        server.terminate()
    close_all()


def virtual(named: str) -> str:
    return (
        '<VRTDataset rasterXSize="32" rasterYSize="32"><SRS>EPSG:3857</SRS>'
        "<GeoTransform>0,1,0,0,0,-1</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{named}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def wms(address: str) -> str:
    return (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{address}</ServerUrl></Service><DataWindow>'
        "<UpperLeftX>-20037508</UpperLeftX><UpperLeftY>20037508</UpperLeftY>"
        "<LowerRightX>20037508</LowerRightX><LowerRightY>-20037508</LowerRightY>"
        "<TileLevel>2</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY></DataWindow>"
        "<Projection>EPSG:3857</Projection><BandsCount>3</BandsCount></GDAL_WMS>"
    )


def plain(path: Path, size: int = 64) -> Path:
    profile = {"driver": "GTiff", "count": 1, "height": size, "width": size, "dtype": "uint8"}
    with rasterio.open(
        path, "w", **profile, crs="EPSG:3857", transform=from_origin(5, 5, 1, 1)
    ) as file:
        file.write(np.full((1, size, size), 9, np.uint8))
    return path


TILE = Pyramid.from_grid("mercator").tile(17, 65535, 65536)


def touch(path: str | Path) -> None:
    """All that this package does with a raster: look, read, read coarsely."""
    inspect(path)
    for resampling in ("nearest", "average"):
        read(path, TILE, resampling=resampling)
        read(path, Pyramid.from_grid("mercator").tile(3, 3, 4), resampling=resampling)


@pytest.mark.parametrize("name", ["r.tif", "r.TIF", "r", "r.jp2", "vrt.tiff", "r.vrt.tif", "r.png"])
@pytest.mark.parametrize("lead", ["", "\n  "])
def test_a_virtual_raster_by_another_name(web: Web, name: str, lead: str) -> None:
    path = web.folder / name
    path.write_text(lead + virtual("/vsicurl/" + web.address("secret.tif")))
    with pytest.raises(InputError, match=r"is a virtual raster.* end with \.vrt"):
        touch(path)
    assert web.asked() == []


def test_other_texts_that_name_addresses(web: Web) -> None:
    path = web.folder / "r.tif"
    path.write_text(wms(web.address("${z}/${x}/${y}.png")))
    with pytest.raises(InputError, match="cannot be opened"):
        touch(path)
    assert web.asked() == []


def test_a_virtual_raster_by_its_name(web: Web) -> None:
    plain(web.folder / "public" / "there.tif", 32)
    path = web.folder / "mine.vrt"
    path.write_text(virtual("/vsicurl/" + web.address("there.tif")))
    assert inspect(path).shape == (32, 32)
    grid = inspect(path).grid
    assert (read(path, grid).data == 9).all()
    assert "/there.tif" in " ".join(web.asked())


def test_never_from_elsewhere(web: Web) -> None:
    inner = web.address("secret.tif")
    public = web.folder / "public"
    (public / "r.vrt").write_text(virtual("/vsicurl/" + inner))
    (public / "r.tif").write_text(virtual("/vsicurl/" + inner))
    for address in (web.address("r.vrt"), web.address("r.tif"), "/vsicurl/" + web.address("r.vrt")):
        with pytest.raises(InputError):
            touch(address)
    with pytest.raises(InputError, match="files of this machine only"):
        inspect(web.address("r.vrt"))
    assert not [path for path in web.asked() if "secret" in path]
    plain(public / "good.tif")
    assert inspect(web.address("good.tif")).shape == (64, 64)


def test_tiles_as_bytes(web: Web) -> None:
    content = virtual("/vsicurl/" + web.address("secret.tif")).encode()
    with pytest.raises(InputError, match="cannot be decoded"):
        decode(content)
    path = web.folder / "tile.png"
    path.write_bytes(content)
    with pytest.raises(InputError):
        decode(path)
    assert web.asked() == []


def test_archives(web: Web) -> None:
    import zipfile

    with zipfile.ZipFile(web.folder / "a.zip", "w") as archive:
        archive.writestr("r.vrt", virtual("/vsicurl/" + web.address("secret.tif")))
        archive.write(plain(web.folder / "good.tif"), "good.tif")
    with pytest.raises(InputError):
        touch(f"/vsizip/{web.folder}/a.zip/r.vrt")
    assert inspect(f"/vsizip/{web.folder}/a.zip/good.tif").shape == (64, 64)
    assert web.asked() == []


@pytest.mark.parametrize("end", [".ovr", ".msk", ".OVR", ".MSK", ".ovr.ovr", ".msk.ovr"])
def test_side_files(web: Web, end: str) -> None:
    path = plain(web.folder / "r.tif")
    first = Path(f"{path}{end[:4]}")
    if first != Path(f"{path}{end}"):
        plain(first, 32 if end.startswith(".ovr") else 64)
    beside = Path(f"{path}{end}")
    beside.write_text(virtual("/vsicurl/" + web.address("secret.tif")))
    with pytest.raises(InputError, match=rf"r\.tif\{end}, is not a plain raster"):
        touch(path)
    assert web.asked() == []
    beside.unlink()
    touch(path)


@pytest.mark.parametrize("end", [".ovr", ".msk", ".ovr.ovr"])
def test_side_files_from_elsewhere(web: Web, end: str) -> None:
    plain(web.folder / "public" / "r.tif")
    if end == ".ovr.ovr":
        plain(web.folder / "public" / "r.tif.ovr", 32)
    beside = web.folder / "public" / f"r.tif{end}"
    beside.write_text(virtual("/vsicurl/" + web.address("secret.tif")))
    with pytest.raises(InputError, match=rf"r\.tif\{end}, is not a plain raster"):
        touch(web.address("r.tif"))
    assert [path for path in web.asked() if "secret" in path] == []


def test_good_side_files_from_elsewhere(web: Web) -> None:
    path = plain(web.folder / "public" / "r.tif")
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4])
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as file:
        file.write_mask(np.eye(64, dtype=bool))
    info = inspect(web.address("r.tif"))
    assert (info.overviews, info.has_mask) == ((2, 4), True)
    assert read(info.path, info.grid).count() == 64


@pytest.mark.parametrize("keys", ["none", "at the start", "later"])
@pytest.mark.parametrize("whole", [True, False])
def test_asks_no_more_than_gdal(
    web: Web, monkeypatch: pytest.MonkeyPatch, *, whole: bool, keys: str
) -> None:
    """Looking for side files beforehand costs no request that GDAL would not make itself.

    Whether or not there are keys of object stores: GDAL forgets what it heard when they change.
    """
    path = plain(web.folder / "public" / "r.tif")
    plain(web.folder / "public" / "same.tif")
    if whole:
        for each in (path, path.with_name("same.tif")):
            with rasterio.open(each, "r+") as file:
                file.build_overviews([2, 4])

    def keys_from(when: str) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            if keys == when:
                monkeypatch.setenv(name, "made-up")
            elif when == "at the start":
                monkeypatch.delenv(name, raising=False)

    def look() -> list[str]:
        keys_from("at the start")
        ensure_env()
        keys_from("later")
        with rasterio.open(web.address("same.tif")) as dataset:
            describe(dataset, "same.tif")
        theirs = [each.replace("same", "r") for each in web.asked()]
        inspect(web.address("r.tif"))
        close_all()
        return theirs

    # in a thread of its own: each has a GDAL environment of its own, entered once
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(look).result()
    ours = web.asked()[len(theirs) :]
    assert not Counter(ours) - Counter(theirs)
    assert keys == "at the start" or ours == theirs


@pytest.mark.parametrize("name", ["GDAL_DISABLE_READDIR_ON_OPEN", "gdal_disable_readdir_on_open"])
def test_options_of_the_caller_are_left_as_they_were(web: Web, name: str) -> None:
    plain(web.folder / "public" / "r.tif")
    with rasterio.Env(**{name: "EMPTY_DIR"}):
        inspect(web.address("r.tif"))
        assert get_gdal_config("GDAL_DISABLE_READDIR_ON_OPEN") == "EMPTY_DIR"


def test_overviews_that_name_others(web: Web) -> None:
    """A plain file of overviews may have a tag of its own that names another file."""
    path = plain(web.folder / "r.tif")
    with rasterio.open(plain(Path(f"{path}.ovr"), 32), "r+") as file:
        file.update_tags(ns="OVERVIEWS", OVERVIEW_FILE="/vsicurl/" + web.address("secret.tif"))
    with pytest.raises(InputError, match="another file for its overviews"):
        touch(path)
    assert web.asked() == []


def test_overviews_elsewhere(web: Web) -> None:
    """By a tag of the file itself, or of the one that GDAL keeps beside it."""
    named = "/vsicurl/" + web.address("secret.tif")
    tagged = plain(web.folder / "tagged.tif")
    with rasterio.open(tagged, "r+") as file:
        file.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=named)
    beside = plain(web.folder / "beside.tif")
    Path(f"{beside}.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS">'
        f'<MDI key="OVERVIEW_FILE">{named}</MDI></Metadata></PAMDataset>'
    )
    for path in (tagged, beside):
        with pytest.raises(InputError, match="another file for its overviews"):
            touch(path)
    assert web.asked() == []


def test_own_overviews_and_masks_beside_the_file(tmp_path: Path) -> None:
    path = plain(tmp_path / "r.tif")
    with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4])
    assert Path(f"{path}.ovr").exists()
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as file:
        file.write_mask(np.eye(64, dtype=bool))
    assert Path(f"{path}.msk").exists()
    info = inspect(path)
    assert (info.overviews, info.has_mask) == ((2, 4), True)
    assert read(path, info.grid).count() == 64


def test_virtual_rasters_of_the_user(tmp_path: Path) -> None:
    """Also of virtual ones, in other folders, and as an address of a file."""
    plain(tmp_path / "a.tif", 32)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "first.VRT").write_text(virtual(str(tmp_path / "a.tif")))
    second = tmp_path / "second.vrt"
    second.write_text(virtual(str(tmp_path / "deep" / "first.VRT")))
    for path in (str(second), f"file://{second}"):
        info = inspect(path)
        assert (read(path, info.grid).data == 9).all()
    close_all()


def test_lists() -> None:
    assert not set(SELF_CONTAINED) & set(REFERRING)
    assert drivers_for("s3://bucket/r.vrt") == list(SELF_CONTAINED)
    assert drivers_for("/vsis3/bucket/r.vrt") == list(SELF_CONTAINED)
    assert drivers_for("vrt://r.tif") == list(SELF_CONTAINED)
    assert drivers_for("NETCDF:file.nc:red") is None
    local = drivers_for("/data/r.tif")
    assert local is not None
    assert not set(local) & set(REFERRING)
    assert {"GTiff", "netCDF", "SENTINEL2"} <= set(local)
    assert set(drivers_for("wms.xml") or ()) - set(local) == {"WMS", "WMTS", "WCS"}


def test_a_picture_that_is_a_virtual_raster_as_well_is_not_opened_as_one(tmp_path: Path) -> None:
    """Where some of its bands are needed alone, GDAL opens it once more, with any driver."""
    secret = tmp_path / "secret.tif"
    profile = {"driver": "GTiff", "width": 32, "height": 32, "count": 3, "dtype": "uint8"}
    place = {"crs": "EPSG:3857", "transform": from_origin(0, 32, 1, 1)}
    with rasterio.open(secret, "w", **profile, **place) as file:
        file.write(np.full((3, 32, 32), 77, "uint8"))
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (9, 90, 200)).save(
        content, "JPEG", comment=virtual(str(secret)).encode()
    )
    for name, what in (("double.jpg", content.getvalue()), ("plain.jpg", _jpeg())):
        path = tmp_path / name
        path.write_bytes(what)
        path.with_suffix(".wld").write_text("1\n0\n0\n-1\n0.5\n31.5\n")

    def look(name: str) -> Any:
        source = open_source(tmp_path / name)
        return bands_of(source, [1, 2], 9, None).dataset.read()

    assert (look("plain.jpg")[0] < 60).all()
    with pytest.raises(InputError, match="the beginning of a virtual raster"):
        look("double.jpg")


def _jpeg() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (32, 32), (9, 90, 200)).save(content, "JPEG")
    return content.getvalue()
