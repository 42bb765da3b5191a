"""ukis-csmask: clouds and cloud shadows from six bands, by a convolutional network.

DLR, https://github.com/dlr-eoc/ukis-csmask (Apache-2.0). The weights come with the package and are
read from there. The network works on patches of 256 × 256 pixels; as in the package, these overlap
by a fifth, starting at the scene's corner, and their probabilities are blended, so that every pixel
has one result in any window.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.errors import ConfigError, InputError, MissingExtra
from automap_tiles.missions import COMMON, Flag
from automap_tiles.scenes.lattice import Window, intersection, slices
from automap_tiles.scenes.maskers._blocks import Kept, assemble
from automap_tiles.scenes.maskers.protocol import Flags
from automap_tiles.scenes.reflectance import Floats, Reflectance

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

SIZE = 256
"""Patch size of the network, pixels."""
OVERLAP = 0.2
_STEP = int(SIZE - SIZE * OVERLAP)
_START = -int(SIZE * OVERLAP)
"""The first patch begins this far outside the scene."""
_CLASSES = (Flag(0), Flag.CLOUD, Flag.SHADOW)
_SURFACE = ("L2", "SR")
_FIELD_BYTES = SIZE * SIZE * (4 * len(_CLASSES) + 1)
_KEPT = 96 * 2**20


def open_masker() -> CSMask:
    """Raises `MissingExtra` without the package or onnxruntime."""
    for package, name in (("ukis_csmask", "ukis-csmask"), ("onnxruntime", "onnxruntime")):
        if find_spec(package) is None:
            raise MissingExtra(name, "csmask")
    return CSMask()


@dataclass(frozen=True, eq=False)
class _Network:
    """Weights and input requirements."""

    session: Any
    mean: Floats
    deviation: Floats

    def probabilities(self, values: Floats) -> Floats:
        """(class, y, x) from reflectance (band, y, x)."""
        scaled = (values - self.mean) / self.deviation
        name = self.session.get_inputs()[0].name
        (found,) = self.session.run(None, {name: scaled[np.newaxis]})
        powers = np.exp(found[0] - found[0].max(axis=0))
        result: Floats = powers / powers.sum(axis=0)
        return result


class CSMask:
    """The masker; weights of a level are loaded on first use."""

    bands: tuple[str, ...] = COMMON
    resolution = 30.0

    def __init__(self) -> None:
        self._fields: Kept[tuple[Floats, np.ndarray[Any, Any]]] = Kept(_KEPT)

    def check(self, scene: Scene) -> None:
        missing = [band for band in COMMON if scene.instrument.find(band) is None]
        if missing:
            raise ConfigError(
                f"csmask needs {', '.join(COMMON)}; {scene.instrument.title} has no {missing[0]}",
                key="masker",
                found="csmask",
                remedy="the scene's own mask",
            )

    def flags(self, pixels: Reflectance, window: Window) -> Flags:
        # the area that one patch covers alone, and its overlap with the previous one
        return assemble(
            window,
            pixels.extent,
            _STEP,
            _START,
            lambda i, j, part: self._part(pixels, i, j, part),
        )

    def _part(self, pixels: Reflectance, i: int, j: int, part: Window) -> Flags:
        """Part of block (i, j), reached by patches that begin there or one block before."""
        shape = len(part[0]), len(part[1])
        total = np.zeros((len(_CLASSES), *shape))
        valid = np.zeros(shape, dtype=bool)
        weights = window_weights()
        for row in (i - 1, i):
            for col in (j - 1, j):
                field = _field(row, col)
                shared = intersection(field, part)
                if min(row, col) < 0 or shared is None:
                    continue
                found, known = self._look(pixels, row, col)
                here, there = slices(shared, part), slices(shared, field)
                total[:, *here] += found[:, *there] * weights[there]
                valid[here] = known[there]
        flags: Flags = np.array(_CLASSES, dtype=np.uint16)[total.argmax(axis=0)]
        flags[~valid] |= np.uint16(Flag.FILL)
        return flags

    def _look(self, pixels: Reflectance, row: int, col: int) -> tuple[Floats, np.ndarray[Any, Any]]:
        """Probabilities (class, y, x) of one patch, and where (y, x) it has data."""

        def make() -> tuple[Floats, np.ndarray[Any, Any]]:
            values, valid = pixels.mirrored(_field(row, col))
            is_surface = (pixels.scene.level or "").startswith(_SURFACE)
            return network("l2a" if is_surface else "l1c").probabilities(values), valid

        return self._fields.get((pixels.key, row, col), make, _FIELD_BYTES)


def _field(row: int, col: int) -> Window:
    top, left = _START + row * _STEP, _START + col * _STEP
    return range(top, top + SIZE), range(left, left + SIZE)


@cache
def window_weights() -> np.ndarray[Any, np.dtype[np.float64]]:
    """(y, x): 1 in the middle of a patch, with a cosine taper to 0 at its edges (Tukey)."""
    # distance from the edge, as a fraction of the taper
    edge = np.minimum(np.arange(SIZE), np.arange(SIZE)[::-1]) / (OVERLAP * (SIZE - 1))
    line = 0.5 * (1 - np.cos(np.pi * np.minimum(edge, 1)))
    return np.outer(line, line)


@cache
def network(level: str) -> _Network:
    """The six-band network for `l1c` or `l2a`, single-threaded as tiles run in parallel."""
    import onnxruntime

    spec = find_spec("ukis_csmask")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise InputError("the package ukis-csmask has no folder")
    model = Path(folders[0], f"model_6b_{level}.onnx")
    said = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    mean, deviation = (
        np.array(numbers, dtype=np.float32)[:, np.newaxis, np.newaxis]
        for numbers in said["data"]["dataset_statistics"]["img"]
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(model), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return _Network(session=session, mean=mean, deviation=deviation)
