"""Read the record of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.storage import Address
from automap_tiles.workflows import order_from_json
from automap_tiles.workflows.automap.discover import is_catalogue
from automap_tiles.workflows.automap.order import DownloadOrder
from automap_tiles.workflows.automap.record import read_record
from automap_tiles.workflows.reproduce._order import ReproduceOrder
from automap_tiles.workflows.reproduce._shape import misfit

_OF_EARLIER = ("satellites", "start", "end", "max_cloud_cover", "description", "mask")
_NEEDED = ("mode", "source", "satellites", "start", "end")
"""Required keys of a record without an order."""
_WHOLE = ("written", "there", "empty")
"""Status of scenes that contribute to the results."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The content of a record."""

    address: Address
    said: Mapping[str, Any]

    @classmethod
    def read(cls, path: str) -> Recorded:
        """Raises `ConfigError` if it is not a record."""
        address = Address.of(path)
        said = read_record(address)
        if said is None:
            raise ConfigError(
                "there is no such record", file=path, remedy="run_….json in the output of a run"
            )
        missing = _missing(said)
        if missing is not None:
            raise ConfigError(
                "is not the record of a run, or a part of it is gone", file=path, key=missing
            )
        return cls(address=address, said=said)

    @property
    def scenes(self) -> dict[str, Mapping[str, Any]]:
        """Id of every scene that contributes to the results → its entry."""
        return {
            str(scene["id"]): scene
            for part in self.said["results"].values()
            for scene in part.get("scenes", ())
            if scene.get("status") in _WHOLE
        }

    @property
    def checks(self) -> Mapping[str, Mapping[str, int]]:
        """Name of a result, relative to the record → size and checksum."""
        found: Mapping[str, Mapping[str, int]] = self.said.get("checks", {})
        return found

    def order(self, wanted: ReproduceOrder, boundary: str) -> DownloadOrder:
        """The recorded order, with present paths; raises `ConfigError`."""
        words = dict(self.said.get("order") or self._of_earlier(wanted))
        words["input"] = wanted.input or self._place(words["input"])
        if words["workflow"] == "classification":
            words["samples"] = wanted.samples or self._place(words.get("samples"))
            learn = words.get("learn", {})
            if isinstance(learn, Mapping):
                placed = {word: self._place(learn.get(word)) for word in ("classes", "recipe")}
                words["learn"] = {**learn, **placed}
        words |= {"output": wanted.output, "boundary": boundary, "workers": wanted.workers}
        words["concurrency"] = wanted.concurrency
        try:
            found = order_from_json(words)
        except ConfigError as error:
            raise ConfigError(
                error.message, file=self.address.text, key=error.key, found=error.found,
                remedy=error.remedy,
            ) from error  # fmt: skip
        if not isinstance(found, DownloadOrder):
            raise ConfigError("is not the record of a run", file=self.address.text)
        return found

    def write_area(self, path: Path) -> None:
        """Write the area as a boundary file."""
        feature = {"type": "Feature", "properties": {}, "geometry": self.said["area"]}
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    def _place(self, said: Any) -> Any:
        """A recorded path relative to the working directory.

        Anything but text is returned unchanged.
        """
        if not isinstance(said, str):
            return said
        folder = self.address.parent
        is_address = "://" in said or (is_catalogue(said) and not said.endswith("json"))
        if is_address or folder.is_remote or Path(said).is_absolute():
            return said
        return os.path.normpath(Path(folder.text, said))

    def _of_earlier(self, wanted: ReproduceOrder) -> dict[str, Any]:
        """Keywords from a record without an order."""
        said = self.said
        if said.get("mask_of") not in (None, "the scenes' own layers"):
            raise ConfigError(
                "the record is of an earlier version and does not tell its order: its masks were "
                "made of something else than the scenes' own layers",
                file=self.address.text,
                key="mask_of",
                found=said.get("mask_of"),
            )
        words: dict[str, Any] = {word: said[word] for word in _OF_EARLIER if word in said}
        words |= {"workflow": said["mode"], "input": said["source"]}
        if said["mode"] != "download":
            words |= {"statistics": said["statistics"], "provenance": said["provenance"]}
        if said["mode"] == "classification":
            if wanted.samples is None:
                raise ConfigError(
                    "the record is of an earlier version and does not tell its samples",
                    file=self.address.text,
                    key="samples",
                    remedy="--samples FILE",
                )
            words["samples"] = wanted.samples
        return words


def _missing(said: Mapping[str, Any]) -> str | None:
    """The first required key that is missing or damaged; None: none."""
    order = said.get("order")
    if not isinstance(said.get("area"), Mapping):
        return "area"
    if order is not None and not isinstance(order, Mapping):
        return "order"
    for word in _NEEDED if order is None else ():
        if word not in said:
            return word
    for word in ("workflow", "input"):
        if order is not None and not isinstance(order.get(word), str):
            return f"order.{word}"
    for satellite, part in said["results"].items():
        scenes = part.get("scenes") if isinstance(part, Mapping) else None
        if not isinstance(scenes, list) or not all(_is_scene(each) for each in scenes):
            return f"results.{satellite}.scenes"
    return misfit(said)


def _is_scene(said: Any) -> bool:
    return isinstance(said, Mapping) and isinstance(said.get("id"), str)
