"""Check that a raster is within the domain that a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles import ConfigError, Fate, Note, RasterReader, Subject, Tile, tell
from automap_tiles.analysis.learning.classifier import (
    Model,
    TrainingDomain,
    is_other_size,
    is_other_unit,
    unit_factor,
)
from automap_tiles.analysis.learning.recipe import MissingBands, RepeatedBands

Array = np.ndarray[Any, Any]
Units = Sequence[tuple[float, float]]

_STRANGE = 0.1
"""Share of a tile's pixels that may be strange without a word: clouds, roofs, sun glint."""


@dataclass(frozen=True)
class BandUnits:
    """How the picture's numbers are to be understood."""

    names: Sequence[str]
    """Of its bands, in order."""
    scale: float | None
    """As the process file says."""
    offset: float | None

    def units(self, table: Any, needs: Sequence[str]) -> Units:
        """(scale, offset) of each band; those of the picture where the file says none.

        A picture whose bands the process file renames keeps its own units, band by band.
        """
        if self.scale is None and self.offset is None:
            places = [self.names.index(name) for name in needs]
            return tuple((table.scales[place], table.offsets[place]) for place in places)
        scale, offset = 1.0 if self.scale is None else self.scale, self.offset or 0.0
        return ((scale, offset),) * len(needs)


def check_bands(model: Model, known: Sequence[str], key: str) -> None:
    """Complain of bands that the model needs and that are not there, or several times.

    `key` is where the names come from. Raises `ConfigError`.
    """
    try:
        model.recipe.check(known)
    except MissingBands as error:
        raise ConfigError(
            f"has no band {', '.join(error.missing)}, which the model was trained on",
            key=key,
            found=", ".join(known),
            remedy="a picture with these bands, or `bands` under process_parameters to name those "
            "that it has, in their order",
        ) from error
    except RepeatedBands as error:
        raise ConfigError(
            f"has several bands named {', '.join(error.repeated)}, which the model was trained on",
            key=key,
            found=", ".join(known),
            remedy="`bands` under process_parameters with a name of its own for each band",
        ) from error


def report_unnamed_bands(model: Model, picture: RasterReader) -> None:
    """Bands without a name are taken for those that had the same place in the training."""
    guessed = picture.describe_bands().unnamed(model.recipe.needs)
    if guessed:
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.BANDS,
                reason="without names: taken for those in the same place of the picture that the "
                "model was trained on",
                count=len(guessed),
                examples=guessed,
                remedy="names of the bands in both pictures make the order free",
            )
        )


def check_training_domain(
    model: Model, picture: RasterReader, reading: BandUnits, unlike: bool
) -> None:
    """Refuse a picture of another unit or pixel size; with `unlike` tell instead.

    Models of earlier versions do not know their picture. Raises `ConfigError`.
    """
    familiar = model.familiar
    if familiar is None:
        return
    pixel_sample = picture.pixel_sample()
    needs = model.recipe.needs
    units = dict(zip(needs, reading.units(picture.describe_bands(), needs), strict=True))
    bands = {
        name: plane.compressed() * units[name][0] + units[name][1]
        for name, plane in zip(reading.names, pixel_sample.pixels, strict=False)
        if name in units
    }
    size = _of_size(familiar, pixel_sample.pixel)
    if size is not None and not model.recipe.margin:
        _tell_mixed(model, familiar, size)
        size = None
    unit = _of_unit(familiar, bands, units)
    for error in (unit, size):
        if error is not None and not unlike:
            raise error
        if error is not None:
            tell(Note(fate=Fate.GUESSED, subject=Subject.CLASSES, count=len(model.classes),
                      reason=f"the picture {error.message}"))  # fmt: skip
    if unit is None:
        _tell_elsewhere(model, familiar, bands)


def _tell_elsewhere(model: Model, familiar: TrainingDomain, bands: Mapping[str, Array]) -> None:
    """Numbers that are too near for another unit, and still not those of the training."""
    if familiar.is_elsewhere(bands):
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.CLASSES,
                count=len(model.classes),
                reason="the middle of most bands lies outside of what the model was trained on: "
                "another unit, or other land",
                remedy="`scale` and `offset` under process_parameters where it is the unit, "
                "samples of such land otherwise",
            )
        )


def _of_unit(
    familiar: TrainingDomain, bands: Mapping[str, Array], units: Mapping[str, tuple[float, float]]
) -> ConfigError | None:
    times = familiar.times_larger(bands)
    if times is None or not is_other_unit(times):
        return None
    factor, (scale, offset) = unit_factor(times), next(iter(units.values()))
    learnt = sorted({values.scale for values in familiar.bands.values()})
    remedy = "`scale` and `offset` under process_parameters that bring them into that unit"
    if factor is not None and len(set(units.values())) == 1:
        # A scale that the process file says replaces the picture's offset too.
        shift = f" and offset: {offset * factor:g}" if offset else ""
        remedy = f"scale: {scale * factor:g}{shift} under process_parameters"
    many = f"{times:.3g} times larger" if times > 1 else f"{1 / times:.3g} times smaller"
    return ConfigError(
        f"has numbers that are {many} than those the model was trained on: another unit",
        key="input.picture",
        found=f"scale {scale:g}; the model's picture had {', '.join(f'{one:g}' for one in learnt)}",
        remedy=f"{remedy}; or unlike: true where they are right",
    )


def _of_size(familiar: TrainingDomain, pixel: float | None) -> ConfigError | None:
    if pixel is None or not is_other_size(pixel / familiar.pixel):
        return None
    return ConfigError(
        f"has another pixel size than the one the model was trained on ({familiar.pixel:.3g} m), "
        "and the model looks at windows of pixels",
        key="input.picture",
        found=f"{pixel:.3g} m",
        remedy="a picture of that resolution, or a model trained on one of this; or unlike: true",
    )


def _tell_mixed(model: Model, familiar: TrainingDomain, size: ConfigError) -> None:
    """A model of single pixels can be used; how mixed these are it has learnt of another size."""
    tell(
        Note(
            fate=Fate.GUESSED,
            subject=Subject.CLASSES,
            count=len(model.classes),
            reason=f"learnt from pixels of another size ({familiar.pixel:.3g} m) "
            f"than the picture's ({size.found})",
            remedy="samples of a picture of that resolution, or an assessment of the map",
        )
    )


def report_outside_training(model: Model, pixels: Any, tile: Tile, units: Units) -> None:
    """Tell of a tile with many pixels, or with a pixel size, that the model has never seen.

    `pixels` are the bands that the recipe needs, (band, y, x), as they are stored.
    """
    if model.familiar is None:
        return
    if model.recipe.margin:
        _tell_size(model.familiar, tile)
    valid = ~np.ma.getmaskarray(pixels).any(axis=0)
    strange = model.familiar.strange(model.recipe.needs, np.ma.getdata(pixels), units)
    count = int((strange & valid).sum())
    if count > _STRANGE * valid.sum():
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.PIXELS,
                reason="their values are far from all that the model was trained on",
                count=count,
                examples=(str(tile.index),),
                remedy="samples of such land in the training, or another model",
            )
        )


def _tell_size(familiar: TrainingDomain, tile: Tile) -> None:
    times = familiar.times_coarser(tile)
    if times is not None and is_other_size(times):
        tell(
            Note(
                fate=Fate.GUESSED,
                subject=Subject.TILES,
                reason=f"made at another pixel size than that of the training "
                f"({familiar.pixel:.3g} m), and the model looks at windows of pixels",
                examples=(f"zoom {tile.zoom}: {times * familiar.pixel:.3g} m",),
                remedy="baselevels with lower: mode make the coarser zooms of the finest",
            )
        )
