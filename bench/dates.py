"""Speeds of series, superpixels and patterns beside other libraries: `python -m bench.dates`.

Microseconds of CPU a pixel in one process, the least of some rounds; that both give the same
numbers is tested elsewhere. Only the ratios hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.optimize import curve_fit
from scipy.signal import savgol_filter
from skimage import feature, segmentation

from automap_tiles.analysis.objects.superpixels import Superpixels
from automap_tiles.analysis.series.gaps import fill
from automap_tiles.analysis.series.harmonic import YEAR, harmonic
from automap_tiles.analysis.series.phenology import phenology
from automap_tiles.analysis.series.savitzky_golay import savitzky_golay
from automap_tiles.analysis.textures.binary_patterns import binary_patterns
from automap_tiles.analysis.textures.gradients import oriented
from automap_tiles.analysis.textures.haralick import Quantisation
from automap_tiles.notes import collecting

Array = np.ndarray[Any, Any]
Way = Callable[[], Any]
DAYS = np.arange(1, 361, 10.0)
_EDGE, _FEW, _ROUNDS = 128, 8, 3


def _beck(t: Array, low: Any, size: Any, rise: Any, fall: Any, up: Any, down: Any) -> Any:
    """Of Beck et al. 2006."""
    return low + size * (
        1 / (1 + np.exp(-up * (t - rise))) + 1 / (1 + np.exp(down * (t - fall))) - 1
    )


def _stack() -> tuple[Array, Array]:
    """(date, y, x) seasons with noise, and what counts of them."""
    random = np.random.default_rng(0)
    shape = (_EDGE, _EDGE)
    spans = (0.1, 0.2), (0.3, 0.6), (90, 150), (220, 300), (0.05, 0.15), (0.05, 0.15)
    given = (random.uniform(low, high, shape) for low, high in spans)
    stack = _beck(DAYS[:, None, None], *given) + random.normal(0, 0.02, (len(DAYS), *shape))
    return stack.astype("f4"), random.random(stack.shape) > 0.4


def _pixels(one: Callable[[int, int], Any]) -> Way:
    return lambda: [one(y, x) for y, x in np.ndindex(_FEW, _FEW)]


def main() -> None:
    stack, valid = _stack()
    days = DAYS.tolist()
    turns = 2 * np.pi * DAYS / YEAR
    waves = np.stack([one(k * turns) for k in (1, 2) for one in (np.cos, np.sin)], axis=1)
    design = np.concatenate([np.ones((len(DAYS), 1)), waves], axis=1)
    plane, every = stack[15], np.ones((_EDGE, _EDGE), bool)
    levels = Quantisation(low=0, high=1, levels=64)
    grey = np.floor(plane * 64).astype(int)
    picture = np.ma.MaskedArray(stack[[5, 12, 15, 20]])
    theirs: Any = segmentation.slic
    patterns: Any = feature.local_binary_pattern

    def least_squares(y: int, x: int) -> Any:
        own = valid[:, y, x]
        return np.linalg.lstsq(design[own], stack[own, y, x], rcond=None)[0]

    def spline(y: int, x: int) -> Any:
        own = valid[:, y, x]
        return make_smoothing_spline(DAYS[own], stack[own, y, x].astype("f8"), lam=100.0)(DAYS)

    def season(y: int, x: int) -> Any:
        own = valid[:, y, x]
        start = (0.1, 0.4, 120, 260, 0.08, 0.08)
        return curve_fit(_beck, DAYS[own], stack[own, y, x], start, maxfev=5000)[0]

    rows: tuple[tuple[str, str, Way, int, Way], ...] = (
        ("yearly wave, two modes", "NumPy's lstsq, pixel by pixel", _pixels(least_squares), _FEW**2,
         lambda: harmonic(stack, days, valid, modes=2, ridge=0)),
        ("smoothing spline", "SciPy, pixel by pixel", _pixels(spline), _FEW**2,
         lambda: fill(stack, days, days, valid, method="spline", smoothing=100.0)),
        ("Savitzky and Golay, no gaps", "SciPy", lambda: savgol_filter(stack, 9, 2, axis=0), 0,
         lambda: savitzky_golay(stack, days)),
        ("season, double logistic", "SciPy's curve_fit, pixel by pixel", _pixels(season), _FEW**2,
         lambda: phenology(stack, days, valid)),
        ("Whittaker by the V-curve", "", lambda: None, 0,
         lambda: fill(stack, days, days, valid, method="whittaker", smoothing="v-curve")),
        ("superpixels of 10 pixels, 4 bands", "scikit-image's slic",
         lambda: theirs(np.ma.getdata(picture).transpose(1, 2, 0), _EDGE**2 // 100, 0.1, 4,
                        channel_axis=-1), 0,
         lambda: Superpixels().labels(picture, (0, 0), _EDGE)),
        ("local binary patterns, 8 points", "scikit-image", lambda: patterns(grey, 8, 1, "uniform"),
         0, lambda: binary_patterns(plane, every, levels)),
        ("oriented gradients", "scikit-image",
         lambda: feature.hog(plane, 9, (8, 8), (3, 3), block_norm="L2-Hys"), 0,
         lambda: oriented(plane, every)),
    )  # fmt: skip
    print("| what | beside | µs a pixel | ours | times |\n|---|---|---|---|---|")
    for name, beside, other, pixels, ours in rows:
        with collecting():
            mine = _seconds(ours) / _EDGE**2 * 1e6
            their = _seconds(other) / (pixels or _EDGE**2) * 1e6 if beside else 0.0
        times = f"{their:.3g} | {mine:.3g} | {their / mine:.3g}" if beside else f" | {mine:.3g} | "
        print(f"| {name} | {beside} | {times} |")


def _seconds(way: Way) -> float:
    found = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        way()
        found.append(time.process_time() - start)
    return min(found)


if __name__ == "__main__":
    main()
