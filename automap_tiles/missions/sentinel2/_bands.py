"""Sentinel-2A, B and C: bands.

Sentinel-2A and B: `Spectral_Information` of the product metadata, processing baselines 02.09 to
04.00 (ESA, S2-SRF COPE-GSEG-EOPG-TN-15-0007). Sentinel-2C: the nominal centres and widths of the
instrument, the same for all three (ESA, Sentinel-2 User Handbook, table 1).
"""

from __future__ import annotations

from automap_tiles.missions._common.sensor import Band, CommonName, Sensor

# number, common name, pixel size in metres, names in catalogues
_BANDS: tuple[tuple[str, CommonName, float, tuple[str, ...]], ...] = (
    ("1", "coastal", 60, ()),
    ("2", "blue", 10, ()),
    ("3", "green", 10, ()),
    ("4", "red", 10, ()),
    ("5", "rededge1", 20, ("rededge", "rededge071")),
    ("6", "rededge2", 20, ("rededge075",)),
    ("7", "rededge3", 20, ("rededge078",)),
    ("8", "nir", 10, ()),
    ("8A", "nir08", 20, ()),
    ("9", "nir09", 60, ()),
    ("10", "cirrus", 60, ()),
    ("11", "swir1", 20, ("swir16",)),
    ("12", "swir2", 20, ("swir22",)),
)
BAND_NAMES = tuple(f"B{number:0>2}" for number, *_ in _BANDS)
"""In the order of `band_id` in the metadata: 0 is B01, 8 is B8A."""

# shortest, longest, centre in nanometres
_SPECTRUM: dict[str, tuple[tuple[float, float, float], ...]] = {
    "a": (
        (412, 456, 442.7),
        (456, 533, 492.7),
        (538, 583, 559.8),
        (646, 684, 664.6),
        (695, 714, 704.1),
        (731, 749, 740.5),
        (769, 797, 782.8),
        (760, 907, 832.8),
        (837, 881, 864.7),
        (932, 958, 945.1),
        (1337, 1412, 1373.5),
        (1539, 1682, 1613.7),
        (2078, 2320, 2202.4),
    ),
    "b": (
        (411, 456, 442.3),
        (456, 532, 492.3),
        (536, 582, 559.0),
        (646, 685, 665.0),
        (694, 714, 703.8),
        (730, 748, 739.1),
        (766, 794, 779.7),
        (774, 907, 833.0),
        (848, 880, 864.0),
        (930, 957, 943.2),
        (1339, 1415, 1376.9),
        (1538, 1679, 1610.4),
        (2065, 2303, 2185.7),
    ),
    "c": (
        (433, 453, 443),
        (457.5, 522.5, 490),
        (542.5, 577.5, 560),
        (650, 680, 665),
        (697.5, 712.5, 705),
        (732.5, 747.5, 740),
        (773, 793, 783),
        (784.5, 899.5, 842),
        (855, 875, 865),
        (935, 955, 945),
        (1360, 1390, 1375),
        (1565, 1655, 1610),
        (2100, 2280, 2190),
    ),
}

# Slope and offset: Claverie et al. 2018 (doi:10.1016/j.rse.2018.09.002), and the Product User Guide
# of HLS 2.0 (2A, 2B), whose processing has those of 2C. Red edge, B08 and B09 have no like in OLI.
_TO_OLI_BANDS = ("B01", "B02", "B03", "B04", "B8A", "B11", "B12")
_TO_OLI: dict[str, tuple[tuple[float, float], ...]] = {
    "a": (
        (0.9959, -0.0002),
        (0.9778, -0.0040),
        (1.0053, -0.0009),
        (0.9765, 0.0009),
        (0.9983, -0.0001),
        (0.9987, -0.0011),
        (1.0030, -0.0012),
    ),
    "b": (
        (0.9959, -0.0002),
        (0.9778, -0.0040),
        (1.0075, -0.0008),
        (0.9761, 0.0010),
        (0.9966, 0.0000),
        (1.0000, -0.0003),
        (0.9867, 0.0004),
    ),
    "c": (
        (1.0030, 0.0),
        (0.9851, -0.0027),
        (1.0038, -0.0009),
        (0.9718, 0.0011),
        (0.9995, -0.0003),
        (0.9994, -0.0007),
        (0.9910, 0.0004),
    ),
}


def _sensor(letter: str) -> Sensor:
    bands = tuple(
        Band(
            name=f"B{number:0>2}",
            number=number,
            common=common,
            resolution=resolution,
            wavelength=round(centre / 1000, 5),
            span=(shortest / 1000, longest / 1000),
            aliases=aliases,
        )
        for (number, common, resolution, aliases), (shortest, longest, centre) in zip(
            _BANDS, _SPECTRUM[letter], strict=True
        )
    )
    return Sensor(
        key=f"sentinel-2{letter}",
        satellite="sentinel-2",
        title=f"Sentinel-2{letter.upper()} MSI",
        resolution=10,
        bands=bands,
        quality=("scl", "msk_classi", "eopf_classi", "qa60"),
        to_oli=dict(zip(_TO_OLI_BANDS, _TO_OLI[letter], strict=True)),
        may_have_offset=True,
        source="ESA product metadata and Sentinel-2 User Handbook",
    )


SENTINEL_2A = _sensor("a")
SENTINEL_2B = _sensor("b")
SENTINEL_2C = _sensor("c")
SENSORS = (SENTINEL_2A, SENTINEL_2B, SENTINEL_2C)
BY_KEY = {sensor.key: sensor for sensor in SENSORS}
