"""Every MTL file there is, against values read by other means, and what is refused."""

from __future__ import annotations

import pickle
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.errors import InputError
from automap_tiles.missions import quality_layers, sensor_of
from automap_tiles.missions.landsat._mtl import LandsatMetadata, read_mtl
from tests.imagery.place import is_real
from tests.missions import oracle

# By hand, from the files: sensor, level, collection, tier, time, path, row, cloud, sun elevation
# and azimuth, EPSG code.
BY_HAND = {
    "L5090081_08120090407_MTL.txt": (
        ("landsat-5", "L1T", 0, None, "2009-04-07T23:36:09.088050"),
        (90, 81, None, 39.4014194, 48.1772887, None),
    ),
    "L71090081_08120090415_MTL.txt": (
        ("landsat-7", "L1T", 0, None, "2009-04-15T23:39:26.931462"),
        (90, 81, None, 37.9491813, 44.5023798, None),
    ),
    "mtltest_LC80100202015018LGN00_MTL.txt": (
        ("landsat-8", "L1T", 0, None, "2015-01-18T15:10:22.414257"),
        (None, None, None, None, None, None),
    ),
    "LE07_L2SP_090084_20210331_20210426_02_T1_MTL.txt": (
        ("landsat-7", "L2SP", 2, "T1", "2021-03-31T23:01:59.738020"),
        (90, 84, 6.0, 31.97087390, 57.02833170, 32655),
    ),
    "LC08_L1GT_089074_20220506_20220512_02_T2_MTL.txt": (
        ("landsat-8", "L1GT", 2, "T2", "2022-05-06T23:39:59.285133"),
        (89, 74, 86.35, None, None, 32656),
    ),
    "LC08_L2SR_099120_20191129_20201016_02_T2_MTL.json": (
        ("landsat-8", "L2SR", 2, "T2", "2019-11-29T01:00:37.576470"),
        (99, 120, 100.0, None, None, 3031),
    ),
}


def test_every_file(mtl: Path) -> None:
    """Key by key against the file's text, whichever dialect it has."""
    metadata = read_mtl(mtl.read_bytes())
    values = oracle.mtl_values(mtl)

    def text(*keys: str) -> str | None:
        return oracle.first(values, *keys)

    digit = re.search(r"\d$", text("SPACECRAFT_ID") or "8")
    assert digit
    assert metadata.sensor == f"landsat-{digit[0]}"
    day, clock = (
        text("DATE_ACQUIRED", "ACQUISITION_DATE"),
        text("SCENE_CENTER_TIME", "SCENE_CENTER_SCAN_TIME"),
    )
    assert day
    assert clock
    assert metadata.time.isoformat()[:26] == f"{day}T{clock}"[:26]
    assert metadata.time.tzinfo is UTC
    for key, value in (
        ("SUN_ELEVATION", metadata.sun_elevation),
        ("SUN_AZIMUTH", metadata.sun_azimuth),
        ("CLOUD_COVER", metadata.cloud_cover),
        ("WRS_PATH", metadata.path),
        ("WRS_ROW", metadata.row),
        ("COLLECTION_NUMBER", metadata.collection or None),
    ):
        expected = text(key) or (text("STARTING_ROW") if key == "WRS_ROW" else None)
        assert value == (None if expected in (None, "-1") else float(expected or "nan")), key
    _check_identity(metadata, values, mtl)
    assert pickle.loads(pickle.dumps(metadata)) == metadata


def _check_identity(
    metadata: LandsatMetadata, values: dict[tuple[str, str], str], mtl: Path
) -> None:
    """Product, level and files: those of the product, not of the level 1 record inside it."""
    stem = mtl.name[: mtl.name.upper().index("_MTL")].removeprefix("mtltest_")
    if stem != "test":
        assert metadata.id == stem
        found = re.match(r"L\w\d\d_(L\d\w\w)_", stem)
        assert metadata.level == (found[1] if found else "L1T")
    files = {
        value
        for (group, key), value in values.items()
        if group in ("PRODUCT_CONTENTS", "PRODUCT_METADATA")
        and re.fullmatch(r"FILE_NAME_BAND_(ST_B)?\d.*|BAND\d+_FILE_NAME", key)
    }
    assert set(metadata.bands.values()) == files
    sensor = sensor_of(metadata.sensor)
    for name, file in metadata.bands.items():
        if not name.startswith("ST_"):
            assert sensor.band(name).name == name
            number = name[1:].replace("6_VCID_", "6")
            ending = rf"_(SR_)?(B{name[1:]}|B{number}0?)\.TIF"
            assert re.search(ending, file), (name, file)
    assert set(metadata.quality) <= set(quality_layers())
    assert all(name.endswith("_tm") == (metadata.sensor[-1] in "457") for name in metadata.quality)
    for layer, file in metadata.quality.items():
        mark = {"q": layer.upper().removesuffix("_TM"), "b": "BQA"}[layer[0]]
        assert file.endswith(f"_{mark}.TIF")
    if metadata.angles:
        assert metadata.angles["sun_zenith"].endswith("_SZA.TIF")
        assert metadata.angles["view_azimuth"].endswith("_VAA.TIF")


def test_footprint(mtl: Path) -> None:
    metadata = read_mtl(mtl.read_bytes())
    values = oracle.mtl_values(mtl)
    if mtl.name.startswith("mtltest"):
        assert metadata.footprint == ()
        return
    corners = []
    for corner in ("UL", "UR", "LR", "LL"):
        lon, lat = (
            oracle.first(
                values, f"CORNER_{corner}_{axis}_PRODUCT", f"PRODUCT_{corner}_CORNER_{axis}"
            )
            for axis in ("LON", "LAT")
        )
        corners.append((float(lon or "nan"), float(lat or "nan")))
    assert metadata.footprint == (*corners, corners[0])


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(shared: Path, name: str) -> None:
    path = next((shared / "data/metadata").rglob(name), None)
    if path is None:
        pytest.skip(f"needs real data: {name}")
    metadata = read_mtl(path.read_bytes())
    (sensor, level, collection, tier, time), (*numbers, epsg) = BY_HAND[name]
    assert (metadata.sensor, metadata.level) == (sensor, level)
    assert (metadata.collection, metadata.tier) == (collection, tier)
    assert abs((metadata.time - datetime.fromisoformat(time + "+00:00")).total_seconds()) < 1e-3
    found = [metadata.path, metadata.row, metadata.cloud_cover]
    assert found == numbers[:3]
    if numbers[3] is not None:
        assert [metadata.sun_elevation, metadata.sun_azimuth] == numbers[3:]
    assert metadata.epsg == epsg


def test_dialects_agree(shared: Path) -> None:
    """The same product as text, JSON and XML: the same metadata."""
    products: dict[str, list[Path]] = {}
    for path in oracle.mtl_files(shared):
        products.setdefault(f"{path.parent}/{path.stem}", []).append(path)
    compared = 0
    for paths in products.values():
        first, *others = [read_mtl(path.read_bytes()) for path in paths]
        for other in others:
            assert other == first
            compared += 1
    assert compared >= (25 if is_real(shared / "data/metadata/landsat_wagl") else 8)


def test_surface_coefficients_are_not_those_of_level_1(shared: Path) -> None:
    """A level 2 file holds both under the same key."""
    name = "LC08_L2SP_098084_20210503_20210508_02_T1_MTL.txt"
    path = next((shared / "data/metadata").rglob(name))
    text = path.read_text()
    assert "REFLECTANCE_MULT_BAND_4 = 2.0000E-05" in text
    assert "REFLECTANCE_MULT_BAND_4 = 2.75e-05" in text
    scaling = read_mtl(text).scaling["B4"]
    assert (scaling.multiply, scaling.add, scaling.sun_elevation) == (2.75e-05, -0.2, None)
    assert read_mtl(text).surface


@pytest.mark.parametrize("written", ["0.066", "0.07", "6.6E-02"])
def test_rounded_coefficients_give_way_to_the_range(shared: Path, written: str) -> None:
    """Of 0.066 in place of 0.065551 a reflectance of 0.26 would be off by 0.0018."""
    path = next((shared / "data/metadata").rglob("LT50900812009097ASA00_MTL.txt"), None)
    if path is None:
        pytest.skip("no package has metadata of that time")
    text = path.read_text().replace("REFLECTANCE_MULT_BAND_7", "REFLECTANCE_OTHER_BAND_7")
    exact = read_mtl(text).scaling["B7"]
    assert "RADIANCE_MULT_BAND_7 = 6.5551E-02" in text
    rounded = text.replace("6.5551E-02", written).replace("-0.21555", "-0.216")
    found = read_mtl(rounded).scaling["B7"]
    # Chander et al. 2009, (Lmax - Lmin) / (Qmax - Qmin), by hand
    gain = (16.5 + 0.15) / (255 - 1)
    assert found.multiply / exact.multiply == pytest.approx(gain / 6.5551e-2, rel=1e-9)
    assert found.add / exact.add == pytest.approx((-0.15 - gain) / -0.21555, rel=1e-9)
    assert abs(255 * (found.slope - exact.slope)) < 2e-5
    # without a range the coefficient is all there is
    without = rounded.replace("RADIANCE_MAXIMUM_BAND_7", "RADIANCE_LARGEST_BAND_7")
    assert read_mtl(without).scaling["B7"].multiply > 1.005 * exact.multiply


def test_when_it_was_processed(shared: Path) -> None:
    """A level 2 file also says when its level 1 was made."""
    path = next(
        (shared / "data/metadata").rglob("LC08_L2SP_098084_20210503_20210508_02_T1_MTL.txt")
    )
    found = read_mtl(path.read_text())
    made = re.findall(r"DATE_PRODUCT_GENERATED = (\S+)", path.read_text())
    assert len(made) == 2
    assert found.processed == max(map(datetime.fromisoformat, made))
    assert read_mtl(TEXT).processed is None


@pytest.mark.parametrize("satellite", ["1", "4", "5"])
def test_the_multispectral_scanner_is_refused(shared: Path, satellite: str) -> None:
    name = "LT05_L2SP_090084_19980308_20200909_02_T1_MTL.txt"
    path = next((shared / "data/metadata").rglob(name))
    text = path.read_text().replace('SENSOR_ID = "TM"', 'SENSOR_ID = "MSS"')
    with pytest.raises(InputError, match=f"Landsat {satellite} MSS"):
        read_mtl(text.replace("LANDSAT_5", f"LANDSAT_{satellite}"))


TEXT = """GROUP = L1_METADATA_FILE
  GROUP = PRODUCT_METADATA
    DATA_TYPE = "L1TP"
    LANDSAT_SCENE_ID = "LC80100202015018LGN00"
    SPACECRAFT_ID = "LANDSAT_8"
    DATE_ACQUIRED = 2015-01-18
    SCENE_CENTER_TIME = "15:10:22.4142571Z"
    CLOUD_COVER = -1
  END_GROUP = PRODUCT_METADATA
END_GROUP = L1_METADATA_FILE
END
"""


def test_variations() -> None:
    """Padding, line ends, case, byte order mark and Latin-1: the same metadata."""
    expected = read_mtl(TEXT)
    assert expected.cloud_cover is None
    for data in (
        TEXT.encode() + b"\0" * 60000,
        TEXT.replace("\n", "\r\n"),
        "\ufeff" + TEXT,
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.removesuffix("END\n"),
        TEXT.replace("SPACECRAFT_ID", "spacecraft_id").replace("LANDSAT_8", "Landsat8"),
        TEXT.replace('    SPACECRAFT_ID = "LANDSAT_8"\n', ""),
        TEXT.replace("    CLOUD", '    ORIGIN = "\u00a9"\n    CLOUD').encode("latin-1"),
    ):
        assert read_mtl(data) == expected


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"LANDSAT_8"', '"LANDSAT_3"', "Landsat 3"),
        ('"LANDSAT_8"', '"SPOT5"', "SPOT5"),
        ("2015-01-18", "2015-13-18", "date"),
        ("    DATE_ACQUIRED = 2015-01-18\n", "", "DATE_ACQUIRED"),
        ('    DATA_TYPE = "L1TP"\n', "", "PROCESSING_LEVEL"),
        ("CLOUD_COVER = -1", "CLOUD_COVER = much", "CLOUD_COVER is not a number"),
        ("CLOUD_COVER = -1", "SUN_ELEVATION = nan", "SUN_ELEVATION is not a number"),
        ("  END_GROUP = PRODUCT_METADATA\n", "", "not begun"),
        (TEXT[200:], "", "cut off"),
        (TEXT, "", "cut off"),
        (TEXT, "Not found", "cut off"),
        (TEXT, "{}", "without groups"),
        (TEXT, "[1]", "cut off"),
        (TEXT, '{"A": ', "not valid JSON"),
        (TEXT, '{"A":' * 100000, "not valid JSON"),
        (TEXT, "<A/>", "without groups"),
        (TEXT, "<A><B>", "well-formed"),
        (TEXT, "<!DOCTYPE A><A/>", "document type"),
    ],
)
def test_refused(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError, match=message):
        read_mtl(TEXT.replace(old, new))


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_files(data: st.DataObject, shared: Path) -> None:
    """Cut, overwritten or shuffled: it is read, or refused with an error of ours."""
    name = data.draw(st.sampled_from(["txt", "json", "xml"]))
    path = next((shared / "data/metadata").rglob(f"LC08_L1GT_089074*_MTL.{name}"))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    with suppress(InputError):
        read_mtl(bytes(content))
