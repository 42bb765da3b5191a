"""How good a map is, by a reference sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.accuracy import (
    Estimate,
    MapAccuracy,
    confusion,
    map_accuracy,
    without_errors,
)
from automap_tiles.analysis.learning.classifier import LandClass, land_classes
from automap_tiles.analysis.learning.classifier.training import Scores
from automap_tiles.analysis.learning.stratified import stratified_accuracy
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.workflows.assess._class_map import ClassMap, Strata, count, open_map
from automap_tiles.workflows.assess._reference import (
    Reference,
    ReferenceRequest,
    open_model,
    read_reference,
)
from automap_tiles.workflows.assess._strata import DrawnPoints, drawn_points, reference_of

if TYPE_CHECKING:
    from automap_tiles.analysis.learning.classifier import Model

_HECTARE = 10_000.0
_FEW = 30
"""Below this number of samples, a class's figures are hardly meaningful."""
_LEAST = 5
"""Below this number of samples, a class gets no figures: four of four would be 100 % ± 0 %."""
_LEAST_IN_ALL = 10
"""Below this number of samples, a map gets no figures."""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """Result of an assessment; lists are in the order of the classes."""

    map: str
    reference: str
    classes: tuple[LandClass, ...]
    """Classes of the map with samples, and those found only in the reference."""
    counts: NDArray[np.int64]
    """(map class, reference class) number of samples."""
    pixels: tuple[int, ...]
    areas: tuple[float, ...]
    """Mapped area of each class, square metres."""
    accuracy: MapAccuracy
    left_out: tuple[LandClass, ...]
    """Classes of the map without samples, which cannot be assessed."""
    left_out_area: float
    """Area of these, square metres."""
    sample: Reference
    drawn_in: str | None = None
    """The map whose classes are the strata of the sample, if it is another one."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was lost or guessed, the reference first."""
        return (*self.sample.notes, *_notes(self))

    @property
    def scores(self) -> Scores:
        """Scores of the sample counts, regardless of areas."""
        return Scores(matrix=self.counts.T)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": "map accuracy",
            "method": f"stratified estimates of {_source(self)}, 95 % intervals",
            "map": self.map,
            "reference": self.reference,
            "classes": [_class(one) for one in self.classes],
            "samples": int(self.counts.sum()),
            "counts": self.counts.tolist(),
            "strata": {
                "pixels": list(self.pixels),
                "hectares": [area / _HECTARE for area in self.areas],
            },
            "proportions": self.accuracy.proportions.tolist(),
            "overall": self.accuracy.overall.to_dict(),
            "users": [one.to_dict() for one in self.accuracy.users],
            "producers": [one.to_dict() for one in self.accuracy.producers],
            "hectares": [one.to_dict() for one in self.accuracy.areas(sum(self.areas) / _HECTARE)],
            "counted": self.scores.to_dict(),
            "drawn_in": self.drawn_in,
            "left_out": {
                "classes": [_class(one) for one in self.left_out],
                "hectares": self.left_out_area / _HECTARE,
            },
            "losses": [
                {"class": loss.value, "reason": loss.reason.value, "count": loss.count}
                for loss in self.sample.losses
            ],
            "training_samples_left_out": self.sample.training,
            "remarks": list(remarks(self)),
            "notes": [note.to_json() for note in self.notes],
        }


def assess(path: str, wish: ReferenceRequest, band: int = 1) -> Assessment:
    """Compare a map with a reference sample; raises `ConfigError`."""
    classes = open_map(path, band)
    model = open_model(wish.model)
    # cheap checks first
    drawn = drawn_points(wish, classes, model)
    sample = read_reference(wish, classes, model) if drawn is None else reference_of(drawn)
    _check_number(sample, wish)
    strata = count(classes)
    if drawn is not None and drawn.are_classes_of(strata):
        drawn, sample = None, read_reference(wish, classes, model)
    legend = _Legend(classes=classes, model=model, names=sample.names)
    if drawn is None:
        found = _in_classes(_Told(path, wish.path, legend), strata, sample)
    else:
        found = _in_strata(_Told(path, wish.path, legend), strata, sample, drawn)
    tell(*found.notes)
    return found


@dataclass(frozen=True, kw_only=True)
class _Legend:
    """Names and colours of classes."""

    classes: ClassMap
    model: Model | None
    names: Mapping[int, str]

    def of(self, values: Iterable[int]) -> tuple[LandClass, ...]:
        learnt = () if self.model is None else self.model.classes
        colours = {**{one.value: one.colour for one in learnt}, **self.classes.colours}
        return land_classes(set(values), self.names, colours)


class _Told(NamedTuple):
    """Sources of the inputs."""

    map: str
    reference: str
    legend: _Legend


def _in_classes(told: _Told, strata: Strata, sample: Reference) -> Assessment:
    """For a sample drawn within the classes of the map."""
    seen = set(sample.mapped.tolist())
    left_out = [value for value in strata.values if value not in seen]
    values = sorted(seen | set(sample.truth.tolist()))
    # a class of the map may have no samples: its area is left out
    pixels, areas = _sizes(strata, [value if value in seen else 0 for value in values])
    counts = confusion(sample.mapped, sample.truth, values)
    legend = told.legend.of([*values, *left_out])
    found = _few_untold(map_accuracy(counts, np.array(areas) / sum(areas)), counts)
    return Assessment(
        map=told.map,
        reference=told.reference,
        classes=tuple(one for one in legend if one.value in values),
        counts=counts,
        pixels=pixels,
        areas=areas,
        accuracy=without_errors(found) if sample.several else found,
        left_out=tuple(one for one in legend if one.value in left_out),
        left_out_area=_area(strata, left_out),
        sample=sample,
    )


def _in_strata(told: _Told, strata: Strata, sample: Reference, drawn: DrawnPoints) -> Assessment:
    """For a sample drawn within the classes of another map."""
    values = sorted({*strata.values, *sample.truth.tolist()})
    pixels, areas = _sizes(strata, values)
    counts = confusion(sample.mapped, sample.truth, values)
    return Assessment(
        map=told.map,
        reference=told.reference,
        classes=told.legend.of(values),
        counts=counts,
        pixels=pixels,
        areas=areas,
        accuracy=_few_untold(stratified_accuracy(drawn.sample(), values), counts),
        left_out=(),
        left_out_area=0.0,
        sample=sample,
        drawn_in=drawn.drawn_in.source,
    )


def _sizes(strata: Strata, values: Sequence[int]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Pixels and square metres of classes, zero for those not in the map."""
    known = dict(zip(strata.values, zip(strata.pixels, strata.areas, strict=True), strict=True))
    pixels, areas = zip(*(known.get(value, (0, 0.0)) for value in values), strict=True)
    return pixels, areas


def _check_number(sample: Reference, wish: ReferenceRequest) -> None:
    """Raise `ConfigError` for a reference that is too small for any figure."""
    if len(sample.mapped) < _LEAST_IN_ALL:
        lost = "; ".join(str(note) for note in sample.notes)
        raise ConfigError(
            f"{len(sample.mapped)} reference samples say nothing of a map; "
            f"{_LEAST_IN_ALL} are the least",
            wish.path,
            key="REFERENCE",
            found=lost or None,
            remedy="automap assess --design draws as many as are needed",
        )


def remarks(found: Assessment) -> Sequence[str]:
    """Remarks needed to interpret the figures."""
    told = [
        "The estimates hold for a reference that was drawn by chance within each class of "
        f"{found.drawn_in or 'the map'}. Where it was not, they are no more than a comparison."
    ]
    if found.sample.several:
        told.append(
            f"{found.sample.several} reference shapes have several pixels. These are alike and "
            "were not drawn one by one, so no interval can be told."
        )
    return told


def _notes(found: Assessment) -> Iterator[Note]:
    """What the figures do not cover, and what was assumed."""
    if found.left_out:
        total = found.left_out_area + sum(found.areas)
        yield Note(
            fate=Fate.LOST,
            subject=Subject.CLASSES,
            reason="they have no reference sample: all numbers are of the rest of the map, "
            f"without {found.left_out_area / total:.1%} of it",
            count=len(found.left_out),
            examples=tuple(one.name for one in found.left_out),
        )
    sampled = found.counts.sum(axis=1).tolist()
    numbered = [(one.name, n) for one, n in zip(found.classes, sampled, strict=True)]
    for least, most, fate, reason in (
        (1, _LEAST - 1, Fate.LOST, f"fewer than {_LEAST} samples: their user's accuracy is "
         "not told"),
        (_LEAST, _FEW - 1, Fate.GUESSED, f"fewer than {_FEW} samples: their numbers say little"),
    ):  # fmt: skip
        few = [f"{name}: {n}" for name, n in numbered if least <= n <= most]
        if few:
            yield Note.of(
                few,
                fate=fate,
                subject=Subject.CLASSES,
                reason=reason,
            )
    if found.sample.training is None:
        yield Note(
            fate=Fate.GUESSED,
            subject=Subject.REFERENCE_POINTS,
            reason="taken for none of the samples of the training",
            count=int(found.counts.sum()),
            remedy="--training with the model that made the map",
        )
    elif found.sample.training:
        yield Note(
            fate=Fate.LOST,
            subject=Subject.REFERENCE_POINTS,
            reason="their shapes hold training samples",
            count=found.sample.training,
        )


def _few_untold(found: MapAccuracy, counts: NDArray[np.int64]) -> MapAccuracy:
    """Without the accuracies of classes that have too few samples."""
    nothing = Estimate(value=np.nan, error=np.nan)

    def kept(several: Sequence[Estimate], samples: NDArray[np.int64]) -> tuple[Estimate, ...]:
        pairs = zip(several, samples.tolist(), strict=True)
        return tuple(one if n >= _LEAST else nothing for one, n in pairs)

    return replace(
        found,
        users=kept(found.users, counts.sum(axis=1)),
        producers=kept(found.producers, counts.sum(axis=0)),
    )


def _source(found: Assessment) -> str:
    return "Olofsson et al. 2014" if found.drawn_in is None else "Stehman 2014"


def _area(strata: Strata, values: Sequence[int]) -> float:
    return sum(
        area for value, area in zip(strata.values, strata.areas, strict=True) if value in values
    )


def _class(one: LandClass) -> dict[str, Any]:
    return {"value": one.value, "name": one.name, "colour": one.colour}
