"""Overrides of the process file that apply to a single run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.runtime.area import bounds_area, geometry_area, parse_crs
from automap_tiles.runtime.document import Document
from automap_tiles.runtime.settings import SECTIONS, zoom_range
from automap_tiles.runtime.steps.section import has_steps
from automap_tiles.runtime.zooms import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from automap_tiles.grid import Pyramid


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Restrictions and replacements of one run; None leaves what the file says."""

    zooms: int | tuple[int, ...] | Mapping[str, int] | None = None
    """One zoom, or the least and the most."""
    bounds: Any = None
    bounds_crs: Any = None
    area: Any = None
    """Vector file (relative paths start at the working directory), WKT or GeoJSON geometry."""
    area_crs: Any = None
    point: tuple[float, float] | None = None
    """x, y; the tile around it at each zoom."""
    point_crs: Any = None
    tile: tuple[int, int, int] | None = None
    """zoom, row, col of the one tile to run on."""
    output: str | Path | Mapping[str, Any] | None = None
    """Another path (relative ones start at the working directory), or keys of the section."""
    inputs: str | Path | Mapping[str, Any] | None = None
    """Another path of the only input, or of inputs by name."""
    parameters: Mapping[str, Any] | None = None
    """Other values of parameters, by name; of the result where there are several steps."""
    step: str | None = None
    """The step that is meant in place of the result."""


def apply_to_file(overrides: Overrides, document: Document) -> Document:
    """The document with another output, inputs and parameters; raises `ConfigError`."""
    values = dict(document.values)
    if overrides.output is not None:
        output = values.get("output")
        known = dict(output) if isinstance(output, Mapping) else {}
        values["output"] = known | _output(overrides.output)
    if overrides.inputs is not None:
        values["input"] = _inputs(overrides.inputs, document)
    if overrides.parameters is not None and not has_steps(document):
        values |= _parameters(overrides.parameters, values)
    texts = _texts_without(set(overrides.parameters or ()), document)
    return replace(document, values=values, texts=texts)


def apply_to_step(overrides: Overrides, document: Document) -> Document:
    """The document of one of several steps with other parameters."""
    if overrides.parameters is None:
        return document
    known = document.values.get("process_parameters")
    parameters = (dict(known) if isinstance(known, Mapping) else {}) | dict(overrides.parameters)
    texts = _texts_without(set(overrides.parameters), document)
    values = {**document.values, "process_parameters": parameters}
    return replace(document, values=values, texts=texts)


def _texts_without(given: set[str], document: Document) -> dict[Keys, str]:
    """How the values stand in the file, without those parameters that do not come from it."""
    return {
        keys: text
        for keys, text in document.texts.items()
        if not given.intersection(keys[:1] if keys[0] != "process_parameters" else keys[1:2])
    }


def apply_zooms(
    overrides: Overrides, zooms: tuple[int, ...], document: Document
) -> tuple[int, ...]:
    """The zooms of the run; raises `ConfigError` for one that the file does not have."""
    asked: Any = overrides.zooms
    if overrides.tile is not None:
        asked = overrides.tile[0]
    if asked is None:
        return zooms
    run = Document({}, None, document.folder, {})
    wanted = zoom_range(run, list(asked) if isinstance(asked, tuple) else asked, ("zoom",))
    if not set(wanted) <= set(zooms):
        raise ConfigError(
            "the process does not have all of these zooms",
            key="zoom",
            found=list(wanted),
            remedy=f"zooms between {zooms[0]} and {zooms[-1]}",
        )
    return wanted


def run_areas(
    overrides: Overrides, pyramid: Pyramid, zooms: tuple[int, ...]
) -> Iterator[BaseGeometry]:
    """The outlines that the run is limited to, CRS of the pyramid."""
    if overrides.bounds is not None:
        yield bounds_area(overrides.bounds, overrides.bounds_crs, pyramid, "--")
    if overrides.area is not None:
        yield geometry_area(overrides.area, overrides.area_crs, pyramid, Path.cwd(), "--")
    if overrides.tile is not None:
        tile = pyramid.tile(*overrides.tile).unbuffered()
        yield tile.bbox
    if overrides.point is not None:
        yield _around_point(overrides, pyramid, zooms)


def _around_point(overrides: Overrides, pyramid: Pyramid, zooms: tuple[int, ...]) -> BaseGeometry:
    """A box around the point so small that it lies in one tile at the finest zoom."""
    from shapely import box

    from automap_tiles.grid.operation import transform_points

    x, y = overrides.point or (0.0, 0.0)
    if overrides.point_crs is not None:
        crs = parse_crs(overrides.point_crs, "--point-crs")
        (x,), (y,) = transform_points(crs, pyramid.crs, [x], [y])[:2]
    edge = pyramid.bounds
    if not (edge.left <= x <= edge.right and edge.bottom <= y <= edge.top):
        raise ConfigError("lies outside of the pyramid", key="--point", found=[x, y])
    zoom = zooms[-1]
    x_span, y_span = pyramid.metatile_size(zoom)
    rows, cols = pyramid.matrix_shape(zoom)
    row = min(int((edge.top - y) / y_span), rows - 1)
    col = min(int((x - edge.left) / x_span), cols - 1)
    return box(*pyramid.tile(zoom, row, col).unbuffered().bounds)


def _output(value: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(value) if isinstance(value, Mapping) else {"path": str(value)}
    path = changed.get("path")
    if path is not None and "://" not in str(path):
        changed["path"] = str(Path(path).absolute())
    return changed


def _parameters(changed: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that change; a parameter that stands at the top of the file stays there."""
    at_top = {name: value for name, value in changed.items() if name in values}
    if wrong := at_top.keys() & set(SECTIONS):
        raise ConfigError("is not a parameter but a section of the file", key=min(wrong))
    below = values.get("process_parameters")
    known = dict(below) if isinstance(below, Mapping) else {}
    rest = {name: value for name, value in changed.items() if name not in at_top}
    return {**at_top, "process_parameters": known | rest}


def _inputs(value: str | Path | Mapping[str, Any], document: Document) -> dict[str, Any]:
    known = document.values.get("input")
    inputs = dict(known) if isinstance(known, Mapping) else {}
    if not isinstance(value, Mapping):
        if len(inputs) != 1:
            names = ", ".join(map(str, inputs)) or "none"
            raise ConfigError(
                f"the process has {len(inputs)} inputs ({names})",
                key="--input-file",
                found=str(value),
                remedy="NAME=PATH",
            )
        value = {next(iter(inputs)): value}
    for name, path in value.items():
        if name not in inputs:
            raise ConfigError("the process has no such input", key="--input-file", found=name)
        inputs[name] = _replaced(inputs[name], path)
    return inputs


def _replaced(known: Any, path: Any) -> Any:
    """The same entry with another path; a format stands for the old file only when written."""
    from automap_tiles.storage import is_remote

    text = str(path)
    if not is_remote(text) and not text.startswith("/vsi"):
        text = str(Path(text).absolute())
    return {**known, "path": text} if isinstance(known, Mapping) and "path" in known else text
