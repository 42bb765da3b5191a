"""Axes of the plots in reports."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from automap_tiles.workflows.report._axes import ACCENT, OTHER, WIDTH, Axes, Scale

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = st.floats(-1000, 1000)


@given(start=NUMBERS, span=st.floats(1e-2, 1e6), whole=st.booleans(), wide=st.booleans())
@example(start=0.0, span=1.0, whole=False, wide=False)
@example(start=1.0, span=0.0, whole=True, wide=True)
@example(start=0.0, span=0.25, whole=False, wide=True)
def test_ticks_are_few_round_numbers_on_the_axis(
    start: float, span: float, whole: bool, wide: bool
) -> None:
    scale = Scale.of(start, start + span, whole=whole, wide=wide)
    assert len(scale.ticks) <= 9
    assert scale.start <= start
    assert start + span <= scale.end
    assert all(scale.holds(tick) for tick in scale.ticks)
    steps = {round(b - a, 9) for a, b in zip(scale.ticks, scale.ticks[1:], strict=False)}
    assert len(steps) <= 1
    # what is written is what the tick is at, and no two are the same
    assert len(set(scale.names)) == len(scale.names)
    for tick, name in zip(scale.ticks, scale.names, strict=True):
        assert abs(float(name) - tick) <= 1e-6 * max(1.0, abs(tick))
        assert not whole or "." not in name


def test_ticks_of_a_share() -> None:
    assert Scale.of(0, 1, wide=False).names == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert Scale.of(0, 1.5, wide=False).names == ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25",
                                                  "1.50"]  # fmt: skip
    assert Scale.of(0, 250, wide=False).names == ["0", "50", "100", "150", "200", "250"]


def drawn() -> tuple[Axes, ET.Element]:
    axes = Axes(
        x=Scale.of(0, 10, "<x> & more", wide=False),
        y=Scale.of(0, 1, wide=False),
        height=200,
        has_legend=True,
    )
    points = [(0.0, 0.0), (5.0, 0.5), (10.0, 1.0)]
    axes.name("a line", axes.line(points, OTHER, dash="1 2"), axes.marks(points, ACCENT))
    axes.marks([(11.0, 0.5), (5.0, -0.1)], ACCENT)
    return axes, ET.fromstring(axes.svg())


def test_points_lie_where_their_values_are() -> None:
    _, root = drawn()
    marks = [
        (float(one.get("cx", "")), float(one.get("cy", ""))) for one in root.iter(f"{SVG}circle")
    ]
    *inside, legend = marks
    assert len(inside) == 3  # those beyond an axis are left out
    (x0, y0), (x1, y1), (x2, y2) = inside
    assert (x1, y1) == ((x0 + x2) / 2, (y0 + y2) / 2)
    assert 0 < x0 < x2 < WIDTH
    assert 0 < y2 < y0 < 200
    line = next(root.iter(f"{SVG}polyline")).get("points", "")
    assert [tuple(map(float, one.split(","))) for one in line.split()] == inside
    ticks = {one.text: one for one in root.iter(f"{SVG}text")}
    assert float(ticks["0"].get("x", "")) == x0
    assert float(ticks["10"].get("x", "")) == x2
    assert legend[1] == 0  # from the place of the legend's line


def test_what_is_said() -> None:
    axes, root = drawn()
    said = [one.text for one in root.iter(f"{SVG}text")]
    assert "<x> & more" in said
    assert "a line" in said
    assert axes.svg() == axes.svg()
    assert not re.search(r"#[0-9a-f]{3}", axes.svg())  # all colours are the page's


def test_bars_go_from_zero_the_first_on_top() -> None:
    axes = Axes(x=Scale.of(0, 4, wide=False), y=Scale.of_names(["a", "bb"]), height=100)
    for place, length in enumerate((4.0, 1.0)):
        axes.bar(length, place, 0.8, ACCENT)
    first, second = ET.fromstring(axes.svg()).iter(f"{SVG}rect")
    assert first.get("x") == second.get("x")
    assert abs(float(first.get("width", "")) - 4 * float(second.get("width", ""))) < 0.02
    assert float(first.get("y", "")) < float(second.get("y", ""))
