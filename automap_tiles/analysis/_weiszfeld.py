"""The geometric median of many pixels at once: Weiszfeld's steps in NumPy.

Weiszfeld 1937; the rule for a step that starts at a sample is that of Vardi and Zhang 2000
(doi:10.1073/pnas.97.4.1423). From the second step on the last two are combined so that what is left
of the way would be shortest if it shrank evenly (Anderson's mixing of depth one, Walker and Ni
2011, doi:10.1137/10078356X). Measured on 12 dates of which 40 % are masked: 6 steps a pixel and 14
for all but a thousandth, where steps lengthened by 1.4 take 8 and 190 and end ten times as far
from the median.

Pixels that have arrived are dropped when they are the half of a block; what is left of several
blocks goes on together, so that every operation has enough pixels to work on. A pixel's result
depends on its own samples alone: it is frozen at the step that satisfies it, and sums are always
added up in the order of dates and bands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from automap_tiles.analysis._dates import Array, Bools

FIRST = np.float32(1.4)
"""Factor of the first step; 1 is Weiszfeld's own."""
MIXING = (np.float32(-3), np.float32(0.7))
"""Bounds of the part of the last step that is taken back."""
TINY = np.float32(1e-15)
"""Stands for a distance of zero."""
SMALL = np.float32(1e-30)
"""Keeps a division by zero from happening where the dividend is zero as well."""
ROUNDING = np.float32(1e-6)
"""Steps below this part of the start's length are rounding errors of float32."""
_FEW = 64


@dataclass(kw_only=True, slots=True)
class PixelBlock:
    """Pixels on their way, samples of one band and date together."""

    samples: Array
    """(time, band, pixel) float32, 0 where a date does not count."""
    weight: Array
    """(time, pixel) float32, 1 where a date counts and 0 elsewhere."""
    median: Array
    """(band, pixel) float32: where they are now."""
    force: Array | None
    """(band, pixel) Weiszfeld's own last step; None before the first one."""
    step: Array | None
    """(band, pixel) the last step as it was taken."""
    limit: Array
    """(pixel,) squared length of a step that is short enough."""
    near: Array
    """(pixel,) one over the length of such a step: the weight of a sample that is as near."""
    steps: Array
    """(pixel,) steps taken."""
    place: Array
    """(pixel,) where they belong in the picture."""

    def __len__(self) -> int:
        return len(self.place)

    def only(self, chosen: Array) -> PixelBlock:
        """Some of them, by number."""
        return PixelBlock(
            samples=np.take(self.samples, chosen, axis=2),
            weight=np.take(self.weight, chosen, axis=1),
            median=np.take(self.median, chosen, axis=1),
            force=None if self.force is None else np.take(self.force, chosen, axis=1),
            step=None if self.step is None else np.take(self.step, chosen, axis=1),
            limit=self.limit[chosen],
            near=self.near[chosen],
            steps=self.steps[chosen],
            place=self.place[chosen],
        )

    @staticmethod
    def join(parts: list[PixelBlock]) -> PixelBlock:
        """All of several that have made a step."""
        if len(parts) == 1:
            return parts[0]
        return PixelBlock(
            samples=np.concatenate([part.samples for part in parts], axis=2),
            weight=np.concatenate([part.weight for part in parts], axis=1),
            median=np.concatenate([part.median for part in parts], axis=1),
            force=np.concatenate([part.force for part in parts if part.force is not None], axis=1),
            step=np.concatenate([part.step for part in parts if part.step is not None], axis=1),
            limit=np.concatenate([part.limit for part in parts]),
            near=np.concatenate([part.near for part in parts]),
            steps=np.concatenate([part.steps for part in parts]),
            place=np.concatenate([part.place for part in parts]),
        )


def start(samples: Array, valid: Bools, place: Array, tolerance: float) -> PixelBlock:
    """Pixels at the mean of their dates.

    `samples` is (time, band, pixel) float32 and is changed: 0 where `valid` (time, pixel) says so.
    """
    bits = -valid.astype(np.uint32)
    np.bitwise_and(samples.view(np.uint32), bits[:, None], out=samples.view(np.uint32))
    weight = valid.astype(np.float32)
    median = total(samples) / np.maximum(total(weight), 1)
    size = total(median * median)
    limit = np.maximum(np.float32(tolerance) ** 2, size * ROUNDING**2)
    # a tolerance of zero leaves only what is exactly at a sample
    limit = np.maximum(limit, np.float32(1e-28))
    return PixelBlock(
        samples=samples,
        weight=weight,
        median=median,
        force=None,
        step=None,
        limit=limit,
        near=1 / np.sqrt(limit),
        steps=np.zeros(place.shape, dtype=np.int32),
        place=place,
    )


def total(array: Array, axis: int = 0) -> Array:
    """Sum along an axis other than the last, in the order of its elements.

    `np.add.reduce` keeps to that order when the last axis is long; where it is short it may add up
    in pairs, and the same pixel would get another result in another block.
    """
    if array.shape[-1] >= _FEW:
        return np.asarray(np.add.reduce(array, axis=axis))
    return np.asarray(np.add.accumulate(array, axis=axis).take(-1, axis=axis))


def solve(blocks: Iterable[PixelBlock], out: Array, max_steps: int) -> None:
    """Take each pixel to its median and write that to `out` (band, place)."""
    pool: list[PixelBlock] = []
    size = 0
    for block in blocks:
        size = max(size, len(block))
        pool.append(_walk(block, out, max_steps))
        while sum(map(len, pool)) >= size:
            pool = [_walk(PixelBlock.join(pool), out, max_steps)]
    rest = PixelBlock.join(pool) if pool else None
    while rest:
        rest = _walk(rest, out, max_steps)


def _walk(pixels: PixelBlock, out: Array, max_steps: int) -> PixelBlock:
    """Steps until half of the pixels have arrived; writes them to `out` and gives the others.

    The last few walk until all have arrived.
    """
    enough = len(pixels) // 2 if len(pixels) > _FEW else 0
    work = np.empty((2, *pixels.samples.shape), dtype=np.float32)
    active = np.ones(len(pixels), dtype=bool)
    while True:
        step = _mixed(pixels, _force(pixels, work))
        np.multiply(step, active, out=step)
        np.add(pixels.median, step, out=pixels.median)
        pixels.steps += 1
        active &= (total(step * step) >= pixels.limit) & (pixels.steps < max_steps)
        if np.count_nonzero(active) <= enough:
            break
    arrived = np.flatnonzero(~active)
    out[:, pixels.place[arrived]] = pixels.median[:, arrived]
    return pixels.only(np.flatnonzero(active))


def _mixed(pixels: PixelBlock, force: Array) -> Array:
    """The step to take where Weiszfeld's would be `force`; both are remembered."""
    if pixels.force is None or pixels.step is None:
        step = force * FIRST
    else:
        change = force - pixels.force
        along, length = total(force * change), total(change * change)
        part = np.clip(along / np.maximum(length, SMALL), *MIXING)
        np.add(change, pixels.step, out=change)
        np.multiply(change, part, out=change)
        step = np.subtract(force, change, out=change)
    pixels.force, pixels.step = force, step
    return step


def _force(pixels: PixelBlock, work: Array) -> Array:
    """(band, pixel) Weiszfeld's step: to the mean of the dates weighted by 1 / distance."""
    difference, product = work
    np.subtract(pixels.samples, pixels.median, out=difference)
    np.multiply(difference, difference, out=product)
    distance = np.sqrt(total(product, axis=1))
    np.maximum(distance, TINY, out=distance)
    weight = np.divide(pixels.weight, distance, out=distance)
    np.multiply(difference, weight[:, None], out=difference)
    pull, weights = total(difference), total(weight)
    np.divide(pull, weights, out=pull)
    beside = weights > pixels.near
    if beside.any():
        at_sample = np.flatnonzero(beside)
        pull[:, at_sample] = _force_at_sample(pixels.only(at_sample), weight[:, at_sample])
    return pull


def _force_at_sample(pixels: PixelBlock, weight: Array) -> Array:
    """The same for pixels that are within a last step of one of their samples.

    That sample holds them back with a force of one; they stay when the pull of the others is less,
    and would otherwise creep away from it in steps that look like the last one.
    """
    here = weight > pixels.near
    others = np.where(here, np.float32(0), weight)
    pull = total((pixels.samples - pixels.median) * others[:, None])
    weights = total(others)
    force = np.sqrt(total(pull * pull))
    held = total(here.astype(np.float32))
    rest = np.maximum(0, 1 - held / np.maximum(force, TINY))
    return np.asarray(pull / np.maximum(weights, SMALL) * rest)
