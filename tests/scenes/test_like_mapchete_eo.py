"""Stacks of real scenes against mapchete-eo's own reader: the same files, dates, mask and tiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles import Counted, Pyramid, Scenes
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.formats.scenes_reader import ScenesReader
from automap_tiles.grid import Tile, TileIndex

pytest.importorskip("mapchete_eo")
pystac = pytest.importorskip("pystac")

BANDS = ["blue", "green", "red", "nir"]
MASK = ["cloud", "shadow", "cirrus"]
CLASSES = ["cloud_shadows", "cloud_medium_probability", "cloud_high_probability", "thin_cirrus"]
TILES = [TileIndex(9, 181, 278), TileIndex(9, 180, 278), TileIndex(10, 362, 558)]
"""Over both granules of an overpass; at the northern edge; within one granule."""

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m"


def ours(folder: Path, index: TileIndex, resampling: str) -> Scenes:
    options = {"bands": BANDS, "mask": MASK, "grid": "tile", "resampling": resampling}
    spec = InputSpec(name="scenes", path=str(folder), format="scenes", options=options)
    pyramid = Pyramid.from_grid("mercator")
    reader = open_input(spec, folder, pyramid)
    assert isinstance(reader, ScenesReader)
    return reader.at(Tile(pyramid, index))


def theirs(folder: Path, scenes: Scenes, resampling: str) -> Any:
    """(time, band, y, x) whole numbers; granules of one data strip are one date."""
    from mapchete.types import Grid
    from mapchete_eo.io.products import products_to_np_array
    from mapchete_eo.platforms.sentinel2.config import MaskConfig
    from rasterio.enums import Resampling

    grid = scenes.tile.grid
    return products_to_np_array(
        [_product(folder / scene.id / f"{scene.id}.json") for scene in scenes.scenes],
        assets=BANDS,
        grid=Grid(grid.transform, grid.height, grid.width, grid.crs),
        resampling=Resampling[resampling],
        nodatavals=0,
        merge_products_by="s2:datastrip_id",
        product_read_kwargs={
            "mask_config": MaskConfig(footprint=False, scl_classes=CLASSES),
            "raise_empty": False,
        },
        raise_empty=False,
    )


def _product(path: Path) -> Any:
    from mapchete_eo.platforms.sentinel2.product import S2Product

    item = pystac.Item.from_dict(json.loads(path.read_text()))
    item.clear_links()  # the catalogue that they lead to is not there
    item.set_self_href(str(path))
    item.make_asset_hrefs_absolute()
    return S2Product(item)


@pytest.mark.parametrize(
    ("index", "resampling"), list(zip(TILES, ["nearest", "cubic", "bilinear"], strict=True))
)
def test_the_same_stack(folder: Path, index: TileIndex, resampling: str) -> None:
    """Their values, all of them; their mask but for pixels at the very edge of a granule.

    There GDAL's approximated transformation decides differently for a file that ends and for
    classes that are computed around the tile: a pixel whose centre is within an eighth of a source
    pixel of the edge.
    """
    scenes = ours(folder, index, resampling)
    stack, other = scenes.read(), theirs(folder, scenes, resampling)
    clear: Any = ~np.ma.getmaskarray(other).any(axis=1)
    assert stack.indexes == tuple(np.flatnonzero(clear.any(axis=(1, 2))))
    assert len(stack) >= 2
    for number, place in enumerate(stack.indexes):
        both = stack.valid[number] & clear[place]
        assert both.sum() > 5000
        found = stack.values[number][:, both].astype("f8") * 10_000
        np.testing.assert_allclose(found, other.data[place][:, both], atol=0.01)
        rows, cols = np.nonzero(stack.valid[number] != clear[place])
        assert len(rows) <= 4
        assert not stack.valid[number][rows, cols].any()
        assert not clear[place][rows - 1, cols].any()


def test_the_same_median(folder: Path) -> None:
    from automap_processes.composite import execute

    scenes = ours(folder, TILES[2], "nearest")
    found = execute(scenes, method="median", scale=10_000.0)
    assert isinstance(found, Counted)
    picture: Any = found.result[0].data
    median: Any = np.ma.median
    wanted = median(theirs(folder, scenes, "nearest"), axis=0)
    np.testing.assert_array_equal(np.ma.getmaskarray(picture), np.ma.getmaskarray(wanted))
    np.testing.assert_array_equal(
        picture.compressed(), np.floor(wanted.compressed().astype("f8") + 0.5)
    )
