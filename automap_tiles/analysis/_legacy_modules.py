"""Earlier module names of `analysis`, which users' processes still import."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

_HOME = __name__.rpartition(".")[0]
_NOW = {
    "accuracy": "learning.accuracy",
    "bestpixel": "composites.bestpixel",
    "boxes": "textures.boxes",
    "chosen": "composites.one_date",
    "composite": "composites.composite",
    "design": "learning.design",
    "distance": "shapes.distance",
    "erode": "shapes.erode",
    "folds": "learning.folds",
    "gaps": "series.gaps",
    "geomedian": "composites.geomedian",
    "haralick": "textures.haralick",
    "indexed": "composites.index_statistics",
    "masks": "shapes.masks",
    "medoid": "composites.medoid",
    "methods": "composites.methods",
    "patches": "shapes.patches",
    "pca": "learning.pca",
    "recipe": "learning.recipe",
    "sample_table": "learning.sample_table",
    "sampling": "learning.sampling",
    "smoothing": "learning.smoothing",
    "temporal": "series.temporal",
    "trimmed": "composites.trimmed",
}


class _Finder:
    """Finds a module of this folder by its earlier name, after nobody else has found one."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 (the protocol's signature)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        home, _, name = fullname.rpartition(".")
        if home != _HOME or name not in _NOW:
            return None
        own = find_spec(_place(name))
        return ModuleSpec(fullname, self, origin=None if own is None else own.origin)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Give it what the module has that it is now."""
        now = importlib.import_module(_place(module.__name__.rpartition(".")[2]))
        vars(module).update({
            name: value for name, value in vars(now).items() if not name.startswith("__")
        })  # fmt: skip
        module.__doc__ = now.__doc__


def _place(name: str) -> str:
    return f"{_HOME}.{_NOW[name]}"


def install() -> None:
    """Once in a process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
