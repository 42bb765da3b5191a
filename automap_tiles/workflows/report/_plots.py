"""Plots as inline SVG with the colours and font of the page.

Axes and text are drawn in one colour that is then replaced by the page's own, so that plots are
readable in light and dark themes. The same numbers give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that occur nowhere else; each becomes a CSS variable.
_INK, _ACCENT, _OTHER, _GRID = "#010203", "#040506", "#070809", "#0a0b0c"
_VARIABLES = {
    _INK: "currentColor",
    _ACCENT: "var(--accent)",
    _OTHER: "var(--other)",
    _GRID: "var(--line)",
}
_RC = {
    "svg.hashsalt": "automap",
    "svg.fonttype": "none",
    "font.size": 10.0,
    "font.family": "sans-serif",
    "text.color": _INK,
    # a name with two dollar signs is not a formula
    "text.parse_math": False,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
}
_WIDTH = 6.4
"""Inches; the page scales it."""


def bars(names: Sequence[str], shares: Sequence[float]) -> str:
    """Horizontal bars, the first on top."""

    def draw(axes: Axes) -> None:
        axes.barh(range(len(names)), shares, color=_ACCENT)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")

    return _svg(draw, 0.6 + 0.24 * len(names))


def search(trials: Sequence[tuple[int, float, bool, bool]], default: float, chosen: float) -> str:
    """Log loss of each trial: (number, loss, complete, with vector leaves)."""
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        for vector, colour, label in (
            (False, _ACCENT, "one tree per class"),
            (True, _OTHER, "vector leaves"),
        ):
            own = [trial for trial in trials if trial[3] is vector]
            whole = [trial for trial in own if trial[2]]
            cut = [trial for trial in own if not trial[2]]
            axes.plot(*_columns(whole), "o", color=colour, label=label if own else None)
            axes.plot(*_columns(cut), "x", color=colour, alpha=0.6)
        axes.axhline(default, color=_INK, linewidth=1, linestyle=":", label="default parameters")
        axes.axhline(chosen, color=_ACCENT, linewidth=1, label="taken")
        axes.set_xlabel("trial (×: ended early)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel("log loss")
        # a single poor trial must not hide the others
        losses = sorted(trial[1] for trial in trials if trial[2]) or [default]
        low, high = min(losses[0], chosen), max(losses[-1], default)
        axes.set_ylim(low - 0.1 * (high - low) - 1e-3, high + 0.3 * (high - low) + 1e-3)
        axes.legend(fontsize=8)

    return _svg(draw, 3.2)


def rounds(curves: Sequence[Sequence[float]]) -> str:
    """Log loss of each fold over the rounds of boosting."""

    def draw(axes: Axes) -> None:
        for curve in curves:
            axes.plot(range(1, len(curve) + 1), curve, color=_ACCENT, linewidth=1)
        axes.set_xlabel("rounds")
        axes.set_ylabel("log loss")

    return _svg(draw, 2.6)


def learning(samples: Sequence[int], accuracy: Sequence[float], macro_f1: Sequence[float]) -> str:
    """Scores by number of training samples."""

    def draw(axes: Axes) -> None:
        axes.plot(samples, accuracy, "o-", color=_ACCENT, label="accuracy")
        axes.plot(samples, macro_f1, "s--", color=_OTHER, label="macro-F1")
        axes.set_xlabel("samples learnt from")
        axes.set_ylim(0, 1)
        axes.legend(fontsize=8)

    return _svg(draw, 2.8)


def reliability(before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]) -> str:
    """Accuracy by confidence: (confidence, accuracy) of each bin."""

    def draw(axes: Axes) -> None:
        axes.plot((0, 1), (0, 1), color=_INK, linewidth=1, linestyle=":", label="as sure as right")
        for bins, style, colour, label in (
            (before, "s--", _OTHER, "as they are"),
            (after, "o-", _ACCENT, "calibrated"),
        ):
            axes.plot(*zip(*bins, strict=True), style, color=colour, label=label)
        axes.set_xlabel("probability of the class found")
        axes.set_ylabel("share that is right")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.legend(fontsize=8)

    return _svg(draw, 3.2)


def intervals(
    names: Sequence[str],
    mapped: Sequence[float],
    estimated: Sequence[float | None],
    half: Sequence[float | None],
) -> str:
    """Mapped and estimated areas, with confidence intervals."""

    def draw(axes: Axes) -> None:
        places = range(len(names))
        axes.barh([place - 0.2 for place in places], mapped, 0.35, color=_OTHER, label="mapped")
        axes.barh(
            [place + 0.2 for place in places],
            [value or 0.0 for value in estimated],
            0.35,
            xerr=[width or 0.0 for width in half],
            color=_ACCENT,
            ecolor=_INK,
            capsize=3,
            label="estimated" + (", 95 % interval" if any(half) else ""),
        )
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel("hectares")
        axes.grid(visible=False, axis="y")
        axes.legend(fontsize=8)

    return _svg(draw, 0.9 + 0.42 * len(names))


def _columns(trials: Sequence[tuple[int, float, bool, bool]]) -> tuple[list[int], list[float]]:
    return [trial[0] for trial in trials], [trial[1] for trial in trials]


def _svg(draw: Any, height: float) -> str:
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_RC):
        figure: Figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        for behind in (figure.patch, axes.patch):
            behind.set(facecolor="none", edgecolor="none")
        out = StringIO()
        # as in `savefig`, which would draw everything twice
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(out, metadata={"Date": None})
    # without the XML declaration, and without a metadata block that contains URLs
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r'\1 class="plot"', text, count=1)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text
