"""`metadata.json`: what mapchete writes we read, what we write it reads."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import InputError, OutputMismatch
from automap_tiles.formats import OutputKind, OutputSpec
from automap_tiles.formats.registry import open_output
from automap_tiles.formats.tiles import (
    METADATA_NAME,
    Metadata,
    read_metadata,
    write_metadata,
)
from automap_tiles.grid import Pyramid
from automap_tiles.storage import open_storage

CUSTOM = {
    "shape": [3, 2],
    "bounds": [300_000, 5_000_000, 500_000, 5_300_000],
    "srs": {"epsg": 32633},
}
GRIDS: dict[str, Any] = {"geodetic": "geodetic", "mercator": "mercator", "custom": CUSTOM}


@pytest.fixture(params=list(GRIDS))
def pyramid(request: pytest.FixtureRequest) -> Pyramid:
    return Pyramid.from_grid(GRIDS[request.param], metatiling=4, pixelbuffer=3, tile_size=512)


def metadata(pyramid: Pyramid, **options: Any) -> Metadata:
    said = {"bands": 3, "dtype": "uint8", "nodata": 0, **options}
    return Metadata(pyramid=pyramid, format="GTiff", options=said)


def test_round_trip(pyramid: Pyramid, tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    write_metadata(storage, metadata(pyramid, compress="lzw"))
    found = read_metadata(storage)
    assert found.pyramid.same_grid(pyramid)
    assert (found.pyramid.metatiling, found.pyramid.pixelbuffer) == (4, 3)
    assert found.pyramid == pyramid
    assert found.format == "GTiff"
    assert found.options == {"bands": 3, "dtype": "uint8", "nodata": 0, "compress": "lzw"}
    assert (found.kind, found.extension) == (OutputKind.RASTER, "tif")


def test_mapchete_reads_ours(pyramid: Pyramid, tmp_path: Path) -> None:
    tools = pytest.importorskip("mapchete.formats.tools")
    tile = pytest.importorskip("mapchete.tile")
    write_metadata(open_storage(tmp_path), metadata(pyramid))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tools.read_output_metadata(tmp_path / METADATA_NAME)
    grid = pyramid.to_dict()["grid"] if pyramid.name == "custom" else pyramid.name
    expected = tile.BufferedTilePyramid(grid, metatiling=4, pixelbuffer=3, tile_size=512)
    assert found["pyramid"] == expected
    assert found["driver"] == {"format": "GTiff", "bands": 3, "dtype": "uint8", "nodata": 0}


def test_we_read_mapchetes(pyramid: Pyramid, tmp_path: Path) -> None:
    tools = pytest.importorskip("mapchete.formats.tools")
    grid = pyramid.to_dict()["grid"] if pyramid.name == "custom" else pyramid.name
    content = tools.dump_metadata(
        {
            "grid": grid,
            "metatiling": 4,
            "pixelbuffer": 3,
            "tile_size": 512,
            "path": str(tmp_path),
            "format": "PNG",
            "bands": 4,
            "delimiters": {"zoom": [3, 4], "bounds": [0, 0, 1, 1]},
            "mode": "continue",
        }
    )
    (tmp_path / METADATA_NAME).write_text(json.dumps(content))
    found = read_metadata(open_storage(tmp_path))
    assert found.pyramid == pyramid
    assert (found.format, found.extension, found.options["bands"]) == ("PNG", "png", 4)


@pytest.mark.parametrize(
    "grid",
    [
        {"type": "geodetic", "shape": [2, 1], "bounds": [-180, -90, 180, 90], "is_global": True},
        {"grid": "geodetic", "crs": "EPSG:4326", "shape": [1, 2], "bounds": [-180, -90, 180, 90]},
        {"type": "custom", "crs": "EPSG:32633", **{k: CUSTOM[k] for k in ("shape", "bounds")}},
    ],
)
def test_old_versions(grid: dict[str, Any], tmp_path: Path) -> None:
    content = {"driver": {"format": "GTiff"}, "pyramid": {"grid": grid, "metatiling": 2}}
    (tmp_path / METADATA_NAME).write_text(json.dumps(content))
    found = read_metadata(open_storage(tmp_path)).pyramid
    expected = GRIDS["custom"] if "custom" in grid.values() else "geodetic"
    assert found.same_grid(Pyramid.from_grid(expected))
    assert found.metatiling == 2


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"driver": {}, "pyramid": {}}', '{"driver": {"format": "GTiff"}}',
     '{"driver": {"format": "GTiff"}, "pyramid": {"grid": "moon"}}'],
)  # fmt: skip
def test_other_files_of_that_name(content: str, tmp_path: Path) -> None:
    (tmp_path / METADATA_NAME).write_text(content)
    with pytest.raises(InputError, match=METADATA_NAME):
        read_metadata(open_storage(tmp_path))


def test_nothing_secret_and_no_path_is_written(tmp_path: Path) -> None:
    value = {
        "format": "GTiff",
        "path": str(tmp_path / "tiles"),
        "bands": 1,
        "dtype": "uint8",
        "storage_options": {"secret": "s3cr3t", "aws_secret_access_key": "s3cr3t"},
        "stac": {"id": "x"},
    }
    spec = OutputSpec.from_mapping(value, base=tmp_path)
    open_output(spec, Pyramid.from_grid("geodetic")).prepare()
    text = (tmp_path / "tiles" / METADATA_NAME).read_text()
    assert "s3cr3t" not in text
    assert str(tmp_path) not in text
    assert json.loads(text)["driver"] == {
        "format": "GTiff", "bands": 1, "dtype": "uint8", "nodata": 0,
    }  # fmt: skip


def test_nan_nodata(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    wanted = metadata(Pyramid.from_grid("geodetic"), dtype="float32", nodata=math.nan)
    write_metadata(storage, wanted)
    assert math.isnan(read_metadata(storage).options["nodata"])
    write_metadata(storage, wanted)


def test_mismatches_name_both(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    base = Pyramid.from_grid("geodetic", metatiling=2)
    write_metadata(storage, metadata(base))
    before = (tmp_path / METADATA_NAME).read_bytes()
    for other, words in (
        (metadata(Pyramid.from_grid("mercator", metatiling=2)), ("geodetic", "mercator")),
        (metadata(base.replace(metatiling=4)), ("metatiling 2", "metatiling 4")),
        (metadata(base.replace(pixelbuffer=9)), ("buffer 0", "buffer 9")),
        (Metadata(pyramid=base, format="PNG"), ("GTiff", "PNG")),
    ):
        for overwrite in (False, True):
            with pytest.raises(OutputMismatch) as caught:
                write_metadata(storage, other, overwrite=overwrite)
            assert all(word in str(caught.value) for word in (*words, str(tmp_path)))
    assert (tmp_path / METADATA_NAME).read_bytes() == before


def test_other_bands_only_with_overwrite(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    base = Pyramid.from_grid("geodetic")
    write_metadata(storage, metadata(base))
    for other in (metadata(base, bands=4), metadata(base, dtype="int16"), metadata(base, nodata=9)):
        with pytest.raises(OutputMismatch, match="--overwrite"):
            write_metadata(storage, other)
    write_metadata(storage, metadata(base, bands=4), overwrite=True)
    assert read_metadata(storage).options["bands"] == 4
    write_metadata(storage, metadata(base, bands=4, compress="lzw"))  # of no consequence
