"""Two axes with what is drawn between them, as SVG that stands in a page.

Colours are those of the page, so that a plot can be read on light and on dark; letters are the
page's as well. The same numbers give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import escape

INK, ACCENT, OTHER, GRID = "currentColor", "var(--accent)", "var(--other)", "var(--line)"
Point: TypeAlias = tuple[float, float]

WIDTH = 460.0
"""Units of the drawing, which the page scales."""
_LETTERS, _SMALL = 10.0, 8.0
_LETTER_WIDTH = 0.6
"""Of a height; of most letters less, and nobody knows which font the page will have."""
_AIR, _RIGHT = 6.0, 14.0
_MOST_TICKS = 7
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MARK = 3.0
"""Half the size of a mark."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What an axis shows, from its beginning to its end, and what stands at it."""

    start: float
    end: float
    ticks: Sequence[float]
    names: Sequence[str]
    """Of the ticks."""
    title: str = ""
    has_grid: bool = True

    @classmethod
    def of(
        cls, start: float, end: float, title: str = "", *, whole: bool = False, wide: bool = True
    ) -> Scale:
        """Round numbers between both ends; `whole`: only integers.

        `wide`: reaches a little beyond, so that nothing lies on the frame.
        """
        if end <= start:
            start, end = start - 0.5, end + 0.5
        step = _round_step((end - start) / _MOST_TICKS)
        step = max(1.0, math.ceil(step)) if whole else step
        air = 0.05 * (end - start) if wide else 0.0
        start, end = start - air, end + air
        first, last = math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9)
        digits = max(0, -math.floor(math.log10(step) + 1e-9) + _has_half(step))
        ticks = [number * step for number in range(first, last + 1)]
        names = [f"{tick:.{digits}f}" for tick in ticks]
        return cls(start=start, end=end, ticks=ticks, names=names, title=title)

    @classmethod
    def of_names(cls, names: Sequence[str]) -> Scale:
        """One name after the other, the first at 0 and on top."""
        return cls(
            start=len(names) - 0.4, end=-0.6, ticks=range(len(names)), names=names, has_grid=False
        )

    def holds(self, value: float) -> bool:
        """Whether it lies between both ends."""
        return -1e-9 <= self.part(value) <= 1 + 1e-9

    def part(self, value: float) -> float:
        """0 at the beginning, 1 at the end."""
        return (value - self.start) / (self.end - self.start)


def _has_half(step: float) -> bool:
    """Whether a step is 2.5 times a power of ten, which needs a digit more."""
    return math.isclose(step / 10 ** math.floor(math.log10(step) + 1e-9), 2.5)


def _round_step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


@dataclass(kw_only=True)
class Axes:
    """A drawing `height` units high; what comes later lies on top."""

    x: Scale
    y: Scale
    height: float
    has_legend: bool = False
    _parts: list[str] = field(default_factory=list)
    _legend: list[tuple[str, str]] = field(default_factory=list)
    """(mark, name)"""

    @property
    def _top(self) -> float:
        return 20.0 if self.has_legend else _AIR

    @property
    def _left(self) -> float:
        longest = max((len(name) for name in self.y.names), default=0)
        title = 16.0 if self.y.title else 0.0
        return min(8.0 + title + longest * _LETTERS * _LETTER_WIDTH, WIDTH / 2)

    @property
    def _bottom(self) -> float:
        return self.height - (36.0 if self.x.title else 20.0)

    def _at(self, point: Point) -> Point:
        across = self._left + self.x.part(point[0]) * (WIDTH - _RIGHT - self._left)
        return across, self._bottom - self.y.part(point[1]) * (self._bottom - self._top)

    def line(
        self, points: Iterable[Point], colour: str, *, dash: str = "", width: float = 1.0
    ) -> str:
        """Join points; gives how such a line looks in a legend."""
        style = f'fill="none" stroke="{colour}" stroke-width="{width:g}"'
        style += f' stroke-dasharray="{dash}"' if dash else ""
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in map(self._at, points))
        self._parts.append(f'<polyline points="{path}" {style}/>')
        return f'<path d="M0 0H20" {style}/>'

    def marks(self, points: Iterable[Point], colour: str, shape: str = "o") -> str:
        """A mark at each point: o, s (a square) or x; gives how it looks in a legend.

        Those that lie beyond an axis are left out.
        """
        for point in points:
            if self.x.holds(point[0]) and self.y.holds(point[1]):
                self._parts.append(_mark(*self._at(point), colour, shape))
        return _mark(10, 0, colour, shape)

    def bar(self, length: float, place: float, thickness: float, colour: str) -> str:
        """From 0 to the right; gives how it looks in a legend."""
        (left, top), (right, bottom) = (
            self._at((0, place - thickness / 2)),
            self._at((length, place + thickness / 2)),
        )
        size = f'width="{max(0.0, right - left):.2f}" height="{abs(bottom - top):.2f}"'
        self._parts.append(
            f'<rect x="{left:.2f}" y="{min(top, bottom):.2f}" {size} fill="{colour}"/>'
        )
        return f'<rect x="2" y="-4" width="16" height="8" fill="{colour}"/>'

    def whisker(self, start: float, end: float, place: float) -> None:
        """An interval, with a stroke at either end."""
        (left, y), (right, _) = self._at((start, place)), self._at((end, place))
        ends = "".join(f"M{x:.2f} {y - 3:.2f}v6" for x in (left, right))
        path = f"M{left:.2f} {y:.2f}H{right:.2f}{ends}"
        self._parts.append(f'<path d="{path}" stroke="{INK}"/>')

    def name(self, name: str, *looks: str) -> None:
        """Tell in the legend what looks so."""
        self._legend.append(("".join(looks), name))

    def svg(self) -> str:
        """The drawing; its letters are the page's."""
        frame = f"M{self._left:.2f} {self._top:.2f}V{self._bottom:.2f}H{WIDTH - _RIGHT:.2f}"
        return (
            f'<svg class="plot" viewBox="0 0 {WIDTH:g} {self.height:g}" '
            f'xmlns="http://www.w3.org/2000/svg" font-size="{_LETTERS:g}" fill="{INK}">'
            f'{self._ticks()}<path d="{frame}" fill="none" stroke="{GRID}"/>'
            f"{''.join(self._parts)}{self._titles()}{self._names()}</svg>"
        )

    def _ticks(self) -> str:
        found, end = [], WIDTH - _RIGHT
        for tick, name in zip(self.x.ticks, self.x.names, strict=True):
            x, _ = self._at((tick, self.y.start))
            found.append(_text(x, self._bottom + 14, name, "middle"))
            if self.x.has_grid:
                found.append(f'<path d="M{x:.2f} {self._top:.2f}V{self._bottom:.2f}" {_THIN}/>')
        for tick, name in zip(self.y.ticks, self.y.names, strict=True):
            _, y = self._at((self.x.start, tick))
            found.append(_text(self._left - 5, y + 3.5, name, "end"))
            if self.y.has_grid:
                found.append(f'<path d="M{self._left:.2f} {y:.2f}H{end:.2f}" {_THIN}/>')
        return "".join(found)

    def _titles(self) -> str:
        found = ""
        if self.x.title:
            middle = (self._left + WIDTH - _RIGHT) / 2
            found += _text(middle, self.height - 6, self.x.title, "middle")
        if self.y.title:
            y = (self._top + self._bottom) / 2
            turned = f'transform="rotate(-90 10 {y:.2f})"'
            found += _text(10, y, self.y.title, "middle", turned)
        return found

    def _names(self) -> str:
        """The legend: a line above the frame, where it hides nothing."""
        left, found = self._left, []
        for look, name in self._legend:
            place = f'transform="translate({left:.2f} 8)"'
            found.append(f"<g {place}>{look}{_text(25, 3, name, 'start')}</g>")
            left += 36 + len(name) * _SMALL * _LETTER_WIDTH
        return f'<g font-size="{_SMALL:g}">{"".join(found)}</g>'


_THIN = f'stroke="{GRID}" stroke-width="0.6"'


def _mark(x: float, y: float, colour: str, shape: str) -> str:
    left, top, size = x - _MARK, y - _MARK, 2 * _MARK
    if shape == "o":
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{_MARK:g}" fill="{colour}"/>'
    if shape == "s":
        side = f'width="{size:g}" height="{size:g}"'
        return f'<rect x="{left:.2f}" y="{top:.2f}" {side} fill="{colour}"/>'
    path = f"M{left:.2f} {top:.2f}l{size:g} {size:g}m0 -{size:g}l-{size:g} {size:g}"
    return f'<path d="{path}" stroke="{colour}" stroke-opacity="0.6"/>'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    more = f" {more}" if more else ""
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'
