"""Products that the tests write where no package carries real ones.

They bear the names of the real ones, so that one test serves both; their pixels show the landscape
of `landscape.py`. A folder of theirs holds a file `WRITTEN_BY_TESTS`.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import fiona
import numpy as np
from rasterio.transform import Affine, from_bounds
from shapely import box
from shapely.geometry import MultiPolygon, Polygon, mapping

from tests.imagery import eopf, landsat, landsat_items, sentinel2
from tests.imagery.landscape import TOWN, VEGETATION, WATER, Frame, covers

MARK = "WRITTEN_BY_TESTS"

NEW_YORK = "landsat/gdalcubes_L8NY18"
SOUTH_CAROLINA = "landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"
PERU = "landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"
_NEW_YORK_SCENES = {
    # path and row: left, bottom, width, height in metres of UTM 18N; dates with their processing
    "013032": (
        (527_000, 4_348_785, 229_700, 233_430),
        "20180131_20180207 20180405_20180417 20180421_20180502 20180710_20180717 "
        "20180827_20180911 20181030_20181115 20181201_20181211 20181217_20181227",
    ),
    "014031": (
        (432_000, 4_504_785, 231_800, 235_830),
        "20180106_20180119 20180428_20180502 20180530_20180614 20180903_20180912 20181005_20181010",
    ),
    "014032": (
        (395_000, 4_346_085, 231_900, 236_130),
        "20180311_20180320 20180428_20180502 20180615_20180703 20180903_20180912 "
        "20181122_20181129 20181208_20181226",
    ),
}
_SLOVENIA = "sentinel2/mapchete_eo_33TWL_l2a_120m"
_SLOVENIA_SCENES = (
    # platform, tile, day of August 2023, clouds, swath
    ("S2B", "33TWL", 10, 0.30, 3.0),
    ("S2B", "33TWL", 13, 0.03, 3.0),
    ("S2A", "33TWL", 15, 0.02, 3.0),
    ("S2A", "33TWL", 18, 0.45, 0.9),
    ("S2B", "33TWL", 20, 0.10, 3.0),
    ("S2A", "33TWM", 15, 0.04, 3.0),
    ("S2A", "33TWM", 18, 0.20, 0.9),
)
_EOPF_PRODUCTS = (
    eopf.EopfProduct(
        name="S2A_MSIL2A_20251008T100041_N0511_R122_T32TQM_20251008T122613",
        epsg=32632,
        left=699_960,
        top=4_700_040,
        minutes="10:09:27.346626",
        orbit=53_773,
        sun_zenith=49.3,
        sun_azimuth=163.6,
        detectors=6,
    ),
    eopf.EopfProduct(
        name="S2B_MSIL1C_20250113T103309_N0511_R108_T32TLQ_20250113T122458",
        epsg=32632,
        left=300_000,
        top=5_000_040,
        minutes="10:38:32.156995",
        orbit=41_032,
        sun_zenith=67.5,
        sun_azimuth=164.5,
        detectors=7,
    ),
    eopf.EopfProduct(
        name="S2C_MSIL2A_20250811T112131_N0511_R037_T29TPF_20250811T152216",
        epsg=32629,
        left=600_000,
        top=4_600_020,
        minutes="11:30:15.841115",
        orbit=4_869,
        sun_zenith=29.4,
        sun_azimuth=147.4,
        detectors=6,
    ),
)


def write(data: Path, places: Collection[str] | None = None) -> None:
    """Those of these folders, or all of them, that are not there; and labels."""
    for place, make in (
        (NEW_YORK, _new_york),
        (_SLOVENIA, _slovenia),
        (SOUTH_CAROLINA, _south_carolina),
        (PERU, _peru),
        ("landsat/stactools_LC08_017036_C2_L2SP_450m", _tennessee),
        ("landsat/rasterframes_L8_Elkton_VA", _virginia),
        ("metadata/eopf", _eopf),
        ("metadata/stac_pystac", _old_items),
    ):
        folder = data / place
        if not folder.exists() and (places is None or place in places):
            make(folder)
            (folder / MARK).write_text("Not a real product: see tests/imagery.\n")
    _labels(data / "labels")


def _new_york(folder: Path) -> None:
    """19 scenes of 2018 in pixels of 3 km, each with sizes of its own, without MTL files."""
    for tile, ((left, bottom, width, height), dates) in _NEW_YORK_SCENES.items():
        for number, (seen, processed) in enumerate(d.split("_") for d in dates.split()):
            name = f"LC08_L1TP_{tile}_{seen}_{processed}_01_T1"
            time = datetime.strptime(f"{seen} 15:40", "%Y%m%d %H:%M").replace(tzinfo=UTC)
            high = _summer(time)
            west = left + 300 * (number - 3)
            frame = Frame(
                crs="EPSG:32618",
                transform=from_bounds(west, bottom, west + width, bottom + height, 77, 78),
                shape=(78, 77),
            )
            product = landsat.LandsatProduct(
                name=name,
                time=time,
                frame=frame,
                sun_elevation=45 + 20 * high,
                clouds=(0.02, 0.07, 0.04, 0.01, 0.12, 0.06, 0.19, 0.26)[number],
                season=0.7 + 0.3 * high,
            )
            landsat.write(product, folder / name, prefix="_".join(name.split("_")[:4]))


def _summer(time: datetime) -> float:
    """1 at midsummer, -1 at midwinter."""
    return math.cos((time.timetuple().tm_yday - 172) / 365 * 2 * math.pi)


def _slovenia(folder: Path) -> None:
    for platform, tile, day, clouds, swath in _SLOVENIA_SCENES:
        top = 5_100_000 if tile == "33TWL" else 5_200_020
        scene = sentinel2.Sentinel2Scene(
            platform=platform,
            tile=tile,
            time=datetime(2023, 8, day, 9, 58, 11, 662_000, tzinfo=UTC),
            frame=Frame(
                crs="EPSG:32633", transform=Affine(120, 0, 499_980, 0, -120, top), shape=(915, 915)
            ),
            clouds=clouds,
            swath=swath,
        )
        sentinel2.write(scene, folder / scene.name)
    written = [path.name for path in sorted(folder.iterdir())]
    absent = [f"S2B_33TWM_202308{day}_0_L2A" for day in (10, 13, 20)]
    text = json.dumps(sentinel2.collection([*written, *absent]))
    (folder / "collection.json").write_text(text, encoding="utf-8")


def _one(
    folder: Path, name: str, time: datetime, frame: Frame, clouds: float, sun: float, size: float
) -> None:
    product = landsat.LandsatProduct(
        name=name, time=time, frame=frame, clouds=clouds, sun_elevation=sun, size=size,
        sun_azimuth=126.81463739,
    )  # fmt: skip
    landsat.write(product, folder)


def _south_carolina(folder: Path) -> None:
    frame = Frame(
        crs="EPSG:32617", transform=Affine(900, 0, 471_585, 0, -900, 3_787_515), shape=(259, 255)
    )
    time = datetime(2017, 8, 13, 15, 54, 15, 788_464, tzinfo=UTC)
    name = "LC08_L1TP_016037_20170813_20170814_01_RT"
    _one(folder, name, time, frame, 0.267, 62.17310472, 30_000)


def _peru(folder: Path) -> None:
    frame = Frame(
        crs="EPSG:32620",
        transform=Affine(600.08, 0, 143_685, 0, -600.85, -204_285),
        shape=(386, 379),
    )
    time = datetime(2020, 10, 31, 14, 39, 12, 200_000, tzinfo=UTC)
    _one(folder, "LC08_L2SP_001062_20201031_20201106_02_T2", time, frame, 0.35, 64.5, 30_000)


def _tennessee(folder: Path) -> None:
    frame = Frame(
        crs="EPSG:32617",
        transform=Affine(464.12, 0, 207_585, 0, -436, 3_942_915),
        shape=(512, 512),
    )
    time = datetime(2013, 4, 19, 16, 4, 27, 100_000, tzinfo=UTC)
    _one(folder, "LC08_L2SP_017036_20130419_20200913_02_T2", time, frame, 0.97, 60.4, 30_000)


def _virginia(folder: Path) -> None:
    """Bands under names of nobody, without metadata."""
    frame = Frame(
        crs="EPSG:32617",
        transform=Affine(29.906405, 0, 703_986.5, 0, -29.88312, 4_254_601.87),
        shape=(169, 186),
    )
    product = landsat.LandsatProduct(
        name="LC08_L1TP_016034_20170509_20170515_01_T1",
        time=datetime(2017, 5, 9, 15, 51, tzinfo=UTC),
        frame=frame,
        sun_elevation=63.0,
        clouds=0.0,
        size=900.0,
    )
    landsat.write(product, folder, prefix="scene")
    for path in sorted(folder.glob("scene_*.TIF")):
        path.rename(folder / f"L8-{path.stem.removeprefix('scene_')}-Elkton-VA.tiff")


def _eopf(folder: Path) -> None:
    folder.mkdir(parents=True)
    for product in _EOPF_PRODUCTS:
        text = json.dumps(eopf.tree(product))
        (folder / f"s2_examples.{product.name}.json").write_text(text, encoding="utf-8")


def _old_items(folder: Path) -> None:
    folder.mkdir(parents=True)
    for scene in landsat_items.OLD_SCENES:
        text = json.dumps(landsat_items.collection_1(scene))
        (folder / f"{scene.id}.json").write_text(text, encoding="utf-8")


def _labels(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "slovenia_border.geojson").exists():
        _outlines(folder)
    if not (folder / "gdalcubes_ny_samples.gpkg").exists():
        _samples(folder / "gdalcubes_ny_samples.gpkg")
        _districts(folder / "gdalcubes_nycd.gpkg")
        for name in ("gdalcubes_ny_samples.gpkg", "gdalcubes_nycd.gpkg"):
            (folder / f"{name}.{MARK}").touch()


def _outlines(folder: Path) -> None:
    """A border in degrees, and a rectangle in metres that says its CRS."""
    ring = [(13.4, 45.5), (15.2, 45.4), (16.5, 46.5), (16.1, 46.9), (14.5, 46.4), (13.4, 45.5)]
    border = Polygon(ring).segmentize(0.01)  # as short as the edges of real borders
    rectangle = box(370_000, 5_030_000, 620_000, 5_190_000).segmentize(1000)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    for name, geometry, said in (
        ("slovenia_border", border, {}),
        ("eolearn_slovenia_aoi_bbox", rectangle, crs),
    ):
        feature = {"type": "Feature", "properties": {}, "geometry": mapping(geometry)}
        content = {"type": "FeatureCollection", "features": [feature]}
        text = json.dumps({**content, "crs": said} if said else content)
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
        (folder / f"{name}.geojson.{MARK}").touch()


def _samples(path: Path) -> None:
    """39 points in the middle of what they name, in three classes."""
    rng = random.Random(2018)
    frame = Frame(
        crs="EPSG:32618", transform=Affine(3000, 0, 440_000, 0, -3000, 4_680_000), shape=(103, 103)
    )
    cover = covers(frame, 30_000)
    schema = {"geometry": "Point", "properties": {"class": "str"}}
    with fiona.open(path, "w", driver="GPKG", crs="EPSG:32618", schema=schema) as file:
        for name, code, many in (
            ("water", WATER, 13),
            ("vegetation", VEGETATION, 14),
            ("urban", TOWN, 12),
        ):
            alike = cover == code
            deep = alike.copy()
            for shift in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                deep &= np.roll(alike, shift, (0, 1))
            for row, col in rng.sample([tuple(map(int, each)) for each in np.argwhere(deep)], many):
                x, y = frame.transform @ (col + 0.5, row + 0.5)
                geometry = {"type": "Point", "coordinates": (x, y)}
                file.write({"geometry": geometry, "properties": {"class": name}})


def _districts(path: Path) -> None:
    """71 districts of a city, squares that touch here and there."""
    schema = {"geometry": "MultiPolygon", "properties": {}}
    with fiona.open(path, "w", driver="GPKG", crs="EPSG:32618", schema=schema) as file:
        for number in range(71):
            x, y = 563_070 + 5_200 * (number % 9), 4_483_100 + 5_900 * (number // 9)
            shape = MultiPolygon([box(x, y, x + 4_700 + 500 * (number % 2), y + 5_400)])
            file.write({"geometry": mapping(shape), "properties": {}})
