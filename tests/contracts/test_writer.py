"""What every writer promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.formats import OutputSpec, Writer
from automap_tiles.formats.registry import open_output
from automap_tiles.grid import Pyramid
from automap_tiles.testing import WriterContract
from automap_tiles.testing._writers import (
    AREA,
    SCHEMA,
    ZOOM,
    Reopen,
    assert_stored,
    tile_of,
    write,
)
from tests.storage.s3 import BUCKET


@dataclass(frozen=True)
class Kind:
    """One way to write."""

    options: dict[str, Any]
    name: str = "tiles"
    metatiling: int = 1
    pixelbuffer: int = 0
    remote: bool = False
    tile_size: int = 256
    """Pixels; smaller where tiles are many or are cut out of large ones."""


GTIFF = {"format": "GTiff", "bands": 2, "dtype": "int16", "nodata": -5}
ZARR = {**GTIFF, "format": "Zarr"}
KINDS = {
    "gtiff": Kind(GTIFF, tile_size=128),
    "gtiff, flat names": Kind({**GTIFF, "tile_path_schema": "{zoom}-{row}-{col}.{extension}"}),
    "gtiff, cut": Kind({**GTIFF, "metatiling": 2}, metatiling=8, pixelbuffer=7, tile_size=64),
    "gtiff, buffered": Kind({**GTIFF, "pixelbuffer": 3}, metatiling=2, pixelbuffer=7),
    "gtiff, nan": Kind({**GTIFF, "dtype": "float32", "nodata": "nan"}),
    "gtiff, s3": Kind(GTIFF, remote=True),
    "png": Kind({"format": "PNG"}, tile_size=128),
    "png, cut": Kind({"format": "PNG", "metatiling": 1}, metatiling=2, pixelbuffer=2),
    "jpeg": Kind({"format": "JPEG", "quality": 100, "nodata": 0}),
    "zarr": Kind(ZARR),
    "zarr, cut": Kind({**ZARR, "metatiling": 2}, metatiling=8, pixelbuffer=7, tile_size=64),
    "zarr, s3": Kind(ZARR, remote=True),
    "geojson": Kind({"format": "GeoJSON", "schema": SCHEMA}),
    "geojson, cut": Kind({"format": "GeoJSON", "schema": SCHEMA, "metatiling": 1}, metatiling=4),
    "flatgeobuf": Kind({"format": "FlatGeobuf", "schema": SCHEMA}),
    "flatgeobuf, s3": Kind({"format": "FlatGeobuf", "schema": SCHEMA}, remote=True),
    "single file": Kind(GTIFF, name="one.tif", metatiling=2, pixelbuffer=2),
    "single cog": Kind({**GTIFF, "cog": True}, name="one.tif"),
    "single file, cut": Kind({**GTIFF, "metatiling": 1}, name="one.tif", metatiling=4),
    "single file, s3": Kind(GTIFF, name="one.tif", remote=True),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def folder(kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if kind.remote:
        request.getfixturevalue("s3")
        yield f"s3://{BUCKET}/{uuid.uuid4().hex}"
    else:
        yield str(tmp_path)


def opened(kind: Kind, folder: str, **changes: Any) -> Writer:
    pyramid = Pyramid.from_grid(
        changes.pop("grid", "geodetic"),
        tile_size=kind.tile_size,
        metatiling=kind.metatiling,
        pixelbuffer=kind.pixelbuffer,
    )
    spec = OutputSpec.from_mapping(
        {**kind.options, "path": f"{folder}/{kind.name}", **changes},
        base=Path("/"),
        zooms=(ZOOM,),
        area=AREA,
    )
    return open_output(spec, pyramid)


class TestWriters(WriterContract):
    @pytest.fixture
    def reopen(self, kind: Kind, folder: str) -> Reopen:
        # what is quick shows more
        self.many = 200 if kind in (KINDS["gtiff"], KINDS["png"], KINDS["geojson"]) else 24
        return lambda grid="geodetic": opened(kind, folder, grid=grid)


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if not kind.remote])
def test_a_crash_before_the_rename(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = opened(kind, str(tmp_path))
    writer.prepare()
    kept, lost = tile_of(writer), tile_of(writer, 1)
    data = write(writer, kept)

    def crash(source: str, target: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", crash)
        with pytest.raises(KeyboardInterrupt):
            write(writer, lost)
        if writer.path.endswith(".tif"):
            with pytest.raises(KeyboardInterrupt):
                writer.finish()
    assert not writer.exists(lost)
    assert writer.read(lost.unbuffered()) is None
    assert_stored(writer, kept, data)
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]
    writer.finish()
    assert_stored(writer, kept, data)
