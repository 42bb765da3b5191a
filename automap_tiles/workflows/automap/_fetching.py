"""Downloads scene files while other scenes are prepared."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from automap_tiles.engine.pools.task_pool import AHEAD, LostTask, TaskPool
from automap_tiles.scenes import download as fetching
from automap_tiles.scenes.download.address import kind_of, safe_name
from automap_tiles.storage import Address
from automap_tiles.workflows.automap._disk_quota import (
    DiskQuota,
    check_disk_space,
    quota_for,
    sizes_of,
)
from automap_tiles.workflows.automap.preparing import (
    SceneDone,
    SceneMaking,
    SceneStatus,
    SceneTask,
    done_with,
)

if TYPE_CHECKING:
    from automap_tiles.missions import Scene
    from automap_tiles.scenes.download import RemoteFile


@dataclass(frozen=True, kw_only=True)
class SatelliteDownload:
    """The scenes of one satellite."""

    how: SceneMaking
    fetched: Path
    """Download folder, if the workers can read it."""
    products: Mapping[str, str]
    """Scene id → current fingerprint of its product."""
    there: frozenset[str]
    """Names of the files in the folder at the start."""

    @property
    def folder(self) -> Address:
        return self.how.folder


def is_remote_scene(scene: Scene) -> bool:
    """Whether its files have to be downloaded."""
    hrefs = [file.href for file in scene.bands.values()] + [file.href for file in scene.quality]
    return any(kind_of(href) != "file" for href in hrefs)


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """Downloads scene files while other scenes are prepared."""

    job: SatelliteDownload
    files: tuple[RemoteFile, ...]
    """Files of scenes downloaded here; workers on other machines download their own."""
    room: DiskQuota
    shares_disk: bool
    came: Counter[str] = field(default_factory=Counter)
    """Scene id → bytes downloaded for it."""

    @classmethod
    def of(cls, job: SatelliteDownload, pending: Sequence[Scene], task_pool: TaskPool) -> Self:
        """Raises `OutputError` if there is not enough space for the downloads."""
        remote = [scene for scene in pending if task_pool.shares_disk and is_remote_scene(scene)]
        files = fetching.measured(
            [file for scene in remote for file in fetching.files_of(scene, job.how.bands)]
        )
        most = quota_for(task_pool.workers, AHEAD)
        check_disk_space(files, job.fetched, most)
        room = DiskQuota(most=most, sizes=sizes_of(files))
        return cls(job=job, files=files, room=room, shares_disk=task_pool.shares_disk)

    def tasks(self, pending: Sequence[Scene]) -> Generator[SceneTask]:
        """The scenes as their files arrive; failed downloads come with their error."""
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

    def _task(self, scene: Scene, error: str | None = None) -> SceneTask:
        far = error is None and not self.shares_disk and is_remote_scene(scene)
        product = self.job.products[scene.id]
        return SceneTask(how=self.job.how, scene=scene, product=product, fetches=far, error=error)

    def is_over(self, task: SceneTask, made: SceneDone | LostTask) -> SceneDone:
        """A scene is done.

        Its files are deleted, except after a failure, to spare the next run a download.
        """
        scene = task.scene.id
        if isinstance(made, LostTask):
            made = done_with(task.how, task.scene, SceneStatus.FAILED, error=made.reason)
        if made.status is not SceneStatus.FAILED or self.job.folder.is_remote:
            shutil.rmtree(self.job.fetched / safe_name(scene), ignore_errors=True)
        self.room.give_back(scene)
        return replace(made, fetched=made.fetched + self.came[scene])
