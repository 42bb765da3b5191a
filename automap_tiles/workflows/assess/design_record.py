"""The design of a reference sample, stored beside its points for later assessments.

A map that was made anew has other classes at the points than the one they were drawn from; without
this record, their counts would be weighted by the wrong areas. The strata are kept in a separate
file, so that they do not bias the interpreter of the points.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.errors import ConfigError
from automap_tiles.parsing import parse_json
from automap_tiles.workflows.assess._class_map import Strata

_KIND = "design of a reference sample"
_VERSION = 1
_STEP = 1e-6
"""Degrees, about 0.1 m: points are at least a pixel apart, and files round coordinates."""
_REMEDY = "the file that automap assess --design wrote, or none"


@dataclass(frozen=True, kw_only=True)
class DesignRecord:
    """A sample as it was drawn."""

    map: str
    """The map whose classes are the strata."""
    band: int
    strata: Strata
    x: NDArray[np.float64]
    """(point,) longitude."""
    y: NDArray[np.float64]
    classes: NDArray[np.uint8]
    """(point,) class number of the stratum it was drawn from."""

    def strata_at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Strata of points by longitude and latitude; 0 for points that were not drawn."""
        known = {
            _place(lon, lat): value
            for lon, lat, value in zip(self.x, self.y, self.classes.tolist(), strict=True)
        }
        found = [next(_near(known, _place(lon, lat)), 0) for lon, lat in zip(x, y, strict=True)]
        return np.array(found, dtype=np.uint8)

    def to_json(self) -> dict[str, Any]:
        strata = self.strata
        return {
            "kind": _KIND,
            "version": _VERSION,
            "map": self.map,
            "band": self.band,
            "strata": [
                {"class": value, "pixels": pixels, "square_metres": area}
                for value, pixels, area in zip(
                    strata.values, strata.pixels, strata.areas, strict=True
                )
            ],
            "points": [
                [round(lon, 8), round(lat, 8), value]
                for lon, lat, value in zip(
                    self.x.tolist(), self.y.tolist(), self.classes.tolist(), strict=True
                )
            ],
        }


def record_beside(points: str | Path) -> Path:
    """Path of the record of a point file: `points.design.json`."""
    return Path(points).with_suffix(".design.json")


def write_record(record: DesignRecord, path: Path) -> None:
    """Write it atomically."""
    from automap_tiles.storage import open_storage

    content = json.dumps(record.to_json(), indent=1, allow_nan=False).encode()
    open_storage(str(path.absolute().parent)).put(path.name, content)


def read_record(path: Path) -> DesignRecord:
    """Read a record; raises `ConfigError`."""
    try:
        said = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot be read as the design of a sample: {error}", path, key="--strata",
            remedy=_REMEDY,
        ) from error  # fmt: skip
    if not isinstance(said, dict) or said.get("kind") != _KIND:
        raise ConfigError("is not the design of a sample", path, key="--strata", remedy=_REMEDY)
    if said.get("version") != _VERSION:
        raise ConfigError(
            "was written by another version", path, key="version", found=said.get("version"),
            remedy=f"this one reads version {_VERSION}",
        )  # fmt: skip
    try:
        return _record(said)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise ConfigError(f"is damaged: {error!r}", path, key="--strata", remedy=_REMEDY) from error


def _record(said: dict[str, Any]) -> DesignRecord:
    strata = said["strata"]
    points = np.array(said["points"], dtype=np.float64).reshape(-1, 3)
    values = tuple(int(one["class"]) for one in strata)
    classes = points[:, 2].astype(np.uint8)
    if not np.isin(classes, values).all() or not np.isfinite(points).all():
        raise ValueError("a point lies in no stratum")
    pixels = tuple(int(one["pixels"]) for one in strata)
    areas = tuple(float(one["square_metres"]) for one in strata)
    if sorted(set(values)) != list(values) or not all(0 < value <= 255 for value in values):
        raise ValueError("its strata are not those of classes from 1 to 255, ascending")
    if min(pixels, default=0) < 1 or not all(0 < area < math.inf for area in areas):
        raise ValueError("a stratum has no pixels or no area")
    return DesignRecord(
        map=str(said["map"]),
        band=int(said["band"]),
        strata=Strata(values=values, pixels=pixels, areas=areas),
        x=points[:, 0],
        y=points[:, 1],
        classes=classes,
    )


def _place(lon: float, lat: float) -> tuple[int, int]:
    return round(lon / _STEP), round(lat / _STEP)


def _near(known: dict[tuple[int, int], int], place: tuple[int, int]) -> Iterator[int]:
    """The entry at a position, or at a neighbouring one if rounding moved it over an edge."""
    for right, up in product((0, 1, -1), repeat=2):
        found = known.get((place[0] + right, place[1] + up))
        if found is not None:
            yield found
