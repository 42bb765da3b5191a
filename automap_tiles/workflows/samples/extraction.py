"""Features of samples, read from a raster tile by tile through the engine.

The pixels of the samples are written to a folder as points; the process `samples` computes the
features of each, on all cores, with results stored and resumed like any run; the results are
collected in a table.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.recipe import MissingBands, Recipe, RepeatedBands
from automap_tiles.analysis.learning.sample_table import Loss, Reason, SampleTable, added
from automap_tiles.analysis.learning.sampling import by_number, lots
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Notes, tell
from automap_tiles.stopping import NEVER, StopToken
from automap_tiles.storage import Address
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows.events import Event, Fact
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.running import at_once
from automap_tiles.workflows.samples._reading import config_of, gathered, read_features
from automap_tiles.workflows.samples._source import SampleShapes
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels
from automap_tiles.workflows.samples.losses import notes_of
from automap_tiles.workflows.samples.picture import SourcePicture, look_at
from automap_tiles.workflows.samples.pixels import Pixels, place, thinned

NOTHING: Mapping[str, Fact] = {}
_SPARE = 4
"""Number of pixels read per pixel of the limit: some may have no data."""


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """Selection of sample pixels."""

    per_class: int | None = None
    """Maximum number of pixels per class."""
    per_polygon: int | None = None
    """Maximum number of pixels per polygon."""
    erode: int = 1
    """Width of the excluded edge of a polygon in pixels, if it is wide enough."""
    seed: int = 0
    """Determines, with the position of a pixel, whether it is kept when numbers are limited."""

    def __post_init__(self) -> None:
        for key, value, least in (
            ("per_class", self.per_class, 1),
            ("per_polygon", self.per_polygon, 1),
            ("erode", self.erode, 0),
        ):
            if value is not None and value < least:
                raise ConfigError(f"must be at least {least}", key=key, found=value)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Samples and the features to read."""

    samples: SampleShapes
    picture: SourcePicture
    recipe: Recipe
    wanted: Extraction = field(default_factory=Extraction)
    folder: Address | None = None
    """Where results are kept: the same sampling again reads nothing, and an interrupted one
    resumes. None: not kept."""
    how: ExecutionOptions = field(default_factory=ExecutionOptions)
    """Execution of the tiles; a few of them are read in this process."""


def extract(
    samples: SampleShapes,
    picture: SourcePicture | str | Path,
    recipe: Recipe,
    wanted: Extraction | None = None,
    *,
    folder: Address | Path | None = None,
    workers: int | None = None,
    listen: Callable[[Event], None] | None = None,
) -> SampleTable:
    """The table of a sampling, without events; `listen` is called for every tile."""
    sampling = Sampling(
        samples=samples,
        picture=picture if isinstance(picture, SourcePicture) else look_at(picture),
        recipe=recipe,
        wanted=wanted or Extraction(),
        folder=None if folder is None else Address.of(folder),
        how=ExecutionOptions(workers=workers),
    )
    return at_once(sampled(sampling), listen)


def sampled(
    sampling: Sampling,
    *,
    facts: Mapping[str, Fact] = NOTHING,
    stop: StopToken = NEVER,
    notes: Notes | None = None,
) -> Generator[Event, None, SampleTable]:
    """A table of the samples with the features of a recipe, as the phase `SAMPLING`.

    Items are the tiles that are read. The table does not depend on tiles or workers. Losses are
    reported and included in the table's notes.

    Raises `ConfigError` if the raster lacks bands, or no sample lies in it or on valid pixels,
    `InputError` if it cannot be read, `Stopped`. Notes are added to `notes`.
    """
    _check_bands(sampling.picture, sampling.recipe)
    with _folder(sampling.folder) as place_of:

        def begin(_: object) -> tuple[_Origin, dict[str, Any]]:
            origin = _origin(sampling)
            return origin, config_of(sampling.picture, sampling.recipe, origin.read, place_of)

        def finish(_: object) -> SampleTable:
            found = gathered(config, sampling.picture, sampling.recipe)
            table = _table(found, origin, sampling.wanted)
            tell(*table.notes)
            return table

        origin, config = yield from run_in_background(begin, stop=stop, notes=notes)
        told = yield from read_features(
            config, sampling.picture, sampling.recipe, how=sampling.how, facts=facts, stop=stop
        )
        if notes is not None:
            notes.extend(told)
        return (yield from run_in_background(finish, stop=stop, notes=notes))


@dataclass(frozen=True)
class _Origin:
    samples: SampleShapes
    pixels: Pixels
    read: LabelledPixels
    picture: SourcePicture
    recipe: Recipe


def _origin(sampling: Sampling) -> _Origin:
    samples, picture, wanted = sampling.samples, sampling.picture, sampling.wanted
    pixels = place(
        samples,
        picture,
        erode=wanted.erode,
        per_shape=_spare(wanted.per_polygon),
        seed=wanted.seed,
    )
    read = thinned(pixels.claims, _spare(wanted.per_class), wanted.seed)
    return _Origin(samples, pixels, read, picture, sampling.recipe)


def _check_bands(picture: SourcePicture, recipe: Recipe) -> None:
    try:
        recipe.check(picture.bands)
    except MissingBands as error:
        raise ConfigError(
            f"lacks the band {', '.join(error.missing)}",
            picture.path,
            key="--picture",
            found=", ".join(picture.bands),
            remedy="another picture, or a recipe of the bands that it has",
        ) from error
    except RepeatedBands as error:
        raise ConfigError(
            f"has several bands named {', '.join(error.repeated)}",
            picture.path,
            key="--picture",
            found=", ".join(picture.bands),
            remedy="a name of its own for each band, or a recipe of the others",
        ) from error


def _spare(limit: int | None) -> int | None:
    return None if limit is None else _SPARE * limit


@contextlib.contextmanager
def _folder(folder: Address | None) -> Iterator[Address]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="automap-samples-") as path:
        yield Address.of(path)


def _table(
    found: tuple[LabelledPixels, np.ndarray[Any, np.dtype[np.float32]]],
    origin: _Origin,
    wanted: Extraction,
) -> SampleTable:
    claims, values = found
    if not len(claims):
        raise ConfigError(
            f"all {len(origin.read)} samples lie where the picture has no data",
            origin.samples.path,
            key="--samples",
            remedy=f"look at both on a map; the picture is {origin.picture.path}",
        )
    lot = lots(claims.rows, claims.cols, wanted.seed)
    kept = np.ones(len(claims), dtype=bool)
    if wanted.per_polygon is not None:
        kept &= by_number(claims.groups, wanted.per_polygon, lot)
    if wanted.per_class is not None:
        chosen = by_number(claims.classes[kept], wanted.per_class, lot[kept])
        kept[kept] = chosen
    x, y = origin.picture.centres(claims.rows[kept], claims.cols[kept])
    left = claims.take(kept)
    losses = _losses(origin, claims, left)
    return SampleTable(
        values=values[kept],
        edge=np.isin(left.keys(), origin.pixels.edges),
        stands_for=_stands_for(left, origin.pixels),
        classes=claims.classes[kept],
        groups=claims.groups[kept],
        x=x,
        y=y,
        crs=origin.picture.crs.to_wkt(),
        features=origin.recipe.names,
        names=origin.samples.names,
        losses=losses,
        notes=(
            *origin.samples.notes,
            *origin.pixels.notes,
            *notes_of(losses, origin.samples.names, set(claims.classes[kept].tolist())),
        ),
    ).sorted()


def _stands_for(kept: LabelledPixels, pixels: Pixels) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(sample,) pixels of its group that each represents, if limits excluded others."""
    groups, member, counts = np.unique(kept.groups, return_inverse=True, return_counts=True)
    sizes = np.array([pixels.sizes[group] for group in groups.tolist()])
    shares: np.ndarray[Any, np.dtype[np.float32]] = (sizes / counts).astype(np.float32)
    return shares[member.reshape(-1)]


def _losses(origin: _Origin, found: LabelledPixels, kept: LabelledPixels) -> tuple[Loss, ...]:
    """All losses, including nodata and limits: every pixel is either in the table or counted."""
    read, left, told = (Counter(each.classes.tolist()) for each in (origin.read, found, kept))
    losses = list(origin.pixels.losses)
    for value, candidates in origin.pixels.candidates.items():
        nodata = read[value] - left[value]
        losses.append(Loss(value=value, reason=Reason.NODATA, count=nodata))
        capped = candidates - nodata - told[value]
        losses.append(Loss(value=value, reason=Reason.CAPPED, count=capped))
    return added(losses)
