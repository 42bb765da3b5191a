"""Angles of MTD_TL.xml, by detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.errors import InputError
from automap_tiles.missions import mission_of
from automap_tiles.missions.sentinel2 import _names
from automap_tiles.missions.sentinel2._angles import sentinel2_angles
from tests.scenes.samples import make_scene


def grids(band: int, detector: int, zenith: str, azimuth: str = "100 100\n100 100") -> str:
    return (
        f'<Viewing_Incidence_Angles_Grids bandId="{band}" detectorId="{detector}">'
        f"{angles(zenith, azimuth)}</Viewing_Incidence_Angles_Grids>"
    )


def angles(zenith: str, azimuth: str, step: int = 5000) -> str:
    tables = ""
    for name, text in (("Zenith", zenith), ("Azimuth", azimuth)):
        rows = "".join(f"<VALUES>{row}</VALUES>" for row in text.split("\n"))
        tables += f'<{name}><COL_STEP unit="m">{step}</COL_STEP>{rows}</{name}>'
    return tables


def granule(views: str, step: int = 5000) -> bytes:
    sun = angles("40 41\n42 43", "150 151\n152 153", step)
    return (
        "<Level-2A_Tile_ID><Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32633</HORIZONTAL_CS_CODE>"
        '<Geoposition resolution="10"><ULX>600000</ULX><ULY>5300000</ULY></Geoposition>'
        f"</Tile_Geocoding><Sun_Angles_Grid>{sun}</Sun_Angles_Grid>{views}</Level-2A_Tile_ID>"
    ).encode()


@dataclass
class Files:
    content: bytes

    def read(self, name: str) -> bytes:
        assert name == "granule"
        return self.content

    def plane(self, name: str, array: str, indexes: Any = ()) -> Any:
        raise AssertionError((name, array, indexes))

    def degrees(self, name: str, grid: Any) -> Any:
        raise AssertionError((name, grid))


def read(folder: Path, content: bytes, said: Mapping[str, str] | None = None) -> Any:
    scene = make_scene(folder)
    metadata = {"angles": {"granule": "MTD_TL.xml", **(said or {})}}
    scene = replace(scene, metadata=metadata)
    return sentinel2_angles(scene, ["B02", "B04"], Files(content))


def test_each_band_has_its_own_detectors(tmp_path: Path) -> None:
    views = grids(1, 7, "5 6\nNaN 8") + grids(1, 8, "NaN NaN\n3 NaN") + grids(3, 8, "1 2\n3 4")
    views += grids(3, 9, "NaN NaN\nNaN NaN")  # beside the tile
    found = read(tmp_path, granule(views), {"detectors_B02": "MSK_DETFOO_B02.jp2"})
    blue, red = found["B02"], found["B04"]
    assert (blue.parts, red.parts) == ((7, 8), (8,))
    np.testing.assert_array_equal(blue.view_zenith[0], [[5, 6], [np.nan, 8]])
    np.testing.assert_array_equal(blue.sun_azimuth, [[150, 151], [152, 153]])
    assert (blue.nodes.left, blue.nodes.top, blue.nodes.step) == (600000, 5300000, (5000, 5000))
    assert blue.places == "MSK_DETFOO_B02.jp2"
    assert not blue.guessed
    assert not red.guessed  # one detector saw it all


def test_without_rasters_of_the_detectors_that_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, granule(grids(1, 7, "5 6\n7 8") + grids(1, 8, "5 6\n7 8")))
    assert "MSK_DETFOO" in found["B02"].guessed
    assert found["B04"].parts == (7, 8)  # those of another band, as its own are missing


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (granule(""), "without the grids of the view"),
        (granule(grids(1, 7, "5 6\n7 8"), step=0), "step is 0"),
        (b"<Level-2A_Tile_ID/>", "without the grid of the sun"),
        (granule(grids(1, 7, "5 6\n7")), "without the grids of the view"),
        (granule("")[:200], "not well-formed"),
    ],
)
def test_metadata_that_do_not_tell(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_a_product_without_its_metadata(tmp_path: Path) -> None:
    read_angles = mission_of("sentinel-2a").angles
    assert read_angles is not None
    with pytest.raises(InputError, match=r"no MTD_TL\.xml"):
        read_angles(make_scene(tmp_path), ["B02"], Files(b""))


def test_rasters_of_the_detectors_are_found() -> None:
    root = "S2A_MSIL1C_20201011T000241_N0500_R030_T55HFA_20201011T011446.SAFE"
    inner = f"{root}/GRANULE/L1C_T55HFA_A027697_20201011T000244"
    (layout,) = _names.find(
        [
            f"{inner}/IMG_DATA/T55HFA_20201011T000241_B02.jp2",
            f"{inner}/MTD_TL.xml",
            f"{inner}/QI_DATA/MSK_DETFOO_B02.jp2",
            f"{inner}/QI_DATA/MSK_DETFOO_B02.gml",
            f"{root}/MTD_MSIL1C.xml",
        ]
    )
    assert layout.angles == {
        "granule": f"{inner}/MTD_TL.xml",
        "detectors_B02": f"{inner}/QI_DATA/MSK_DETFOO_B02.jp2",
    }
