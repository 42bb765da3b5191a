"""The sensors' tables against the missions' own metadata, and their names."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from automap_tiles import missions as sensors
from automap_tiles.errors import ConfigError
from automap_tiles.missions import COMMON, Band, PlainMission, Satellite, Sensor, _registry
from automap_tiles.missions.sentinel2._bands import BAND_NAMES
from tests.missions import oracle

# The AutoMap contract: bands by the mission's own numbers, in the order of the common names.
CONTRACT = {
    "landsat-5": "1 2 3 4 5 7",
    "landsat-7": "1 2 3 4 5 7",
    "landsat-8": "2 3 4 5 6 7",
    "landsat-9": "2 3 4 5 6 7",
    "sentinel-2a": "2 3 4 8 11 12",
    "sentinel-2b": "2 3 4 8 11 12",
    "sentinel-2c": "2 3 4 8 11 12",
}


@pytest.mark.parametrize("key", CONTRACT)
def test_common_bands(key: str) -> None:
    sensor = sensors.sensor_of(key)
    assert [sensor.band(name).number for name in COMMON] == CONTRACT[key].split()
    assert sensor.resolution == (10 if key.startswith("sentinel") else 30)
    assert sensor.satellite == (key if key.startswith("landsat") else "sentinel-2")
    assert set(sensor.quality) <= set(sensors.quality_layers())
    assert sensor.source


@pytest.mark.parametrize("sensor", sensors.sensors(), ids=lambda sensor: sensor.key)
def test_tables_hold_together(sensor: Sensor) -> None:
    assert len({band.name for band in sensor.bands}) == len(sensor.bands)
    for band in sensor.bands:
        assert band.span[0] < band.wavelength < band.span[1]
        for name in band.names:
            assert sensor.band(name.upper()) is band
    waves = [sensor.band(name).wavelength for name in COMMON]
    assert waves == sorted(waves)
    assert pickle.loads(pickle.dumps(sensor)) == sensor
    hash(sensor)


def test_names_of_catalogues() -> None:
    landsat, sentinel = sensors.sensor_of("landsat-8"), sensors.sensor_of("Sentinel-2B")
    assert landsat.band("nir08").name == "B5"
    assert sentinel.band("nir08").name == "B8A"
    assert sentinel.band("8a").name == "B8A"
    assert sentinel.band("b2") is sentinel.band("B02") is sentinel.band("2")
    assert landsat.band("swir16").name == "B6"
    assert sentinel.band("swir22").common == "swir2"
    assert sentinel.find("B99") is None
    with pytest.raises(ConfigError, match=r"green\?"):
        sentinel.band("greeen")
    with pytest.raises(ConfigError, match=r"landsat-8\?"):
        sensors.sensor_of("landsat8")


def test_sensors_of_a_satellite() -> None:
    keys = {name: [s.key for s in each.sensors] for name, each in sensors.satellites().items()}
    assert keys["sentinel-2"] == ["sentinel-2a", "sentinel-2b", "sentinel-2c"]
    assert keys["landsat-7"] == ["landsat-7"]
    assert sensors.satellite_of("2") is sensors.satellite_of("Sentinel-2")
    with pytest.raises(ConfigError, match="not a known satellite"):
        sensors.satellite_of("3")


def test_sentinel2_wavelengths(s2_product: Path) -> None:
    """Centre, ends and pixel size are those of the product's own metadata.

    Metadata before baseline 02.09 has older measurements of Sentinel-2A; B02 was measured anew
    later: up to 4.5 nm.
    """
    root = ET.fromstring(s2_product.read_bytes())
    letter = next(root.iter("SPACECRAFT_NAME")).text or ""
    sensor = sensors.sensor_of(letter.lower())
    baseline = next(root.iter("PROCESSING_BASELINE")).text or ""
    found = list(root.iter("Spectral_Information"))
    assert len(found) == len(sensor.bands)
    for entry in found:
        band = sensor.band(entry.attrib["physicalBand"])
        assert BAND_NAMES[int(entry.attrib["bandId"])] == band.name
        assert band.resolution == float(entry.findtext("RESOLUTION") or 0)
        ends = [float(entry.findtext(f".//{tag}") or 0) for tag in ("MIN", "MAX", "CENTRAL")]
        near = 0.4 if baseline >= "02.09" else 4.5
        assert 1000 * band.wavelength == pytest.approx(ends[2], abs=near)
        if baseline >= "03.00" or sensor.key == "sentinel-2b":
            assert [round(1000 * end) for end in band.span] == ends[:2]
            assert 1000 * band.wavelength == pytest.approx(ends[2], abs=1e-6)


def test_resolution_of_landsat(mtl: Path) -> None:
    """Pixel sizes as in the metadata, wherever it is the standard product."""
    values = oracle.mtl_values(mtl)
    digit = re.search(r"(\d)$", oracle.first(values, "SPACECRAFT_ID") or "8")
    assert digit
    sensor = sensors.sensor_of(f"landsat-{digit[1]}")
    for key, name in (
        ("GRID_CELL_SIZE_REFLECTIVE", "red"),
        ("GRID_CELL_SIZE_PANCHROMATIC", "pan"),
        ("GRID_CELL_SIZE_THERMAL", "6"),
    ):
        size = {value for (_, found), value in values.items() if found == key}
        band = sensor.find(name)
        if band and float(min(size, default="0")) in (15, 30):
            assert float(size.pop()) == band.resolution


PLUGIN = Sensor(
    key="planet-x",
    title="Planet X",
    resolution=3,
    bands=(
        Band(
            name="N",
            number="4",
            common="nir",
            resolution=3,
            wavelength=0.86,
            span=(0.8, 0.9),
        ),
    ),
)
MISSION = PlainMission(
    group="planet",
    satellites=(Satellite(name="planet-x", sensors=(PLUGIN,), aliases=("x",)),),
)
NO_MISSION = "planet-x"


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Entry points that a test sets; nothing of them is left behind."""
    _registry.known.cache_clear()
    monkeypatch.setattr("importlib.metadata.entry_points", _installed)
    yield monkeypatch
    _registry.known.cache_clear()


def _installed() -> EntryPoints:
    return EntryPoints(entry for entries in ENTRIES.values() for entry in entries)


ENTRIES: dict[str, list[EntryPoint]] = {}
GROUP = "automap_tiles.missions"


def test_plugin(plugins: pytest.MonkeyPatch) -> None:
    plugins.setitem(ENTRIES, GROUP, [EntryPoint("planet", f"{__name__}:MISSION", GROUP)])
    assert sensors.sensor_of("planet-x").band("nir").name == "N"
    assert sensors.satellite_of("x").sensors == (sensors.sensor_of("planet-x"),)
    assert sensors.mission_of("planet-x") is MISSION
    assert sensors.sensor_of("landsat-8").satellite == "landsat-8"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (f"{__name__}:NO_MISSION", "is not a Mission: it has no group, satellites"),
        (f"{__name__}:NOTHING", "cannot be loaded"),
        ("no_such_package:MISSION", "cannot be loaded"),
    ],
)
def test_plugin_that_is_none(plugins: pytest.MonkeyPatch, value: str, message: str) -> None:
    plugins.setitem(ENTRIES, GROUP, [EntryPoint("planet", value, GROUP)])
    with pytest.raises(ConfigError, match=message) as caught:
        sensors.sensor_of("planet-x")
    assert caught.value.found == value


def test_a_name_that_is_taken(plugins: pytest.MonkeyPatch) -> None:
    """Neither goes first in silence: one of the two packages must go."""
    entries = [EntryPoint(name, f"{__name__}:MISSION", GROUP) for name in ("one", "two")]
    plugins.setitem(ENTRIES, GROUP, entries)
    with pytest.raises(ConfigError, match="two missions have a satellite of this name") as caught:
        sensors.satellites()
    assert caught.value.found == "planet-x, x"


@pytest.mark.parametrize("alias", ["all", "landsat", "8", "sentinel-2"])
def test_a_word_that_is_taken(alias: str) -> None:
    own = Satellite(name="planet-y", sensors=(replace(PLUGIN, key="planet-y"),), aliases=(alias,))
    with pytest.raises(ConfigError, match="two missions have a satellite of this name") as caught:
        sensors.register(PlainMission(group="planet-y", satellites=(own,)))
    assert caught.value.found == alias
    own = Satellite(name=alias, sensors=(replace(PLUGIN, key="planet-y", satellite=alias),))
    with pytest.raises(ConfigError, match="two missions have a satellite of this name"):
        sensors.register(PlainMission(group="planet-y", satellites=(own,)))
    assert sensors.parse_satellites("landsat") == {"landsat-5", "landsat-7", "landsat-8"}


def test_register() -> None:
    sensors.register(MISSION)
    sensors.register(MISSION)
    assert sensors.sensor_of("planet-x") is PLUGIN
    sensors.unregister(MISSION)
    other = Sensor(key="landsat-8", title="", resolution=1, bands=PLUGIN.bands)
    theirs = PlainMission(group="x", satellites=(Satellite(name="other", sensors=(other,)),))
    with pytest.raises(ConfigError, match="two missions have a sensor"):
        sensors.register(theirs)
    assert sensors.sensor_of("landsat-8").title == "Landsat 8 OLI/TIRS"
    assert "other" not in sensors.satellites()


def test_two_bands_of_one_name() -> None:
    (band,) = PLUGIN.bands
    twice = Band(**{**vars(band), "name": "N2"})
    sensor = Sensor(key="t", satellite="t", title="", resolution=1, bands=(band, twice))
    with pytest.raises(ValueError, match="names N and N2"):
        sensor.find("nir")


def test_import_is_light() -> None:
    """Tables and parsers need NumPy and nothing larger."""
    code = "import sys, automap_tiles.missions.landsat._mtl\n"
    code += "import automap_tiles.missions.sentinel2._granule\n"
    code += "print([n for n in ('rasterio', 'shapely', 'fiona', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_irradiance_of_chander_2009() -> None:
    """Table 4 (TM of Landsat 4 and 5) and table 5 (ETM+), typed a second time: W m⁻² µm⁻¹."""
    tables = {
        "landsat-4": {"B1": 1983, "B2": 1795, "B3": 1539, "B4": 1028, "B5": 219.8, "B7": 83.49},
        "landsat-5": {"B1": 1983, "B2": 1796, "B3": 1536, "B4": 1031, "B5": 220.0, "B7": 83.44},
        "landsat-7": {
            "B1": 1997, "B2": 1812, "B3": 1533, "B4": 1039, "B5": 230.8, "B7": 84.90, "B8": 1362,
        },
    }  # fmt: skip
    for key, table in tables.items():
        found = {band.name: band.irradiance for band in sensors.sensor_of(key).bands}
        assert {name: value for name, value in found.items() if value is not None} == table


@pytest.mark.parametrize(
    ("key", "red", "nir", "swir2"),
    [
        ("sentinel-2a", (0.646, 0.684), (0.760, 0.907), (2.078, 2.320)),
        ("sentinel-2b", (0.646, 0.685), (0.774, 0.907), (2.065, 2.303)),
    ],
)
def test_spectrum_of_sentinel_2(
    key: str, red: tuple[float, float], nir: tuple[float, float], swir2: tuple[float, float]
) -> None:
    """Shortest and longest wavelength, from Spectral_Information of products by hand."""
    sensor = sensors.sensor_of(key)
    for name, span in (("red", red), ("nir", nir), ("swir2", swir2)):
        assert sensor.band(name).span == pytest.approx(span)
