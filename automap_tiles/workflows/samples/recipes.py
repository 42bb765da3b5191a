"""Selection of a classifier's features: by keywords, or by a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automap_tiles.analysis.indices import INDICES
from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.recipe import Recipe, RepeatedBands
from automap_tiles.errors import ConfigError
from automap_tiles.parsing import parse_yaml
from automap_tiles.workflows.samples._fields import read_text

USUAL_INDICES = ("ndvi", "ndwi", "ndmi")
"""Vegetation, open water, moisture: used if the raster has their bands."""


_USUAL_RADIUS = 2
_USUAL_STATISTICS = ("mean",)
_OFFERED_RADII = (1, 2)
"""Radii of the window means that are optional features if windows are not specified."""


@dataclass(frozen=True, kw_only=True)
class RecipeRequest:
    """Requested features; together with the bands of a raster they make a recipe.

    None leaves the choice to the training: features are used if cross-validation shows a gain.
    """

    bands: tuple[str, ...] | None = None
    """None: all bands of the raster."""
    indices: tuple[str, ...] | None = None
    """None: the usual ones that the bands permit are optional."""
    radii: tuple[int, ...] | None = None
    """Of the windows around a pixel; empty: the pixel alone."""
    statistics: tuple[str, ...] | None = None
    """Of every band, in every window."""
    textures: tuple[str, ...] = ()
    """Of `texture_of`, in every window."""
    texture_of: tuple[str, ...] = ()
    """Bands or indices."""

    @property
    def leaves_windows(self) -> bool:
        """Whether windows are left to the training."""
        return self.radii is None and self.statistics is None and not self.textures


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Features, and which of them are optional and used only if they improve the model."""

    recipe: Recipe
    optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a group -> its features."""


def make_recipe(wish: RecipeRequest, bands: Sequence[str]) -> Offer:
    """Features of a raster with these bands; raises `ConfigError`."""
    wanted = tuple(bands) if wish.bands is None else wish.bands
    for option, names, known in (
        ("--bands", wanted, bands),
        ("--texture-of", wish.texture_of, (*bands, *INDICES)),
        ("--indices", wish.indices or (), tuple(INDICES)),
    ):
        for name in names:
            if name not in known:
                found = ", ".join(known)
                raise ConfigError(f"there is no {name!r}", key=option, remedy=f"choose of {found}")
    if repeated := [name for name in dict.fromkeys(wanted) if list(bands).count(name) > 1]:
        raise ConfigError(
            str(RepeatedBands(repeated, bands)),
            key="--bands",
            found=", ".join(bands),
            remedy="a name of its own for each band of the picture, or --bands with others",
        )
    if bool(wish.textures) != bool(wish.texture_of):
        raise ConfigError("textures need to be of something", key="--textures and --texture-of")
    if wish.textures and wish.radii == ():
        raise ConfigError("textures need a window", key="--radius", remedy="--radius 3")
    indices = _usual(bands) if wish.indices is None else wish.indices
    try:
        recipe = Recipe(bands=wanted, indices=indices, neighbourhood=tuple(_around(wish, wanted)))
        recipe.check(bands)  # the bands that indices need
    except ValueError as error:
        raise ConfigError(str(error), key="features") from error
    return Offer(recipe=recipe, optional=_optional(wish, recipe))


def _optional(wish: RecipeRequest, recipe: Recipe) -> dict[str, tuple[str, ...]]:
    """Features that were not requested.

    Without a band one is required, then nothing is optional.
    """
    if not recipe.bands:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    if wish.indices is None and recipe.indices:
        found["indices"] = recipe.indices
    if wish.leaves_windows:
        for radius in _OFFERED_RADII:
            names = tuple(one.name for one in recipe.neighbourhood if one.radius == radius)
            found[f"means of {2 * radius + 1} pixels"] = names
    return {name: several for name, several in found.items() if several}


def read_recipe(path: Path | str) -> tuple[Recipe, int | float | None]:
    """The recipe in a YAML file, and its `components`, if any; raises `ConfigError`.

    ::

        bands: [red, nir]
        indices: [ndvi]
        neighbourhood:
        - {statistic: mean, of: red, radius: 2}
        over_dates:             # of the bands red_1, nir_1, red_2, nir_2
        - {of: ndvi, dates: {_1: 2018-05-22, _2: 2018-08-25}, features: [mean, amplitude]}
        components: 0.99
    """
    content = _read(path)
    components = content.pop("components", None)
    if components is not None and (
        isinstance(components, bool) or not isinstance(components, int | float)
    ):
        raise ConfigError(
            "is a number of components, or a share of variance below 1",
            path,
            key="components",
            found=components,
        )
    try:
        return Recipe.from_dict(content), components
    except ValueError as error:
        raise ConfigError(str(error), path, key="--recipe") from error


def _read(path: Path | str) -> dict[str, Any]:
    try:
        content = parse_yaml(read_text(path, "--recipe"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", path, key="--recipe") from error
    except ValueError as error:
        raise ConfigError(f"is not valid YAML: {error}", path, key="--recipe") from error
    if not isinstance(content, Mapping):
        raise ConfigError("is not a recipe", path, key="--recipe", remedy="bands: [red, nir]")
    return dict(content)


def _usual(bands: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in USUAL_INDICES if set(INDICES[name].bands) <= set(bands))


def _around(wish: RecipeRequest, bands: Sequence[str]) -> list[Neighbourhood]:
    radii = wish.radii
    if radii is None:
        radii = _OFFERED_RADII if wish.leaves_windows else (_USUAL_RADIUS,)
    return [
        Neighbourhood(statistic=statistic, of=of, radius=radius)
        for radius in radii
        for statistics, sources in (
            (_USUAL_STATISTICS if wish.statistics is None else wish.statistics, bands),
            (wish.textures, wish.texture_of),
        )
        for statistic in statistics
        for of in sources
    ]
