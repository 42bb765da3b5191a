"""Quality layers that belong to no single mission or producer."""

from __future__ import annotations

from automap_tiles.missions._common.flags import Flag
from automap_tiles.missions._common.quality import Bit, Code, NoneOf, QualityLayer, TwoBits, classes

DEA_FMASK = classes(
    "dea_fmask",
    {
        0: (Flag.FILL, "high"),
        1: (Flag(0), "high"),
        2: (Flag.CLOUD, "high"),
        3: (Flag.SHADOW, "high"),
        4: (Flag.SNOW, "high"),
        5: (Flag.WATER, "high"),
    },
    "Geoscience Australia, Collection 3 product definitions (dea-config), oa_fmask",
)
HLS_FMASK = QualityLayer(
    name="hls_fmask",
    kind="bits",
    bits=8,
    rules=(
        # Bit 0 is reserved (cirrus before version 2).
        Bit(1, Flag.CLOUD),
        Bit(2, Flag.DILATED),
        Bit(3, Flag.SHADOW),
        Bit(4, Flag.SNOW),
        Bit(5, Flag.WATER),
        TwoBits(6, Flag.AEROSOL, at_least=3),
        Code(255, Flag.FILL),
    ),
    source="Harmonized Landsat and Sentinel-2 Product User Guide 2.0, table of Fmask",
)
BINARY = QualityLayer(
    name="binary",
    kind="classes",
    bits=8,
    rules=(Code(1, Flag.CLOUD), NoneOf(frozenset({0, 1}))),
    source="a cloud mask of 0 and 1, everything else is fill (s2cloudless' CLM has 255 there)",
)
AUTOMAP = QualityLayer(
    name="automap",
    kind="bits",
    bits=16,
    # Bit 15 alone equals the nodata value of an int16 file.
    rules=(*(Bit(flag.bit_length() - 1, flag) for flag in Flag), Bit(15, Flag.FILL)),
    source="our own flags (`missions.Flag`), as they are in the mask band of prepared scenes",
)

LAYERS = (DEA_FMASK, HLS_FMASK, BINARY, AUTOMAP)
