"""Names and colours of the classes in a band, as its file tells them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from automap_tiles.raster.datasets import open_source

_TAG = "class_"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassLegend:
    """What values of a band mean; only those that the file tells."""

    names: dict[int, str]
    colours: dict[int, str]
    """`#rrggbb`."""


def read_class_legend(path: str | Path, band: int = 1) -> ClassLegend:
    """Names from the tags `class_<value>` of a band, colours from its colour table.

    Raises `InputError` when the file cannot be opened.
    """
    dataset = open_source(path).dataset
    names = {
        int(key[len(_TAG) :]): text
        for key, text in dataset.tags(band).items()
        if key.startswith(_TAG) and key[len(_TAG) :].isdecimal()
    }
    try:
        table = dataset.colormap(band)
    except ValueError:  # there is none
        table = {}
    colours = {
        value: f"#{red:02x}{green:02x}{blue:02x}"
        for value, (red, green, blue, _) in table.items()
        # a table always has 256 entries
        if value in names or (red, green, blue) != (0, 0, 0)
    }
    return ClassLegend(names=names, colours=colours)
