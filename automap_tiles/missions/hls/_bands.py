"""HLS: bands of L30 and S30, their scale and their number for no data.

Names, places in the spectrum and numbers: Harmonized Landsat Sentinel-2 Product User Guide 2.0
(Masek et al. 2023), tables of the spectral bands and of the output files. The same name is another
band of L30 than of S30 (B05: near infrared, red edge), and the near infrared of Landsat 8 has its
like in the narrow band 8A of Sentinel-2: so that is `nir` here, and the wide band 8 has no common
name.
"""

from __future__ import annotations

from automap_tiles.missions._common.layers import HLS_FMASK
from automap_tiles.missions._common.scaling import Scaling
from automap_tiles.missions._common.sensor import Band, CommonName, Sensor

SCALING = Scaling(multiply=1e-4, nodata=-9999)
"""Scaling of all reflectance bands; thermal bands hold hundredths of a degree Celsius."""

_Row = tuple[str, CommonName | None, tuple[float, float], tuple[str, ...]]
_L30: tuple[_Row, ...] = (
    ("1", "coastal", (0.43, 0.45), ()),
    ("2", "blue", (0.45, 0.51), ()),
    ("3", "green", (0.53, 0.59), ()),
    ("4", "red", (0.64, 0.67), ()),
    ("5", "nir", (0.85, 0.88), ("nir08",)),
    ("6", "swir1", (1.57, 1.65), ("swir16",)),
    ("7", "swir2", (2.11, 2.29), ("swir22",)),
    ("9", "cirrus", (1.36, 1.38), ()),
    ("10", "lwir11", (10.60, 11.19), ()),
    ("11", "lwir12", (11.50, 12.51), ()),
)
_S30: tuple[_Row, ...] = (
    ("1", "coastal", (0.43, 0.45), ()),
    ("2", "blue", (0.45, 0.51), ()),
    ("3", "green", (0.53, 0.59), ()),
    ("4", "red", (0.64, 0.67), ()),
    ("5", "rededge1", (0.69, 0.71), ("rededge071",)),
    ("6", "rededge2", (0.73, 0.75), ("rededge075",)),
    ("7", "rededge3", (0.77, 0.79), ("rededge078",)),
    ("8", None, (0.78, 0.88), ("nir_broad",)),
    ("8A", "nir", (0.85, 0.88), ("nir08", "nir_narrow")),
    ("9", "nir09", (0.93, 0.95), ()),
    ("10", "cirrus", (1.36, 1.38), ()),
    ("11", "swir1", (1.57, 1.65), ("swir16",)),
    ("12", "swir2", (2.11, 2.29), ("swir22",)),
)

_LIKE_OLI = frozenset({"coastal", "blue", "green", "red", "nir", "swir1", "swir2"})


def _sensor(key: str, title: str, rows: tuple[_Row, ...]) -> Sensor:
    return Sensor(
        key=key,
        title=title,
        resolution=30,
        bands=tuple(
            Band(
                name=f"B{number:0>2}",
                number=number,
                common=common,
                resolution=30,
                wavelength=round(sum(span) / 2, 4),
                span=span,
                aliases=aliases,
            )
            for number, common, span, aliases in rows
        ),
        quality=(HLS_FMASK.name,),
        # S30 is adjusted to OLI by the producer, L30 is OLI
        to_oli={f"B{number:0>2}": (1.0, 0.0) for number, common, *_ in rows if common in _LIKE_OLI},
        source="Harmonized Landsat Sentinel-2 Product User Guide 2.0",
    )


L30 = _sensor("hls-l30", "HLS L30 (Landsat 8 and 9 OLI)", _L30)
S30 = _sensor("hls-s30", "HLS S30 (Sentinel-2 MSI)", _S30)
SENSORS = (L30, S30)
BY_KIND = {"L30": L30, "S30": S30}
"""By product type."""
