"""Where Landsat was, against centres of real products; angle bands as they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.errors import InputError
from automap_tiles.missions import Scene
from automap_tiles.missions.landsat._angles import landsat_angles, view_from_path
from tests.scenes.samples import grid_at, make_scene


@pytest.mark.parametrize(
    ("path", "latitude", "longitude"),
    [  # of the corners of products in MTL files
        (20, 30.30, -87.011),
        (1, -2.89, -65.182),
        (89, -20.23, 155.011),
        (112, -30.30, 117.004),
        (107, -11.57, 129.196),
        (10, 57.29, -61.594),
        (5, 72.16, -39.072),
        (47, 47.43, -123.377),
        (92, -34.61, 146.754),
    ],
)
def test_the_middle_of_a_scene_is_seen_from_above(
    path: int, latitude: float, longitude: float
) -> None:
    here = np.array([latitude])
    zenith, _ = view_from_path(path, np.array([longitude]), here)
    assert zenith[0] < 0.8  # 10 km
    if abs(latitude) > 60:
        return  # the way runs far from south there
    # 90 km to the sides: the edges of a scene of 185 km
    aside = 90 / (111.3 * np.cos(np.radians(latitude)))
    east, to_the_west = view_from_path(path, np.array([longitude + aside]), here)
    west, to_the_east = view_from_path(path, np.array([longitude - aside]), here)
    assert east[0] == pytest.approx(8.1, abs=1.0)
    assert west[0] == pytest.approx(8.1, abs=1.0)
    assert 270 < to_the_west[0] < 310
    assert to_the_west[0] - to_the_east[0] == pytest.approx(180, abs=1.5)


@dataclass
class Bands:
    values: dict[str, float]

    def read(self, name: str) -> bytes:
        raise AssertionError(name)

    def plane(self, name: str, array: str, indexes: Any = ()) -> Any:
        raise AssertionError((name, array, indexes))

    def degrees(self, name: str, grid: Any) -> Any:
        return np.full(grid.shape, self.values[name])


def landsat(folder: Path, **changes: Any) -> Scene:
    scene = make_scene(folder, grid=grid_at(pixel=500), sensor="landsat-8", level="L2SP")
    told = {"sun_elevation": 50.0, "sun_azimuth": 150.0, "orbit": 190, **changes}
    return replace(scene, bands={"B4": scene.bands["B04"]}, **told)


def test_angle_bands_count_where_there_are_all(tmp_path: Path) -> None:
    names = ("sun_zenith", "sun_azimuth", "view_zenith", "view_azimuth")
    values = dict(zip(names, (40.0, 150.0, 5.0, 100.0), strict=True))
    scene = landsat(tmp_path, metadata={"angles": dict.fromkeys(names, "x.TIF")})
    found = landsat_angles(scene, ["B4"], Bands(values))["B4"]
    assert (found.sun_zenith == 40).all()
    assert (found.view_azimuth == 100).all()
    assert not found.guessed
    nodes = found.nodes
    rows, cols = found.sun_zenith.shape
    assert (nodes.left, nodes.top) == (600000 + 250, 5300000 - 250)
    assert nodes.left + (cols - 1) * nodes.step[0] == pytest.approx(632000 - 250)
    assert nodes.top - (rows - 1) * nodes.step[1] == pytest.approx(5268000 + 250)
    values["sun_zenith"] = 0.0  # beside the scene
    assert np.isnan(landsat_angles(scene, ["B4"], Bands(values))["B4"].sun_zenith).all()


def test_surface_products_are_reckoned_and_that_is_said(tmp_path: Path) -> None:
    found = landsat_angles(landsat(tmp_path), ["B4"], Bands({}))["B4"]
    assert "path" in found.guessed
    assert (found.sun_zenith == 40).all()
    assert found.view_zenith.shape == (1, *found.sun_zenith.shape)
    with pytest.raises(InputError, match="neither angle bands"):
        landsat_angles(landsat(tmp_path, sun_azimuth=None), ["B4"], Bands({}))
