"""Classes of a map: number, name, colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from automap_tiles.analysis.learning.classifier._colours import APART, Palette, nearest, shades

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, kw_only=True, slots=True)
class LandClass:
    """One class; raises `ValueError` for an invalid number or colour."""

    value: int
    """Value in the map, 1 to 255; 0 is no data and never a class."""
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


# Conventional colours by a word in the class name; the first match counts.
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


def usual_colour(name: str) -> str | None:
    """The conventional colour of a class with this name; None if there is none."""
    lower = name.lower()
    return next((colour for words, colour in _USUAL if re.search(words, lower)), None)


def land_classes(
    values: Iterable[int],
    names: Mapping[int, str] | None = None,
    colours: Mapping[int, str] | None = None,
) -> tuple[LandClass, ...]:
    """Classes in ascending order, with the given names and colours, else with conventional ones.

    A class without a name is named after its number. Colours that are not given can be
    distinguished with any kind of colour vision (see `colours`), as far as the number of classes
    permits: of two classes with the same conventional colour the later one gets a darker or lighter
    shade, or another colour.
    """
    names, colours = names or {}, colours or {}
    ordered = sorted(set(values))
    chosen = {value: colours[value].lower() for value in ordered if value in colours}
    for value in ordered:
        usual = usual_colour(names.get(value, ""))
        if value not in chosen and usual is not None:
            free = [shade for shade in shades(usual) if _is_apart(shade, chosen)]
            if free:
                chosen[value] = free[0]
    taken = set(chosen.values())
    palette = Palette(taken)
    for value in ordered:
        if value not in chosen:
            chosen[value] = _another(value, palette, taken)
            palette.take(chosen[value])
            taken.add(chosen[value])
    return tuple(
        LandClass(value=value, name=names.get(value, f"class {value}"), colour=chosen[value])
        for value in ordered
    )


def _is_apart(colour: str, chosen: Mapping[int, str]) -> bool:
    return nearest(colour, list(chosen.values())) >= APART


def _another(value: int, palette: Palette, taken: Set[str]) -> str:
    """The colour farthest from those taken; if all are taken, any other one."""
    found = palette.farthest()
    return found if found not in taken else f"#{value * 0x9E3779 & 0xFFFFFF:06x}"
