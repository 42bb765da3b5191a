"""What `mp.config` tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import Reader, Writer
    from automap_tiles.grid import Bounds, Pyramid
    from automap_tiles.runtime import Process
    from automap_tiles.runtime.zooms import BaseLevels


class ProcessingMode(StrEnum):
    """How an output is dealt with."""

    MEMORY = "memory"
    """Tiles are computed; nothing is read or written."""
    READONLY = "readonly"
    """Tiles are read; nothing is computed."""
    CONTINUE = "continue"
    """Tiles that are there are read, others computed and written."""
    OVERWRITE = "overwrite"
    """Tiles are computed and written."""

    @classmethod
    def of(cls, word: str) -> ProcessingMode:
        """By its word; raises `ConfigError`."""
        try:
            return cls(word)
        except ValueError:
            known = ", ".join(cls)
            raise ConfigError("unknown mode", key="mode", found=word, remedy=known) from None


class ZoomLevels(tuple[int, ...]):
    """Zooms, ascending."""

    __slots__ = ()

    def __new__(cls, zooms: Iterable[int]) -> ZoomLevels:
        return super().__new__(cls, sorted(zooms))

    @property
    def min(self) -> int:
        return self[0]

    @property
    def max(self) -> int:
        return self[-1]

    def descending(self) -> list[int]:
        """The finest first."""
        return list(self[::-1])


@dataclass(frozen=True, kw_only=True)
class Config:
    """A process, or a folder of tiles that nobody computes here."""

    process: Process | None
    """None: there are only tiles."""
    output: Writer
    """Where tiles are read and written."""
    mode: ProcessingMode
    process_pyramid: Pyramid
    zoom_levels: ZoomLevels
    """Of this opening: all of the file, or those that were asked for."""
    area: BaseGeometry
    """CRS of the pyramid."""
    config_dir: Path
    """Where relative paths start."""

    @property
    def init_zoom_levels(self) -> ZoomLevels:
        return self.zoom_levels

    @property
    def output_pyramid(self) -> Pyramid:
        return self.output.pyramid

    @property
    def output_reader(self) -> Writer:
        return self.output

    @property
    def baselevels(self) -> BaseLevels | None:
        return None if self.process is None else self.process.baselevels

    @property
    def bounds(self) -> Bounds:
        return self.bounds_at_zoom()

    @property
    def init_bounds(self) -> Bounds:
        return self.bounds_at_zoom()

    @property
    def input(self) -> dict[str, Reader]:
        """Readers by name; those of a group as `group/name`."""
        return {} if self.process is None else dict(self.process.inputs.readers())

    def area_at_zoom(self, zoom: int | None = None) -> BaseGeometry:
        """What tiles are made of, CRS of the pyramid: the area of the process, as far as inputs."""
        from shapely import union_all

        if self.process is None:
            return self.area
        if zoom is not None:
            return self.process.area_at(zoom)
        return union_all([self.process.area_at(each) for each in self.zoom_levels])

    def bounds_at_zoom(self, zoom: int | None = None) -> Bounds:
        from automap_tiles.grid import Bounds

        return Bounds(*self.area_at_zoom(zoom).bounds)

    def params_at_zoom(self, zoom: int) -> dict[str, Any]:
        """Parameters and inputs as they are at a zoom."""
        if self.process is None:
            return {"process_parameters": {}, "input": {}}
        return {
            "process_parameters": self.process.parameters.at(zoom),
            "input": self.process.inputs.at_zoom(zoom),
        }
