"""`fill_gaps`: as the function on the whole picture, the same however it is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.merge import merge

from automap_tiles import ConfigError, open_process
from automap_tiles.analysis.radiometry.donors import fill_gaps
from automap_tiles.engine.events import RunFinished
from tests.scenes.samples import grid_at, write

GRID = grid_at(size=300)
NODATA = -32768


def dates(folder: Path) -> list[Any]:
    """Three of two bands: stripes, other stripes, and no gap; each is brighter than the last."""
    rng = np.random.default_rng(0)
    ground = rng.integers(500, 4000, (2, *GRID.shape))
    rows, cols = np.indices(GRID.shape)
    found = []
    for number, name in enumerate(("picture", "donor", "second")):
        pixels = (ground * (1 + 0.2 * number)).astype("i2")
        if number < 2:
            pixels[:, (rows + cols // 6 + 5 * number) % 30 < 9] = NODATA
        write(folder / f"{name}.tif", pixels, GRID, nodata=NODATA)
        found.append(np.ma.masked_equal(pixels, NODATA))
    return found


def made(folder: Path, metatiling: int, **parameters: Any) -> Any:
    output = folder / f"tiles{metatiling}"
    process = open_process(
        {
            "process": "fill_gaps",
            "config_dir": str(folder),
            "input": {name: f"{name}.tif" for name in ("picture", "donor", "second")},
            "pyramid": {
                "grid": {
                    "shape": [2, 2],
                    "bounds": list(GRID.bounds),
                    "srs": {"epsg": 32633},
                    "is_global": False,
                },
                "tile_size": 150,
                "metatiling": metatiling,
            },
            "zoom_levels": 0,
            "output": {
                "format": "GTiff", "path": str(output), "bands": 3, "dtype": "int16",
                "nodata": NODATA,
            },
            "process_parameters": parameters,
        }
    )  # fmt: skip
    *_, last = process.execute()
    assert isinstance(last, RunFinished)
    assert last.summary.failed == 0
    return merge([str(file) for file in sorted(output.rglob("*.tif"))])[0]


def around(picture: Any) -> Any:
    """With a margin that has no data, as a tile at the rim has it."""
    found = np.ma.MaskedArray(np.full((2, 316, 316), NODATA, "i2"), mask=True)
    found[:, 8:-8, 8:-8] = picture
    return found


def test_the_same_at_other_cuts(tmp_path: Path) -> None:
    picture, donor, second = (around(each) for each in dates(tmp_path))
    want = fill_gaps(picture, [donor, second], 8)
    values, source = want.values[:, 8:-8, 8:-8], want.source[8:-8, 8:-8]
    assert set(np.unique(source)) == {0, 1, 2}
    for metatiling in (1, 2):
        found = made(tmp_path, metatiling, radius=8)
        np.testing.assert_array_equal(found[:2], values.filled(NODATA))
        mask = np.ma.getmaskarray(values)[0]
        np.testing.assert_array_equal(found[2], np.where(mask, NODATA, source.astype("i2")))


def test_wrong_parameters(tmp_path: Path) -> None:
    dates(tmp_path)
    with pytest.raises(ConfigError, match="1 to 100 pixels"):
        made(tmp_path, 1, radius=0)
    with rasterio.open(tmp_path / "picture.tif") as file:
        assert file.count == 2


@pytest.mark.parametrize("bands", [None, [2, 1]])
def test_bands_keep_their_names_and_units(tmp_path: Path, bands: list[int] | None) -> None:
    dates(tmp_path)
    for name in ("picture", "donor", "second"):
        with rasterio.open(tmp_path / f"{name}.tif", "r+") as file:
            file.descriptions = ("red", "nir")
            file.scales, file.offsets = (2.75e-05, 0.0001), (-0.2, 0)
    made(tmp_path, 2, bands=bands)
    with rasterio.open(next((tmp_path / "tiles2").rglob("*.tif"))) as tile:
        said = zip(tile.descriptions, tile.scales, tile.offsets, strict=True)
        own = [("red", 2.75e-05, -0.2), ("nir", 0.0001, 0)]
        wanted = own if bands is None else [own[number - 1] for number in bands]
        assert list(said) == [*wanted, ("filled_from", 1, 0)]


def test_a_band_too_few_is_refused_before_the_first_tile(tmp_path: Path) -> None:
    dates(tmp_path)
    with pytest.raises(ConfigError, match="bands"):
        made(tmp_path, 1, bands=[1])
