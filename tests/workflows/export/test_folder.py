"""Exported folders against GDAL, NumPy and the preview; runs that are gone on with."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import pytest
import rasterio
from PIL import Image

from automap_tiles.engine.journal import hold, place_of
from automap_tiles.errors import ConfigError, InputError, OutputBusy
from automap_tiles.pictures.encode import ImageFormat
from automap_tiles.workflows.export import Container, _folder
from tests import starts
from tests.devserver.conftest import client_of
from tests.devserver.test_xyz import TILEJSON
from tests.engine.projects import Project, make_project, make_raster
from tests.workflows.export.conftest import (
    STYLE,
    Made,
    make_classes,
    rgba,
    run,
    tiles_of,
    warped,
)

READABLE = 9
"""Coarsest zoom that is read: the finest of the image is 14, its pixels are 10 m."""


def test_tiles_are_those_of_the_preview(xyz: Made, image: Path) -> None:
    client = client_of([image])
    for (zoom, x, y), content in xyz.tiles().items():
        if zoom >= READABLE:
            path = f"/image/{zoom}/{x}/{y}.png?bidx=3,2,1&rescale=0,8000"
            # the same pixels; the preview, which is waited for, compresses less
            assert (rgba(client.get(path).data) == rgba(content)).all()


def test_tiles_by_hand(xyz: Made, image: Path) -> None:
    for place, content in xyz.tiles().items():
        if place[0] < READABLE + 3:
            continue
        values = warped(image, place, [3, 2, 1])
        masked = (values == 0).any(axis=0)
        part = np.clip(values.astype(float) / 8000, 0, 1)
        wanted = np.moveaxis(np.floor(part * 255 + 0.5).astype(np.uint8), 0, -1)
        found = rgba(content)
        # nearest: GDAL's approximated coordinates round another way at some pixels
        assert ((found[..., :3] == wanted).all(axis=-1) | masked).mean() > 0.99
        assert ((found[..., 3] == 0) == masked).mean() > 0.99


def test_no_tile_is_missing(xyz: Made, image: Path) -> None:
    """Every tile of the finest zoom that has a pixel is there, and no other."""
    tiles = {place for place in xyz.tiles() if place[0] == 14}
    xs, ys = [place[1] for place in tiles], [place[2] for place in tiles]
    for x in range(min(xs) - 1, max(xs) + 2):
        for y in range(min(ys) - 1, max(ys) + 2):
            assert ((14, x, y) in tiles) == bool(warped(image, (14, x, y), [1]).any())
    assert {place[0] for place in xyz.tiles()} == set(range(15))


@pytest.mark.parametrize("zoom", [3, READABLE - 1])
def test_coarse_tiles_are_means_of_those_below(xyz: Made, zoom: int) -> None:
    """Of the grey levels of the next zoom, but for the rounding of both."""
    tiles = xyz.tiles()
    for (z, x, y), content in tiles.items():
        if z != zoom:
            continue
        mosaic = np.zeros((512, 512, 4))
        for right in (0, 1):
            for down in (0, 1):
                child = tiles.get((z + 1, 2 * x + right, 2 * y + down))
                if child is not None:
                    window = np.s_[256 * down : 256 * (down + 1), 256 * right : 256 * (right + 1)]
                    mosaic[window] = rgba(child)
        fours = mosaic.reshape(256, 2, 256, 2, 4).swapaxes(1, 2).reshape(256, 256, 4, 4)
        valid = fours[..., 3] == 255
        found = rgba(content).astype(float)
        assert ((found[..., 3] == 255) == valid.any(axis=-1)).all()
        sums = (fours[..., :3] * valid[..., None]).sum(axis=2)
        means = sums / np.maximum(valid.sum(axis=-1), 1)[..., None]
        assert np.abs(means - found[..., :3])[valid.any(axis=-1)].max() <= 1.1


def test_classes_stay_classes(tmp_path: Path) -> None:
    """Palette PNGs in the colours of the legend, at coarse zooms the most frequent class."""
    source = make_classes(tmp_path / "classes.tif")
    outcome = run(source, tmp_path / "map", style={})
    colours = {(0, 100, 0), (200, 180, 90), (0, 80, 220)}
    for content in tiles_of(tmp_path / "map").values():
        picture = Image.open(io.BytesIO(content))
        assert picture.mode == "P"
        found = rgba(content)
        assert {tuple(pixel[:3]) for pixel in found[found[..., 3] > 0].tolist()} <= colours
    assert outcome.pictures[0] == 1


@pytest.mark.parametrize("image_format", [ImageFormat.JPEG, ImageFormat.WEBP])
def test_other_pictures(tmp_path: Path, image: Path, image_format: ImageFormat) -> None:
    run(image, tmp_path / "map", image=image_format, zooms=(11, 11))
    tiles = tiles_of(tmp_path / "map", image_format.value)
    assert tiles
    for content in tiles.values():
        assert Image.open(io.BytesIO(content)).format == image_format.name


def test_again_nothing_is_painted(tmp_path: Path, image: Path) -> None:
    first = run(image, tmp_path / "map", zooms=(7, 12))
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "map").rglob("*.png")}
    again = run(image, tmp_path / "map", zooms=(7, 12))
    assert (again.painted, again.empty) == (0, 0)
    assert again.unchanged == first.painted + first.empty
    assert stamps == {path: path.stat().st_mtime_ns for path in (tmp_path / "map").rglob("*.png")}


def test_a_lost_tile_is_painted_again(tmp_path: Path, image: Path) -> None:
    run(image, tmp_path / "map", zooms=(10, 12))
    before = tiles_of(tmp_path / "map")
    next((tmp_path / "map" / "12").rglob("*.png")).unlink()
    assert run(image, tmp_path / "map", zooms=(10, 12)).painted == 1
    assert tiles_of(tmp_path / "map") == before


def test_a_stopped_export_goes_on(
    tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(image, tmp_path / "whole", zooms=(5, 13))
    puts = _folder.FolderSink.put
    count = 0

    def stop(self: _folder.FolderSink, *arguments: object) -> None:
        nonlocal count
        count += 1
        if count > 10:
            raise KeyboardInterrupt
        puts(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(_folder.FolderSink, "put", stop)
        with pytest.raises(KeyboardInterrupt):
            run(image, tmp_path / "map", zooms=(5, 13))
    again = run(image, tmp_path / "map", zooms=(5, 13))
    assert again.unchanged == 10
    assert tiles_of(tmp_path / "map") == tiles_of(tmp_path / "whole")


def test_a_changed_source_is_painted_anew(tmp_path: Path) -> None:
    source = make_raster(tmp_path / "image.tif", seed=1, bands=3)
    run(source, tmp_path / "map", zooms=(7, 12))
    source.unlink()
    make_raster(source, seed=2, bands=3)
    assert run(source, tmp_path / "map", zooms=(7, 12)).unchanged == 0
    run(source, tmp_path / "anew", zooms=(7, 12))
    assert tiles_of(tmp_path / "map") == tiles_of(tmp_path / "anew")


def test_another_look_has_to_be_asked_for(tmp_path: Path, image: Path) -> None:
    run(image, tmp_path / "map", zooms=(10, 12))
    before = tiles_of(tmp_path / "map")
    other = {"style": {"bidx": ("1",)}, "zooms": (10, 11), "image": ImageFormat.WEBP}
    with pytest.raises(ConfigError, match="style, image, zooms") as caught:
        run(image, tmp_path / "map", **other)
    assert "--overwrite" in str(caught.value.remedy)
    assert tiles_of(tmp_path / "map") == before
    run(image, tmp_path / "map", overwrite=True, **other)
    assert not tiles_of(tmp_path / "map", "png")
    assert {place[0] for place in tiles_of(tmp_path / "map", "webp")} == {10, 11}


def test_the_usual_look_is_kept(tmp_path: Path) -> None:
    """A stretch found out anew on other pixels would make seams."""
    source = make_raster(tmp_path / "image.tif", bands=1)
    first = run(source, tmp_path / "map", zooms=(11, 12), style={})
    with rasterio.open(source, "r+") as target:
        target.write(target.read() * 3)
    again = run(source, tmp_path / "map", zooms=(11, 12), style={})
    assert (again.style, again.unchanged) == (first.style, 0)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A process that has run: tiles of 10 to 12 in degrees, with named styles."""
    project = make_project(tmp_path_factory.mktemp("export") / "project", zooms=(10, 12))
    styles = {"red": {"bidx": [1], "rescale": [0, 12000], "colormap_name": "reds"}}
    project.configure(zooms=(10, 12), output={"styles": styles})
    assert project.run("--concurrency", "none").returncode == 0
    return project


def test_outputs_of_processes(done: Project, tmp_path: Path) -> None:
    """By a style that the file names; the function and inputs are not needed."""
    style = {"bidx": ("1",), "rescale": ("0,12000",), "colormap_name": ("reds",)}
    run(done.output, tmp_path / "folder", style=style)
    run(done.config, tmp_path / "process", style={}, style_name="red")
    assert tiles_of(tmp_path / "folder") == tiles_of(tmp_path / "process")
    assert {place[0] for place in tiles_of(tmp_path / "folder")} >= {0, 9, 12}
    with pytest.raises(ConfigError, match="no such style") as caught:
        run(done.config, tmp_path / "other", style={}, style_name="blue")
    assert "red" in str(caught.value)


def test_only_what_changed_is_painted(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", zooms=(10, 12))
    assert project.run("--concurrency", "none").returncode == 0
    wanted = {"style": {"bidx": ("1",), "rescale": ("0,12000",)}, "zooms": (8, 12)}
    before = run(project.output, tmp_path / "map", **wanted)
    for zoom in (11, 12):
        gone = max((project.output / str(zoom)).rglob("*.tif"))
        gone.unlink()
    again = run(project.output, tmp_path / "map", **wanted)
    assert again.unchanged > 0
    assert 0 < again.painted < before.painted
    run(project.output, tmp_path / "anew", **wanted)
    assert tiles_of(tmp_path / "map") == tiles_of(tmp_path / "anew")


def test_over_the_antimeridian(tmp_path: Path) -> None:
    source = make_classes(tmp_path / "dates.tif", left=179, crs="EPSG:4326")
    outcome = run(source, tmp_path / "map", style={}, stac=True)
    xs = {place[1] for place in tiles_of(tmp_path / "map") if place[0] == 6}
    assert xs == {63, 0}
    item = json.loads((tmp_path / "map" / "item.json").read_text())
    assert item["bbox"] == pytest.approx([179, -2, -178, 1])
    assert item["geometry"]["type"] == "MultiPolygon"
    assert outcome.pictures[0] == 1


def test_workers_make_the_same(tmp_path: Path, large: Path) -> None:
    """As users run it, each in processes of its own."""
    for workers in ("1", "2"):
        command = ["export", str(large), "-o", str(tmp_path / workers), "-z", "15", "-w", workers]
        command += ["--style", "bidx=3,2,1", "--style", "rescale=0,8000", "--no-progress"]
        starts.run(command, starts.EXPORT).check_returncode()
    one, two = tiles_of(tmp_path / "1"), tiles_of(tmp_path / "2")
    assert len(two) > 64
    assert one.keys() == two.keys()
    # the names of those that differ: pytest would take minutes to describe how they do
    assert [place for place, content in one.items() if content != two[place]] == []


def test_tilejson(xyz: Made) -> None:
    told = json.loads((xyz.out / "tilejson.json").read_text())
    jsonschema_rs.validate(TILEJSON, told)
    assert (told["minzoom"], told["maxzoom"]) == (0, 14)
    west, south, east, north = told["bounds"]
    lon, lat, _ = told["center"]
    assert west < lon < east
    assert south < lat < north


def test_one_at_a_time(tmp_path: Path, image: Path) -> None:
    run(image, tmp_path / "map", zooms=(10, 10))
    other = _folder.FolderSink(tmp_path / "map", ImageFormat.PNG)
    try:
        with pytest.raises(OutputBusy, match="another export"):
            run(image, tmp_path / "map", zooms=(10, 10))
    finally:
        other.close()


def test_nothing_of_others_is_touched(tmp_path: Path, image: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match="is not an export"):
            run(image, tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"style": {"band": ("1",)}}, "unknown parameter"),
        ({"style": {"bidx": ("9",)}}, "is not a band"),
        ({"zooms": (3, 99)}, "zooms of a web map"),
        ({"stac": True, "time": "yesterday"}, "is not a time"),
        ({"style": STYLE, "style_name": "red"}, "beside --style"),
    ],
)
def test_wrong_wishes(tmp_path: Path, image: Path, wanted: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        run(image, tmp_path / "map", **wanted)
    assert not (tmp_path / "map").exists()


def test_nothing_to_see(tmp_path: Path, image: Path) -> None:
    colours = '{"1": "#ff0000"}'
    with pytest.raises(InputError, match="nothing to see"):
        run(image, tmp_path / "map", style={"bidx": ("1",), "colormap": (colours,)})
    with pytest.raises(ConfigError, match="to this machine"):
        run(image, Path("s3://bucket/map"))


def test_a_folder_that_a_run_is_writing(image: Path, tmp_path: Path) -> None:
    out = tmp_path / "tiles"
    for path in (out, tmp_path / "tiles.mbtiles"):
        container = Container.XYZ if path == out else Container.MBTILES
        with hold(place_of(str(path))), pytest.raises(OutputBusy, match="another run"):
            run(image, path, container=container)
        assert not path.exists() or not any(path.iterdir())


def test_only_what_is_to_be_published_lies_in_the_folder(image: Path, tmp_path: Path) -> None:
    out = tmp_path / "tiles"
    run(image, out)
    names = {path.name for path in out.iterdir() if path.is_file()}
    assert names == {"tilejson.json"}
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]
    # as an earlier version left it: the ledger moves out, nothing is painted again
    (tmp_path / f"tiles{_folder.LEDGER}").rename(out / _folder.LEDGER)
    again = run(image, out)
    assert again.painted == 0
    assert again.unchanged
    assert {path.name for path in out.iterdir() if path.is_file()} == names
