"""Single files that are sent to a store piece by piece: the file that GDAL makes on the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import rasterio
import shapely
import tifffile
from rasterio.crs import CRS
from rasterio.transform import from_origin

from automap_tiles.errors import OutputError
from automap_tiles.formats.gtiff._streamed_file import StreamedFile
from automap_tiles.grid import Grid
from automap_tiles.raster import pieces as pieces_module
from automap_tiles.raster.encode import Tags
from automap_tiles.raster.mosaic import MosaicSpec, Piece, write_mosaic
from automap_tiles.raster.pieces import Pieces
from automap_tiles.storage import Streaming, open_storage
from tests.formats.gtiff.test_single_file import BARE, ZOOM, fill
from tests.formats.writers import made
from tests.storage.faults import faulty
from tests.storage.s3 import BUCKET, S3Server

SPEC = MosaicSpec(
    grid=Grid(CRS.from_epsg(32633), from_origin(600000, 5300000, 10, 10), (640, 1024)),
    count=2,
    dtype="uint16",
    nodata=0,
    cog=True,
    tags={"A": "b"},
    profile={"blocksize": 128},
)
LATE: Tags = {1: {"name": "x"}}


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "_PIECE", 256 * 256 * 4)


@pytest.fixture
def store(s3: S3Server) -> Streaming:
    found = open_storage(f"s3://{BUCKET}/{uuid4().hex}")
    assert isinstance(found, Streaming)
    return found


@cache
def waves(shape: tuple[int, int]) -> np.ndarray:
    """With noise."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    noise = np.random.default_rng(1).normal(0, 5, shape)
    found: np.ndarray = 100 + 50 * np.sin(x / 37) * np.cos(y / 23) + noise
    return found


def pixels(spec: MosaicSpec) -> np.ndarray:
    """Waves and noise, with a part that has no data and is larger than some pieces."""
    data = np.stack([waves(spec.grid.shape)] * spec.count)
    if spec.nodata is not None:
        data[:, 200:600, 100:800] = spec.nodata
    return data.astype(spec.dtype)


def squares(pieces: Pieces, data: np.ndarray) -> Iterator[Piece]:
    for row, col in np.ndindex(*pieces.counts(0)):
        rows, cols = pieces.box(0, row, col)
        part = data[:, rows, cols]
        if pieces.spec.nodata is None or (part != pieces.spec.nodata).any():
            yield rows.start, cols.start, part


def streamed(store: Streaming, spec: MosaicSpec) -> Path:
    """The file after it has been sent and fetched."""
    pieces = Pieces(spec)
    kind = pieces.kind({})
    assert kind is not None
    file = StreamedFile(store=store, key="out.tif", kind=kind, pieces=pieces)
    size, _ = file.write(squares(pieces, pixels(spec)), lambda: LATE)
    content = store.get("out.tif")
    assert len(content) == size
    assert list(store.list()) == ["out.tif"]
    path = Path(tempfile.mkdtemp(), "streamed.tif")
    path.write_bytes(content)
    return path


KINDS: dict[str, dict[str, Any]] = {
    "zstd": {},
    "average": {"overview_resampling": "average"},
    "cubic": {"overview_resampling": "cubic"},
    "lanczos": {"overview_resampling": "lanczos"},
    "mode": {"overview_resampling": "mode"},
    "float": {"dtype": "float32", "nodata": -9999.0, "overview_resampling": "average"},
    "jpeg": {
        "dtype": "uint8", "count": 3, "nodata": None,
        "profile": {"blocksize": 128, "compress": "jpeg", "quality": 60},
    },
    "webp": {
        "dtype": "uint8", "count": 3, "nodata": None,
        "profile": {"blocksize": 128, "compress": "webp"},
    },
    "lerc": {
        "dtype": "float32", "nodata": -9999.0,
        "profile": {"blocksize": 128, "compress": "lerc", "max_z_error": 0.5},
    },
    "deflate": {"profile": {"blocksize": 256, "compress": "deflate", "level": 9}},
    "no nodata": {"nodata": None},
    "one block": {"grid": replace(SPEC.grid, shape=(100, 90))},
    "odd": {"grid": replace(SPEC.grid, shape=(549, 777))},
    "odd mode": {"grid": replace(SPEC.grid, shape=(549, 777)), "overview_resampling": "mode"},
    "odd cubic": {"grid": replace(SPEC.grid, shape=(549, 777)), "overview_resampling": "cubic"},
    "odd average": {
        "grid": replace(SPEC.grid, shape=(515, 777)), "dtype": "float32",
        "overview_resampling": "average",
    },
    "flat": {"grid": replace(SPEC.grid, shape=(5, 1500))},
    "BigTIFF": {"profile": {"blocksize": 128, "bigtiff": "YES"}},
}  # fmt: skip
MEANS_OF_FLOATS = {"float", "odd average"}


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("name", KINDS)
def test_the_file_that_gdal_makes(store: Streaming, tmp_path: Path, name: str) -> None:
    spec = replace(SPEC, **KINDS[name])
    path, expected = streamed(store, spec), tmp_path / "expected.tif"
    write_mosaic(expected, spec, squares(Pieces(spec), pixels(spec)), lambda: LATE)
    with rasterio.open(path) as found, rasterio.open(expected) as wanted:
        assert found.profile == wanted.profile
        assert found.tags() == wanted.tags()
        assert found.tags(1) == wanted.tags(1)
        assert found.tags(ns="IMAGE_STRUCTURE") == wanted.tags(ns="IMAGE_STRUCTURE")
        levels = found.overviews(1)
        assert levels == wanted.overviews(1)
        np.testing.assert_array_equal(found.read(), wanted.read())
    for level in range(len(levels)):
        with (
            rasterio.open(path, overview_level=level) as found,
            rasterio.open(expected, overview_level=level) as wanted,
        ):
            if name in MEANS_OF_FLOATS:  # the last bit of 24
                np.testing.assert_allclose(found.read(), wanted.read(), rtol=2**-22)
            else:
                np.testing.assert_array_equal(found.read(), wanted.read())
    check_layout(path, len(levels), is_big=name == "BigTIFF")
    assert name in MEANS_OF_FLOATS or path.read_bytes() == expected.read_bytes()


def check_layout(path: Path, overviews: int, *, is_big: bool = False) -> None:
    """What validators of cloud-optimised GeoTIFFs look at, by another library."""
    with tifffile.TiffFile(path) as file:
        pages = [page for page in file.pages if isinstance(page, tifffile.TiffPage)]
        assert file.is_bigtiff is is_big
        assert len(pages) == 1 + overviews
        assert pages[0].offset < 300
        assert [page.offset for page in pages] == sorted(page.offset for page in pages)
        assert all(page.is_tiled for page in pages)
        assert all(page.is_reduced for page in pages[1:])
        assert not pages[0].is_reduced
        sizes = [max(page.shape[:2]) for page in pages]
        assert sizes == sorted(sizes, reverse=True)
        first = [min(page.dataoffsets) for page in pages]
        assert first == sorted(first, reverse=True)
        assert min(first) > max(page.offset for page in pages)
        ends = [
            offset + size
            for page in pages
            for offset, size in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]
        assert path.stat().st_size - max(ends) in (0, 4)


def test_offsets_beyond_four_gigabytes() -> None:
    """Of a file that would take an hour: where its beginning says that the blocks are."""
    pieces = Pieces(SPEC)
    kind = pieces.kind({})
    assert kind is not None
    images = [
        (shape, np.full(kind.shape(shape), 10**8 + number, np.uint64))
        for number, shape in enumerate(pieces.shapes)
    ]
    head = kind.head(images)
    assert head[:4] == b"II+\0"
    found = _offsets(head)
    at = len(head)
    for (_, sizes), offsets in zip(reversed(images), reversed(found), strict=True):
        for size, offset in zip(sizes.ravel(), offsets, strict=True):
            assert offset == at + 4
            at += int(size) + 8
    assert at > 2**32


@pytest.mark.parametrize(
    ("shape", "is_big"),
    [
        ((26400, 26400), False), ((27000, 27000), False), ((27136, 27600), False),
        ((27140, 27140), True), ((27500, 27500), True),
    ],
)  # fmt: skip
def test_a_file_is_big_where_gdal_makes_it_so(shape: tuple[int, int], is_big: bool) -> None:
    """What GDAL 3.10 made of files without data, whose writing takes a quarter of a minute each."""
    spec = replace(SPEC, grid=replace(SPEC.grid, shape=shape), count=1, profile={})
    assert Pieces(spec).is_big is is_big
    assert Pieces(replace(spec, profile={"bigtiff": "NO"})).is_big is False


def _offsets(head: bytes) -> list[tuple[int, ...]]:
    folder = Path(tempfile.mkdtemp())
    (folder / "head.tif").write_bytes(head)
    with tifffile.TiffFile(folder / "head.tif") as file:
        return [tuple(page.dataoffsets) for page in file.pages]


def remote(place: str, **options: Any) -> Any:
    area = shapely.box(3, 4, 35, 20)
    return made(
        Path("/"), BARE, path=f"s3://{BUCKET}/{place}/out.tif", area=area, zooms=(ZOOM,), **options
    )


@pytest.mark.usefixtures("s3", "small_pieces")
def test_a_writer_in_a_store_makes_the_file_of_a_folder(tmp_path: Path) -> None:
    """And goes on in it."""
    options = {"cog": True, "blocksize": 128, "tags": {"a": "b"}, "extent": "area"}
    place = uuid4().hex
    local = made(
        tmp_path, BARE, path="out.tif", area=shapely.box(3, 4, 35, 20), zooms=(ZOOM,), **options
    )
    for area in (shapely.box(3, 4, 18, 20), shapely.box(12, 4, 35, 14)):
        for writer in (local, remote(place, **options)):
            fill(writer, area)
            stored = writer.finish()
            assert len(stored) == 1
    content = open_storage(f"s3://{BUCKET}/{place}").get("out.tif")
    assert stored[0].size == len(content)
    assert content == (tmp_path / "out.tif").read_bytes()
    assert list(open_storage(f"s3://{BUCKET}/{place}").list()) == ["out.tif"]


@pytest.mark.usefixtures("s3", "small_pieces")
def test_an_upload_that_breaks_off_leaves_nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of it, and the run that comes after it finds all tiles."""
    place = uuid4().hex
    store = open_storage(f"s3://{BUCKET}/{place}")
    writer = remote(place, cog=True, blocksize=128)
    fill(writer)
    tiles = {key for key in store.list() if key.startswith("out.tif.parts/")}
    sent: list[int] = []

    def broken(chunks: Iterator[bytes]) -> tuple[int, int]:
        for chunk in chunks:
            sent.append(len(chunk))
            if len(sent) == 9:
                raise OutputError("the machine is switched off", "here")
        raise AssertionError("there is more to send")

    monkeypatch.setattr("automap_tiles.formats.gtiff._streamed_file.checksum_of_chunks", broken)
    with pytest.raises(OutputError, match="switched off"):
        writer.finish()
    assert sum(sent) > 0
    assert set(store.list()) == tiles
    monkeypatch.undo()
    again = remote(place, cog=True, blocksize=128)
    again.finish()
    assert list(store.list()) == ["out.tif"]


@pytest.mark.usefixtures("small_pieces")
def test_through_a_store_that_fails(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request in ten: the same file."""
    grid = replace(SPEC.grid, shape=(1024, 1536))
    spec = replace(SPEC, grid=grid, overview_resampling="average")
    expected = tmp_path / "expected.tif"
    write_mosaic(expected, spec, squares(Pieces(spec), pixels(spec)), lambda: LATE)
    kinds = ["500", "503", "reset before", "reset after", "closed", "cut off"]
    with faulty(s3.endpoint, 10, 7, kinds=kinds) as failing:
        monkeypatch.setenv("AWS_S3_ENDPOINT", failing.endpoint)
        store = open_storage(f"s3://{BUCKET}/{uuid4().hex}")
        assert isinstance(store, Streaming)
        path = streamed(store, spec)
        faults = failing.faults()
    assert sum(count for kind, count in faults.items() if kind != "asked") > 5
    with rasterio.open(path) as found, rasterio.open(expected) as wanted:
        np.testing.assert_array_equal(found.read(), wanted.read())


@pytest.mark.usefixtures("s3")
def test_what_cannot_be_made_from_pieces_is_made_on_the_disk(tmp_path: Path) -> None:
    """Overviews that GDAL makes of the whole image, or packs otherwise; no compression."""
    gauss = Pieces(replace(SPEC, overview_resampling="gauss"))
    assert gauss.kind({}) is None
    packed = Pieces(replace(SPEC, profile={"overview_compress": "jpeg"}))
    assert packed.kind({}) is None
    unpacked = Pieces(replace(SPEC, profile={"compress": "none"}))
    assert unpacked.kind({}) is None
    assert Pieces(replace(SPEC, cog=False)).kind({}) is None
    place = uuid4().hex
    writer = remote(place, cog=True, compress="none", blocksize=128)
    fill(writer)
    writer.finish()
    path = tmp_path / "out.tif"
    path.write_bytes(open_storage(f"s3://{BUCKET}/{place}").get("out.tif"))
    with rasterio.open(path) as file:
        assert file.compression is None
        assert file.read().any()
