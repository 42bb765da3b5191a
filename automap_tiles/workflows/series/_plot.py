"""Plot of a time series: values over time, one colour each, drawn with Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from automap_tiles.errors import ConfigError, MissingExtra
from automap_tiles.workflows.series._moments import Moment

SIZE = (1000, 500)
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 50, 50
_LINES = 5
# Okabe and Ito's palette, safe for colour vision deficiency.
_COLOURS = ("#009E73", "#0072B2", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_GREY = "#BBBBBB"


def check_installed() -> None:
    """Raise `MissingExtra` without Pillow."""
    try:
        import PIL.ImageDraw  # noqa: F401 - whether it is there
    except ImportError as error:
        raise MissingExtra("Pillow", "plot") from error


def to_png(moments: Sequence[Moment], names: Sequence[str], title: str = "") -> bytes:
    """A PNG of `SIZE` pixels; dates without a value are omitted.

    Raises `MissingExtra` without Pillow, `ConfigError` if there is no value at all.
    """
    check_installed()
    from PIL import Image, ImageDraw

    values = [value for moment in moments for value in moment.values if value is not None]
    if not values:
        raise ConfigError("there is nothing to plot: no date has a valid pixel", key="plot")
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    axes = _Axes(
        times=(moments[0].time, moments[-1].time), values=_rounded_range(min(values), max(values))
    )
    _draw_grid(draw, axes)
    draw.text((_LEFT, 12), title, fill="black")
    for number, name in enumerate(names):
        colour = _COLOURS[number % len(_COLOURS)]
        draw.text((_LEFT + 90 * number, 30), name, fill=colour)
        points = [
            axes.place(moment.time, value)
            for moment in moments
            if (value := moment.values[number]) is not None
        ]
        if len(points) > 1:
            draw.line(points, fill=colour, width=2)
        for x, y in points:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


class _Axes:
    """Position of a value at a time in the plot."""

    def __init__(self, times: tuple[datetime, datetime], values: tuple[float, float]) -> None:
        self.start = times[0].timestamp()
        self.seconds = max(times[1].timestamp() - self.start, 1.0)
        self.low, self.high = values

    def place(self, time: datetime, value: float) -> tuple[float, float]:
        across = (time.timestamp() - self.start) / self.seconds
        up = (value - self.low) / (self.high - self.low)
        width, height = SIZE[0] - _LEFT - _RIGHT, SIZE[1] - _TOP - _BOTTOM
        return _LEFT + across * width, SIZE[1] - _BOTTOM - up * height


def _rounded_range(low: float, high: float) -> tuple[float, float]:
    """A range around the values with round limits."""
    import math

    step = 10 ** math.floor(math.log10(max(high - low, 1e-3)))
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    return first, last if last > first else first + step


def _draw_grid(draw: Any, axes: _Axes) -> None:
    for number in range(_LINES + 1):
        part = number / _LINES
        value = axes.low + part * (axes.high - axes.low)
        moment = datetime.fromtimestamp(axes.start + part * axes.seconds, UTC)
        x, y = axes.place(moment, value)
        draw.line((_LEFT, y, SIZE[0] - _RIGHT, y), fill=_GREY)
        draw.text((_LEFT - 8, y), f"{value:.3g}", fill="black", anchor="rm")
        draw.line((x, SIZE[1] - _BOTTOM, x, SIZE[1] - _BOTTOM + 5), fill="black")
        anchor = "la" if number == 0 else "ra" if number == _LINES else "ma"
        draw.text((x, SIZE[1] - _BOTTOM + 10), f"{moment:%Y-%m-%d}", fill="black", anchor=anchor)
