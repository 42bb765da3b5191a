"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Results = Mapping[str, Mapping[str, Any]]

_MEASURES = ("accuracy", "macro_f1")


def text(sets: Mapping[str, Results], ours: str) -> str:
    """Markdown: accuracy and macro-F1, what was stated, and what it took.

    `ours` is `automap`, or `vote`, which states nothing.
    """
    present = {name: _of(found, ours) for name, found in sets.items()}
    present = {name: found for name, found in present.items() if found}
    stated = [*_stated(present), ""] if ours == "automap" else []
    return "\n".join([*_accuracy(present, ours), "", *stated, *_seconds(present, ours)])


def _of(found: Results, ours: str) -> Results:
    """The divisions that one of our ways was tried on."""
    tried = {name.split()[1] for name in found if name.startswith(f"{ours} ")}
    return {name: one for name, one in found.items() if name.split()[1] in tried}


def _accuracy(sets: Mapping[str, Results], ours: str) -> Iterator[str]:
    yield f"| set | divisions | XGBoost | forest | {ours} | {ours} minus the better one |"
    yield "|---|---|---|---|---|---|"
    differences = []
    for name, found in sets.items():
        means = [_pair(found, method) for method in ("xgboost", "forest", ours)]
        better = np.maximum(means[0], means[1])
        differences.append(means[2] - better)
        count = len(_column(found, ours, "accuracy"))
        cells = " | ".join(f"{one[0]:.3f} / {one[1]:.3f}" for one in means)
        yield f"| {name} | {count} | {cells} | {_signed(differences[-1])} |"
    mean = np.mean(differences, axis=0) if differences else np.zeros(2)
    yield f"| mean | | | | | {_signed(mean)} |"


def _stated(sets: Mapping[str, Results]) -> Iterator[str]:
    """What was stated beside the truth: of the pixels held out, and at the samples' shares.

    A training tells of classes that are as common as among its samples. Where those held out have
    other shares (sets of more polygons of a class than are learnt from), both truths are shown.
    """
    yield (
        "| set | true | true at the samples' shares | stated | minus true | "
        "minus true at these shares | interval holds true | at these shares | pixels by chance |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    biases = []
    for name, found in sets.items():
        rows = [one for key, one in found.items() if key.startswith("automap") and one["estimate"]]
        if not rows:
            yield f"| {name} | | | none: too few polygons | | | | | |"
            continue
        told = [[row["estimate"][key] for key in _MEASURES] for row in rows]
        values, low, high = (
            np.array([[one[end] for one in pair] for pair in told])
            for end in ("value", "low", "high")
        )
        truths = [_truth(rows), _truth([row.get("at_shares", row) for row in rows])]
        bias = [(values - true).mean(axis=0) for true in truths]
        biases.append(bias)
        cells = [_two(true.mean(axis=0)) for true in truths]
        cells += [_two(values.mean(axis=0))]
        cells += [_signed(one) for one in bias]
        cells += [_percent(((low <= true) & (true <= high)).mean(axis=0)) for true in truths]
        cells += [f"{np.mean([row['random'] for row in rows]):.3f}"]
        yield f"| {name} | {' | '.join(cells)} |"
    mean = np.mean(biases, axis=0) if biases else np.zeros((2, 2))
    yield f"| mean | | | | {_signed(mean[0])} | {_signed(mean[1])} | | | |"


def _truth(rows: Sequence[Mapping[str, Any]]) -> Any:
    return np.array([[row[key] for key in _MEASURES] for row in rows])


def _seconds(sets: Mapping[str, Results], ours: str) -> Iterator[str]:
    yield f"| set | training: XGBoost | forest | {ours} | prediction: XGBoost | forest | {ours} |"
    yield "|---|---|---|---|---|---|---|"
    for name, found in sets.items():
        cells = [
            f"{np.mean(_column(found, method, key)):.3g}"
            for key in ("train", "predict")
            for method in ("xgboost", "forest", ours)
        ]
        yield f"| {name} | {' | '.join(cells)} |"


def _two(pair: Any) -> str:
    return f"{pair[0]:.3f} / {pair[1]:.3f}"


def _signed(pair: Any) -> str:
    return f"{pair[0]:+.3f} / {pair[1]:+.3f}"


def _percent(pair: Any) -> str:
    return f"{pair[0]:.0%} / {pair[1]:.0%}"


def _pair(found: Results, method: str) -> Any:
    return np.array([np.mean(_column(found, method, key)) for key in _MEASURES])


def _column(found: Results, method: str, key: str) -> list[float]:
    return [one[key] for name, one in found.items() if name.split()[0] == method]
