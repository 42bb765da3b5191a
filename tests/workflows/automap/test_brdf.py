"""`--brdf`: prepared once as seen from above, never mixed with scenes as they were seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely.geometry import box

from automap_tiles.errors import ConfigError
from automap_tiles.missions import common_bands
from automap_tiles.scenes import find, nadir
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import parameters as rules
from automap_tiles.workflows.automap._composite import composite_config
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.preparing import SceneStatus
from tests.formats.test_scenes import reader_of
from tests.workflows.automap.conftest import run_download


@pytest.fixture
def run(shared: Path, tmp_path: Path) -> rules.RunParameters:
    """One Landsat scene at the surface: its angles are reckoned."""
    source = shared / "data/landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"
    (scene,) = find.products(source, bands=("red",)).scenes
    assert scene.footprint is not None
    middle = scene.footprint.centroid
    return rules.RunParameters(
        mode=rules.Mode.COMPOSITE,
        satellites=frozenset({"landsat-8"}),
        period=rules.parse_dates(f"{scene.time.year}-01-01", f"{scene.time.year}-12-31"),
        area=box(middle.x - 0.6, middle.y - 0.2, middle.x + 0.6, middle.y + 0.2),
        source=str(source),
        output=Address.of(tmp_path / "out"),
        brdf=True,
    )


def test_prepared_as_seen_from_above(run: rules.RunParameters, tmp_path: Path) -> None:
    found = discover(run)
    assert any("brdf" in note.reason and "path" in note.reason for note in found.notes)
    (done,) = run_download(run).values()
    assert done.status is SceneStatus.WRITTEN
    folder = Path(run.output.text) / "landsat-8" / "scenes"
    other = replace(run, brdf=False, output=Address.of(tmp_path / "plain"))
    run_download(other)
    name = next(folder.glob("*.tif")).name
    with (
        rasterio.open(folder / name) as above,
        rasterio.open(tmp_path / "plain/landsat-8/scenes" / name) as plain,
    ):
        one, two = above.read(4).astype(float), plain.read(4).astype(float)
        assert above.tags()["BRDF"]
        assert "BRDF" not in plain.tags()
    ok = two > 500
    ratio = one[ok] / two[ok]
    (scene,) = found.scenes["landsat-8"]
    assert scene.nadir is not None
    factor = scene.nadir["B5"].values
    assert ratio.min() > factor.min() - 0.002
    assert ratio.max() < factor.max() + 0.002
    assert np.ptp(ratio) > 0.01  # the sides of the swath
    # what is there is not made again, and other scenes do not come in between
    assert {each.status for each in run_download(run).values()} == {SceneStatus.THERE}
    composite_config(run, "landsat-8")
    with pytest.raises(ConfigError, match=r"view \(brdf\)"):
        composite_config(replace(run, brdf=False), "landsat-8")


def test_prepared_scenes_are_not_corrected_twice(run: rules.RunParameters) -> None:
    run_download(run)
    folder = Path(run.output.text) / "landsat-8" / "scenes"
    item = json.loads(next(folder.glob("L*.json")).read_text())
    assert "brdf" in item["properties"]["automap:scene"]["is_from_above"]
    reader = reader_of(folder, bands=list(common_bands("landsat-8")), brdf=True)
    with pytest.raises(ConfigError, match="from straight above already") as caught:
        _ = reader.found
    assert "leave brdf out" in str(caught.value)


def test_the_input_reads_what_a_run_prepares(run: rules.RunParameters) -> None:
    reader = reader_of(run.source, bands=["nir"], brdf=True)
    (scene,) = reader.found.scenes
    (wanted,) = discover(run).scenes["landsat-8"]
    assert scene.nadir is not None
    assert wanted.nadir is not None
    assert (scene.nadir["B5"].values == wanted.nadir["B5"].values).all()
    plain = reader_of(run.source, bands=["nir"])
    assert plain.fingerprint() != reader.fingerprint()
    assert nadir.digest(scene) == nadir.digest(reader.found.scenes[0])
