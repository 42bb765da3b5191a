"""Query parameters, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError
from automap_tiles.pictures.colormaps import Classes, Intervals, Ramp
from automap_tiles.pictures.style import PARAMETERS, query_of, read_style

NAMES = ("blue", "green", "red", "nir")


def test_all_parameters() -> None:
    style = read_style(
        {
            "bidx": ("4", "3,2"),
            "rescale": ("0,3000", "0,2500.5", "-10,1e3"),
            "gamma": ("1.4",),
            "return_mask": ("False",),
            "unknown": ("x",),
        },
        NAMES,
    )
    assert style.bands == style.needed == (4, 3, 2)
    assert style.rescale == ((0, 3000), (0, 2500.5), (-10, 1000))
    assert (style.gamma, style.return_mask) == (1.4, False)


def test_without_any() -> None:
    assert read_style({}, NAMES).bands == (1, 2, 3)
    assert read_style({}, NAMES[:2]).bands == (1,)


def test_an_expression_and_its_colours() -> None:
    style = read_style(
        {"expression": ("(b4-b3)/(b4+b3)",), "colormap_name": ("RdYlGn",), "rescale": ("-1,1",)},
        NAMES,
    )
    assert style.needed == (3, 4)
    assert isinstance(style.colormap, Ramp)
    classes = read_style({"bidx": ("1",), "colormap": ('{"1": "#ff0000"}',)}, NAMES).colormap
    assert classes == Classes(colours=((1.0, (255, 0, 0, 255)),))
    intervals = read_style({"bidx": ("1",), "colormap": ("[[[0, 2], [1, 2, 3, 4]]]",)}, NAMES)
    assert intervals.colormap == Intervals(colours=((0.0, 2.0, (1, 2, 3, 4)),))


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"bidx": ("0",)}, "bidx"),
        ({"bidx": ("5",)}, "bidx"),
        ({"bidx": ("1", "2")}, "bidx"),
        ({"bidx": ("",)}, "bidx"),
        ({"bidx": ("²",)}, "bidx"),
        ({"bidx": ("9" * 5000,)}, "bidx"),
        ({"bidx": ("1",), "expression": ("b1",)}, "expression"),
        ({"expression": ("b1;b2",)}, "expression"),
        ({"expression": ("b1", "b2")}, "expression"),
        ({"rescale": ("1",)}, "rescale"),
        ({"rescale": ("1,1",)}, "rescale"),
        ({"rescale": ("0,nan",)}, "rescale"),
        ({"rescale": ("0,1", "0,1")}, "rescale"),
        ({"gamma": ("0",)}, "gamma"),
        ({"gamma": ("x",)}, "gamma"),
        ({"return_mask": ("perhaps",)}, "return_mask"),
        ({"colormap_name": ("viridus",), "bidx": ("1",)}, "colormap_name"),
        ({"colormap_name": ("viridis",)}, "colormap"),
        ({"colormap_name": ("gray",), "colormap": ("{}",), "bidx": ("1",)}, "colormap_name"),
        ({"colormap": ("{}",), "bidx": ("1",)}, "colormap"),
        ({"colormap": ("[" * 5000,), "bidx": ("1",)}, "colormap"),
        ({"colormap": ('{"1": [256, 0, 0]}',), "bidx": ("1",)}, "colormap"),
        ({"colormap": ('{"x": "#ff0000"}',), "bidx": ("1",)}, "colormap"),
        ({"colormap": ("[[1, 2]]",), "bidx": ("1",)}, "colormap"),
    ],
)
def test_refused(query: dict[str, tuple[str, ...]], key: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_style(query, NAMES)
    assert error.value.key == key


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.lists(st.text(max_size=12), max_size=3)))
def test_anything_else_than_an_error_of_ours_is_a_fault(query: dict[str, list[str]]) -> None:
    try:
        style = read_style(query, NAMES)
    except ConfigError:
        return
    assert all(1 <= band <= 4 for band in style.needed)


@pytest.mark.parametrize(
    ("style", "query"),
    [
        ({"bidx": [4, 3, 2], "rescale": [0, 3000]}, {"bidx": ("4", "3", "2"), "rescale": "0,3000"}),
        ({"bidx": 1, "return_mask": False}, {"bidx": ("1",), "return_mask": "false"}),
        ({"rescale": [[0, 1], "2,3"]}, {"rescale": ("0,1", "2,3")}),
        ({"colormap": {1: "#00ff00"}}, {"colormap": '{"1": "#00ff00"}'}),
    ],
)
def test_named_styles(style: dict[str, Any], query: dict[str, Any]) -> None:
    wanted = {key: (value,) if isinstance(value, str) else value for key, value in query.items()}
    assert query_of(style) == wanted


def test_a_named_style_with_a_wrong_key() -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        query_of({"band": 1})
