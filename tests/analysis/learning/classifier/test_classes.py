"""Classes and their colours."""

from __future__ import annotations

import pytest

from automap_tiles.analysis.learning.classifier._classes import LandClass, land_classes


def test_names_have_their_usual_colours_and_no_two_are_alike() -> None:
    names = {1: "Lake", 2: "Mixed forest", 3: "Meadow", 4: "Pasture", 7: "river"}
    classes = land_classes([7, 1, 2, 3, 4, 9, 9], names)
    assert [one.value for one in classes] == [1, 2, 3, 4, 7, 9]
    assert classes[-1].name == "class 9"
    assert len({one.colour for one in classes}) == 6
    lake, forest = classes[0].rgb, classes[1].rgb
    assert max(lake) == lake[2]
    assert max(forest) == forest[1]


def test_all_numbers_get_a_colour_of_their_own() -> None:
    classes = land_classes(range(1, 256))
    assert len({one.colour for one in classes}) == 255


def test_given_colours_stay() -> None:
    classes = land_classes([1, 2], {1: "water", 2: "lake"}, {2: "#2B7BBA"})
    assert classes[1].colour == "#2b7bba"
    assert classes[0].colour != classes[1].colour
    assert classes[1].rgb == (43, 123, 186)


@pytest.mark.parametrize(("value", "colour"), [(0, "#000000"), (256, "#000000"), (1, "red")])
def test_what_cannot_be_a_class(value: int, colour: str) -> None:
    with pytest.raises(ValueError, match=f"class {value}"):
        LandClass(value=value, name="x", colour=colour)
