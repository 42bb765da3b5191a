"""The download mode: every scene becomes one prepared picture, many at a time.

A scene is whole or absent: its STAC item is written last. One that is there, cut to the same area
and made of the same files, is not made again; so a run that was killed goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from automap_tiles.errors import AutomapError, Empty
from automap_tiles.missions import common_bands
from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.scenes import download as fetching
from automap_tiles.scenes import find, prepare, prepared
from automap_tiles.scenes.download.address import kind_of, safe_name
from automap_tiles.scenes.failures import check_own
from automap_tiles.scenes.masks import FlagSource
from automap_tiles.scenes.stamps import far_stamps, product_fingerprint
from automap_tiles.stopping import carried, raise_if_stopped
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import stac
from automap_tiles.workflows.automap.discover import Discovered, is_catalogue
from automap_tiles.workflows.automap.folders import scenes_folder
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.automap.scratch import Scratch
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene


_ASK_SECONDS = 0.2
"""How often it is asked whether to stop."""


class SceneStatus(StrEnum):
    """What became of a scene."""

    WRITTEN = "written"
    EMPTY = "empty"
    """No pixel of it lies in the area."""
    THERE = "there"
    """It was done before."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class SceneDone:
    """One scene of a download."""

    satellite: str
    scene: str
    """Id."""
    status: SceneStatus
    seconds: float = 0.0
    fetched: int = 0
    """Bytes that came from elsewhere for it, now."""
    error: str | None = None
    notes: tuple[Note, ...] = ()
    """What was lost, replaced, ignored or guessed when it was prepared."""

    def to_json(self) -> Json:
        return {
            "satellite": self.satellite,
            "scene": self.scene,
            "status": str(self.status),
            "seconds": round(self.seconds, 3),
            **({"fetched_bytes": self.fetched} if self.fetched else {}),
            **({} if self.error is None else {"error": self.error}),
        }


@dataclass(frozen=True, kw_only=True)
class _Job:
    """Where the scenes of one satellite go."""

    satellite: str
    folder: Address
    """Of the prepared scenes."""
    fetched: Path
    area: BaseGeometry
    area_hash: str
    making: FlagSource
    products: Mapping[str, str]
    """Id of a scene → fingerprint of its product as it is now."""
    there: frozenset[str]
    """Names of the files in the folder when the work begins."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Those that are needed of a scene, also for its mask."""
        return (*common_bands(self.satellite), *self.making.bands)


def download(
    run: RunParameters,
    found: Discovered,
    *,
    workers: int | None = None,
    overwrite: bool = False,
) -> Generator[SceneDone]:
    """Prepare all scenes, satellite by satellite; each is told of as it is done.

    A scene that fails does not end the others. Raises `OutputError` when there is no space for
    what is to be fetched, `ResourceError` when too many files are open: that is no fault of a
    scene.
    """
    for satellite, scenes in found.scenes.items():
        job = _job(run, satellite, scenes)
        with contextlib.closing(_of_satellite(job, scenes, workers, overwrite)) as stream:
            for scene in stream:
                for note in scene.notes:
                    tell(note)
                yield scene


def done(run: RunParameters, satellite: str, scenes: Sequence[Scene]) -> frozenset[str]:
    """Ids of the scenes that need no work."""
    job = _job(run, satellite, scenes)
    items = _items(job, scenes)
    return frozenset(scene.id for scene in scenes if _is_there(job, scene, items[scene.id]))


def is_remote_scene(scene: Scene) -> bool:
    """Whether its files have to be fetched."""
    hrefs = [file.href for file in scene.bands.values()] + [file.href for file in scene.quality]
    return any(kind_of(href) != "file" for href in hrefs)


def area_hash(area: BaseGeometry) -> str:
    """Of the same area always the same."""
    from shapely import normalize

    return hashlib.sha256(normalize(area).wkb).hexdigest()[:16]


def _job(run: RunParameters, satellite: str, scenes: Sequence[Scene]) -> _Job:
    far = {} if is_catalogue(run.source) else far_stamps(run.source)
    folder = scenes_folder(run.output, satellite)
    bands = (*common_bands(satellite), *run.making.bands)
    return _Job(
        satellite=satellite,
        folder=folder,
        fetched=Scratch(run.output).fetched(satellite),
        area=run.area,
        area_hash=area_hash(run.area),
        making=run.making,
        products={scene.id: product_fingerprint(scene, bands, far) for scene in scenes},
        there=frozenset(folder.as_folder().list()),
    )


def _of_satellite(
    job: _Job, scenes: Sequence[Scene], workers: int | None, overwrite: bool
) -> Generator[SceneDone]:
    job.folder.as_folder().clean_parts()  # of a run that died: this one holds the folder
    items = _items(job, scenes)
    pending: list[Scene] = []
    for scene in scenes:
        item = items[scene.id]
        if not overwrite and _is_there(job, scene, item):
            _tell_unknown(scene, item)
            yield _done(job, scene, SceneStatus.THERE)
        else:
            _tell_changed(job, scene, item)
            pending.append(scene)
    if not pending and prepared.NAME in job.there:
        return
    # The folder is known for what it is from the first scene on.
    _write_collection(job)
    prepare_one = carried(_prepare)
    running: set[Future[SceneDone]] = set()
    came: Counter[str] = Counter()
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="prepare")
    try:
        for ready in _on_this_machine(job, pending, came):
            if isinstance(ready, SceneDone):
                yield _with_bytes(ready, came)
                continue
            running.add(pool.submit(prepare_one, job, ready))
            finished, running = wait(running, 0, FIRST_COMPLETED)
            yield from (_with_bytes(future.result(), came) for future in finished)
        while running:
            finished, running = wait(running, _ASK_SECONDS, FIRST_COMPLETED)
            yield from (_with_bytes(future.result(), came) for future in finished)
            raise_if_stopped()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        with contextlib.suppress(OSError):  # files of a scene that failed are in it
            job.fetched.rmdir()
        # also of a run that was stopped: what is done is in it
        _write_collection(job)


Item: TypeAlias = dict[str, Any] | None


def _items(job: _Job, scenes: Sequence[Scene]) -> dict[str, Item]:
    """Id of a scene → its item, None where it has none."""
    names = {scene.id: f"{safe_name(scene.id)}.json" for scene in scenes}
    found = prepared.read_items(job.folder, [each for each in names.values() if each in job.there])
    return {scene: found.get(name) for scene, name in names.items()}


def _is_there(job: _Job, scene: Scene, item: Item) -> bool:
    if item is None or not stac.is_made_for(item, job.area_hash, job.making.label):
        return False
    if stac.product_of(item) not in (None, job.products[scene.id]):
        return False
    return not item.get("assets") or f"{safe_name(scene.id)}.tif" in job.there


def _tell_changed(job: _Job, scene: Scene, item: Item) -> None:
    before = None if item is None else stac.product_of(item)
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
    if item is not None and stac.product_of(item) is None:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.SCENES,
                reason="prepared by an earlier version, and taken for the same products",
                examples=(scene.id,),
                remedy="automap download --overwrite prepares them anew",
            )
        )


def _with_bytes(done: SceneDone, came: Mapping[str, int]) -> SceneDone:
    return replace(done, fetched=came.get(done.scene, 0))


def _on_this_machine(
    job: _Job, scenes: Sequence[Scene], came: Counter[str]
) -> Iterator[Scene | SceneDone]:
    """The scenes as their files are here; those that cannot be fetched as failed.

    `came` counts the bytes that come for each.
    """
    remote = [scene for scene in scenes if is_remote_scene(scene)]
    ids = {scene.id for scene in remote}
    yield from (scene for scene in scenes if scene.id not in ids)
    if not remote:
        return
    files = fetching.measured(
        [each for scene in remote for each in fetching.files_of(scene, job.bands)]
    )
    fetching.check_space(fetching.amount(files, job.fetched), job.fetched)
    left = {scene.id: 0 for scene in remote}
    by_id = {scene.id: scene for scene in remote}
    for file in files:
        left[file.scene or ""] += 1
    errors: dict[str, str] = {}
    for one in fetching.fetch(files, job.fetched):
        name = one.file.scene or ""
        left[name] -= 1
        came[name] += one.bytes
        if one.status is fetching.Status.FAILED:
            errors.setdefault(name, f"{one.file.target}: {one.error}")
        if left[name]:
            continue
        if name in errors:
            yield _done(job, by_id[name], SceneStatus.FAILED, error=errors[name])
        else:
            yield fetching.fetched(by_id[name], job.fetched, job.bands)


def _prepare(job: _Job, scene: Scene) -> SceneDone:
    """In a thread of the pool, where nobody collects what is told."""
    with collecting() as told:
        done = _prepared(job, scene)
    return replace(done, notes=told.grouped())


def _prepared(job: _Job, scene: Scene) -> SceneDone:
    started = time.monotonic()
    name = safe_name(scene.id)
    status = SceneStatus.WRITTEN
    picture: prepare.Picture | None = None
    try:
        (job.folder / f"{name}.json").delete()
        scene = find.looked_at(scene, job.bands)
        try:
            with job.folder.as_folder().staged(f"{name}.tif") as path:
                picture = prepare.write(path, scene, job.area, job.making)
        except Empty:
            (job.folder / f"{name}.tif").delete()
            status = SceneStatus.EMPTY
        stac.put(
            job.folder / f"{name}.json",
            stac.item(scene, job.area_hash, picture, job.making.label, job.products[scene.id]),
        )
    except AutomapError as error:
        check_own(error)
        done = _done(job, scene, SceneStatus.FAILED, error=str(error))
    else:
        done = _done(job, scene, status)
        shutil.rmtree(job.fetched / name, ignore_errors=True)
    return replace(done, seconds=time.monotonic() - started)


def _write_collection(job: _Job) -> None:
    content = stac.collection(prepared.items(job.folder), job.satellite)
    stac.put(job.folder / prepared.NAME, content)


def _done(job: _Job, scene: Scene, status: SceneStatus, error: str | None = None) -> SceneDone:
    return SceneDone(satellite=job.satellite, scene=scene.id, status=status, error=error)
