"""Coordinates from one CRS to another: a point out of reach is not a CRS without a way."""

from __future__ import annotations

import pickle

import pytest
from pyproj import Transformer
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS

from automap_tiles.errors import NoOperation
from automap_tiles.grid.operation import transform_points

MERCATOR = CRS.from_epsg(3857)

NOWHERE = {
    "a site": 'LOCAL_CS["site",UNIT["metre",1]]',
    "an engineering CRS": 'ENGCRS["mill",EDATUM["mill"],CS[Cartesian,2],AXIS["x",east],'
    'AXIS["y",north],LENGTHUNIT["metre",1]]',
    "the Moon": "IAU_2015:30100",
    "Mars": "+proj=eqc +R=3396190 +units=m",
}


@pytest.mark.parametrize("name", NOWHERE)
def test_no_way(name: str) -> None:
    crs = CRS.from_user_input(NOWHERE[name])
    for source, target in ((crs, MERCATOR), (MERCATOR, crs)):
        with pytest.raises(NoOperation, match="no coordinate operation from") as found:
            transform_points(source, target, [0.0], [0.0])
        assert str(pickle.loads(pickle.dumps(found.value))) == str(found.value)


def test_names() -> None:
    site, moon = (CRS.from_user_input(NOWHERE[name]) for name in ("a site", "the Moon"))
    with pytest.raises(NoOperation, match=r"from 'site' to EPSG:3857: .* pyramid in the CRS"):
        transform_points(site, MERCATOR, [1.0], [1.0])
    with pytest.raises(NoOperation, match="from IAU_2015:30100 to EPSG:3857"):
        transform_points(moon, MERCATOR, [1.0], [1.0])


def test_a_way_on_another_planet() -> None:
    moon = CRS.from_user_input("IAU_2015:30100")
    plan = CRS.from_user_input("+proj=eqc +R=1737400 +units=m")
    x, y = transform_points(moon, plan, [90.0], [45.0])
    assert x[0] == pytest.approx(2 * y[0])
    assert y[0] == pytest.approx(1737400 * 3.14159265 / 4)


def test_points_out_of_reach_are_something_else() -> None:
    disc = CRS.from_string("+proj=geos +lon_0=0 +h=35785831 +ellps=WGS84")
    with pytest.raises(CPLE_BaseError):
        transform_points(MERCATOR, disc, [2e7], [0.0])
    x, y = transform_points(MERCATOR, disc, [1e6], [5e6])
    there = Transformer.from_crs(MERCATOR.to_wkt(), disc.to_wkt(), always_xy=True)
    assert (x[0], y[0]) == pytest.approx(there.transform(1e6, 5e6))
