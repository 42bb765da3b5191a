"""Results of a training, as text and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.workflows.train._run import Trained


def report_of(outcome: Trained) -> dict[str, Any]:
    """The model's report with class names, and with costs measured on this machine."""
    model = outcome.model
    return {
        "classes": [
            {"value": one.value, "name": one.name, "colour": one.colour} for one in model.classes
        ],
        "features": list(model.recipe.names),
        "versions": dict(model.versions),
        **model.report,
        "costs": [
            {
                "name": cost.name,
                "taken": cost.is_taken,
                "trees": cost.trees,
                "microseconds_per_pixel": cost.microseconds,
                "seconds_per_km2": cost.seconds_per_km2(outcome.pixel_area),
            }
            for cost in outcome.costs
        ],
    }


def of_samples(table: SampleTable) -> Iterator[str]:
    """Lines: samples of each class, and losses."""
    losses: dict[int, list[str]] = {}
    for loss in table.losses:
        losses.setdefault(loss.value, []).append(f"{loss.count} {loss.reason.value}")
    polygons = {
        value: len(set(table.groups[table.classes == value].tolist())) for value in table.counts
    }
    for value in sorted({*table.counts, *losses}):
        name = table.names.get(value, "") if value else "(no class)"
        line = f"{value:>4} {name:<20} {table.counts.get(value, 0):>8} samples"
        if value in polygons:
            line += f" of {polygons[value]} shapes"
        if value in losses:
            line += f"; dropped: {', '.join(losses[value])}"
        yield line


def summary(outcome: Trained) -> Iterator[str]:
    """A readable summary."""
    report, names = outcome.model.report, [one.name for one in outcome.model.classes]
    folds = report["folds"]
    held = "blocks" if folds["block_size"] else "polygons"
    yield from _estimate(report, names, held)
    yield (
        f"Pixels held out by chance: accuracy {report['random']['accuracy']:.3f}, macro-F1 "
        f"{report['random']['macro_f1']:.3f}: optimistic, flattered by neighbours."
    )
    if report["holdout"] is not None:
        yield (
            f"{held.capitalize()} kept for a final test: accuracy "
            f"{report['holdout']['accuracy']:.3f}, macro-F1 {report['holdout']['macro_f1']:.3f}"
        )
    yield from _calibration(report, held)
    yield (
        "These are not accuracies of a map, where classes are not as common as among the samples: "
        "for that, automap assess with a reference sample."
    )
    yield f"Taken: {_taken(report['setup'])}; {report['trees']} trees."
    for cost in outcome.costs:
        yield (
            f"{cost.name.capitalize()}{'' if cost.is_taken else ' (to compare)'}: "
            f"{cost.microseconds:.1f} µs per pixel, "
            f"{cost.seconds_per_km2(outcome.pixel_area):.3f} s CPU per km²."
        )
    strongest = list(report["importances"].items())[:5]
    yield "Most useful: " + ", ".join(f"{name} {share:.0%}" for name, share in strongest)


def explain(report: Mapping[str, Any]) -> Iterator[str]:
    """Lines: each choice with its evidence."""
    if not report["decisions"]:
        yield "No choice was made: too few polygons, or all was given."
    for decision in report["decisions"]:
        yield f"{decision['question']}: {decision['taken']}"
        for answer in decision["answers"]:
            line = (
                f"    {answer['name']:<32} accuracy {answer['accuracy']:.3f}, macro-F1 "
                f"{answer['macro_f1']:.3f}"
            )
            if "gain" in answer:
                line += f"; gain {answer['gain']:+.4f} ± {answer['standard_error']:.4f}"
            yield line
    yield (
        "Another way is taken where its gain, in the mean of accuracy and macro-F1 over whole "
        "polygons held out, exceeds twice its own standard error."
    )


def _estimate(report: Mapping[str, Any], names: Sequence[str], held: str) -> Iterator[str]:
    found, samples = report["estimate"], report["samples"]
    if found is None:
        yield (
            f"No accuracy can be told: no class has the three {held} that are needed to hold some "
            "out."
        )
        return
    folds = report["folds"]
    yield (
        f"Whole {held} held out, all their pixels ({folds['number']} folds, {found['repeats']} "
        f"times): accuracy {_figure(found['accuracy'])}, macro-F1 {_figure(found['macro_f1'])}; "
        f"{found['polygons']} {held}, {found['pixels']} pixels."
    )
    yield from _grown(found, held)
    if found["small"]:
        yield f"These are small numbers: {_few(found, held)} tell little of others."
    yield from _by_class(found, names)
    each = zip(names, samples["polygons"], samples["counts"], strict=True)
    yield "Samples: " + ", ".join(f"{name} {n} in {shapes}" for name, shapes, n in each)
    if found["left_out"]:
        some = ", ".join(names[place] for place in found["left_out"])
        yield f"Learnt, but not in these figures, for want of {held} to hold out: {some}."


_UNLIKE = 0.5
"""Ratio of effective to actual polygons above which the difference is not mentioned."""


def _few(found: Mapping[str, Any], held: str) -> str:
    """Effective number of polygons; models of earlier versions do not have their sizes."""
    polygons, as_many = found["polygons"], found.get("as_many")
    if as_many is None or as_many > _UNLIKE * polygons:
        return f"{polygons} {held}"
    return f"{polygons} {held}, of so unlike sizes that they tell as much as {as_many:.0f} alike,"


def _by_class(found: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """Range of the accuracy for any class proportions."""
    several = zip(names, found.get("found", ()), strict=False)
    told = [(share, name) for name, share in several if share is not None]
    if len(told) > 1 and f"{min(told)[0]:.2f}" != f"{max(told)[0]:.2f}":
        (low, worst), (high, best) = min(told), max(told)
        yield (
            f"Of {worst} {low:.2f} is found, of {best} {high:.2f}: the accuracy is that of classes "
            "as common as among the samples, and lies between these where they are not."
        )


def _grown(found: Mapping[str, Any], held: str) -> Iterator[str]:
    """The part of the figures that is extrapolated to the full training set."""
    # missing in models of earlier versions
    figures = [found[name] for name in ("accuracy", "macro_f1")]
    grown = [one.get("grown", 0.0) for one in figures]
    if any(f"{one:.3f}" != "0.000" for one in grown):
        yield (
            f"Of these {grown[0]:.3f} and {grown[1]:.3f} are extrapolated: folds learn from fewer "
            f"{held} than the model does, and from half of those they are worse."
        )


def _calibration(report: Mapping[str, Any], held: str) -> Iterator[str]:
    """Calibration of the model; missing in reports of earlier versions."""
    found = report.get("calibration")
    if found is None:
        return
    before, after = found["before"], found["after"]
    start = (
        f"Probabilities, by {held} held out: log loss {before['log_loss']:.3f}, calibration error "
        f"{before['error']:.3f}; "
    )
    if found["temperature"] == 1:
        yield f"{start}left as they are: {_why_not(found, held)}."
    else:
        yield (
            f"{start}calibrated with temperature {found['temperature']:.2f}: "
            f"{after['log_loss']:.3f} and {after['error']:.3f}."
        )


def _why_not(found: Mapping[str, Any], held: str) -> str:
    """Why probabilities have no temperature."""
    # earlier versions always applied the fitted temperature
    if found.get("found", 1) == 1:
        return f"{held} do not agree on a temperature"
    gain = found["gain"]
    return (
        f"a temperature of {found['found']:.2f} gains {gain['gain']:.3f} on {held} that it was not "
        f"learnt from, no more than twice the standard error of that, {gain['standard_error']:.3f}"
    )


def _figure(one: Mapping[str, float]) -> str:
    return f"{one['value']:.3f} (95 % interval {one['low']:.3f} to {one['high']:.3f})"


def _taken(setup: Mapping[str, Any]) -> str:
    words = [" + ".join(setup["kinds"])]
    words += [f"with {name}" for name in setup["features"]]
    if setup["without_mixed_pixels"]:
        words.append("without mixed pixels at edges")
    if setup["balance"]:
        words.append("rare classes count more")
    return ", ".join(words)
