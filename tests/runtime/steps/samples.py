"""Small processes of several steps, and the same steps run one after the other by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from automap_tiles.engine.events import RunFinished, Summary
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.grid import Tile
from automap_tiles.runtime import Process, open_process

STEP = '''
"""Whole numbers only, so that a pixel is the same to the last bit wherever a tile begins."""
import numpy as np
from scipy import ndimage

from automap_tiles import Empty


def pixelbuffer(kind: str = "box", size: int = 3) -> int:
    return size // 2 if kind in ("box", "fill") else 0


def execute(a, b=None, *, kind: str = "box", size: int = 3, factor: int = 1, bands: int = 1):
    if a.is_empty():
        raise Empty
    data, mask = numbers(a)
    if kind == "add":
        other, their_mask = numbers(b)
        mask = mask | their_mask
        out = data + factor * other
    else:
        ones = np.ones((size, size), "int64")
        counts = ndimage.convolve((~mask).astype("int64"), ones, mode="constant")
        sums = ndimage.convolve(data, ones, mode="constant")
        if kind == "fill":
            mask = counts == 0
        out = factor * (sums // np.maximum(counts, 1))
    stack = np.stack([out + band for band in range(bands)])
    return np.ma.MaskedArray(stack, np.broadcast_to(mask, stack.shape))


def numbers(tile):
    found = tile.read(1)
    mask = np.ma.getmaskarray(found)
    return np.where(mask, 0, found.data).astype("int64"), mask
'''

ZOOM = 21
TILE = 16
BOUNDS = (1822500, 6077640, 1822560, 6077690)
"""About 4 × 3 tiles of 19 m; the picture is larger by far."""


@dataclass(frozen=True)
class Step:
    """One step of a sample."""

    reads: tuple[str, ...]
    kind: str = "box"
    size: int = 3
    factor: int = 1
    bands: int = 1
    dtype: str = "int32"
    nodata: float = -1
    is_stored: bool = False

    def values(self, folder: str, **output: Any) -> dict[str, Any]:
        """As it stands in a file."""
        return {
            "process": f"{folder}/step.py",
            "process_parameters": {
                "kind": self.kind,
                "size": self.size,
                "factor": self.factor,
                "bands": self.bands,
            },
            "output": {
                "format": "GTiff", "bands": self.bands, "dtype": self.dtype, "nodata": self.nodata,
                "metatiling": 1, **output,
            },
        }  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Steps in a folder; the last is the result."""

    folder: Path
    steps: Mapping[str, Step]
    bounds: Sequence[float] = BOUNDS
    more: Mapping[str, Any] = field(default_factory=dict)

    def values(self, metatiling: int = 1, out: str = "out") -> dict[str, Any]:
        """The file of all steps."""
        found: dict[str, Any] = {}
        *_, last = self.steps
        for name, step in self.steps.items():
            place = {"path": f"{out}_{name}"} if step.is_stored and name != last else {}
            found[name] = step.values(".", **place)
            found[name]["input"] = dict(zip("ab", step.reads, strict=False))
        output = found[last].pop("output")
        return {
            **self._frame(metatiling, self.bounds),
            "input": {"image": "image.tif"},
            "steps": found,
            "output": {**output, "path": out},
            **self.more,
        }

    def by_hand(self, name: str, out: str = "hand") -> dict[str, Any]:
        """A step as a file of its own, which reads what those before it have stored.

        Steps before the last are run on more than what is wanted, for nobody adds up margins.
        """
        step = self.steps[name]
        *_, last = self.steps
        left, bottom, right, top = self.bounds
        wider = 0 if name == last else 3 * TILE * 1.2
        bounds = (left - wider, bottom - wider, right + wider, top + wider)
        reads = ["image.tif" if each == "image" else f"{out}_{each}" for each in step.reads]
        return {
            **self._frame(1 if name == last else 4, bounds),
            "input": dict(zip("ab", reads, strict=False)),
            **step.values(".", path=f"{out}_{name}"),
        }

    def _frame(self, metatiling: int, bounds: Sequence[float]) -> dict[str, Any]:
        return {
            "config_dir": str(self.folder),
            "pyramid": {"grid": "mercator", "metatiling": metatiling, "tile_size": TILE},
            "zoom_levels": ZOOM,
            "bounds": list(bounds),
        }


def make_sample(
    folder: Path, steps: Mapping[str, Step], bounds: Sequence[float] = BOUNDS
) -> Sample:
    """The files of a sample: a picture with holes, and the process."""
    folder.mkdir(exist_ok=True)
    (folder / "step.py").write_text(STEP)
    rng = np.random.default_rng(3)
    data = rng.integers(1, 200, (1, 400, 420), dtype="uint8")
    data[:, 190:215, 185:230] = 0
    data[rng.random(data.shape) < 0.1] = 0
    profile = {
        "driver": "GTiff", "width": 420, "height": 400, "count": 1, "dtype": "uint8",
        "crs": "EPSG:3857", "transform": from_origin(1822310, 6077950, 1.3, 1.3), "nodata": 0,
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(data)
        (folder / "image.tif").write_bytes(memory.getbuffer())
    return Sample(folder, steps, bounds)


def run(values: Mapping[str, Any], options: RunOptions | None = None) -> Summary:
    """Run a file given as a dict; nothing may fail."""
    summary = run_to_end(values, options)
    assert not summary.failed
    assert summary.stopped_by is None
    return summary


def run_to_end(values: Mapping[str, Any], options: RunOptions | None = None) -> Summary:
    """Run a file given as a dict."""
    chosen = options or RunOptions(concurrency=Concurrency.NONE)
    *_, last = execute(open_process(values), chosen)
    assert isinstance(last, RunFinished)
    return last.summary


def pixels(process: Process, tile: Tile) -> Any:
    """What a process gives on a tile, where it gives something."""
    found = process.compute(tile)
    assert found is not None
    return found.data


def tiles(folder: Path) -> dict[str, bytes]:
    """Files of an output by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.tif"))
    }


def write(sample: Sample, name: str = "steps.mapchete", **changes: Any) -> Path:
    """The process file itself; JSON is YAML."""
    path = sample.folder / name
    values = {key: value for key, value in sample.values().items() if key != "config_dir"}
    path.write_text(json.dumps({**values, **changes}, indent=1))
    return path
