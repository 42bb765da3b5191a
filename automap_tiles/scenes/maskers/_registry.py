"""The available maskers by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.missions import Scene
from automap_tiles.plugins import plugins
from automap_tiles.scenes.frames import Compute
from automap_tiles.scenes.lattice import Lattice, Window
from automap_tiles.scenes.maskers.protocol import Flags, Masker
from automap_tiles.scenes.reflectance import Reflectance

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_MODULES = {
    "s2cloudless": "automap_tiles.scenes.maskers.s2cloudless",
    "csmask": "automap_tiles.scenes.maskers.csmask",
}
"""Name → module with `open_masker() -> Masker`."""

ENTRY_POINTS = "automap_tiles.maskers"
"""Entry point group of other packages; each names a function that returns a `Masker`."""


def names() -> tuple[str, ...]:
    """All maskers, built-in ones first; other packages cannot replace these."""
    return (*_MODULES, *_plugins())


@lru_cache(maxsize=1)
def _plugins() -> dict[str, EntryPoint]:
    return plugins(ENTRY_POINTS, _MODULES)


@dataclass(frozen=True, kw_only=True)
class Masking:
    """A masker and its options."""

    name: str
    resolution: float | None = None
    """Pixel size in metres that it works on; None: its default."""

    def __post_init__(self) -> None:
        if self.name not in _MODULES and self.name not in names():
            close = difflib.get_close_matches(self.name, names(), 1, 0.5)
            raise ConfigError(
                "no such masker",
                key="masker",
                found=self.name,
                remedy=f"{close[0]}?" if close else " or ".join(names()),
            )
        if self.resolution is not None and not 1 <= self.resolution <= 10_000:
            raise ConfigError(
                "must be 1 to 10000 metres", key="masker_resolution", found=self.resolution
            )

    @property
    def label(self) -> str:
        """Name and resolution, if one is given."""
        return self.name if self.resolution is None else f"{self.name} {self.resolution:g}"

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands that a scene must have; raises `MissingExtra`."""
        return masker_of(self.name).bands

    def check(self, scenes: Iterable[Scene]) -> None:
        """Raise `ConfigError` for scenes that the masker does not support, `MissingExtra`."""
        masker = masker_of(self.name)
        for scene in scenes:
            masker.check(scene)

    def of(self, scene: Scene) -> tuple[Lattice, Compute]:
        """The lattice for a scene's flags, and a function that computes those of a window."""
        masker = masker_of(self.name)
        masker.check(scene)
        pixels = Reflectance.of(scene, masker.bands, self.resolution or masker.resolution)

        def compute(window: Window) -> Flags:
            return masker.flags(pixels, window)

        return pixels.lattice, compute


@lru_cache(maxsize=8)
def masker_of(name: str) -> Masker:
    """The masker instance of this Python process; raises `MissingExtra` if it is not installed."""
    if name in _MODULES:
        opened: Masker = import_module(_MODULES[name]).open_masker()
    else:
        opened = _plugins()[name].load()()
    return opened
