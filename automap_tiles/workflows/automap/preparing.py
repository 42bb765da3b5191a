"""One scene becomes one prepared picture: what a worker of a download does.

A scene is whole or absent: its STAC item is written last.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from automap_tiles.engine.memory import peak_memory
from automap_tiles.errors import AutomapError, Empty, InputError
from automap_tiles.missions import common_bands
from automap_tiles.notes import Note, collecting
from automap_tiles.raster.drivers import SIDE_FILES
from automap_tiles.scenes import download as fetching
from automap_tiles.scenes import find, prepare
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.failures import check_own
from automap_tiles.scenes.masks import FlagSource
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import _stac, reproducibility
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.missions import Scene


class SceneStatus(StrEnum):
    """Outcome for a scene."""

    WRITTEN = "written"
    EMPTY = "empty"
    """No pixel of it lies in the area."""
    THERE = "there"
    """It was already done."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class SceneDone:
    """One scene of a download."""

    satellite: str
    scene: str
    """Scene id."""
    status: SceneStatus
    seconds: float = 0.0
    error: str | None = None
    fetched: int = 0
    """Bytes downloaded for it in this run."""
    worker: str = ""
    """Host and process that prepared it; empty if it was already done."""
    peak_bytes: int = 0
    """Peak memory of this process until then."""
    notes: tuple[Note, ...] = ()
    """What was lost, replaced, ignored or guessed during preparation."""

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
class SceneMaking:
    """How the scenes of one satellite are made; sent to the workers with each scene."""

    satellite: str
    folder: Address
    """Folder of the prepared scenes."""
    area: BaseGeometry
    area_hash: str
    making: FlagSource
    brdf: bool

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands required from a scene, including those for its mask."""
        return (*common_bands(self.satellite), *self.making.bands)


@dataclass(frozen=True, kw_only=True)
class SceneTask:
    """One scene for a worker."""

    how: SceneMaking
    scene: Scene
    product: str
    """Product fingerprint."""
    fetches: bool
    """Whether the worker downloads the files itself: it may be on another machine."""
    error: str | None = None
    """Why the download failed."""


def prepare_scene(task: SceneTask) -> SceneDone:
    """Runs in a worker, where notes are not collected otherwise."""
    started = time.monotonic()
    with collecting() as told:
        done = _made(task)
    seconds = time.monotonic() - started
    worker = f"{socket.gethostname()}:{os.getpid()}"
    return replace(
        done, notes=told.grouped(), seconds=seconds, worker=worker, peak_bytes=peak_memory()
    )


def _made(task: SceneTask) -> SceneDone:
    if task.error is not None:
        return done_with(task.how, task.scene, SceneStatus.FAILED, error=task.error)
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
        return done_with(task.how, task.scene, SceneStatus.FAILED, error=str(error))
    return replace(done_with(task.how, task.scene, status), fetched=came)


def _fetched_here(task: SceneTask, folder: Path) -> tuple[Scene, int]:
    """The scene with its files on the worker's machine, and their bytes; raises `InputError`."""
    files = fetching.measured(fetching.files_of(task.scene, task.how.bands))
    fetching.check_space(fetching.amount(files, folder), folder)
    came = 0
    for one in fetching.fetch(files, folder):
        if one.status is fetching.FetchStatus.FAILED:
            raise InputError(f"cannot be fetched: {one.error}", one.file.target)
        came += one.bytes
    return fetching.fetched(task.scene, folder, task.how.bands), came


def _prepared(task: SceneTask, scene: Scene) -> SceneStatus:
    """Write raster and item; raises `AutomapError`."""
    how, name = task.how, safe_name(scene.id)
    picture: prepare.PreparedPicture | None = None
    there: Mapping[str, int] | None = None
    (how.folder / f"{name}.json").delete()
    scene = find.looked_at(scene, how.bands)
    try:
        with how.folder.as_folder().staged(f"{name}.tif") as path:
            picture = prepare.write(path, scene, how.area, how.making)
            there = reproducibility.stored_file(path)
    except Empty:
        (how.folder / f"{name}.tif").delete()
    for end in () if how.folder.is_remote else SIDE_FILES:  # left by QGIS and others
        (how.folder / f"{name}.tif{end}").delete()
    made = _stac.MadeFrom(
        making=how.making.label,
        product=task.product,
        files=reproducibility.files_of_scene(scene, how.bands),
        picture=there,
    )
    item = _stac.item(scene, how.area_hash, picture, made)
    _stac.put(how.folder / f"{name}.json", item)
    return SceneStatus.EMPTY if picture is None else SceneStatus.WRITTEN


def done_with(
    how: SceneMaking, scene: Scene, status: SceneStatus, error: str | None = None
) -> SceneDone:
    """A scene and its outcome."""
    return SceneDone(satellite=how.satellite, scene=scene.id, status=status, error=error)
