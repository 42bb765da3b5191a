"""Landsat 4 to 9: bands.

Wavelengths and pixel sizes: USGS, "What are the band designations for the Landsat satellites?",
and the data users' handbooks (LSDS-1927 for Landsat 4-7, LSDS-1574 for Landsat 8, LSDS-2082 for
Landsat 9). Thermal bands are delivered resampled to the pixel size of the reflective ones.

Irradiance (ESUN): Chander, Markham and Helder 2009, "Summary of current radiometric calibration
coefficients for Landsat MSS, TM, ETM+, and EO-1 ALI sensors", Remote Sensing of Environment 113,
table 4 (TM of Landsat 4 and 5) and table 5 (ETM+).
"""

from __future__ import annotations

from automap_tiles.missions._common.sensor import Band, CommonName, Sensor

_SOURCE = "USGS Landsat data users' handbooks"
_ALIASES: dict[CommonName, tuple[str, ...]] = {
    # The catalogue of USGS calls the near infrared band nir08.
    "nir": ("nir08",),
    "swir1": ("swir16",),
    "swir2": ("swir22",),
}


def _band(
    number: str,
    common: CommonName | None,
    span: tuple[float, float],
    resolution: float = 30,
    *,
    name: str = "",
    aliases: tuple[str, ...] = (),
    irradiance: float | None = None,
) -> Band:
    return Band(
        name=name or f"B{number}",
        number=number,
        common=common,
        resolution=resolution,
        wavelength=round(sum(span) / 2, 4),
        span=span,
        aliases=aliases or (_ALIASES.get(common, ()) if common else ()),
        irradiance=irradiance,
    )


def _thematic_mapper(key: str, irradiance: tuple[float, ...]) -> Sensor:
    one, two, three, four, five, seven = irradiance
    return Sensor(
        key=key,
        title=f"Landsat {key[-1]} TM",
        resolution=30,
        bands=(
            _band("1", "blue", (0.45, 0.52), irradiance=one),
            _band("2", "green", (0.52, 0.60), irradiance=two),
            _band("3", "red", (0.63, 0.69), irradiance=three),
            _band("4", "nir", (0.76, 0.90), irradiance=four),
            _band("5", "swir1", (1.55, 1.75), irradiance=five),
            _band("6", "lwir", (10.40, 12.50)),
            _band("7", "swir2", (2.08, 2.35), irradiance=seven),
        ),
        quality=("qa_pixel_tm", "bqa_c1_tm", "pixel_qa_tm", "cfmask"),
        source=_SOURCE,
    )


def _operational_land_imager(key: str) -> Sensor:
    return Sensor(
        key=key,
        title=f"Landsat {key[-1]} OLI/TIRS",
        resolution=30,
        bands=(
            _band("1", "coastal", (0.43, 0.45)),
            _band("2", "blue", (0.45, 0.51)),
            _band("3", "green", (0.53, 0.59)),
            _band("4", "red", (0.64, 0.67)),
            _band("5", "nir", (0.85, 0.88)),
            _band("6", "swir1", (1.57, 1.65)),
            _band("7", "swir2", (2.11, 2.29)),
            _band("8", "pan", (0.50, 0.68), 15),
            _band("9", "cirrus", (1.36, 1.38)),
            _band("10", "lwir11", (10.60, 11.19)),
            _band("11", "lwir12", (11.50, 12.51)),
        ),
        quality=("qa_pixel", "bqa_c1", "pixel_qa", "cfmask", "bqa_pre"),
        to_oli=dict.fromkeys(("B1", "B2", "B3", "B4", "B5", "B6", "B7"), (1.0, 0.0)),
        source=_SOURCE,
    )


LANDSAT_4 = _thematic_mapper("landsat-4", (1983, 1795, 1539, 1028, 219.8, 83.49))
LANDSAT_5 = _thematic_mapper("landsat-5", (1983, 1796, 1536, 1031, 220.0, 83.44))
LANDSAT_7 = Sensor(
    key="landsat-7",
    title="Landsat 7 ETM+",
    resolution=30,
    bands=(
        _band("1", "blue", (0.45, 0.52), irradiance=1997),
        _band("2", "green", (0.52, 0.60), irradiance=1812),
        _band("3", "red", (0.63, 0.69), irradiance=1533),
        _band("4", "nir", (0.77, 0.90), irradiance=1039),
        _band("5", "swir1", (1.55, 1.75), irradiance=230.8),
        # The thermal band comes twice: with low gain and with high gain.
        _band("61", "lwir", (10.40, 12.50), name="B6_VCID_1", aliases=("B6", "6")),
        _band("62", None, (10.40, 12.50), name="B6_VCID_2"),
        _band("7", "swir2", (2.09, 2.35), irradiance=84.90),
        _band("8", "pan", (0.52, 0.90), 15, irradiance=1362),
    ),
    quality=("qa_pixel_tm", "bqa_c1_tm", "pixel_qa_tm", "cfmask"),
    source=_SOURCE,
)
LANDSAT_8 = _operational_land_imager("landsat-8")
LANDSAT_9 = _operational_land_imager("landsat-9")
SENSORS = (LANDSAT_4, LANDSAT_5, LANDSAT_7, LANDSAT_8, LANDSAT_9)
BY_KEY = {sensor.key: sensor for sensor in SENSORS}
