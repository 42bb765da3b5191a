"""Kernel speeds beside those of NumPy, SciPy and geomad: `python -m bench.kernels [GROUP …]`.

Megapixels per CPU second of one process, medians of interleaved rounds, all in one run: only the
ratios hold from one machine, or one hour, to another. Every result is compared with the first of
its group before anything is timed.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from automap_tiles.analysis.composites import bestpixel, composite, medoid, trimmed
from automap_tiles.analysis.composites.geomedian import geomedian
from automap_tiles.analysis.shapes import distance, masks

Array = NDArray[Any]
DATES, BANDS, EDGE = 12, 6, 1000

SORT = "np.sort, sentinels for what is masked"
REFERENCE = {
    ("machine", SORT): 2.8,
    ("median", "np.nanmedian"): 0.33,
    ("median", "NumPy network"): 28,
    ("geometric median", "NumPy"): 2.0,
    ("geometric median", "numba"): 8.2,
    ("max-NDVI", "NumPy"): 33,
    ("max-NDVI", "numba"): 71,
    ("medoid", "NumPy"): 3.3,
    ("medoid", "numba"): 9.6,
}
"""Mpx/s of the best ways that were tried before the project, on an idle machine of this kind.

What the machine does at the moment is told by its sort: the last column divides by both.
"""
MASKED = 0.4
HAS_NUMBA = find_spec("numba") is not None
HAS_GEOMAD = find_spec("geomad") is not None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to do what the others of its group do too."""

    group: str
    name: str
    run: Callable[[int], Array]
    """Works on that many rows of the picture and gives something to compare."""
    rows: int = EDGE
    """How many it is timed on; fewer for what is slow."""


@dataclass(frozen=True)
class Stack:
    """Noise around a different spectrum in each pixel, with some clouds that no mask has found."""

    numbers: Array
    """(time, band, y, x) uint16, reflectance × 10000."""
    valid: Array
    """(time, y, x), each sample masked on its own: the hardest case."""

    @classmethod
    def make(cls) -> Stack:
        rng = np.random.default_rng(1)
        shape = (DATES, BANDS, EDGE, EDGE)
        numbers = np.empty(shape, dtype=np.uint16)
        base = rng.uniform(200, 4000, shape[1:]).astype(np.float32)
        for date in range(DATES):
            cloud = (rng.random(shape[2:]) < 0.1) * rng.uniform(1000, 5000, shape[2:])
            noise = rng.normal(0, 300, shape[1:])
            numbers[date] = (base + noise + cloud).clip(1, 15000)
        return cls(numbers, rng.random((DATES, EDGE, EDGE)) >= MASKED)

    def with_nan(self, rows: int, dtype: str = "f8") -> Array:
        """What NumPy's nan-functions want; part of what they cost."""
        part = self.numbers[:, :, :rows]
        return np.where(self.valid[:, None, :rows], part, np.nan).astype(dtype, copy=False)


def machine(stack: Stack) -> Iterator[Case]:
    """What the same memory and the same core do with calls of NumPy alone."""

    def sort(rows: int) -> Array:
        part = np.where(stack.valid[:, None, :rows], stack.numbers[:, :, :rows], np.uint16(65535))
        part.sort(axis=0)
        return part[:1, 0]

    def look(rows: int) -> Array:
        largest = stack.numbers[:, :, :rows].max(axis=(0, 1))
        return np.where(stack.valid[:, :rows].any(axis=0), largest, 0)[None]

    def copy(rows: int) -> Array:
        return stack.numbers[:, :, :rows].copy()[0, :1]

    yield Case(group="machine", name=SORT, run=sort, rows=100)
    yield Case(group="machine: stack and mask looked at once", name="NumPy", run=look)
    yield Case(group="machine: copy of the stack", name="NumPy", run=copy)


def per_band(stack: Stack) -> Iterator[Case]:
    numbers, valid = stack.numbers, stack.valid

    def ours(*names: str) -> Callable[[int], Array]:
        def run(rows: int) -> Array:
            found = composite.reduce(numbers[:, :, :rows], valid[:, :rows], names)
            return np.concatenate([picture.filled(0) for picture in found.values()])

        return run

    for name, oracle, oracle_name in [
        ("median", lambda x: np.nanmedian(x, axis=0), "np.nanmedian"),
        ("mean", lambda x: np.nanmean(x, axis=0), "np.nanmean"),
        ("std", lambda x: np.nanstd(x, axis=0), "np.nanstd"),
        ("max", lambda x: np.nanmax(x, axis=0), "np.nanmax"),
        ("p25", lambda x: np.nanpercentile(x, 25, axis=0), "np.nanpercentile"),
    ]:

        def theirs(rows: int, oracle: Callable[[Array], Array] = oracle) -> Array:
            return np.nan_to_num(oracle(stack.with_nan(rows)))

        slow = 10 if name == "p25" else 50
        yield Case(group=name, name=oracle_name, run=theirs, rows=slow)
        yield Case(
            group=name,
            name="NumPy network" if name in {"median", "p25"} else "NumPy",
            run=ours(name),
        )
    yield Case(group="median", name="…, rounded to uint16", run=_rounded(stack))
    ready = stack.with_nan(50, "f4")
    yield Case(
        group="median",
        name="np.nanmedian, float32 with NaN ready",
        run=lambda rows: np.nan_to_num(np.nanmedian(ready[:, :, :rows], axis=0)),
        rows=50,
    )
    several = ("median", "std", "p10", "p90", "count")
    yield Case(
        group="median, std, p10, p90, count",
        name="one by one",
        run=lambda rows: np.concatenate([ours(name)(rows) for name in several]),
    )
    yield Case(group="median, std, p10, p90, count", name="in one pass", run=ours(*several))


def _rounded(stack: Stack) -> Callable[[int], Array]:
    def run(rows: int) -> Array:
        part = stack.numbers[:, :, :rows], stack.valid[:, :rows]
        return composite.median(*part, rounded=True).filled(0)

    return run


def geometric(stack: Stack) -> Iterator[Case]:
    group = "geometric median"
    reflectance = (stack.numbers[:, :, :100] / np.float32(10000)).astype(np.float32)
    valid = stack.valid[:, :100]
    if HAS_GEOMAD:
        import geomad

        series = np.where(valid[:, None], reflectance, np.nan).transpose(2, 3, 1, 0)
        series = np.ascontiguousarray(series, dtype=np.float32)
        yield Case(
            group=group,
            name="geomad, in its own layout",
            run=lambda rows: geomad.nangeomedian_pcm(series[:rows], num_threads=1).transpose(
                2, 0, 1
            ),
            rows=50,
        )

        def with_deviations(rows: int) -> Array:
            part = series[:rows]
            centre = geomad.nangeomedian_pcm(part, num_threads=1)
            for deviation in (geomad.emad_pcm, geomad.smad_pcm, geomad.bcmad_pcm):
                deviation(part, centre, num_threads=1)
            return np.asarray(centre.transpose(2, 0, 1))

        name = "geomad, with its three deviations"
        yield Case(group=group, name=name, run=with_deviations, rows=30)
    for name, fast in _both():
        yield Case(
            group=group,
            name=name,
            run=lambda rows, fast=fast: (
                geomedian(reflectance[:, :, :rows], valid[:, :rows], fast=fast).picture.data
            ),
            rows=100,
        )
        yield Case(
            group=group,
            name=f"{name}, with its three deviations",
            run=lambda rows, fast=fast: (
                geomedian(
                    reflectance[:, :, :rows],
                    valid[:, :rows],
                    deviations=("emad", "smad", "bcmad"),
                    fast=fast,
                ).picture.data
            ),
            rows=100,
        )


def chosen(stack: Stack) -> Iterator[Case]:
    for name, fast in _both():
        yield Case(
            group="max-NDVI",
            name=name,
            run=lambda rows, fast=fast: (
                bestpixel.max_ndvi(
                    stack.numbers[:, :, :rows], stack.valid[:, :rows], red=2, nir=3, fast=fast
                ).picture.data
            ),
        )
        yield Case(
            group="medoid",
            name=name,
            run=lambda rows, fast=fast: (
                medoid.medoid(
                    stack.numbers[:, :, :rows], stack.valid[:, :rows], fast=fast
                ).picture.data
            ),
            rows=200,
        )
    yield Case(
        group="medoid-approx",
        name="NumPy",
        run=lambda rows: (
            medoid.medoid_approx(stack.numbers[:, :, :rows], stack.valid[:, :rows]).picture.data
        ),
        rows=200,
    )
    yield Case(
        group="trimmed mean",
        name="NumPy",
        run=lambda rows: (
            trimmed.trimmed_mean(stack.numbers[:, :, :rows], stack.valid[:, :rows])[0].data
        ),
        rows=200,
    )


def neighbourhoods(_: Stack) -> Iterator[Case]:
    noise = np.random.default_rng(2).normal(size=(EDGE, EDGE))
    smooth = ndimage.gaussian_filter(noise, 12)
    cloud: Array = smooth > np.quantile(smooth, 0.7)
    for radius in (3, 10, 30):
        y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        disk = x**2 + y**2 <= radius**2
        group = f"dilation, radius {radius}"
        yield Case(
            group=group,
            name="SciPy",
            run=lambda rows, disk=disk: ndimage.binary_dilation(cloud[:rows], structure=disk),
            rows=200,
        )
        yield Case(
            group=group,
            name="NumPy",
            run=lambda rows, radius=radius: masks.dilate(cloud[:rows], radius),
        )
    group = "distance to cloud, 300 px at most"
    yield Case(
        group=group,
        name="SciPy",
        run=lambda rows: np.minimum(ndimage.distance_transform_edt(~cloud[:rows]), 300),
    )
    yield Case(
        group=group,
        name="NumPy",
        run=lambda rows: distance.distance(cloud[:rows], (1, 1), limit=300),
    )
    yield Case(
        group="shadow, 1 200 px long",
        name="NumPy",
        run=lambda rows: masks.shadow(
            cloud[:rows], (10, 10), sun_azimuth=150, sun_elevation=45, heights=(200, 12000)
        ),
    )


def _both() -> list[tuple[str, bool]]:
    return [("NumPy", False), ("numba", True)] if HAS_NUMBA else [("NumPy", False)]


GROUPS = (machine, per_band, geometric, chosen, neighbourhoods)


def check(cases: list[Case]) -> None:
    """Compare each case with the first of its group, on a few rows."""
    wanted: dict[str, Array] = {}
    for case in cases:
        got = case.run(10)
        first = wanted.setdefault(case.group, got)
        if case.name.endswith("uint16"):
            first = np.floor(first + 0.5)
        off = np.abs(got.astype("f8") - first) / (1 + np.abs(first))
        # geomad stops at steps of 1e-4, and some of its pixels are still on their way
        share = (off > 1e-3).mean()
        if share > (0.02 if case.group.startswith("geometric") else 0):
            raise SystemExit(f"{case.group}: {case.name} differs in {share:.2%} of the samples")


def measure(cases: list[Case], rounds: int) -> list[float]:
    """Megapixels per CPU second of each case."""
    times: list[list[float]] = [[] for _ in cases]
    for _ in range(rounds):
        for case, taken in zip(cases, times, strict=True):
            start = time.process_time()
            case.run(case.rows)
            taken.append(time.process_time() - start)
    return [
        case.rows * EDGE / 1e6 / statistics.median(taken)
        for case, taken in zip(cases, times, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.kernels", description=__doc__)
    parser.add_argument("groups", nargs="*", help="parts of group names; default: all")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # pixels without a valid date
    stack = Stack.make()
    cases = [case for make in GROUPS for case in make(stack)]
    if options.groups:
        wanted = ("machine", *options.groups)
        cases = [case for case in cases if any(part in case.group for part in wanted)]
    check(cases)
    speeds = measure(cases, options.rounds)
    print(
        f"{DATES} dates × {BANDS} bands, {MASKED:.0%} masked; Mpx per CPU second, medians of "
        f"{options.rounds} interleaved rounds\n"
    )
    print("| kernel | way | Mpx/s | times the first | reference | of it, by the sort |")
    print("|---|---|---|---|---|---|")
    first: dict[str, float] = {}
    known = {(case.group, case.name): speed for case, speed in zip(cases, speeds, strict=True)}
    pace = known["machine", SORT] / REFERENCE["machine", SORT]
    for case, speed in sorted(
        zip(cases, speeds, strict=True), key=lambda pair: _order(pair, cases)
    ):
        ratio = speed / first.setdefault(case.group, speed)
        reference = REFERENCE.get((case.group, case.name))
        told = "|" if reference is None else f"{reference:g} | {speed / reference / pace:.2f}"
        print(f"| {case.group} | {case.name} | {speed:.3g} | {ratio:.3g} | {told} |")


def _order(pair: tuple[Case, float], cases: list[Case]) -> tuple[int, int]:
    groups = [case.group for case in cases]
    return groups.index(pair[0].group), cases.index(pair[0])


if __name__ == "__main__":
    main()
