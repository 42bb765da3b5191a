"""The plots of reports, as SVG that takes its colours and letters from the page."""

from __future__ import annotations

from collections.abc import Sequence

from automap_tiles.workflows.report._axes import ACCENT, INK, OTHER, Axes, Scale

_DOTS, _DASHES = "1 2", "5 3"


def bars(names: Sequence[str], shares: Sequence[float]) -> str:
    """Horizontal bars, the first on top."""
    x = Scale.of(0, max([*shares, 1e-9]), wide=False)
    axes = Axes(x=x, y=Scale.of_names(names), height=40 + 17 * len(names))
    for place, share in enumerate(shares):
        axes.bar(share, place, 0.8, ACCENT)
    return axes.svg()


def search(trials: Sequence[tuple[int, float, bool, bool]], default: float, chosen: float) -> str:
    """Log loss of each trial: (number, loss, complete, with vector leaves)."""
    numbers = [trial[0] for trial in trials] or [1]
    # one hopeless trial must not hide the others
    losses = sorted(trial[1] for trial in trials if trial[2]) or [default]
    low, high = min(losses[0], chosen), max(losses[-1], default)
    y = Scale.of(low - 1e-3, high + 0.2 * (high - low) + 1e-3, "log loss")
    x = Scale.of(min(numbers), max(numbers), "trial (×: ended early)", whole=True)
    axes = Axes(x=x, y=y, height=230, has_legend=True)
    for vector, colour, label in (
        (False, ACCENT, "one tree per class"),
        (True, OTHER, "vector leaves"),
    ):
        own = [trial for trial in trials if trial[3] is vector]
        look = axes.marks(((trial[0], trial[1]) for trial in own if trial[2]), colour)
        axes.marks(((trial[0], trial[1]) for trial in own if not trial[2]), colour, "x")
        if own:
            axes.name(label, look)
    ends = x.start, x.end
    axes.name("default parameters", axes.line(((x, default) for x in ends), INK, dash=_DOTS))
    axes.name("taken", axes.line(((x, chosen) for x in ends), ACCENT))
    return axes.svg()


def rounds(curves: Sequence[Sequence[float]]) -> str:
    """Log loss of each fold over the rounds of boosting."""
    values = [loss for curve in curves for loss in curve] or [0.0]
    axes = Axes(
        x=Scale.of(1, max(map(len, curves)), "rounds", whole=True),
        y=Scale.of(min(values), max(values), "log loss"),
        height=187,
    )
    for curve in curves:
        axes.line(enumerate(curve, start=1), ACCENT)
    return axes.svg()


def learning(samples: Sequence[int], accuracy: Sequence[float], macro_f1: Sequence[float]) -> str:
    """Scores over the number of samples learnt from."""
    axes = Axes(
        x=Scale.of(min(samples), max(samples), "samples learnt from", whole=True),
        y=Scale.of(0, 1, wide=False),
        height=200,
        has_legend=True,
    )
    for scores, colour, shape, dash, label in (
        (accuracy, ACCENT, "o", "", "accuracy"),
        (macro_f1, OTHER, "s", _DASHES, "macro-F1"),
    ):
        points = list(zip(samples, scores, strict=True))
        axes.name(label, axes.line(points, colour, dash=dash), axes.marks(points, colour, shape))
    return axes.svg()


def reliability(before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> str:
    """How often a classifier is right over how sure it is: (sure, right) of each bin."""
    axes = Axes(
        x=Scale.of(0, 1, "probability of the class found", wide=False),
        y=Scale.of(0, 1, "share that is right", wide=False),
        height=230,
        has_legend=True,
    )
    axes.name("as sure as right", axes.line(((0, 0), (1, 1)), INK, dash=_DOTS))
    for bins, colour, shape, dash, label in (
        (before, OTHER, "s", _DASHES, "as they are"),
        (after, ACCENT, "o", "", "calibrated"),
    ):
        axes.name(label, axes.line(bins, colour, dash=dash), axes.marks(bins, colour, shape))
    return axes.svg()


def intervals(
    names: Sequence[str],
    mapped: Sequence[float],
    estimated: Sequence[float | None],
    half: Sequence[float | None],
) -> str:
    """Areas that the map shows beside those estimated, with their intervals."""
    found = [(value or 0.0, width or 0.0) for value, width in zip(estimated, half, strict=True)]
    most = max([*mapped, *(sum(one) for one in found), 1e-9])
    axes = Axes(
        x=Scale.of(0, most, "hectares", wide=False),
        y=Scale.of_names(names),
        height=65 + 30 * len(names),
        has_legend=True,
    )
    looks = "", ""
    for place, (own, (value, width)) in enumerate(zip(mapped, found, strict=True)):
        looks = (
            axes.bar(own, place - 0.2, 0.35, OTHER),
            axes.bar(value, place + 0.2, 0.35, ACCENT),
        )
        if width:
            axes.whisker(max(0.0, value - width), value + width, place + 0.2)
    axes.name("mapped", looks[0])
    axes.name("estimated" + (", 95 % interval" if any(half) else ""), looks[1])
    return axes.svg()
