"""The sun and the overpass, against what the metadata of real scenes says of them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from automap_tiles.errors import InputError
from automap_tiles.missions.landsat._estimate import (
    OLI_ADD,
    OLI_MULTIPLY,
    oli_scaling,
    overpass,
    sun_position,
)
from automap_tiles.missions.landsat._mtl import LandsatMetadata, read_mtl
from automap_tiles.missions.sentinel2._granule import read_s2_granule
from tests.imagery.place import is_real
from tests.missions import oracle


def centre(metadata: LandsatMetadata) -> tuple[float, float]:
    """Longitude and latitude of the middle of the corners, by vectors: right at the date line."""
    x = y = z = 0.0
    for longitude, latitude in metadata.footprint[:4]:
        lam, phi = math.radians(longitude), math.radians(latitude)
        x += math.cos(phi) * math.cos(lam)
        y += math.cos(phi) * math.sin(lam)
        z += math.sin(phi)
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def test_sun(mtl: Path) -> None:
    """The centre of the corners is not quite the centre of the scene: 0.25° at most."""
    metadata = read_mtl(mtl.read_bytes())
    if mtl.name.startswith("mtltest"):  # a file without corners
        return
    elevation, azimuth = sun_position(metadata.time, *centre(metadata))
    assert elevation == pytest.approx(metadata.sun_elevation, abs=0.25)
    assert metadata.sun_azimuth is not None
    assert (azimuth - metadata.sun_azimuth + 180) % 360 - 180 == pytest.approx(0, abs=0.25)


def test_sun_over_sentinel2(shared: Path) -> None:
    """Over a tile whose centre is known, from UTM zone and corner by hand."""
    path = next((shared / "data").rglob("S2A_33TWL_20230815_0_L2A/granule_metadata.xml"))
    granule = read_s2_granule(path.read_bytes())
    elevation, azimuth = sun_position(granule.time, 15.70, 45.56)
    assert elevation == pytest.approx(granule.sun_elevation, abs=0.15)
    assert azimuth == pytest.approx(granule.sun_azimuth, abs=0.15)


def test_estimate(shared: Path) -> None:
    """Scaling without the MTL file, against the one with it: Landsat 8 and 9 of level 1."""
    compared = 0
    for path in oracle.mtl_files(shared):
        metadata = read_mtl(path.read_bytes())
        if metadata.scaling and metadata.sensor[-1] in "89" and not metadata.surface:
            compare_estimate(metadata)
            compared += 1
    assert compared >= (20 if is_real(shared / "data/metadata/landsat_wagl") else 4)


def compare_estimate(metadata: LandsatMetadata) -> None:
    longitude, latitude = centre(metadata)
    day = metadata.time.date()
    seen = overpass(day, longitude, latitude)
    assert abs((seen - metadata.time).total_seconds()) < 5 * 60
    estimate = oli_scaling(day, longitude, latitude)
    for scaling in metadata.scaling.values():
        assert (scaling.multiply, scaling.add) == (OLI_MULTIPLY, OLI_ADD)
        assert (scaling.nodata, scaling.saturated) == (estimate.nodata, estimate.saturated)
        assert estimate.sun_elevation == pytest.approx(scaling.sun_elevation, abs=1)
        # 2 % in high, 5 % in low sun
        low = 0.05 if (scaling.sun_elevation or 0) < 20 else 0.02
        assert estimate.slope == pytest.approx(scaling.slope, rel=low)


def test_known_suns() -> None:
    """Equinox at noon on the equator, midnight sun, and the pole's solstice."""
    elevation, _ = sun_position(datetime(2000, 3, 20, 12, 7, tzinfo=UTC), 0, 0)
    assert elevation == pytest.approx(90, abs=0.5)
    elevation, azimuth = sun_position(datetime(2020, 6, 21, 0, 2, tzinfo=UTC), 0, 70)
    assert elevation == pytest.approx(3.4, abs=0.1)
    assert min(azimuth, 360 - azimuth) < 1
    elevation, _ = sun_position(datetime(2020, 6, 21, tzinfo=UTC), 0, 90)
    assert elevation == pytest.approx(23.44, abs=0.02)


def test_overpass_keeps_to_the_day() -> None:
    for longitude in range(-180, 181, 20):
        seen = overpass(date(2018, 4, 5), longitude, 40)
        assert seen.date() == date(2018, 4, 5)
        assert seen.tzinfo is UTC


def test_where_there_is_no_overpass() -> None:
    with pytest.raises(InputError, match="latitude"):
        overpass(date(2018, 4, 5), 0, 85)
    with pytest.raises(InputError, match="night"):
        oli_scaling(date(2018, 12, 21), 20, 80)
