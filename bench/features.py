"""Speeds of features beside other libraries: `python -m bench.features [GROUP …]`.

Box statistics, textures, gap filling, principal components. As `bench.kernels`: megapixels per CPU
second of one process, medians of interleaved rounds in one run, every result compared with the
first of its group before anything is timed. Only the ratios hold.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import mahotas  # type: ignore[import-untyped]
import numba
import numpy as np
from scipy import ndimage
from scipy.interpolate import Akima1DInterpolator, CubicSpline
from skimage.feature import graycomatrix, graycoprops
from sklearn.decomposition import PCA  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.pca import Pca
from automap_tiles.analysis.series.gaps import Method, fill
from automap_tiles.analysis.textures.boxes import Statistic, boxes
from automap_tiles.analysis.textures.haralick import TEXTURES, Quantisation, Texture, haralick
from bench.kernels import EDGE, Array, Case, check, measure

HAS_CV2 = find_spec("cv2") is not None
RADIUS, LEVELS, DATES, FEATURES = 3, 32, 36, 30
MOMENTS: tuple[Texture, ...] = ("contrast", "correlation", "variance", "idm")
_SKIMAGE = {"contrast": "contrast", "correlation": "correlation", "idm": "homogeneity"}
_WAYS = (("NumPy", False), ("numba", True))


def _plane() -> Array:
    """Fields of 12 px with noise, with the margin of a window around."""
    rng = np.random.default_rng(1)
    edge = EDGE + 2 * RADIUS
    fields = rng.random((edge // 12 + 1, edge // 12 + 1)).repeat(12, 0).repeat(12, 1)[:edge, :edge]
    noise = rng.normal(0, 0.05, (edge, edge))
    plane: Array = np.clip(0.1 + 0.3 * fields + noise, 0, 0.599).astype("f4")
    return plane


@numba.njit(nogil=True)
def _running_sums(plane, radius, mean, std):  # type: ignore[no-untyped-def]
    """The fastest there is where the bits may depend on where a row begins: float32 sums."""
    height, width = plane.shape
    size = 2 * radius + 1
    share = np.float32(1 / size**2)
    columns = np.zeros((2, width), dtype=np.float32)
    for row in range(height):
        for column in range(width):
            value = plane[row, column]
            columns[0, column] += value
            columns[1, column] += value * value
        if row >= size:
            for column in range(width):
                value = plane[row - size, column]
                columns[0, column] -= value
                columns[1, column] -= value * value
        if row < size - 1:
            continue
        total, square = np.float32(0), np.float32(0)
        for column in range(size - 1):
            total += columns[0, column]
            square += columns[1, column]
        for column in range(width - size + 1):
            total += columns[0, column + size - 1]
            square += columns[1, column + size - 1]
            middle = total * share
            mean[row - size + 1, column] = middle
            std[row - size + 1, column] = np.sqrt(max(square * share - middle * middle, 0))
            total -= columns[0, column]
            square -= columns[1, column]


def box_statistics() -> Iterator[Case]:
    plane = _plane()
    plane -= plane.mean(dtype="f8")  # else float32 leaves the running sums no digits
    group, size = "box mean and std, 7 × 7", 2 * RADIUS + 1
    inner = slice(RADIUS, -RADIUS)

    def with_scipy(rows: int) -> Array:
        part = plane[: rows + 2 * RADIUS]
        mean = ndimage.uniform_filter(part, size)
        square = ndimage.uniform_filter(part * part, size)
        return np.stack((mean, np.sqrt(np.maximum(square - mean**2, 0))))[:, inner, inner]

    def with_sums(rows: int) -> Array:
        out = np.empty((2, rows, EDGE), dtype=np.float32)
        _running_sums(plane[: rows + 2 * RADIUS], RADIUS, out[0], out[1])
        return out

    def with_cv2(rows: int) -> Array:
        import cv2

        cv2.setNumThreads(1)
        part = plane[: rows + 2 * RADIUS]
        mean = cv2.boxFilter(part, cv2.CV_32F, (size, size))
        square = cv2.sqrBoxFilter(part, cv2.CV_32F, (size, size))
        square -= mean * mean
        std = np.sqrt(np.maximum(square, 0, out=square), out=square)
        return np.stack((mean[inner, inner], std[inner, inner]))

    def ours(rows: int, fast: bool) -> Array:
        part = plane[: rows + 2 * RADIUS]
        names: tuple[Statistic, ...] = ("mean", "std")
        found = boxes(part, np.ones(part.shape, dtype=bool), RADIUS, names, fast=fast)
        return np.stack([found[name][inner, inner] for name in names])

    yield Case(group=group, name="SciPy", run=with_scipy)
    yield Case(group=group, name="numba, running sums in float32", run=with_sums)
    if HAS_CV2:
        yield Case(group=group, name="OpenCV", run=with_cv2)
    for name, fast in _WAYS:
        yield Case(group=group, name=name, run=lambda rows, fast=fast: ours(rows, fast))


def textures() -> Iterator[Case]:
    plane = _plane()
    quantisation = Quantisation(low=0, high=0.6, levels=LEVELS)
    grey = quantisation.grey(plane).astype(np.uint8)
    valid = np.ones(plane.shape, dtype=bool)
    size, inner = 2 * RADIUS + 1, slice(RADIUS, -RADIUS)

    def per_window(function: Callable[[Array], list[float]]) -> Callable[[int], Array]:
        def run(rows: int) -> Array:
            found = [function(grey[y : y + size, x : x + size]) for y, x in np.ndindex(rows, EDGE)]
            return np.array(found).reshape(rows, EDGE, -1).transpose(2, 0, 1)

        return run

    def with_skimage(window: Array) -> list[float]:
        angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
        options = {"levels": LEVELS, "symmetric": True, "normed": True}
        matrix = graycomatrix(window, [1], angles, **options)  # type: ignore[no-untyped-call]
        properties = [*_SKIMAGE.values(), "variance"]
        return [graycoprops(matrix, one).mean() for one in properties]  # type: ignore[no-untyped-call]

    def with_mahotas(window: Array) -> list[float]:
        found = mahotas.features.haralick(window).mean(axis=0)
        return [found[0], found[1], found[4]]

    def ours(rows: int, fast: bool, names: tuple[Texture, ...]) -> Array:
        part = slice(rows + 2 * RADIUS)
        found = haralick(plane[part], valid[part], RADIUS, quantisation, names, fast=fast)
        kept = names if len(names) < len(TEXTURES) else ("asm", "contrast", "idm")
        return np.stack([found[name][inner, inner] for name in kept])

    four: tuple[Texture, ...] = (*_SKIMAGE, "variance")  # type: ignore[assignment]
    for group, name, function, names in (
        ("four textures, 7 × 7, 32 levels", "scikit-image", with_skimage, four),
        ("all 13 textures, 7 × 7, 32 levels", "mahotas", with_mahotas, TEXTURES),
    ):
        yield Case(group=group, name=name, run=per_window(function), rows=1)
        for way, fast in _WAYS:
            yield Case(
                group=group,
                name=way,
                run=lambda rows, fast=fast, names=names: ours(rows, fast, names),
                rows=EDGE if fast or names != TEXTURES else 50,
            )


def gaps() -> Iterator[Case]:
    rng = np.random.default_rng(2)
    days = np.cumsum(rng.integers(3, 15, DATES)).astype(float)
    at = np.arange(days[0], days[-1], 10)
    season = 0.3 + 0.2 * np.sin(days / 50)[:, None, None]
    stack = (season + rng.normal(0, 0.03, (DATES, 50, EDGE))).astype("f4")
    valid = rng.random(stack.shape) >= 0.4

    def with_scipy(rows: int, curve: Callable[[Array, Array], Callable[[Array], Array]]) -> Array:
        out = np.zeros((len(at), rows, EDGE))
        for y, x in np.ndindex(rows, EDGE):
            here = valid[:, y, x]
            inside = (at >= days[here][0]) & (at <= days[here][-1])
            out[inside, y, x] = curve(days[here], stack[here, y, x])(at[inside])
        return out

    methods: dict[Method, Callable[[Array, Array], Callable[[Array], Array]] | None] = {
        "linear": lambda x, y: lambda at: np.interp(at, x, y),
        "cubic": CubicSpline,
        "akima": Akima1DInterpolator,
        "whittaker": None,
    }
    for method, curve in methods.items():
        group = f"gaps of {DATES} dates onto {len(at)} days, {method}"
        if curve is not None:
            name = "np.interp" if method == "linear" else "SciPy"
            yield Case(
                group=group,
                name=f"{name}, pixel by pixel",
                run=lambda rows, curve=curve: with_scipy(rows, curve),
                rows=1,
            )
        yield Case(
            group=group,
            name="NumPy",
            run=lambda rows, method=method: (
                fill(
                    stack[:, :rows], days.tolist(), at.tolist(), valid[:, :rows], method=method
                ).data
            ),
            rows=50,
        )


def components() -> Iterator[Case]:
    rng = np.random.default_rng(3)
    mixed = rng.normal(size=(FEATURES, FEATURES))
    planes = (mixed @ rng.normal(size=(FEATURES, 200 * EDGE))).astype("f4")
    planes = planes.reshape(FEATURES, 200, EDGE)
    rows_ = planes[:, ::4, ::4].reshape(FEATURES, -1).T
    pca = Pca.fit(rows_, 5)
    other = PCA(n_components=5).fit((rows_ - pca.mean) / pca.scale)
    other.components_ = pca.components  # its signs are free
    group = f"components, {FEATURES} → 5"
    matrix = (pca.components / pca.scale).astype("f4")
    shift = (matrix @ pca.mean).astype("f4")[:, None]

    def with_sklearn(rows: int) -> Array:
        flat = planes[:, :rows].reshape(FEATURES, -1).T
        scaled = (flat - pca.mean.astype("f4")) / pca.scale.astype("f4")
        found: Array = other.transform(scaled)
        return found.T.reshape(5, rows, EDGE)

    def with_matmul(rows: int) -> Array:
        flat = planes[:, :rows].reshape(FEATURES, -1)
        return (matrix @ flat - shift).reshape(5, rows, EDGE)

    yield Case(group=group, name="scikit-learn", run=with_sklearn, rows=200)
    yield Case(
        group=group, name="matrix product, other bits for other sizes", run=with_matmul, rows=200
    )
    yield Case(group=group, name="NumPy", run=lambda rows: pca.apply(planes[:, :rows]), rows=200)


GROUPS = (box_statistics, textures, gaps, components)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.features", description=__doc__)
    parser.add_argument("groups", nargs="*", help="parts of group names; default: all")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # textures of flat windows in scikit-image
    cases = [case for make in GROUPS for case in make()]
    if options.groups:
        cases = [case for case in cases if any(part in case.group for part in options.groups)]
    check(cases)
    for case in cases:
        case.run(min(case.rows, 200))  # compiled before the clock starts
    speeds = measure(cases, options.rounds)
    print("| kernel | way | Mpx/s | times the first |\n|---|---|---|---|")
    first: dict[str, float] = {}
    for case, speed in zip(cases, speeds, strict=True):
        ratio = speed / first.setdefault(case.group, speed)
        print(f"| {case.group} | {case.name} | {speed:.3g} | {ratio:.3g} |")


if __name__ == "__main__":
    main()
