"""The quality layers of Sentinel-2, written like the producer's tables."""

from __future__ import annotations

from automap_tiles.missions._common.flags import Flag
from automap_tiles.missions._common.quality import Bit, QualityLayer, classes

_CLEAR = Flag(0)

SCL = classes(
    "scl",
    {
        0: (Flag.FILL, "high"),
        1: (Flag.SATURATED, "high"),
        2: (Flag.DARK, "high"),
        3: (Flag.SHADOW, "high"),
        4: (_CLEAR, "high"),  # vegetation
        5: (_CLEAR, "high"),  # bare soil
        6: (Flag.WATER, "high"),
        7: (Flag.UNCLASSIFIED, "high"),
        8: (Flag.CLOUD, "medium"),
        9: (Flag.CLOUD, "high"),
        10: (Flag.CIRRUS, "high"),
        11: (Flag.SNOW, "high"),
    },
    "ESA, Sentinel-2 Level-2A, Scene_Classification_List of MTD_MSIL2A.xml",
)
QA60 = QualityLayer(
    name="qa60",
    kind="bits",
    bits=16,
    rules=(Bit(10, Flag.CLOUD), Bit(11, Flag.CIRRUS)),
    source="ESA MSK_CLOUDS as a band; bit 10 opaque cloud, 11 cirrus; no shadow, no snow",
)
MSK_CLASSI = QualityLayer(
    name="msk_classi",
    kind="bands",
    bits=8,
    bands=3,
    rules=(Bit(0, Flag.CLOUD), Bit(1, Flag.CIRRUS), Bit(2, Flag.SNOW)),
    source="ESA, Sentinel-2 Products Specification Document, MSK_CLASSI_B00 (baseline 04.00 on)",
)

EOPF_CLASSI = QualityLayer(
    name="eopf_classi",
    kind="bits",
    bits=8,
    rules=(Bit(0, Flag.CLOUD), Bit(1, Flag.CIRRUS), Bit(2, Flag.SNOW), Bit(7, Flag.FILL)),
    source="ESA, EOPF products of Sentinel-2, conditions/mask/l1c_classification: flag_masks and "
    "flag_meanings (opaque, cirrus, snow_ice; 128 novalue since CPM 2.8)",
)

LAYERS = (SCL, QA60, MSK_CLASSI, EOPF_CLASSI)
