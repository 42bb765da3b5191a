"""s2cloudless: cloud probability per pixel of Sentinel-2 Level-1C, from ten bands.

Sinergise, https://github.com/sentinel-hub/sentinel2-cloud-detector. The model comes with the
package `s2cloudless` and is read from there (it is CC BY-SA); its trees are evaluated by XGBoost.
The probability is averaged over a disk, values above 0.4 are cloud, and clouds are dilated by a
disk.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.analysis.shapes.masks import dilate
from automap_tiles.errors import ConfigError, InputError, MissingExtra
from automap_tiles.missions import Flag
from automap_tiles.scenes.lattice import Window, slices, widened
from automap_tiles.scenes.maskers._blocks import Kept, assemble
from automap_tiles.scenes.maskers._trees import xgboost_model
from automap_tiles.scenes.maskers.protocol import Flags
from automap_tiles.scenes.reflectance import Floats, Reflectance, pixel_metres

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

Bools = np.ndarray[Any, np.dtype[np.bool_]]

BANDS = ("B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12")
"""In the order of the model's features."""
SATELLITE = "sentinel-2"
"""The only satellite that the model supports."""
THRESHOLD = 0.4
"""Default of the package."""
AVERAGE, DILATION = 220.0, 110.0
"""Disk radii in metres, 4 and 2 pixels at 60 m, 22 and 11 at 10 m, as its authors recommend."""
_MODEL = "models/pixel_s2_cloud_detector_lightGBM_v0.1.txt"
_BLOCK = 256
_KEPT = 32 * 2**20


def open_masker() -> S2Cloudless:
    """Raises `MissingExtra` without the package or XGBoost."""
    for package in ("s2cloudless", "xgboost"):
        if find_spec(package) is None:
            raise MissingExtra(package, "s2cloudless")
    return S2Cloudless()


class S2Cloudless:
    """The masker; the model is loaded on first use."""

    bands = BANDS
    resolution = 60.0

    def __init__(self) -> None:
        self._blocks: Kept[Flags] = Kept(_KEPT)
        self._booster: Any = None

    def check(self, scene: Scene) -> None:
        if scene.satellite != SATELLITE:
            raise ConfigError(
                f"s2cloudless knows Sentinel-2, not {scene.instrument.title} ({scene.id})",
                key="masker",
                found="s2cloudless",
                remedy="masker: csmask, or the scene's own mask",
            )
        if (scene.level or "L1C") != "L1C":
            raise ConfigError(
                f"s2cloudless needs Level-1C, and {scene.id} is {scene.level}",
                key="masker",
                found="s2cloudless",
                remedy="masker: csmask, or the scene's own mask (SCL)",
            )

    def probability(self, values: Floats) -> Floats:
        """(y, x) from reflectance (band, y, x) of `BANDS`, pixel by pixel."""
        rows = np.ascontiguousarray(values.reshape(len(values), -1).T)
        found: Floats = self._model().inplace_predict(rows)
        return found.reshape(values.shape[1:])

    def flags(self, pixels: Reflectance, window: Window) -> Flags:
        size = min(pixel_metres(pixels.lattice))
        average, dilation = (int(metres / size + 0.5) for metres in (AVERAGE, DILATION))
        key = pixels.key

        def part_of(i: int, j: int, part: Window) -> Flags:
            block = (
                range(i * _BLOCK, (i + 1) * _BLOCK),
                range(j * _BLOCK, (j + 1) * _BLOCK),
            )

            def make() -> Flags:
                return self._block(pixels, block, average, dilation)

            return self._blocks.get((key, i, j), make, 2 * _BLOCK**2)[slices(part, block)]

        return assemble(window, pixels.extent, _BLOCK, 0, part_of)

    def _block(self, pixels: Reflectance, block: Window, average: int, dilation: int) -> Flags:
        """Flags of a block, including its surroundings in the computation."""
        wide = widened(block, average + dilation)
        inner, places = pixels.mirror(wide)
        values, valid = pixels.read(inner)
        out = np.where(valid, np.uint16(0), np.uint16(Flag.FILL))[places]
        if valid.any():
            # a pixel without data has reflectance 0, as in the package
            some = np.concatenate([values[:, valid], np.zeros((len(values), 1), np.float32)], 1)
            found = self.probability(some[:, np.newaxis])[0]
            cloudy = np.full(valid.shape, found[-1], dtype=np.float32)
            cloudy[valid] = found[:-1]
            clouds = dilate(disk_mean(cloudy[places], average) > THRESHOLD, dilation)
            out |= np.where(clouds, np.uint16(Flag.CLOUD), np.uint16(0))
        return np.ascontiguousarray(out[slices(block, wide)])

    def _model(self) -> Any:
        if self._booster is None:
            self._booster = _load()
        return self._booster


def disk_mean(values: Floats, radius: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean over a disk with this radius in pixels; mirrored beyond the edge."""
    if radius < 1:
        return values.astype(np.float64)
    padded = np.pad(values.astype(np.float64), radius, mode="symmetric")
    sums = np.pad(np.cumsum(padded, axis=1), ((0, 0), (1, 0)))
    height, width = values.shape
    total = np.zeros(values.shape)
    count = 0
    for row in range(-radius, radius + 1):
        reach = int((radius**2 - row**2) ** 0.5)
        strip = sums[radius + row : radius + row + height]
        total += strip[:, radius + reach + 1 :][:, :width]
        total -= strip[:, radius - reach :][:, :width]
        count += 2 * reach + 1
    return total / count


def _load() -> Any:
    """The booster, single-threaded as tiles run in parallel."""
    import_module("automap_tiles.imports.xgboost")  # before the next import
    import xgboost

    spec = find_spec("s2cloudless")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise InputError("the package s2cloudless has no folder")
    booster = xgboost.Booster()
    booster.load_model(bytearray(xgboost_model(Path(folders[0], _MODEL))))
    booster.set_param({"nthread": 1})
    return booster
