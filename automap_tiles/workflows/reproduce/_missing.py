"""Inputs of a recorded run that are missing now or have changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.missions import Scene, common_bands
from automap_tiles.storage import Address
from automap_tiles.workflows.automap.discover import Discovered, discover
from automap_tiles.workflows.automap.order import DownloadOrder
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.automap.reproducibility import (
    files_of_scene,
    given_files,
    made_by,
    stored,
)
from automap_tiles.workflows.events import Json
from automap_tiles.workflows.reproduce._recorded import Recorded


class MissingKind(StrEnum):
    """State of an input."""

    GONE = "gone"
    CHANGED = "changed"
    NOT_TOLD = "not told"
    """Not in the record, which is of an earlier version: changes cannot be detected."""


@dataclass(frozen=True, kw_only=True)
class MissingItem:
    """An input that is missing or has changed."""

    kind: MissingKind
    what: str
    """Such as `scene LC08_…`, `numpy`, `samples samples.csv`."""
    then: str = ""
    now: str = ""

    @property
    def blocks(self) -> bool:
        """Whether identical bytes can no longer be guaranteed."""
        return self.kind is not MissingKind.NOT_TOLD

    def __str__(self) -> str:
        if self.kind is MissingKind.CHANGED:
            return f"{self.what} is another one: {self.then} then, {self.now} now"
        if self.kind is MissingKind.GONE:
            return f"{self.what} is gone" + (f": {self.now}" if self.now else "")
        return f"{self.what}: the record does not tell"

    def to_json(self) -> Json:
        return {"kind": str(self.kind), "what": self.what, "then": self.then, "now": self.now}


def missing_items(
    recorded: Recorded, order: DownloadOrder, run: RunParameters
) -> tuple[MissingItem, ...]:
    """List all missing and changed inputs; local products are read to verify their checksums."""
    return (
        *_of_versions(recorded),
        *_of_given(recorded, order),
        *_of_scenes(recorded, run),
    )


def _of_versions(recorded: Recorded) -> Iterator[MissingItem]:
    then: Mapping[str, str] | None = recorded.said.get("made_by")
    now = made_by()
    if then is None:
        then = {"automap-tiles": str(recorded.said.get("version", ""))}
        yield MissingItem(kind=MissingKind.NOT_TOLD, what="versions of packages and of processes")
    for name, version in then.items():
        if name not in now:
            yield MissingItem(kind=MissingKind.GONE, what=name, then=version)
        elif now[name] != version:
            yield MissingItem(kind=MissingKind.CHANGED, what=name, then=version, now=now[name])


def _of_given(recorded: Recorded, order: DownloadOrder) -> Iterator[MissingItem]:
    told: Mapping[str, Any] = recorded.said.get("given", {})
    for word, path in given_files(order).items():
        what = f"{word} {path}"
        now = stored(Address.of(path))
        if now is None:
            yield MissingItem(kind=MissingKind.GONE, what=what)
        elif word not in told:
            yield MissingItem(kind=MissingKind.NOT_TOLD, what=f"checksum of {what}")
        elif not _same(told[word], now):
            yield MissingItem(
                kind=MissingKind.CHANGED, what=what, then=_text(told[word]), now=_text(now)
            )


def _of_scenes(recorded: Recorded, run: RunParameters) -> Iterator[MissingItem]:
    try:
        found = discover(run)
    except InputError as error:
        why = str(error)
        yield from (
            MissingItem(kind=MissingKind.GONE, what=f"scene {name}", now=why)
            for name in recorded.scenes
        )
        return
    there = _by_id(found)
    not_told = 0
    for name, said in recorded.scenes.items():
        scene = there.get(name)
        if scene is None:
            yield MissingItem(kind=MissingKind.GONE, what=f"scene {name}")
        elif "files" not in said:
            not_told += 1
        else:
            bands = (*common_bands(scene.satellite), *run.making.bands)
            yield from _of_files(name, said["files"], files_of_scene(scene, bands))
    if not_told:
        yield MissingItem(kind=MissingKind.NOT_TOLD, what=f"checksums of {not_told} scenes")


def _of_files(
    scene: str, then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> Iterator[MissingItem]:
    if not now:  # in a catalogue: compared after the download
        return
    there = {file["name"]: file for file in now}
    for file in then:
        what = f"file {file['name']} of scene {scene}"
        if file["name"] not in there:
            yield MissingItem(kind=MissingKind.GONE, what=what)
        elif not _same(file, there[file["name"]]):
            one, other = _text(file), _text(there[file["name"]])
            yield MissingItem(kind=MissingKind.CHANGED, what=what, then=one, now=other)


def _by_id(found: Discovered) -> dict[str, Scene]:
    return {scene.id: scene for scenes in found.scenes.values() for scene in scenes}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["size"], one["crc32"]) == (other["size"], other["crc32"])


def _text(file: Mapping[str, Any]) -> str:
    return f"{file['size']} bytes {file['crc32']:08x}"


def is_elsewhere(recorded: Recorded, output: str) -> bool:
    """Whether an output is a different folder from the one in the record."""
    own, other = recorded.address.parent, Address.of(output)
    if own.is_remote or other.is_remote:
        return own.text.rstrip("/") != other.text.rstrip("/")
    return Path(own.text).resolve() != Path(other.text).resolve()
