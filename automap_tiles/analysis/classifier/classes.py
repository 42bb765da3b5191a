"""Classes of a map: number, name, colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, kw_only=True, slots=True)
class LandClass:
    """One class; raises `ValueError` for a number or colour that cannot be."""

    value: int
    """What stands in the map, 1 to 255; 0 means no data and is never a class."""
    name: str
    colour: str
    """`#rrggbb`, lower case."""

    def __post_init__(self) -> None:
        if not 1 <= self.value <= 255:
            raise ValueError(f"class {self.value}: classes go from 1 to 255")
        if not _COLOUR.fullmatch(self.colour):
            raise ValueError(f"class {self.value}: {self.colour!r} is not a colour like #1a9850")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255."""
        red, green, blue = bytes.fromhex(self.colour[1:])
        return red, green, blue


# What a reader of a map expects, by a word in the name of the class; the first that fits counts.
_USUAL = (
    (r"water|lake|river|sea\b|ocean|reservoir|pond", "#2b7bba"),
    (r"wetland|marsh|swamp|bog", "#6bb7b0"),
    (r"snow|ice\b|glacier", "#dff3fa"),
    (r"cloud", "#c8c8c8"),
    (r"forest|wood|tree", "#1d7a3a"),
    (r"shrub|scrub|bush|heath", "#8a9a3b"),
    (r"meadow|pasture", "#a5d65f"),
    (r"grass", "#c8e692"),
    (r"orchard|vineyard|allotment", "#b06cc4"),
    (r"crop|farm|agricult|cultivat|field|arable", "#f2d15c"),
    (r"industr|commerc", "#8d6cab"),
    (r"built|urban|resident|artificial|settlement|city|town", "#d7453d"),
    (r"bare|sand|rock|soil|quarry|barren", "#b89b77"),
)

# For all other classes: hues far apart, none of them grey, made for this file.
_QUALITATIVE = (
    "#e6842a",
    "#3f6fd1",
    "#58b05c",
    "#c93f8f",
    "#f0c330",
    "#32b5c2",
    "#8452c7",
    "#9a5b33",
    "#93c73c",
    "#ef8fb3",
    "#1f5f6b",
    "#d64545",
)


def usual_colour(name: str) -> str | None:
    """The colour that maps give to a class of this name; None where there is no custom."""
    lower = name.lower()
    return next((colour for words, colour in _USUAL if re.search(words, lower)), None)


def land_classes(
    values: Iterable[int],
    names: Mapping[int, str] | None = None,
    colours: Mapping[int, str] | None = None,
) -> tuple[LandClass, ...]:
    """Classes by ascending number, with the given names and colours, else with usual ones.

    A class without a name is called after its number. No two classes get the same colour unless
    both were given it, or there are more classes than colours.
    """
    names, colours = names or {}, colours or {}
    ordered = sorted(set(values))
    chosen = {value: colours[value].lower() for value in ordered if value in colours}
    for value in ordered:
        colour = usual_colour(names.get(value, ""))
        if value not in chosen and colour is not None and colour not in chosen.values():
            chosen[value] = colour
    for value in ordered:
        if value not in chosen:
            free = [colour for colour in _QUALITATIVE if colour not in chosen.values()]
            chosen[value] = free[0] if free else _spread(value)
    return tuple(
        LandClass(value=value, name=names.get(value, f"class {value}"), colour=chosen[value])
        for value in ordered
    )


def _spread(value: int) -> str:
    """A colour of its own for any number: an odd multiplier visits all 24-bit colours."""
    return f"#{value * 0x9E3779 & 0xFFFFFF:06x}"
