"""The quality layers of Landsat, written like the producer's tables.

Undefined and reserved values: a two-bit confidence of 2 is "reserved" for shadow, snow and cirrus
in some tables and never written; it is read as medium in all of them.
"""

from __future__ import annotations

from automap_tiles.missions._common.flags import Flag
from automap_tiles.missions._common.quality import Bit, QualityLayer, Rule, TwoBits, classes


def _landsat(name: str, source: str, *rules: Rule) -> QualityLayer:
    return QualityLayer(
        name=name, kind="bits", bits=16, rules=rules, source=source, lowest="medium"
    )


_QA_PIXEL = (
    Bit(0, Flag.FILL),
    Bit(1, Flag.DILATED),
    Bit(3, Flag.CLOUD),
    Bit(4, Flag.SHADOW),
    Bit(5, Flag.SNOW),
    # Bit 6 is "clear", which is implied if nothing else is set.
    Bit(7, Flag.WATER),
    TwoBits(8, Flag.CLOUD),
    TwoBits(10, Flag.SHADOW),
    TwoBits(12, Flag.SNOW),
)
QA_PIXEL = _landsat(
    "qa_pixel",
    "Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619), QA_PIXEL",
    *_QA_PIXEL,
    Bit(2, Flag.CIRRUS),
    TwoBits(14, Flag.CIRRUS),
)
QA_PIXEL_TM = _landsat(
    "qa_pixel_tm",
    "Landsat 4-7 Collection 2 Level 2 Science Product Guide (LSDS-1618), QA_PIXEL; without cirrus",
    *_QA_PIXEL,
)

_RADSAT_BANDS = tuple(Bit(bit, Flag.SATURATED) for bit in (0, 1, 2, 3, 4, 5, 6, 8))
QA_RADSAT = QualityLayer(
    name="qa_radsat",
    kind="bits",
    bits=16,
    is_added=True,
    rules=(*_RADSAT_BANDS, Bit(11, Flag.TERRAIN)),
    source="LSDS-1619, QA_RADSAT: bits 0-6 bands 1-7, 8 band 9, 11 terrain occlusion",
)
QA_RADSAT_TM = QualityLayer(
    name="qa_radsat_tm",
    kind="bits",
    bits=16,
    is_added=True,
    rules=(*_RADSAT_BANDS, Bit(9, Flag.DROPPED)),
    source="LSDS-1618, QA_RADSAT: bits 0-6 bands 1-7 (5: band 6, ETM+ of low gain), 8 band 6 of "
    "high gain (ETM+), 9 dropped pixel",
)

_BQA_C1 = (
    Bit(0, Flag.FILL),
    # Number of saturated bands: 0 none, 1 one or two, 2 three or four, 3 five or more.
    TwoBits(2, Flag.SATURATED, at_least=1),
    Bit(4, Flag.CLOUD),
    TwoBits(5, Flag.CLOUD),
    TwoBits(7, Flag.SHADOW),
    TwoBits(9, Flag.SNOW),
)
BQA_C1 = _landsat(
    "bqa_c1",
    "USGS, Landsat Collection 1 Level 1 Quality Assessment Band; OLI",
    *_BQA_C1,
    Bit(1, Flag.TERRAIN),
    TwoBits(11, Flag.CIRRUS),
)
BQA_C1_TM = _landsat(
    "bqa_c1_tm",
    "USGS, Landsat Collection 1 Level 1 Quality Assessment Band; TM and ETM+",
    *_BQA_C1,
    Bit(1, Flag.DROPPED),
)
BQA_PRE = _landsat(
    "bqa_pre",
    "Landsat 8 (L8) Data Users Handbook, version 1 (LSDS-1574), quality band before Collection 1",
    Bit(0, Flag.FILL),
    Bit(1, Flag.DROPPED),
    Bit(2, Flag.TERRAIN),
    TwoBits(4, Flag.WATER),
    # Bits 8-9 are vegetation, which needs no flag.
    TwoBits(10, Flag.SNOW),
    TwoBits(12, Flag.CIRRUS),
    TwoBits(14, Flag.CLOUD),
)

_PIXEL_QA = (
    Bit(0, Flag.FILL),
    # Bit 1 is "clear".
    Bit(2, Flag.WATER),
    Bit(3, Flag.SHADOW),
    Bit(4, Flag.SNOW),
    Bit(5, Flag.CLOUD),
    TwoBits(6, Flag.CLOUD),
)
PIXEL_QA = _landsat(
    "pixel_qa",
    "Landsat 8 Collection 1 Land Surface Reflectance Code Product Guide (LSDS-1368), pixel_qa",
    *_PIXEL_QA,
    TwoBits(8, Flag.CIRRUS),
    Bit(10, Flag.TERRAIN),
)
PIXEL_QA_TM = _landsat(
    "pixel_qa_tm",
    "Landsat 4-7 Collection 1 Surface Reflectance Code LEDAPS Product Guide (LSDS-1370), pixel_qa",
    *_PIXEL_QA,
)
CFMASK = classes(
    "cfmask",
    {
        0: (Flag(0), "high"),
        1: (Flag.WATER, "high"),
        2: (Flag.SHADOW, "high"),
        3: (Flag.SNOW, "high"),
        4: (Flag.CLOUD, "high"),
        255: (Flag.FILL, "high"),
    },
    "USGS ESPA, CFmask band; Zhu and Woodcock 2012 (Fmask)",
)

LAYERS = (
    QA_PIXEL,
    QA_PIXEL_TM,
    QA_RADSAT,
    QA_RADSAT_TM,
    BQA_C1,
    BQA_C1_TM,
    BQA_PRE,
    PIXEL_QA,
    PIXEL_QA_TM,
    CFMASK,
)
