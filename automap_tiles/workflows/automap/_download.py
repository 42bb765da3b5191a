"""Download mode: prepares scenes in parallel.

A scene is complete or absent, as its STAC item is written last. An existing scene with the same
area and source files is not prepared again, so a killed run resumes where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.pools.task_pool import TaskPool, each, open_task_pool
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.scenes import prepared
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.stamps import far_stamps, product_fingerprint
from automap_tiles.workflows.automap import _stac
from automap_tiles.workflows.automap._fetching import Fetching, SatelliteDownload
from automap_tiles.workflows.automap._scratch import Scratch
from automap_tiles.workflows.automap.discover import Discovered, is_catalogue
from automap_tiles.workflows.automap.folders import scenes_folder
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.automap.preparing import (
    SceneDone,
    SceneMaking,
    SceneStatus,
    done_with,
    prepare_scene,
)

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene


@dataclass
class Usage:
    """Use of the local disk by scenes in progress."""

    bytes: int = 0
    """Peak, as far as file sizes are known."""


def download(
    run: RunParameters,
    found: Discovered,
    *,
    workers: int | None = None,
    overwrite: bool = False,
    concurrency: Concurrency = Concurrency.THREADS,
    dask_scheduler: str | None = None,
    usage: Usage | None = None,
) -> Generator[SceneDone]:
    """Prepare all scenes, satellite by satellite; yields each one when it is done.

    A failed scene does not stop the others. Raises `OutputError` if there is not enough space for
    the downloads, `ResourceError` if too many files are open, which no scene has caused.
    """
    with contextlib.ExitStack() as stack:
        task_pool: TaskPool | None = None
        for satellite, scenes in found.scenes.items():
            # left by killed runs: this run holds the folder's lock
            scenes_folder(run.output, satellite).as_folder().clean_parts()
            job = _job(run, satellite, scenes)
            items = _items(job, scenes)
            pending: list[Scene] = []
            for scene in scenes:
                item = items[scene.id]
                if not overwrite and _is_there(job, scene, item):
                    _tell_unknown(scene, item)
                    yield done_with(job.how, scene, SceneStatus.THERE)
                else:
                    _tell_changed(job, scene, item)
                    pending.append(scene)
            if not pending and prepared.NAME in job.there:
                _write_collection(job)  # of a run that was killed after its last scene
                continue
            if task_pool is None and pending:
                task_pool = stack.enter_context(
                    open_task_pool(concurrency, workers, dask_scheduler)
                )
            with contextlib.closing(
                _of_satellite(job, pending, task_pool, usage or Usage())
            ) as stream:
                for done in stream:
                    tell(*done.notes)
                    yield done


def done(run: RunParameters, satellite: str, scenes: Sequence[Scene]) -> frozenset[str]:
    """Ids of the scenes that need no work."""
    job = _job(run, satellite, scenes)
    items = _items(job, scenes)
    return frozenset(scene.id for scene in scenes if _is_there(job, scene, items[scene.id]))


def area_hash(area: BaseGeometry) -> str:
    """Deterministic hash of an area."""
    from shapely import normalize

    return hashlib.sha256(normalize(area).wkb).hexdigest()[:16]


def _job(run: RunParameters, satellite: str, scenes: Sequence[Scene]) -> SatelliteDownload:
    far = None if is_catalogue(run.source) else far_stamps(run.source)
    how = SceneMaking(
        satellite=satellite,
        folder=scenes_folder(run.output, satellite),
        area=run.area,
        area_hash=area_hash(run.area),
        making=run.making,
        brdf=run.brdf,
    )
    return SatelliteDownload(
        how=how,
        fetched=Scratch(run.output).fetched(satellite),
        products={scene.id: product_fingerprint(scene, how.bands, far) for scene in scenes},
        there=frozenset(how.folder.as_folder().list()),
    )


def _of_satellite(
    job: SatelliteDownload, pending: Sequence[Scene], task_pool: TaskPool | None, usage: Usage
) -> Generator[SceneDone]:
    # The folder is recognisable from the first scene on.
    _write_collection(job)
    if task_pool is None:
        return
    fetching_of = Fetching.of(job, pending, task_pool)
    try:
        with contextlib.closing(fetching_of.tasks(pending)) as tasks:
            for task, made in each(task_pool, prepare_scene, tasks):
                yield fetching_of.is_over(task, made)
    finally:
        usage.bytes = max(usage.bytes, fetching_of.room.peak)
        with contextlib.suppress(OSError):  # it contains files of failed scenes
            job.fetched.rmdir()
        # also if the run was stopped: it lists what is done
        _write_collection(job)


Item: TypeAlias = dict[str, Any] | None


def _items(job: SatelliteDownload, scenes: Sequence[Scene]) -> dict[str, Item]:
    """Scene id → its item, None if it has none."""
    names = {scene.id: f"{safe_name(scene.id)}.json" for scene in scenes}
    found = prepared.read_items(job.folder, [each for each in names.values() if each in job.there])
    return {scene: found.get(name) for scene, name in names.items()}


def _is_there(job: SatelliteDownload, scene: Scene, item: Item) -> bool:
    how = job.how
    if item is None or not _stac.is_made_for(item, how.area_hash, how.making.label, brdf=how.brdf):
        return False
    if _stac.product_of(item) not in (None, job.products[scene.id]):
        return False
    return not item.get("assets") or f"{safe_name(scene.id)}.tif" in job.there


def _tell_changed(job: SatelliteDownload, scene: Scene, item: Item) -> None:
    before = None if item is None else _stac.product_of(item)
    if before not in (None, job.products[scene.id]):
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.SCENES,
                reason="prepared anew: the files of their products have changed",
                examples=(scene.id,),
            )
        )


def _tell_unknown(scene: Scene, item: Item) -> None:
    if item is not None and _stac.product_of(item) is None:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.SCENES,
                reason="prepared by an earlier version, and taken for the same products",
                examples=(scene.id,),
                remedy="automap download --overwrite prepares them anew",
            )
        )


def _write_collection(job: SatelliteDownload) -> None:
    """Skipped if the existing one is equal."""
    known = [f"{safe_name(scene)}.json" for scene in job.products]
    content = _stac.collection(prepared.items(job.folder, known), job.how.satellite)
    place = job.folder / prepared.NAME
    if place.read() != _stac.encoded(content):
        _stac.put(place, content)
