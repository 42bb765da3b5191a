"""Preparing real scenes: whole or absent, once, and what cannot be used is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pystac
import pytest
import rasterio

from automap_tiles.errors import InputError
from automap_tiles.missions import COMMON
from automap_tiles.missions.landsat._bands import LANDSAT_8
from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.scenes import find, prepare, prepared
from automap_tiles.workflows.automap._check import plans
from automap_tiles.workflows.automap._download import download
from automap_tiles.workflows.automap.discover import discover
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.automap.preparing import SceneStatus
from tests.workflows.automap.conftest import run_download

Stamps = dict[str, int]


def stamps(folder: Path) -> Stamps:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_every_scene_has_a_picture_and_an_item(prepared_run: RunParameters) -> None:
    folder = Path(prepared_run.output.text) / "landsat-8" / "scenes"
    assert len(list(folder.glob("*.tif"))) == 19
    collection = pystac.Collection.from_file(str(folder / prepared.NAME))
    items = list(collection.get_items())
    assert len(items) == 19
    for item in items:
        href = Path(item.assets["image"].get_absolute_href() or "")
        with rasterio.open(href) as file:
            assert file.descriptions == prepared.planes(LANDSAT_8)
            assert file.tags()["SCENE"] == item.id
            assert file.nodata == prepared.NODATA
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert list(file.shape) == item.properties["proj:shape"]
        assert item.datetime is not None


def test_prepared_scenes_are_found_again(prepared_run: RunParameters) -> None:
    original = find.products(prepared_run.source, bands=COMMON).scenes
    again = find.products(Path(prepared_run.output.text) / "landsat-8" / "scenes", bands=COMMON)
    assert again.rejected == ()
    for scene, other in zip(original, again.scenes, strict=True):
        assert scene.id == other.id
        for name in ("sensor", "time", "level", "tile", "orbit", "sun_elevation"):
            assert getattr(scene, name) == getattr(other, name)


def test_a_second_run_does_nothing(spring: RunParameters) -> None:
    first = run_download(spring)
    assert {scene.status for scene in first.values()} == {SceneStatus.WRITTEN}
    folder = Path(spring.output.text) / "landsat-8" / "scenes"
    before = stamps(folder)
    second = run_download(spring)
    assert second.keys() == first.keys()
    assert {scene.status for scene in second.values()} == {SceneStatus.THERE}
    assert stamps(folder) == before
    (plan,) = plans(spring, discover(spring))
    assert (plan.satellite, plan.scenes, plan.done, plan.to_fetch) == (
        "landsat-8",
        len(first),
        len(first),
        0,
    )


def test_a_run_that_ended_early_is_gone_on_with(
    spring: RunParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    original: Callable[..., object] = prepare.write

    def counted(path: Path, scene: object, *others: object) -> object:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(str(path))
        return original(path, scene, *others)

    monkeypatch.setattr(prepare, "write", counted)
    with pytest.raises(KeyboardInterrupt):
        run_download(spring)
    monkeypatch.setattr(prepare, "write", original)
    folder = Path(spring.output.text) / "landsat-8" / "scenes"
    assert len(list(folder.glob("*.tif"))) == 2
    assert not [path for path in folder.iterdir() if path.name.endswith(".part")]
    before = stamps(folder)
    after = run_download(spring)
    count = [scene.status for scene in after.values()]
    assert count.count(SceneStatus.THERE) == 2
    assert count.count(SceneStatus.WRITTEN) == len(after) - 2
    kept = {name: stamp for name, stamp in before.items() if name != prepared.NAME}
    assert kept.items() <= stamps(folder).items()


def test_another_area_is_cut_anew(spring: RunParameters) -> None:
    run_download(spring)
    smaller = replace(spring, area=spring.area.buffer(-0.02))
    assert {scene.status for scene in run_download(smaller).values()} == {SceneStatus.WRITTEN}


def test_a_truncated_band_is_set_aside_and_named(
    spring: RunParameters, new_york: Path, tmp_path: Path
) -> None:
    source = tmp_path / "products"
    for folder in new_york.iterdir():
        if "_201804" in folder.name:
            shutil.copytree(folder, source / folder.name)
    victim = min(source.glob("*/*_B4.TIF"))
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])
    run = replace(spring, source=str(source))
    found = discover(run)
    assert [name for name, _ in found.rejected] == [victim.parent.name]
    scenes = run_download(run)
    assert victim.parent.name not in scenes
    assert len(scenes) == len(list(source.iterdir())) - 1
    assert {scene.status for scene in scenes.values()} == {SceneStatus.WRITTEN}


def test_a_band_that_breaks_in_between_fails_alone(
    spring: RunParameters, new_york: Path, tmp_path: Path
) -> None:
    source = tmp_path / "products"
    for folder in new_york.iterdir():
        if "_201804" in folder.name:
            shutil.copytree(folder, source / folder.name)
    run = replace(spring, source=str(source))
    found = discover(run)
    victim = min(source.glob("*/*_B4.TIF"))
    victim.unlink()
    scenes = {scene.scene: scene for scene in download(run, found, workers=2)}
    failed = [name for name, scene in scenes.items() if scene.status is SceneStatus.FAILED]
    assert failed == [victim.parent.name]
    assert victim.name in (scenes[failed[0]].error or "")
    assert not (Path(run.output.text) / "landsat-8" / "scenes" / f"{failed[0]}.json").exists()


def test_scenes_beside_the_area(spring: RunParameters) -> None:
    from shapely.geometry import box

    run = replace(spring, area=box(10, 50, 11, 51))
    with pytest.raises(InputError, match=r"of 19 found: 3 seen before .* 5 outside of the area"):
        discover(run)


def test_a_scene_without_a_pixel_is_remembered(spring: RunParameters) -> None:
    from shapely.geometry import box

    # in the corner of a scene's box, where its tilted image has no data
    scene = discover(spring).scenes["landsat-8"][0]
    assert scene.footprint is not None
    left, _, _, top = scene.footprint.bounds
    run = replace(spring, area=box(left + 0.02, top - 0.1, left + 0.08, top - 0.05))
    first = run_download(run)
    assert first[scene.id].status is SceneStatus.EMPTY
    assert run_download(run)[scene.id].status is SceneStatus.THERE
    item = Path(run.output.text) / "landsat-8" / "scenes" / f"{scene.id}.json"
    assert json.loads(item.read_text())["assets"] == {}


def test_what_is_told_in_a_thread_of_the_pool_goes_up(
    spring: RunParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Note(fate=Fate.GUESSED, subject=Subject.PIXELS, reason="for the test")
    real = prepare.write

    def write(*args: Any, **more: Any) -> prepare.PreparedPicture:
        tell(note)
        return real(*args, **more)

    monkeypatch.setattr(prepare, "write", write)
    with collecting() as told:
        done = run_download(spring)
    (found,) = [each for each in told if each.reason == note.reason]
    assert found.count == len(done) > 1
