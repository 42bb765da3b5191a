"""The class legend of a band: values, names and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec
from automap_tiles.raster.legend import CLASS_TAG
from automap_tiles.storage import is_remote

Colour = tuple[int, ...]
"""(r, g, b) or (r, g, b, a), 0 to 255."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Legend:
    """Of band 1."""

    colours: Mapping[int, Colour] | None = None
    """By value; None: none."""
    names: Mapping[int, str] = field(default_factory=dict)
    """By value."""


def read_legend(spec: OutputSpec, options: Options) -> Legend:
    """The option `colormap`: colours by value, or the file of a model with names and colours.

    `{1: [255, 0, 0], 2: "#00ff00"}` or `model.zip`. Raises `ConfigError`.
    """
    if "colormap" not in options:
        return Legend()
    if isinstance(spec.options["colormap"], str):
        return _of_model(spec, str(options.take("colormap")))
    return Legend(
        colours={
            _value(spec, value): _colour(spec, value, colour)
            for value, colour in options.mapping("colormap").items()
        }
    )


def _of_model(spec: OutputSpec, path: str) -> Legend:
    from automap_tiles.analysis.learning.classifier import Model

    try:
        classes = Model.open(path if is_remote(path) else Path(spec.base, path)).classes
    except InputError as error:
        raise spec.error(
            error.message, key="colormap", found=path, remedy="a model of `automap train`"
        ) from error
    return Legend(
        colours={one.value: one.rgb for one in classes},
        names={one.value: one.name for one in classes},
    )


def _value(spec: OutputSpec, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise spec.error(
            "is not a value of a band", key=f"colormap.{value}", found=value
        ) from error


def _colour(spec: OutputSpec, value: Any, colour: Any) -> Colour:
    try:
        if isinstance(colour, str):
            rgb = tuple(bytes.fromhex(colour.removeprefix("#")))
        else:
            rgb = tuple(int(part) for part in colour)
        if len(rgb) not in (3, 4) or not all(0 <= part <= 255 for part in rgb):
            raise ValueError(colour)
    except (TypeError, ValueError) as error:
        raise spec.error(
            "is not a colour", key=f"colormap.{value}", found=colour, remedy="[255, 0, 0]"
        ) from error
    return rgb


def class_tags(names: Mapping[int, str]) -> dict[str, str]:
    """Tags of a band with the names of its values: `class_1: water`."""
    return {f"{CLASS_TAG}{value}": name for value, name in sorted(names.items())}


def pam(legend: Legend) -> bytes:
    """GDAL's side file of a raster, `<file>.aux.xml`: names and colours of the values of band 1.

    GeoTIFF cannot store names, nor colours if there are more than two bands. QGIS displays both.
    """
    lines = ["<PAMDataset>", '  <PAMRasterBand band="1">']
    if legend.colours:
        lines += ["    <ColorInterp>Palette</ColorInterp>", "    <ColorTable>"]
        for value in range(max(legend.colours) + 1):
            red, green, blue, alpha = (*legend.colours.get(value, (0, 0, 0, 0)), 255)[:4]
            lines.append(f'      <Entry c1="{red}" c2="{green}" c3="{blue}" c4="{alpha}" />')
        lines.append("    </ColorTable>")
    if legend.names:
        names = [
            escape(legend.names.get(value, ""), quote=False)
            for value in range(max(legend.names) + 1)
        ]
        lines.append("    <CategoryNames>")
        lines += [f"      <Category>{name}</Category>" for name in names]
        lines.append("    </CategoryNames>")
    return "\n".join([*lines, "  </PAMRasterBand>", "</PAMDataset>", ""]).encode()
