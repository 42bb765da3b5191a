"""Letters and scale bars."""

from __future__ import annotations

import numpy as np
import pytest

from automap_tiles.pictures.lettering import draw, letters, scale_bar


def test_letters_are_those_that_they_are() -> None:
    rows = ["".join("#" if ink else "." for ink in row) for row in letters("L1")]
    assert rows == [
        "#.......#..",
        "#......##..",
        "#.......#..",
        "#.......#..",
        "#.......#..",
        "#.......#..",
        "#####..###.",
    ]
    assert letters("ab", 3).shape == (21, 33)
    assert (letters("ab", 2)[::2, ::2] == letters("ab")).all()


def test_every_letter_is_another_one() -> None:
    seen: dict[bytes, str] = {}
    for code in range(32, 127):
        said = chr(code)
        shape = letters(said).tobytes()
        if (letters("?") == letters(said)).all() and said != "?":
            assert said in "$\\^`{}"
            continue
        assert seen.setdefault(shape, said) == said


def test_accents_are_left_out_and_the_unknown_is_marked() -> None:
    assert (letters("é") == letters("e")).all()
    assert (letters("山") == letters("?")).all()
    assert letters("").shape == (7, 0)


@pytest.mark.parametrize("corner", ["upper left", "upper right", "lower left", "lower right"])
def test_it_stands_in_its_corner_with_a_rim(corner: str) -> None:
    picture = np.full((60, 80, 3), 100, dtype=np.uint8)
    draw(picture, letters("8"), corner, 6)  # type: ignore[arg-type]
    white = np.argwhere((picture == 255).all(axis=2))
    rows, cols = white[:, 0], white[:, 1]
    top, left = corner.startswith("upper"), corner.endswith("left")
    assert (rows.min() == 6) if top else (rows.max() == 60 - 7)
    assert (cols.min() == 6) if left else (cols.max() == 80 - 7)
    assert (picture == 0).any()
    assert white.shape[0] == letters("8").sum()


def test_what_does_not_fit_is_cut_off() -> None:
    picture = np.full((5, 9, 3), 100, dtype=np.uint8)
    draw(picture, letters("a long line", 2), "lower right", 6)
    assert picture.shape == (5, 9, 3)


@pytest.mark.parametrize(
    ("metres", "width", "pixels"),
    [(10, 400, 100), (30, 600, 67), (120, 915, 167), (0.5, 300, 40), (1000, 100, 20)],
)
def test_the_bar_is_as_long_as_it_says(metres: float, width: int, pixels: int) -> None:
    bar = scale_bar(metres, width)
    line = np.flatnonzero(bar[-1])
    assert abs(line.max() - line.min() + 1 - pixels) <= 1
    assert bar.shape[1] <= max(width / 4, letters("2000 km").shape[1])
