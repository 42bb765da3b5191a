"""Results as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Results = Mapping[str, Mapping[str, Any]]


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
        gain = f"{differences[-1][0]:+.3f} / {differences[-1][1]:+.3f}"
        yield f"| {name} | {count} | {cells} | {gain} |"
    mean = np.mean(differences, axis=0) if differences else np.zeros(2)
    yield f"| mean | | | | | {mean[0]:+.3f} / {mean[1]:+.3f} |"


def _stated(sets: Mapping[str, Results]) -> Iterator[str]:
    yield "| set | true | stated | stated minus true | interval holds it | pixels by chance |"
    yield "|---|---|---|---|---|---|"
    biases = []
    for name, found in sets.items():
        rows = [one for key, one in found.items() if key.startswith("automap") and one["estimate"]]
        if not rows:
            yield f"| {name} | | none: too few polygons | | | |"
            continue
        true = np.array([[row["accuracy"], row["macro_f1"]] for row in rows])
        told = [[row["estimate"][key] for key in ("accuracy", "macro_f1")] for row in rows]
        values = np.array([[one["value"] for one in pair] for pair in told])
        low = np.array([[one["low"] for one in pair] for pair in told])
        high = np.array([[one["high"] for one in pair] for pair in told])
        held = ((low <= true) & (true <= high)).mean(axis=0)
        bias = (values - true).mean(axis=0)
        biases.append(bias)
        random = np.mean([row["random"] for row in rows])
        yield (
            f"| {name} | {_two(true.mean(axis=0))} | {_two(values.mean(axis=0))} | "
            f"{bias[0]:+.3f} / {bias[1]:+.3f} | {held[0]:.0%} / {held[1]:.0%} | {random:.3f} |"
        )
    mean = np.mean(biases, axis=0) if biases else np.zeros(2)
    yield f"| mean | | | {mean[0]:+.3f} / {mean[1]:+.3f} | | |"


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


def _pair(found: Results, method: str) -> Any:
    return np.array([np.mean(_column(found, method, key)) for key in ("accuracy", "macro_f1")])


def _column(found: Results, method: str, key: str) -> list[float]:
    return [one[key] for name, one in found.items() if name.split()[0] == method]
