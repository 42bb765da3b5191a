"""EOPF stores of Sentinel-2, wherever they lie: values, masks, angles, traps."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import mapping

from automap_tiles import raster
from automap_tiles.cli.main import main
from automap_tiles.errors import InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import Flag, Scene, mission_of, quality_layer, recognise
from automap_tiles.notes import collecting
from automap_tiles.scenes import find, nadir
from automap_tiles.scenes.catalogue.item import read_item
from automap_tiles.scenes.reflectance import Reflectance
from automap_tiles.scenes.stamps import far_stamps, product_fingerprint
from automap_tiles.storage import open_storage
from tests.missions.sentinel2.eopf_store import (
    S2A_L2A,
    S2B_L1C,
    S2C_L2A,
    SIZE,
    Metadata,
    consolidated,
    write_store,
)
from tests.storage.s3 import BUCKET

SIX = ("blue", "green", "red", "nir", "swir1", "swir2")
B02 = "measurements/reflectance/r10m/b02"


def the_scene(place: Path | str, bands: tuple[str, ...] | None = None) -> Scene:
    found = find.products(place, bands=bands)
    assert not found.rejected
    (scene,) = found.scenes
    return scene


def rejected(place: Path) -> str:
    found = find.products(place)
    assert not found.scenes
    ((_, reason),) = found.rejected
    return reason


@pytest.mark.parametrize(
    ("name", "sensor", "level", "epsg", "layers"),
    [
        (S2A_L2A, "sentinel-2a", "L2A", 32632, ["scl", "eopf_classi"]),
        (S2C_L2A, "sentinel-2c", "L2A", 32629, ["scl", "eopf_classi"]),
        (S2B_L1C, "sentinel-2b", "L1C", 32632, ["eopf_classi"]),
    ],
)
def test_from_real_metadata(
    shared: Path, tmp_path: Path, name: str, sensor: str, level: str, epsg: int, layers: list[str]
) -> None:
    """Every band by the formula of its own attributes, on the place that its attributes say."""
    metadata = consolidated(shared, name)
    numbers = write_store(tmp_path / f"{name}.zarr", metadata, whole=True)
    with collecting() as notes:
        scene = the_scene(tmp_path)
    assert not list(notes)
    assert (scene.id, scene.sensor, scene.level) == (name, sensor, level)
    assert (scene.tile, scene.crs) == (name[39:44], f"EPSG:{epsg}")
    assert scene.orbit == int(name[34:37])
    assert scene.metadata["baseline"] == "05.11"
    assert "offset" not in scene.metadata
    other = metadata[".zattrs"]["other_metadata"]
    assert scene.time.isoformat()[:19] == other["mean_sensing_time"][:19]
    zenith = other["mean_sun_zenith_angle_in_deg_for_all_bands_all_detectors"]
    assert scene.sun_elevation == pytest.approx(90 - zenith)
    assert [each.layer for each in scene.quality] == layers
    assert len(scene.bands) == (12 if level == "L2A" else 13)
    for band, file in scene.bands.items():
        size = int(re.findall(r"/r(\d0)m/", file.href)[0])
        assert size <= scene.instrument.band(band).resolution
        path = f"measurements/reflectance/r{size}m/{band.lower()}"
        said = metadata[f"{path}/.zattrs"]
        assert file.grid is not None
        assert tuple(file.grid.transform)[:6] == tuple(said["proj:transform"][:6])
        reading = Reflectance.of(scene, (band,), size)
        values, valid = reading.read(reading.extent)
        stored = numbers[path].astype(np.float64)
        want = stored * said["scale_factor"] + said["add_offset"]
        np.testing.assert_array_equal(valid, stored != said["fill_value"])
        np.testing.assert_allclose(values[0][valid], want[valid], rtol=0, atol=3e-8)


def test_bands_have_their_finest_array(shared: Path, tmp_path: Path) -> None:
    write_store(tmp_path / f"{S2A_L2A}.zarr", consolidated(shared, S2A_L2A))
    scene = the_scene(tmp_path)
    sizes = {name: re.findall(r"/r(\d0)m/", file.href)[0] for name, file in scene.bands.items()}
    assert {name for name, size in sizes.items() if size == "10"} == {"B02", "B03", "B04", "B08"}
    assert {name for name, size in sizes.items() if size == "60"} == {"B09"}
    assert "/r20m/scl" in scene.quality[0].href


def test_masks_bit_by_bit(shared: Path, tmp_path: Path) -> None:
    numbers = write_store(tmp_path / f"{S2A_L2A}.zarr", consolidated(shared, S2A_L2A))
    scene = the_scene(tmp_path)
    table = {1: Flag.CLOUD, 2: Flag.CIRRUS, 4: Flag.SNOW, 128: Flag.FILL}
    paths = {
        "scl": "conditions/mask/l2a_classification/r20m/scl",
        "eopf_classi": "conditions/mask/l1c_classification/r60m/b00",
    }
    for file in scene.quality:
        assert file.grid is not None
        codes = raster.read(file.href, file.grid)[0]
        np.testing.assert_array_equal(codes.data, numbers[paths[file.layer]])
        flags = quality_layer(file.layer).to_flags(codes)
        for code in np.unique(codes.data):
            if file.layer == "eopf_classi":
                want = sum(flag for bit, flag in table.items() if code & bit)
                assert set(flags[codes.data == code]) == {want}
    scl = quality_layer("scl").to_flags(numbers[paths["scl"]])
    assert (scl[numbers[paths["scl"]] == 0] == Flag.FILL).all()


def zipped(store: Path, *, inside: bool) -> Path:
    """An archive of a store, with its folder inside or without."""
    path = store.with_name(f"{store.name}.zip")
    root = store.parent if inside else store
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(store.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(root))
    shutil.rmtree(store)
    return path


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("whole_place", [True, False])
def test_in_an_archive(shared: Path, tmp_path: Path, inside: bool, whole_place: bool) -> None:
    store = tmp_path / "a b" / f"{S2A_L2A}.zarr"
    numbers = write_store(store, consolidated(shared, S2A_L2A))
    path = zipped(store, inside=inside)
    scene = the_scene(path.parent if whole_place else path)
    assert scene.id == S2A_L2A
    read = raster.read(scene.band("red").href, finest(scene))[0]
    np.testing.assert_array_equal(read.data, numbers[B02.replace("b02", "b04")])
    factors = nadir.factors_of(scene, ["red"])
    assert factors.nadir is not None


def finest(scene: Scene) -> Grid:
    grid = scene.band("red").grid
    assert grid is not None
    return grid


def test_in_an_object_store(shared: Path, tmp_path: Path, s3: Any) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    numbers = write_store(store, consolidated(shared, S2A_L2A))
    place = f"s3://{BUCKET}/eopf"
    assert s3.endpoint
    for file in store.rglob("*"):
        if file.is_file():
            open_storage(place).put(f"{store.name}/{file.relative_to(store)}", file.read_bytes())
    scene = the_scene(place)
    read = raster.read(scene.band("blue").href, finest(scene))[0]
    np.testing.assert_array_equal(read.data, numbers[B02])
    before = product_fingerprint(scene, SIX, far_stamps(place))
    open_storage(place).put(f"{store.name}/{B02}/0.0", (store / B02 / "1.1").read_bytes())
    assert product_fingerprint(scene, SIX, far_stamps(place)) != before


def test_angles(shared: Path, tmp_path: Path) -> None:
    """As of SAFE: nodes from the tile's corner, by detector, those that saw nothing left out."""
    numbers = write_store(tmp_path / f"{S2A_L2A}.zarr", consolidated(shared, S2A_L2A))
    scene = the_scene(tmp_path)
    read = mission_of(scene.sensor).angles
    assert read is not None
    found = read(scene, ["B02", "B8A"], nadir._Files(scene))
    view = numbers["conditions/geometry/viewing_incidence_angles"]
    for band, place in {"B02": 1, "B8A": 8}.items():
        angles = found[band]
        assert angles.parts == (3, 4)
        np.testing.assert_array_equal(angles.view_zenith, view[place, :2, 0])
        np.testing.assert_array_equal(angles.view_azimuth, view[place, :2, 1])
        np.testing.assert_array_equal(
            angles.sun_zenith, numbers["conditions/geometry/sun_angles"][0]
        )
        assert (angles.nodes.left, angles.nodes.top) == (
            finest(scene).bounds[0],
            finest(scene).bounds[3],
        )
        assert angles.nodes.step == (5000, 5000)
        assert not angles.guessed
    factors = nadir.factors_of(scene, ["blue"]).nadir
    assert factors is not None
    assert len(np.unique(factors["B02"].values)) > 2


def test_the_order_of_angles_is_checked(shared: Path, tmp_path: Path) -> None:
    metadata = consolidated(shared, S2A_L2A)

    def turned(found: Metadata) -> None:
        other = found[".zattrs"]["other_metadata"]
        other["mean_sun_zenith_angle_in_deg_for_all_bands_all_detectors"] += 10

    write_store(tmp_path / f"{S2A_L2A}.zarr", metadata, change=turned)
    with pytest.raises(InputError, match="not the zenith of the sun"):
        nadir.factors_of(the_scene(tmp_path), ["blue"])


def without_bands(found: Metadata) -> None:
    found[".zattrs"]["stac_discovery"]["properties"]["bands"].reverse()


def test_the_order_of_bands_must_be_said(shared: Path, tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", consolidated(shared, S2A_L2A), change=without_bands)
    with pytest.raises(InputError, match="nothing says of which band"):
        nadir.factors_of(the_scene(tmp_path), ["blue"])


def attribute(path: str, name: str, value: Any) -> Callable[[Metadata], None]:
    def change(found: Metadata) -> None:
        for own in (found[f"{path}/.zattrs"], found[f"{path}/.zattrs"].get("_eopf_attrs", {})):
            own.pop(name, None)
        if value is not None:
            found[f"{path}/.zattrs"][name] = value

    return change


def property_(name: str, value: Any) -> Callable[[Metadata], None]:
    def change(found: Metadata) -> None:
        found[".zattrs"]["stac_discovery"]["properties"][name] = value

    return change


def array(path: str, name: str, value: Any) -> Callable[[Metadata], None]:
    def change(found: Metadata) -> None:
        found[f"{path}/.zarray"][name] = value

    return change


def two_offsets(found: Metadata) -> None:
    found[f"{B02}/.zattrs"]["add_offset"] = 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (attribute(B02, "scale_factor", None), "without scale_factor"),
        (attribute(B02, "scale_factor", "much"), "without scale_factor, or it is not a number"),
        (attribute(B02, "scale_factor", -1), "scale_factor -1"),
        (attribute(B02, "add_offset", None), "without add_offset"),
        (two_offsets, "two things of add_offset: 0 and -0.1"),
        (attribute(B02, "fill_value", 65535), "does not say which number is nodata"),
        (attribute(B02, "proj:epsg", None), "does not say its CRS"),
        (attribute(B02, "proj:transform", None), "does not say where it lies"),
        (attribute(B02, "proj:transform", [20, 0, 0, 0, -20, 0]), "where pixels are 10"),
        (attribute(B02, "proj:bbox", [0, 0, 1, 1]), "of two places"),
        (array(B02, "chunks", [20000, 20000]), "takes 763 MB"),
        (array(B02, "shape", [3, SIZE, SIZE]), "has 3 dimensions, not 2"),
        (property_("platform", "sentinel-3a"), "no known satellite"),
        (property_("product:type", "S02MSIL0_"), "another product"),
        (lambda found: found.pop(f"{B02}/.zarray"), ".zmetadata does not know it"),
        (
            attribute(
                "conditions/mask/l1c_classification/r60m/b00",
                "flag_meanings",
                ["CIRRUS", "OPAQUE", "SNOW_ICE"],
            ),
            "bit 1 means CIRRUS",
        ),
    ],
)
def test_what_metadata_must_say(
    shared: Path, tmp_path: Path, change: Callable[[Metadata], None], reason: str
) -> None:
    write_store(tmp_path / f"{S2A_L2A}.zarr", consolidated(shared, S2A_L2A), change=change)
    assert reason in rejected(tmp_path)


def test_an_offset_that_the_numbers_do_not_have(shared: Path, tmp_path: Path) -> None:
    """Of old processings -0.1 is stated as well: their baseline counts, and the numbers."""
    name = S2A_L2A.replace("N0511", "N0214")
    change = property_("eopf:baseline", "02.14")
    write_store(tmp_path / f"{name}.zarr", consolidated(shared, S2A_L2A), change=change)
    scene = the_scene(tmp_path)
    scaling = scene.band("red").scaling
    assert scaling is not None
    assert scaling.add == 0
    assert scene.metadata["offset"]["stated"] == -1000
    assert scene.metadata["offset"]["doubtful"]
    assert "guard" in scene.metadata


def test_chunks_that_are_not_there(shared: Path, tmp_path: Path) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    numbers = write_store(store, consolidated(shared, S2A_L2A))
    (store / B02 / "1.1").unlink()
    with collecting() as notes:
        scene = the_scene(tmp_path)
    (note,) = notes
    assert note.count == 1
    assert f"{B02} 1.1" in note.examples[0]
    read = raster.read(scene.band("blue").href, finest(scene))[0]
    want = numbers[B02].copy()
    want[100:200, 100:200] = 0
    np.testing.assert_array_equal(read.filled(0), want)
    assert np.ma.getmaskarray(read)[100:200, 100:200].all()
    for chunk in (store / B02).glob("[0-9]*"):
        chunk.unlink()
    assert "lacks 9 of 9 chunks" in rejected(tmp_path)
    shutil.rmtree(store / B02)
    assert f"{B02} is not there" in rejected(tmp_path)


def test_a_mask_must_be_whole(shared: Path, tmp_path: Path) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    write_store(store, consolidated(shared, S2A_L2A))
    (store / "conditions/mask/l2a_classification/r20m/scl/0.1").unlink()
    assert "scl lacks 1 of 4 chunks, such as 0.1" in rejected(tmp_path)


def test_a_broken_chunk(shared: Path, tmp_path: Path) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    write_store(store, consolidated(shared, S2A_L2A))
    scene = the_scene(tmp_path)
    (store / B02 / "0.0").write_bytes(b"nothing of Blosc")
    with pytest.raises(InputError, match="cannot be read"):
        raster.read(scene.band("blue").href, finest(scene))


def test_a_changed_chunk_is_another_product(shared: Path, tmp_path: Path) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    write_store(store, consolidated(shared, S2A_L2A))
    scene = the_scene(tmp_path)
    before = product_fingerprint(scene, SIX)
    assert product_fingerprint(scene, SIX) == before
    shutil.copy(store / B02 / "0.1", store / B02 / "0.0")
    assert product_fingerprint(scene, SIX) != before


def test_arrays_of_no_band(shared: Path, tmp_path: Path) -> None:
    def more(found: Metadata) -> None:
        for name in (".zarray", ".zattrs"):
            found[f"{B02[:-3]}b42/{name}"] = found[f"{B02}/{name}"]

    write_store(tmp_path / f"{S2A_L2A}.zarr", consolidated(shared, S2A_L2A), change=more)
    with collecting() as notes:
        assert "B42" not in the_scene(tmp_path).bands
    (note,) = notes
    assert note.examples == (f"b42 of {S2A_L2A}",)


@pytest.mark.parametrize(("name", "reason"), [(None, "no .zmetadata"), ("zarr.json", "version 3")])
def test_other_stores(shared: Path, tmp_path: Path, name: str | None, reason: str) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    write_store(store, consolidated(shared, S2A_L2A))
    (store / ".zmetadata").unlink()
    if name is not None:
        (store / name).write_text("{}")
    assert reason in rejected(tmp_path)


def test_not_json(shared: Path, tmp_path: Path) -> None:
    store = tmp_path / f"{S2A_L2A}.zarr"
    write_store(store, consolidated(shared, S2A_L2A))
    (store / ".zmetadata").write_text('{"metadata": [1]}')
    assert "not that of a Zarr store" in rejected(tmp_path)


def later(days: int) -> Callable[[Metadata], None]:
    def change(found: Metadata) -> None:
        time = f"2025-10-{8 + days:02}T10:09:27.346626Z"
        found[".zattrs"]["other_metadata"]["mean_sensing_time"] = time

    return change


def test_run_makes_a_composite(shared: Path, tmp_path: Path) -> None:
    """Two stores, clouds by SCL: the median at every pixel of 10 m."""
    metadata = consolidated(shared, S2A_L2A)
    stores = [S2A_L2A, S2A_L2A.replace("20251008T100041", "20251018T100041")]
    dates = [
        write_store(tmp_path / "in" / f"{name}.zarr", metadata, seed, change=later(10 * seed))
        for seed, name in enumerate(stores)
    ]
    scene = find.products(tmp_path / "in").scenes[0]
    assert scene.footprint is not None
    area = mapping(scene.footprint.buffer(-0.003))
    (tmp_path / "area.json").write_text(json.dumps(area))
    done = main(
        ["run", "--mode", "composite", "--satellites", "2", "-w", "1", "--no-progress",
         "--start", "2025-10-01", "--end", "2025-10-31", "--boundary", str(tmp_path / "area.json"),
         "-i", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    )  # fmt: skip
    assert done == 0
    (path,) = (tmp_path / "out" / "sentinel-2").glob("*.tif")
    with rasterio.open(path) as file:
        got = file.read(file.descriptions.index("median_red") + 1, masked=True)
        left = round((file.transform.c - finest(scene).bounds[0]) / 10)
        top = round((finest(scene).bounds[3] - file.transform.f) / 10)
    window = np.s_[top : top + got.shape[0], left : left + got.shape[1]]
    stack = []
    for numbers in dates:
        scl = numbers["conditions/mask/l2a_classification/r20m/scl"].repeat(2, 0).repeat(2, 1)
        red = numbers[B02.replace("b02", "b04")]
        lost = np.isin(scl, (0, 3, 8, 9, 10)) | (red == 0)
        stack.append(np.ma.MaskedArray(red.astype(float) - 1000, lost)[window])
    want = np.ma.mean(np.ma.stack(stack), axis=0)  # of one number or two
    inside = ~np.ma.getmaskarray(got)
    assert inside.sum() > 10_000
    assert not np.ma.getmaskarray(want)[inside].any()
    assert np.abs(got - want)[inside].max() <= 0.5


def test_an_item_of_a_catalogue_is_refused_in_words() -> None:
    """Its bands are no files, of which nothing would come but failed requests."""
    store = f"https://example.org/{S2A_L2A}.zarr"
    data = {
        "type": "Feature",
        "id": S2A_L2A,
        "properties": {"datetime": "2025-10-08T10:00:41Z", "platform": "sentinel-2a"},
        "assets": {
            "B02_10m": {"href": f"{store}/{B02}", "roles": ["data"]},
            "product": {"href": store},
        },
    }
    with pytest.raises(InputError, match="arrays of a Zarr store"):
        recognise(read_item(data, "https://example.org/item.json"))
    data["assets"]["B02"] = {"href": "https://example.org/B02.tif", "roles": ["data"]}  # type: ignore[index]
    recognise(read_item(data, "https://example.org/item.json"))
