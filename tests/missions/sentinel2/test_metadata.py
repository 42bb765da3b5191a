"""Every Sentinel-2 metadata file there is, against ElementTree, and what is refused."""

from __future__ import annotations

import json
import pickle
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.errors import InputError
from automap_tiles.missions import Flag
from automap_tiles.missions.sentinel2._bands import BAND_NAMES
from automap_tiles.missions.sentinel2._granule import (
    read_s2_clouds,
    read_s2_granule,
    read_tile_info,
)
from automap_tiles.missions.sentinel2._product import read_s2_product, scaling_of_baseline
from tests.imagery.place import need_real

# By hand: id, sensor, level, baseline, time, orbit, cloud cover, offset
PRODUCTS = {
    "S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126": (
        ("sentinel-2b", "L2A", "04.00", "2022-04-13T15:07:59.024", 25, 98.944211, -0.1)
    ),
    "S2A_MSIL2A_20180721T053721_N0212_R062_T43MDV_20201011T181419": (
        ("sentinel-2a", "L2A", "02.12", "2018-07-21T05:37:21.024", 62, 99.999999, 0.0)
    ),
    "S2A_MSIL1C_20210908T042701_N0301_R133_T46RER_20210908T070248": (
        ("sentinel-2a", "L1C", "03.01", "2021-09-08T04:27:01.024", 133, 88.2972, 0.0)
    ),
    "S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911": (
        ("sentinel-2a", "L1C", "02.06", "2018-01-01T10:54:41.026", 51, 11.9204, 0.0)
    ),
    "S2B_MSIL1C_20201011T000249_N0209_R030_T55HFA_20201011T011446": (
        ("sentinel-2b", "L1C", "02.09", "2020-10-11T00:02:49.024", 30, 24.9912, 0.0)
    ),
}


def test_product(s2_product: Path) -> None:
    product = read_s2_product(s2_product.read_bytes())
    sensor, level, baseline, time, orbit, cloud, offset = PRODUCTS[product.id]
    assert (product.sensor, product.level, product.baseline) == (sensor, level, baseline)
    assert product.time == datetime.fromisoformat(time).replace(tzinfo=UTC)
    assert (product.relative_orbit, product.cloud_cover) == (orbit, cloud)
    assert product.surface == (level == "L2A")
    root = ET.fromstring(s2_product.read_bytes())
    images = [element.text for element in root.iter("IMAGE_FILE")]
    assert list(product.images) == images
    assert len(images) >= 14
    assert tuple(product.scaling) == BAND_NAMES
    for scaling in product.scaling.values():
        assert (scaling.multiply, scaling.add) == (1e-4, offset)
        assert (scaling.nodata, scaling.saturated, scaling.sun_elevation) == (0, 65535, None)
    pairs = [float(number) for number in next(root.iter("EXT_POS_LIST")).text.split()]  # type: ignore[union-attr]
    assert product.footprint == tuple(zip(pairs[1::2], pairs[0::2], strict=True))
    assert product.footprint[0] == product.footprint[-1]
    assert pickle.loads(pickle.dumps(product)) == product


def test_all_products_are_known(shared: Path) -> None:
    need_real("metadata/sentinel2_stactools")
    assert len(list((shared / "data").rglob("MTD_MSI*.xml"))) == len(PRODUCTS)


def test_granule(s2_tile: Path) -> None:
    granule = read_s2_granule(s2_tile.read_bytes())
    root = ET.fromstring(s2_tile.read_bytes())
    text = {element.tag: (element.text or "").strip() for element in root.iter()}
    assert granule.id == text["TILE_ID"]
    assert granule.sensor == f"sentinel-2{text['TILE_ID'][2].lower()}"
    assert text["TILE_ID"].endswith(f"_T{granule.tile}_N{granule.baseline}")
    assert granule.level == ("L2A" if "L1C_TILE_ID" in text else "L1C")
    assert granule.time == datetime.fromisoformat(text["SENSING_TIME"])
    assert f"EPSG:{granule.epsg}" == text["HORIZONTAL_CS_CODE"]
    zone = re.match(r"\d\d", granule.tile)
    assert zone
    assert granule.epsg % 100 == int(zone[0])
    assert granule.epsg // 100 == (327 if granule.tile[2] < "N" else 326)
    for size, place in zip(root.iter("Size"), root.iter("Geoposition"), strict=True):
        placement = granule.placement[int(place.attrib["resolution"])]
        assert size.attrib == place.attrib
        assert [placement.height, placement.width] == [int(child.text or 0) for child in size]
        corner = [float(child.text or 0) for child in place][:2]
        assert [placement.left, placement.top] == corner
    mean = next(root.iter("Mean_Sun_Angle"))
    assert [granule.sun_zenith, granule.sun_azimuth] == [float(child.text or 0) for child in mean]
    assert granule.sun_elevation == 90 - granule.sun_zenith
    assert granule.cloud_cover == float(text["CLOUDY_PIXEL_PERCENTAGE"])
    nodata = text.get("NODATA_PIXEL_PERCENTAGE")
    assert granule.nodata_cover == (None if nodata is None else float(nodata))
    assert pickle.loads(pickle.dumps(granule)) == granule


def test_angles_of_the_sun(s2_tile: Path) -> None:
    granule = read_s2_granule(s2_tile.read_bytes())
    assert granule.sun
    assert granule.sun.step == 5000
    grid = next(ET.fromstring(s2_tile.read_bytes()).iter("Sun_Angles_Grid"))
    for name, rows in (("Zenith", granule.sun.zenith), ("Azimuth", granule.sun.azimuth)):
        values = [row.text or "" for row in grid.iterfind(f"{name}//VALUES")]
        assert [" ".join(f"{angle:g}" for angle in row) for row in rows] == [
            " ".join(f"{float(angle):g}" for angle in row.split()) for row in values
        ]
        assert (len(rows), len(rows[0])) == (23, 23)
    zenith = [angle for row in granule.sun.zenith for angle in row]
    assert min(zenith) <= granule.sun_zenith <= max(zenith)


def test_masks(s2_tile: Path) -> None:
    granule = read_s2_granule(s2_tile.read_bytes())
    assert granule.baseline
    if granule.baseline < "04.00":
        assert set(granule.masks) == {"MSK_CLOUDS"}
        assert granule.masks["MSK_CLOUDS"].endswith("/QI_DATA/MSK_CLOUDS_B00.gml")
    else:
        assert set(granule.masks) == {"MSK_CLASSI", "MSK_CLDPRB", "MSK_SNWPRB"}
        assert re.search(r"/MSK_CLASSI_B00\.\w+$", granule.masks["MSK_CLASSI"])
        assert re.search(r"/MSK_CLDPRB_20m\.\w+$", granule.masks["MSK_CLDPRB"])


def test_tile_info(shared: Path) -> None:
    need_real("metadata/sentinel2_stactools")
    (path,) = (shared / "data/metadata").rglob("tileInfo.json")
    info = read_tile_info(path.read_bytes())
    assert info.product == "S2A_MSIL1C_20181231T185801_N0207_R113_T10SDG_20181231T203637"
    assert (info.sensor, info.level, info.baseline) == ("sentinel-2a", "L1C", "02.07")
    assert info.tile == "10SDG"
    assert info.time == datetime(2018, 12, 31, 19, 4, 6, 567000, tzinfo=UTC)
    assert (info.cloud_cover, info.nodata_cover) == (0.01, 40.43)
    granule = read_s2_granule((path.parent / "metadata.xml").read_bytes())
    assert (info.tile, info.time, info.baseline) == (granule.tile, granule.time, granule.baseline)


def test_scaling_of_baseline(s2_product: Path) -> None:
    """Where only the baseline is known: the same as in the metadata of every product here."""
    product = read_s2_product(s2_product.read_bytes())
    assert scaling_of_baseline(product.baseline) == product.scaling
    assert scaling_of_baseline(f"N{product.baseline.replace('.', '')}") == product.scaling


def test_offsets_by_band_not_by_date_or_baseline(shared: Path) -> None:
    """Each band has its own; an older scene that was processed again has them too."""
    need_real("metadata/sentinel2_stactools")
    path = next((shared / "data/metadata").rglob("S2B_MSIL2A_2022*/MTD_MSIL2A.xml"))
    text = path.read_text()
    text = re.sub(
        r'(<BOA_ADD_OFFSET band_id="(\d+)">)-1000',
        lambda found: f"{found[1]}{-1000 - int(found[2])}",
        text,
    ).replace("2022-04-13", "2017-04-13")
    product = read_s2_product(text)
    for number, name in enumerate(BAND_NAMES):
        assert product.scaling[name].add == pytest.approx(-0.1 - number / 10000)
    # level 1C has the offset under another name
    first = next((shared / "data/metadata").rglob("S2A_MSIL1C_2021*/MTD_MSIL1C.xml")).read_text()
    offsets = "".join(
        f'<RADIO_ADD_OFFSET band_id="{i}">-1000</RADIO_ADD_OFFSET>' for i in range(13)
    )
    with_offsets = first.replace(
        "<QUANTIFICATION_VALUE",
        f"<Radiometric_Offset_List>{offsets}</Radiometric_Offset_List><QUANTIFICATION_VALUE",
        1,
    )
    assert read_s2_product(with_offsets).scaling["B8A"].add == -0.1


PRODUCT = """<n1:Level-2A_User_Product xmlns:n1="urn:x"><n1:General_Info><Product_Info>
<PRODUCT_URI>S2A_X.SAFE</PRODUCT_URI><PROCESSING_BASELINE>02.00</PROCESSING_BASELINE>
<SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
<DATATAKE_SENSING_START>2017-01-01T00:00:00.000Z</DATATAKE_SENSING_START>
<L2A_BOA_QUANTIFICATION_VALUE>10000</L2A_BOA_QUANTIFICATION_VALUE>
</Product_Info></n1:General_Info></n1:Level-2A_User_Product>"""


def test_early_level_2a() -> None:
    product = read_s2_product(PRODUCT)
    assert (product.id, product.level, product.footprint) == ("S2A_X", "L2A", ())
    assert product.scaling["B04"].multiply == 1e-4


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "Level-2A_User_Product",
            "Level-2A_DataStrip_ID",
            "not the metadata of a Sentinel-2 product",
        ),
        ("Sentinel-2A", "Sentinel-3A", "unknown satellite"),
        ("L2A_BOA_QUANT", "QUANT", "BOA_QUANTIFICATION_VALUE"),
        (">10000<", ">0<", "BOA_QUANTIFICATION_VALUE"),
        (">10000<", ">many<", "in place of a number"),
        ("2017-01-01T00:00:00.000Z", "yesterday", "without a time"),
        (
            "</Product_Info>",
            '<BOA_ADD_OFFSET band_id="13">0</BOA_ADD_OFFSET></Product_Info>',
            "no band",
        ),
        (
            "</Product_Info>",
            '<BOA_ADD_OFFSET band_id="1">0</BOA_ADD_OFFSET></Product_Info>',
            "only 1",
        ),
        ("</Product_Info>", "", "well-formed"),
        ("<n1:Level", "<!DOCTYPE x><n1:Level", "document type"),
    ],
)
def test_products_refused(old: str, new: str, message: str) -> None:
    text = PRODUCT.replace(old, new) if "DOCTYPE" not in new else PRODUCT.replace(old, new, 1)
    assert text != PRODUCT
    with pytest.raises(InputError, match=message):
        read_s2_product(text)


def test_files_taken_for_others(shared: Path) -> None:
    need_real("metadata/sentinel2_stactools")
    manifest = next((shared / "data/metadata").rglob("manifest.safe")).read_bytes()
    for read in (read_s2_product, read_s2_granule, read_s2_clouds):
        with pytest.raises(InputError, match="not "):
            read(manifest)
    for data in (b"", b"[]", b"{}", b"3", b'{"utmZone": 1}', b'{"a":' * 50000):
        with pytest.raises(InputError, match=r"not a valid tileInfo\.json"):
            read_tile_info(data)
    good = {"utmZone": 3, "latitudeBand": "U", "gridSquare": "XX", "timestamp": "2018-01-01"}
    with pytest.raises(InputError, match="unknown product"):
        read_tile_info(json.dumps({**good, "productName": "LC08"}))


@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files(data: st.DataObject, shared: Path) -> None:
    """Overwritten anywhere: it is read, or refused with an error of ours."""
    need_real("metadata/sentinel2_stactools")
    folder = next((shared / "data/metadata").rglob("S2B_MSIL2A_2022*.SAFE"))
    name, read = data.draw(
        st.sampled_from([("MTD_MSIL2A.xml", read_s2_product), ("MTD_TL.xml", read_s2_granule)])
    )
    text = next(folder.rglob(name)).read_text()
    # Numbers, texts and tags alike become something else.
    words = sorted(set(re.findall(r"[\w.-]+", text[:9000])))
    for _ in range(data.draw(st.integers(1, 4))):
        word = data.draw(st.sampled_from(words))
        text = text.replace(word, data.draw(st.sampled_from(["", "x", "-1", "nan", "1e999", "T"])))
    with suppress(InputError):
        read(text)


CLOUDS = """<?xml version="1.0" encoding="UTF-8"?>
<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" xmlns:gml="http://www.opengis.net/gml/3.2">
  <gml:name>MSK_CLOUDS</gml:name>
  <eop:maskMembers>
    <eop:MaskFeature gml:id="OPAQUE.0">
      <eop:maskType codeSpace="urn:gs2:S2PDGS:maskType">OPAQUE</eop:maskType>
      <eop:extentOf><gml:Polygon gml:id="OPAQUE.0_Polygon">
        <gml:exterior><gml:LinearRing>
          <gml:posList srsDimension="2">0 60 60 60 60 0 0 0 0 60</gml:posList>
        </gml:LinearRing></gml:exterior>
        <gml:interior><gml:LinearRing>
          <gml:posList srsDimension="2">20 40 40 40 40 20 20 40</gml:posList>
        </gml:LinearRing></gml:interior>
      </gml:Polygon></eop:extentOf>
    </eop:MaskFeature>
    <eop:MaskFeature gml:id="CIRRUS.1">
      <eop:maskType>CIRRUS</eop:maskType>
      <eop:extentOf><gml:Polygon><gml:exterior><gml:LinearRing>
        <gml:posList>100 160 160 160 160 100 100 160</gml:posList>
      </gml:LinearRing></gml:exterior></gml:Polygon></eop:extentOf>
    </eop:MaskFeature>
  </eop:maskMembers>
</eop:Mask>"""


def test_cloud_polygons() -> None:
    opaque, cirrus = read_s2_clouds(CLOUDS)
    assert (opaque.flag, cirrus.flag) == (Flag.CLOUD, Flag.CIRRUS)
    assert opaque.exterior == ((0, 60), (60, 60), (60, 0), (0, 0), (0, 60))
    assert opaque.holes == (((20, 40), (40, 40), (40, 20), (20, 40)),)
    assert cirrus.holes == ()
    assert read_s2_clouds('<eop:Mask xmlns:eop="urn:x"><eop:maskMembers/></eop:Mask>') == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (">CIRRUS<", ">SMOKE<", "SMOKE"),
        ("100 160 160 160 160 100 100 160", "100 160 160", "polygon"),
        ("100 160 160 160 160 100 100 160", "100 160 x 160 160 100 100 160", "numbers"),
        ("gml:exterior>", "gml:outside>", "polygon"),
        ("eop:Mask ", "eop:Cover ", "well-formed"),
    ],
)
def test_cloud_polygons_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_s2_clouds(
            CLOUDS.replace(old, new).replace(
                "interior>", "exterior>" if "outside" not in new else "outside>"
            )
        )
