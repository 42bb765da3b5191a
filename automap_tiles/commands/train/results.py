"""What a training has come to, as text and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automap_tiles.analysis.classifier.parameters import Strategy
from automap_tiles.analysis.sample_table import SampleTable
from automap_tiles.commands.train.run import Outcome

_TREES = {
    Strategy.TREE_PER_CLASS: "one tree per class",
    Strategy.VECTOR_LEAF: "vector leaves",
}


def report_of(outcome: Outcome) -> dict[str, Any]:
    """The model's report with what it is called, and with what was measured on this machine."""
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
                "strategy": cost.strategy.value,
                "rounds": cost.rounds,
                "trees": cost.trees,
                "microseconds_per_pixel": cost.microseconds,
                "seconds_per_km2": cost.seconds_per_km2(outcome.pixel_area),
            }
            for cost in outcome.costs
        ],
    }


def of_samples(table: SampleTable) -> Iterator[str]:
    """Lines: how many samples of each class there are, and what was dropped."""
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


def summary(outcome: Outcome) -> Iterator[str]:
    """Lines for people."""
    report = outcome.model.report
    folds = report["folds"]
    held = "blocks" if folds["block_size"] else "polygons"
    yield from _scores(f"whole {held} held out ({folds['number']} folds)", report["blocked"])
    yield from _scores("pixels held out by chance (flattered by neighbours)", report["random"])
    if report["holdout"] is not None:
        yield from _scores(f"{held} kept for a final test", report["holdout"])
    yield "These are no accuracies of a map: for that, automap assess with a reference sample."
    strategies = report["strategies"]
    yield (
        f"Log loss {strategies['chosen_loss']:.4f}, with default parameters "
        f"{strategies['default_loss']:.4f}; {report['trees']} trees, "
        f"{_TREES[Strategy(strategies['chosen'])]}."
    )
    for cost in outcome.costs:
        yield (
            f"{_TREES[cost.strategy].capitalize()}: {cost.microseconds:.1f} µs per pixel, "
            f"{cost.seconds_per_km2(outcome.pixel_area):.3f} s CPU per km²."
        )
    strongest = list(report["importances"].items())[:5]
    yield "Most useful: " + ", ".join(f"{name} {share:.0%}" for name, share in strongest)


def _scores(title: str, scores: Mapping[str, Any]) -> Iterator[str]:
    spread = f" ± {scores['spread']:.3f}" if "spread" in scores else ""
    yield f"{title}: accuracy {scores['accuracy']:.3f}{spread}, macro-F1 {scores['macro_f1']:.3f}"
