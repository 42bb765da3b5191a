"""Values by zoom; mapchete is the oracle."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError
from automap_tiles.runtime.zooms import BaseLevels, ZoomValues, leaves, map_leaves, zoom_tree

CONDITIONS = [
    {"zoom=5": "a", "zoom=6": "b"},
    {"zoom<=5": "a", "zoom>5": "b"},
    {"zoom<5": "a", "zoom>=5": "b"},
    {"zoom>9": "a"},
    {"zoom <= 3": "a", "zoom > 7": "b"},
    {"x": {"zoom<5": 1}, "y": 2, "z": {"p": 1, "q": {"zoom=5": 3, "zoom=7": 4}}},
    {"x": {"format": "f", "path": "p"}},
]


@pytest.mark.parametrize("values", CONDITIONS)
def test_same_as_mapchete(values: dict[str, Any]) -> None:
    models = pytest.importorskip("mapchete.config.models")
    ours = ZoomValues(zoom_tree({"v": values}, is_leaf=lambda value: "format" in value))
    for zoom in range(13):
        theirs = models._element_at_zoom("input", {"v": values}, zoom)
        assert ours.at(zoom) == (theirs or {})


def test_conditions_hold_for_mappings_too() -> None:
    """mapchete overlooks the condition there."""
    fine, coarse = {"format": "f", "path": "a"}, {"format": "f", "path": "b"}
    tree = zoom_tree({"v": {"zoom<=5": coarse, "zoom>5": fine}}, is_leaf=lambda v: "format" in v)
    values = ZoomValues(tree)
    assert values.at(5) == {"v": coarse}
    assert values.at(6) == {"v": fine}


@pytest.mark.parametrize(
    "values",
    [
        {"zoom<=5": 1, "zoom>=5": 2},
        {"zoom=3": 1, "zoom<10": 2},
        {"zoom=3": 1, "zoom= 3": 2},
        {"zoom>3": 1, "zoom>5": 1},
    ],
)
def test_overlap_is_an_error(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="overlaps") as caught:
        zoom_tree({"a": values}, keys=("input",))
    assert caught.value.key == f"input.a.{list(values)[1]}"


def test_conditions_stand_alone() -> None:
    with pytest.raises(ConfigError, match="beside others") as caught:
        zoom_tree({"a": {"zoom<5": 1, "other": 2}})
    assert caught.value.key == "a.other"


@pytest.mark.parametrize("condition", ["zoom>=a", "zoom=<5", "zoom<", "zoom=-1", "zoom=1.5"])
def test_a_condition_must_be_readable(condition: str) -> None:
    with pytest.raises(ConfigError, match="not a condition"):
        zoom_tree({"a": {condition: 1}})


def test_names_that_only_begin_like_a_condition() -> None:
    assert ZoomValues(zoom_tree({"zoom_factor": 2, "zoomed": 1})).at(5) == {
        "zoom_factor": 2,
        "zoomed": 1,
    }


def test_empty_and_missing() -> None:
    values = ZoomValues(zoom_tree({"a": None, "b": {}, "c": [], "d": {"e": {"zoom=1": 1}}}))
    assert values.at(2) == {"b": {}, "c": []}
    assert values.at(1) == {"b": {}, "c": [], "d": {"e": 1}}


@given(
    st.dictionaries(st.text("abc", min_size=1), st.integers(), min_size=1),
    st.integers(0, 29),
)
def test_the_root_may_depend_on_the_zoom(values: dict[str, int], border: int) -> None:
    tree = ZoomValues(zoom_tree({f"zoom<={border}": values}))
    assert tree.at(border) == values
    assert tree.at(border + 1) == {}


@given(st.permutations(["a", "b", "c"]))
def test_the_key_does_not_depend_on_the_order(names: list[str]) -> None:
    reference = {"a": 1, "b": {"x": 1, "y": [1, 2]}, "c": {"zoom<5": 1, "zoom>=5": 2}}
    shuffled = ZoomValues(zoom_tree({name: reference[name] for name in names}))
    assert shuffled.key == ZoomValues(zoom_tree(reference)).key


def test_the_key_depends_on_values_and_zooms() -> None:
    trees = [{"a": 1}, {"a": 2}, {"a": "1"}, {"a": {"zoom<5": 1}}, {"a": {"zoom<6": 1}}, {"b": 1}]
    assert len({ZoomValues(zoom_tree(tree)).key for tree in trees}) == len(trees)


def test_leaves() -> None:
    tree = zoom_tree({"a": 1, "g": {"x": 2, "y": {"zoom<5": 3, "zoom>=5": 4}}})
    assert list(leaves(tree)) == [("a", 1), ("g/x", 2), ("g/y", 3), ("g/y", 4)]
    doubled = map_leaves(tree, lambda value, keys: (value * 2, keys))
    assert list(leaves(doubled)) == [
        ("a", (2, ("a",))),
        ("g/x", (4, ("g", "x"))),
        ("g/y", (6, ("g", "y"))),
        ("g/y", (8, ("g", "y"))),
    ]


def test_base_levels() -> None:
    levels = BaseLevels(min=3, max=5)
    assert [zoom for zoom in range(8) if zoom in levels] == [3, 4, 5]
