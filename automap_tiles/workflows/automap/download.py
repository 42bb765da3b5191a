"""The download mode: every scene becomes one prepared picture, many at a time.

A scene is whole or absent: its STAC item is written last. One that is there, cut to the same area
and made of the same files, is not made again; so a run that was killed goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from automap_tiles.engine.memory import peak_memory
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.pools.crew import AHEAD, Crew, Lost, crew_of, each
from automap_tiles.errors import AutomapError, Empty, InputError
from automap_tiles.missions import common_bands
from automap_tiles.notes import Fate, Note, Subject, collecting, tell
from automap_tiles.raster.drivers import SIDE_FILES
from automap_tiles.scenes import download as fetching
from automap_tiles.scenes import find, prepare, prepared
from automap_tiles.scenes.download.address import kind_of, safe_name
from automap_tiles.scenes.failures import check_own
from automap_tiles.scenes.masks import FlagSource
from automap_tiles.scenes.stamps import far_stamps, product_fingerprint
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import _stac, traces
from automap_tiles.workflows.automap._room import Room, check_room, room_for, sizes_of
from automap_tiles.workflows.automap._scratch import Scratch
from automap_tiles.workflows.automap.discover import Discovered, is_catalogue
from automap_tiles.workflows.automap.folders import scenes_folder
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene
    from automap_tiles.scenes.download import RemoteFile


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
    error: str | None = None
    fetched: int = 0
    """Bytes that came from elsewhere for it, now."""
    worker: str = ""
    """Host and process that prepared it; empty where it was there."""
    peak_bytes: int = 0
    """Memory that this process has held at most, by then."""
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
class _Making:
    """How the scenes of one satellite are made; travels to the workers with each."""

    satellite: str
    folder: Address
    """Of the prepared scenes."""
    area: BaseGeometry
    area_hash: str
    making: FlagSource
    brdf: bool

    @property
    def bands(self) -> tuple[str, ...]:
        """Those that are needed of a scene, also for its mask."""
        return (*common_bands(self.satellite), *self.making.bands)


@dataclass(frozen=True, kw_only=True)
class _Job:
    """The scenes of one satellite."""

    how: _Making
    fetched: Path
    """Where files go that have to be fetched, if the workers can read them there."""
    products: Mapping[str, str]
    """Id of a scene → fingerprint of its product as it is now."""
    there: frozenset[str]
    """Names of the files in the folder when the work begins."""

    @property
    def folder(self) -> Address:
        return self.how.folder


@dataclass(frozen=True, kw_only=True)
class _Task:
    """One scene for a worker."""

    how: _Making
    scene: Scene
    product: str
    """Fingerprint."""
    fetches: bool
    """Whether the worker fetches the files itself: it may be on another machine."""
    error: str | None = None
    """Why the files could not be fetched."""


@dataclass
class Usage:
    """Of the disk of this machine by scenes that are on their way."""

    bytes: int = 0
    """At a time, at most, as far as their sizes are known."""


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
    """Prepare all scenes, satellite by satellite; each is told of as it is done.

    A scene that fails does not end the others. Raises `OutputError` when there is no space for
    what is to be fetched, `ResourceError` when too many files are open: that is no fault of a
    scene.
    """
    with contextlib.ExitStack() as stack:
        crew: Crew | None = None
        for satellite, scenes in found.scenes.items():
            # of runs that were killed: this one holds the folder
            scenes_folder(run.output, satellite).as_folder().clean_parts()
            job = _job(run, satellite, scenes)
            items = _items(job, scenes)
            pending: list[Scene] = []
            for scene in scenes:
                item = items[scene.id]
                if not overwrite and _is_there(job, scene, item):
                    _tell_unknown(scene, item)
                    yield _done(job.how, scene, SceneStatus.THERE)
                else:
                    _tell_changed(job, scene, item)
                    pending.append(scene)
            if not pending and prepared.NAME in job.there:
                _write_collection(job)  # of a run that was killed after its last scene
                continue
            if crew is None and pending:
                crew = stack.enter_context(crew_of(concurrency, workers, dask_scheduler))
            with contextlib.closing(_of_satellite(job, pending, crew, usage or Usage())) as stream:
                for done in stream:
                    for note in done.notes:
                        tell(note)
                    yield done


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
    far = None if is_catalogue(run.source) else far_stamps(run.source)
    how = _Making(
        satellite=satellite,
        folder=scenes_folder(run.output, satellite),
        area=run.area,
        area_hash=area_hash(run.area),
        making=run.making,
        brdf=run.brdf,
    )
    return _Job(
        how=how,
        fetched=Scratch(run.output).fetched(satellite),
        products={scene.id: product_fingerprint(scene, how.bands, far) for scene in scenes},
        there=frozenset(how.folder.as_folder().list()),
    )


def _of_satellite(
    job: _Job, pending: Sequence[Scene], crew: Crew | None, usage: Usage
) -> Generator[SceneDone]:
    # The folder is known for what it is from the first scene on.
    _write_collection(job)
    if crew is None:
        return
    fetching_of = _Fetching.of(job, pending, crew)
    try:
        with contextlib.closing(fetching_of.tasks(pending)) as tasks:
            for task, made in each(crew, _prepare, tasks):
                yield fetching_of.is_over(task, made)
    finally:
        usage.bytes = max(usage.bytes, fetching_of.room.peak)
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
    how = job.how
    if item is None or not _stac.is_made_for(item, how.area_hash, how.making.label, brdf=how.brdf):
        return False
    if _stac.product_of(item) not in (None, job.products[scene.id]):
        return False
    return not item.get("assets") or f"{safe_name(scene.id)}.tif" in job.there


def _tell_changed(job: _Job, scene: Scene, item: Item) -> None:
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


@dataclass(frozen=True, kw_only=True)
class _Fetching:
    """Files of scenes that come while others are prepared."""

    job: _Job
    files: tuple[RemoteFile, ...]
    """Of scenes that are fetched here: workers that are elsewhere fetch their own."""
    room: Room
    shares_disk: bool
    came: Counter[str] = field(default_factory=Counter)
    """Id of a scene → bytes that came for it."""

    @classmethod
    def of(cls, job: _Job, pending: Sequence[Scene], crew: Crew) -> Self:
        """Raises `OutputError` when there is no space for what is to be fetched."""
        remote = [scene for scene in pending if crew.shares_disk and is_remote_scene(scene)]
        files = fetching.measured(
            [file for scene in remote for file in fetching.files_of(scene, job.how.bands)]
        )
        most = room_for(crew.workers, AHEAD)
        check_room(files, job.fetched, most)
        room = Room(most=most, sizes=sizes_of(files))
        return cls(job=job, files=files, room=room, shares_disk=crew.shares_disk)

    def tasks(self, pending: Sequence[Scene]) -> Generator[_Task]:
        """The scenes as their files are here; those that cannot be fetched with their error."""
        left = Counter(file.scene or "" for file in self.files)
        yield from (self._task(scene) for scene in pending if scene.id not in left)
        by_id = {scene.id: scene for scene in pending}
        errors: dict[str, str] = {}
        stream = fetching.fetch(self.files, self.job.fetched, gate=self.room.take)
        with contextlib.closing(stream):
            for one in stream if self.files else ():
                name = one.file.scene or ""
                left[name] -= 1
                self.came[name] += one.bytes
                if one.status is fetching.FetchStatus.FAILED:
                    errors.setdefault(name, f"{one.file.target}: {one.error}")
                if left[name]:
                    continue
                scene = by_id[name]
                if name not in errors:
                    scene = fetching.fetched(scene, self.job.fetched, self.job.how.bands)
                yield self._task(scene, errors.get(name))

    def _task(self, scene: Scene, error: str | None = None) -> _Task:
        far = error is None and not self.shares_disk and is_remote_scene(scene)
        product = self.job.products[scene.id]
        return _Task(how=self.job.how, scene=scene, product=product, fetches=far, error=error)

    def is_over(self, task: _Task, made: SceneDone | Lost) -> SceneDone:
        """What became of it; its files go, but those of one that failed save the next run a way."""
        scene = task.scene.id
        if isinstance(made, Lost):
            made = _done(task.how, task.scene, SceneStatus.FAILED, error=made.reason)
        if made.status is not SceneStatus.FAILED or self.job.folder.is_remote:
            shutil.rmtree(self.job.fetched / safe_name(scene), ignore_errors=True)
        self.room.give_back(scene)
        return replace(made, fetched=made.fetched + self.came[scene])


def _prepare(task: _Task) -> SceneDone:
    """In a worker, where nobody collects what is told."""
    started = time.monotonic()
    with collecting() as told:
        done = _made(task)
    seconds = time.monotonic() - started
    worker = f"{socket.gethostname()}:{os.getpid()}"
    return replace(
        done, notes=told.grouped(), seconds=seconds, worker=worker, peak_bytes=peak_memory()
    )


def _made(task: _Task) -> SceneDone:
    if task.error is not None:
        return _done(task.how, task.scene, SceneStatus.FAILED, error=task.error)
    came = 0
    try:
        if not task.fetches:
            status = _prepared(task, task.scene)
        else:
            with TemporaryDirectory(prefix="automap-") as folder:
                scene, came = _fetched_here(task, Path(folder))
                status = _prepared(task, scene)
    except AutomapError as error:
        check_own(error)
        return _done(task.how, task.scene, SceneStatus.FAILED, error=str(error))
    return replace(_done(task.how, task.scene, status), fetched=came)


def _fetched_here(task: _Task, folder: Path) -> tuple[Scene, int]:
    """The scene with its files on the machine of the worker, and bytes; raises `InputError`."""
    files = fetching.measured(fetching.files_of(task.scene, task.how.bands))
    fetching.check_space(fetching.amount(files, folder), folder)
    came = 0
    for one in fetching.fetch(files, folder):
        if one.status is fetching.FetchStatus.FAILED:
            raise InputError(f"cannot be fetched: {one.error}", one.file.target)
        came += one.bytes
    return fetching.fetched(task.scene, folder, task.how.bands), came


def _prepared(task: _Task, scene: Scene) -> SceneStatus:
    """Write picture and item; raises `AutomapError`."""
    how, name = task.how, safe_name(scene.id)
    picture: prepare.PreparedPicture | None = None
    there: Mapping[str, int] | None = None
    (how.folder / f"{name}.json").delete()
    scene = find.looked_at(scene, how.bands)
    try:
        with how.folder.as_folder().staged(f"{name}.tif") as path:
            picture = prepare.write(path, scene, how.area, how.making)
            there = traces.stored_file(path)
    except Empty:
        (how.folder / f"{name}.tif").delete()
    for end in () if how.folder.is_remote else SIDE_FILES:  # QGIS and others leave them
        (how.folder / f"{name}.tif{end}").delete()
    made = _stac.MadeFrom(
        making=how.making.label,
        product=task.product,
        files=traces.files_of_scene(scene, how.bands),
        picture=there,
    )
    item = _stac.item(scene, how.area_hash, picture, made)
    _stac.put(how.folder / f"{name}.json", item)
    return SceneStatus.EMPTY if picture is None else SceneStatus.WRITTEN


def _write_collection(job: _Job) -> None:
    """Unless what is there says the same."""
    known = [f"{safe_name(scene)}.json" for scene in job.products]
    content = _stac.collection(prepared.items(job.folder, known), job.how.satellite)
    place = job.folder / prepared.NAME
    if place.read() != _stac.encoded(content):
        _stac.put(place, content)


def _done(how: _Making, scene: Scene, status: SceneStatus, error: str | None = None) -> SceneDone:
    return SceneDone(satellite=how.satellite, scene=scene.id, status=status, error=error)
