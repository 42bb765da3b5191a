"""Flags, baselines and raster:bands that contradict each other; and what the numbers say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.missions import Scene
from automap_tiles.missions._common.guard import Report, Verdict
from automap_tiles.missions.sentinel2._offset import weigh
from automap_tiles.scenes.catalogue import SearchOptions, check, search, verified, verify
from automap_tiles.scenes.catalogue.item import read_item
from tests.scenes.catalogue.conftest import load

FLAG = "earthsearch:boa_offset_applied"


@pytest.mark.parametrize(
    ("flag", "baseline", "stated", "value", "doubtful"),
    [
        # what Earth Search says of its harmonised files, rightly
        (True, "05.09", 0.0, 0.0, True),
        # and with the offset of the original left in raster:bands
        (True, "05.09", -0.1, 0.0, True),
        # as ESA delivers
        (None, "04.00", -0.1, -1000.0, False),
        (None, "05.11", None, -1000.0, False),
        (None, "03.01", None, 0.0, False),
        (None, "02.14", 0.0, 0.0, False),
        # said to be as ESA delivers, which is often wrong
        (False, "05.11", -0.1, -1000.0, True),
        # before there were offsets the flag means nothing
        (False, "02.14", 0.0, 0.0, False),
        (False, "02.14", None, 0.0, False),
        # reprocessed or not? The baseline is ESA's own word
        (None, "02.14", -0.1, 0.0, True),
        (None, "05.00", 0.0, -1000.0, True),
        # only one says something
        (None, None, -0.1, -1000.0, False),
        (None, None, None, 0.0, True),
        (True, None, None, 0.0, True),
        # sen2cor run at home: says nothing, and its source of that day had the offset
        (None, "99.99", None, -1000.0, True),
        (None, "99.99", 0.0, 0.0, True),
        (None, "99.98", -0.1, -1000.0, True),
        (True, "99.99", None, 0.0, True),
    ],
)
def test_words_weighed(
    earth_search: Path,
    flag: bool | None,
    baseline: str | None,
    stated: float | None,
    value: float,
    doubtful: bool,
) -> None:
    data = load(next(earth_search.glob("S2A_33TWL_20230815*/*.json")))
    data["properties"].pop(FLAG)
    if flag is not None:
        data["properties"][FLAG] = flag
    offset = weigh(read_item(data, "/x.json"), baseline, stated, 1e-4)
    assert offset.value == value
    assert offset.doubtful is doubtful


def local(earth_search: Path, name: str) -> Scene:
    """Of the files that are there."""
    path = earth_search / name / f"{name}.json"
    scene = search(path, options=SearchOptions(verify="never")).scenes[0]
    bands = {key: file for key, file in scene.bands.items() if "://" not in file.href}
    return replace(scene, bands=bands)


def with_add(scene: Scene, add: float) -> Scene:
    return replace(
        scene,
        bands={
            name: replace(file, scaling=replace(file.scaling, add=add))
            for name, file in scene.bands.items()
            if file.scaling
        },
    )


NAMES = [
    "S2A_33TWL_20230815_0_L2A", "S2A_33TWL_20230818_0_L2A", "S2B_33TWL_20230810_0_L2A",
    "S2B_33TWL_20230813_0_L2A", "S2B_33TWL_20230820_0_L2A", "S2A_33TWM_20230815_0_L2A",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_agree_with_the_flag(earth_search: Path, name: str) -> None:
    """They are without offset: raster:bands is wrong, as it is on all of Earth Search."""
    scene = local(earth_search, name)
    assert check(scene).verdict is Verdict.CONSISTENT
    assert verified([scene])[0].metadata["guard"]["verdict"] == "consistent"
    wrong = check(with_add(scene, -0.1))
    assert wrong.verdict is Verdict.MISMATCH
    assert wrong.fits == 0


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_wrong_flag_is_put_right(earth_search: Path, name: str) -> None:
    scene = local(earth_search, name)
    believed = with_add(scene, -0.1)
    right = verified([believed])[0]
    assert {file.scaling.add for file in right.bands.values() if file.scaling} == {0.0}
    assert right.metadata["guard"]["verdict"] == "mismatch"
    assert "dark places" in str(right.metadata["guard"]["findings"])
    assert right.metadata["offset"]["used"] == 0
    assert verified([believed], "never")[0] == believed


def test_an_offset_left_in_the_numbers_is_found(earth_search: Path, tmp_path: Path) -> None:
    """The same scene as ESA delivers it: every number that is not nodata 1000 higher."""
    scene = local(earth_search, NAMES[0])
    bands: dict[str, Any] = {}
    for name, file in scene.bands.items():
        with rasterio.open(file.href) as source:
            pixels = source.read(1)
            profile = {
                key: source.profile[key]
                for key in ("count", "height", "width", "crs", "transform", "dtype")
            }
        raised = np.where(pixels == 0, 0, pixels + 1000).astype("uint16")
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", driver="GTiff", nodata=0, **profile
        ) as to:
            to.write(raised, 1)
        bands[name] = replace(file, href=str(tmp_path / f"{name}.tif"))
    raised_scene = replace(scene, bands=bands)
    assert check(raised_scene).fits == -1000
    right = verified([raised_scene])[0]
    assert {round(f.scaling.add, 9) for f in right.bands.values() if f.scaling} == {-0.1}


def test_files_that_cannot_be_read_now(earth_search: Path, tmp_path: Path) -> None:
    scene = local(earth_search, NAMES[0])
    gone = replace(
        scene,
        bands={
            name: replace(file, href=f"{tmp_path}/{name}.tif?sig=secret")
            for name, file in scene.bands.items()
        },
    )
    noted = verified([gone])[0]
    assert noted.bands == gone.bands
    assert noted.metadata["guard"]["verdict"] == "unread"
    assert "secret" not in str(noted.metadata)


def test_local_files_are_looked_at_once(
    earth_search: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until one of them changes, or something else is said of them; others every time."""
    scene = local(earth_search, NAMES[0])
    bands = {
        name: replace(file, href=str(tmp_path / f"{name}.tif"))
        for name, file in scene.bands.items()
    }
    here = replace(scene, bands=bands, quality=())
    for file in bands.values():
        Path(file.href).write_bytes(b"pixels")
    asked = []

    def look(scene: Scene) -> Report:
        asked.append(scene.id)
        return Report(verdict=Verdict.CONSISTENT)

    monkeypatch.setattr(verify, "check", look)

    def times(scene: Scene) -> int:
        before = len(asked)
        for _ in range(2):
            (found,) = verified([scene], "always")
            assert found.metadata["guard"]["verdict"] == "consistent"
        return len(asked) - before

    assert [times(each) for each in (here, here, with_add(here, -0.1))] == [1, 0, 1]
    Path(bands["B04"].href).write_bytes(b"other pixels")
    assert [times(here), times(here)] == [1, 0]
    far = replace(bands["B04"], href="https://example.com/red.tif")
    assert times(replace(here, bands={**bands, "B04": far})) == 2


def test_in_a_search(earth_search: Path) -> None:
    found = search(earth_search / "collection.json")
    verdicts = {scene.metadata["guard"]["verdict"] for scene in found.scenes}
    assert verdicts == {"consistent"}
