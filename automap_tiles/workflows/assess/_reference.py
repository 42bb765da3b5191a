"""The reference sample: true classes, with the mapped ones beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.sample_table import Loss, Reason, added
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Note, Subject
from automap_tiles.workflows.assess._class_map import ClassMap, at, moved
from automap_tiles.workflows.samples import (
    ClassList,
    SampleShapes,
    SourcePicture,
    read_classes,
    read_samples,
)
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels
from automap_tiles.workflows.samples.losses import WORDS, notes_of
from automap_tiles.workflows.samples.pixels import place
from automap_tiles.workflows.samples.points_file import MARK, count_suggested

if TYPE_CHECKING:
    from automap_tiles.analysis.learning.classifier import Model


_SUBJECT = Subject.REFERENCE_POINTS
_WORDS = {
    **WORDS,
    Reason.OUTSIDE: "outside the map",
    Reason.NODATA: "the map has no class there",
}


@dataclass(frozen=True, kw_only=True)
class ReferenceRequest:
    """Sources of the reference sample."""

    path: str
    class_field: str | None = None
    year: int | None = None
    classes: str | None = None
    """File with class names; None: the names of the map."""
    model: str | None = None
    """The model that made the map: none of its training samples may be used as reference."""
    drop_training: bool = False
    """Leave out shapes with training samples instead of rejecting the reference."""
    strata: str | None = None
    """The map that the sample was drawn from, or the record of its design; None: the record beside
    the reference, otherwise the assessed map."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Pixels with known true class."""

    mapped: NDArray[np.uint8]
    """(sample,) mapped class."""
    truth: NDArray[np.uint8]
    """(sample,) true class."""
    losses: tuple[Loss, ...]
    training: int | None
    """Pixels left out because their shape holds training samples; None if the map's model is not
    given."""
    several: int
    """Shapes with more than one pixel, which were not drawn individually."""
    names: dict[int, str]
    notes: tuple[Note, ...] = ()
    """What of the reference is not among the samples."""


def read_reference(wish: ReferenceRequest, classes: ClassMap, model: Model | None) -> Reference:
    """Read a reference and look up the mapped classes; raises `ConfigError`."""
    names = names_of(classes, model)
    samples = samples_of(wish, names)
    pixels = place(samples, classes.picture, erode=0)
    claims, training = _without_training(pixels.claims, wish, classes.picture, model)
    mapped = at(classes, claims.rows, claims.cols)
    known = mapped > 0
    if not known.any():
        raise ConfigError(
            "no reference sample lies where the map has a class", wish.path, key="REFERENCE"
        )
    values, counts = np.unique(claims.classes[~known], return_counts=True)
    nodata = [
        Loss(value=value, reason=Reason.NODATA, count=number)
        for value, number in zip(values.tolist(), counts.tolist(), strict=True)
    ]
    losses = added([*pixels.losses, *nodata])
    names = {**samples.names, **names}
    return Reference(
        mapped=mapped[known],
        truth=claims.classes[known],
        losses=losses,
        notes=tuple(_notes(samples, losses, names, claims.classes[known])),
        training=training,
        several=int((np.unique(claims.groups[known], return_counts=True)[1] > 1).sum()),
        names=names,
    )


def _notes(
    samples: SampleShapes, losses: tuple[Loss, ...], names: dict[int, str], kept: NDArray[np.uint8]
) -> Iterator[Note]:
    """Notes in the terms of an assessment: the raster is the map, the samples its reference."""
    left = set(kept.tolist())
    for note in (*samples.notes, *notes_of(losses, names, left, _WORDS, _SUBJECT)):
        yield replace(note, subject=_SUBJECT) if note.subject is Subject.SAMPLES else note


def names_of(classes: ClassMap, model: Model | None) -> dict[int, str]:
    """Names of the classes, from the map or the model."""
    said = {} if model is None else {one.value: one.name for one in model.classes}
    return {**said, **classes.names}


def samples_of(wish: ReferenceRequest, names: dict[int, str]) -> SampleShapes:
    """The shapes of a reference, with the classes of the map; raises `ConfigError`."""
    _check_drawn(wish.path)
    if wish.classes is not None:
        said: ClassList | None = read_classes(wish.classes)
    else:
        said = _list_of(names) if names else None
    samples = read_samples(wish.path, class_field=wish.class_field, year=wish.year, classes=said)
    if wish.classes is None and samples.unlisted:
        raise ConfigError(
            "has classes that the map does not know",
            wish.path,
            key="--class-field",
            found=", ".join(samples.unlisted[:10]),
            remedy=f"--classes with their numbers in the map, or without those that are to be left "
            f"out; the map has {', '.join(f'{n} {name}' for n, name in sorted(names.items()))}",
        )
    if said is None and samples.names:
        raise ConfigError(
            "has names for classes, and the map has numbers only",
            wish.path,
            key="--class-field",
            found=", ".join(samples.names.values()),
            remedy="--training with the model of the map, or --classes with a number for each",
        )
    return samples


def _check_drawn(path: str) -> None:
    """Raise `ConfigError` for points that were placed where a model is uncertain."""
    if number := count_suggested(path):
        raise ConfigError(
            "points that `automap samples --suggest` chose are not a reference sample: they lie "
            "where the model is least sure, and tell how good it is there, not how good the map is",
            path,
            key="REFERENCE",
            found=f"{number} with the mark {MARK!r}",
            remedy="learn from them (automap train), and assess with points drawn by chance "
            "(automap assess --design)",
        )


def _list_of(names: dict[int, str]) -> ClassList:
    """Names and numbers of the map's classes, either of which may be in the field.

    Ambiguous entries are left out.
    """
    pairs = [
        *((str(value), value) for value in names),
        *((name, value) for value, name in names.items()),
    ]
    meant: dict[str, set[int]] = {}
    for label, value in pairs:
        meant.setdefault(label, set()).add(value)
    labels = {label: min(values) for label, values in meant.items() if len(values) == 1}
    return ClassList(path="the map", values=labels, names=names, colours={})


def _without_training(
    claims: LabelledPixels, wish: ReferenceRequest, picture: SourcePicture, model: Model | None
) -> tuple[LabelledPixels, int | None]:
    if model is None:
        return claims, None
    trained = np.isin(claims.keys(), training_keys(model, picture))
    # other pixels of a training polygon are no more independent
    known = np.isin(claims.groups, claims.groups[trained])
    shapes = np.unique(claims.groups)
    _check_training(len(np.unique(claims.groups[known])), len(shapes), wish)
    return claims.take(~known), int(known.sum())


def trained_on(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    wish: ReferenceRequest,
    picture: SourcePicture,
    model: Model,
) -> NDArray[np.bool_]:
    """Which points lie in training pixels; raises `ConfigError` if that is not allowed."""
    trained = np.isin(LabelledPixels.of_one(rows, cols, 0, 0).keys(), training_keys(model, picture))
    _check_training(int(trained.sum()), len(trained), wish)
    return trained


def _check_training(trained: int, shapes: int, wish: ReferenceRequest) -> None:
    """Reject a reference that is all training data, or has any unless it may be left out."""
    if trained == shapes or (trained and not wish.drop_training):
        raise ConfigError(
            f"{trained} of its {shapes} shapes hold training "
            "samples of the model: they tell what it remembers, not how good the map is",
            wish.path,
            key="REFERENCE",
            remedy="samples drawn for the purpose (automap assess --design); "
            "--drop-training leaves these out",
        )


def training_keys(model: Model, picture: SourcePicture) -> NDArray[np.int64]:
    """Pixels of a picture with training samples, numbered as in `LabelledPixels.keys`."""
    from rasterio.crs import CRS

    own = CRS.from_user_input(model.training.crs)
    x, y = model.training.positions.T
    rows, cols = picture.places(*moved(x, y, own, picture.crs))
    return LabelledPixels.of_one(rows, cols, 0, 0).keys()


def open_model(path: str | Path | None) -> Model | None:
    """The model of a map, if given; raises `ConfigError`."""
    if path is None:
        return None
    from automap_tiles.analysis.learning.classifier import Model
    from automap_tiles.errors import InputError

    try:
        return Model.open(path)
    except InputError as error:
        raise ConfigError(error.message, path, key="--training") from error
