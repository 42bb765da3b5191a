"""`python -m bench.accuracy [SET …]`: train on some polygons, look at the pixels of the others.

What was done is kept in `.cache/accuracy/results` and not done again: `--again` does.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.analysis.learning.sampling import by_number, lots
from bench.accuracy import ours, plain, table, trust
from bench.accuracy.divisions import DIVISIONS, Division, divisions, pixels
from bench.accuracy.packages import CACHE
from bench.accuracy.sets import SETS, DataSet, data_set

_PER_CLASS = 2000
"""Pixels of a class that everybody learns from at most: the default of `automap train`."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(SETS)}; default: all")
    parser.add_argument("--divisions", type=int, default=DIVISIONS)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true", help="print what is there and stop")
    parser.add_argument(
        "--vote",
        action="store_true",
        help="the vote alone on the bands alone: no folds, no choices",
    )
    parser.add_argument("--trust", action="store_true", help="how far the model can be trusted")
    wanted = parser.parse_args()
    names = wanted.sets or list(SETS)
    method = "trust" if wanted.trust else "vote" if wanted.vote else "automap"
    for name in () if wanted.table else names:
        run(name, method, wanted.divisions, again=wanted.again)
    found = {name: known(name) for name in names}
    print(trust.text(found) if wanted.trust else table.text(found, method))


def known(name: str) -> dict[str, dict[str, Any]]:
    """Results by method and division that are kept."""
    path = CACHE / "results" / f"{name}.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
    return found


def run(name: str, own: str, number: int, *, again: bool) -> None:
    """Divisions of a set by the plain ways and by one of ours, `automap`, `vote` or `trust`."""
    data, kept = data_set(name), known(name)
    every = pixels(data)
    for division in divisions(every, number):
        for method in (own,) if own == "trust" else ("xgboost", "forest", own):
            key = f"{method} {division.number}"
            if key in kept and not (again and method == own):
                continue
            kept[key] = _one(method, data, division, every)
            path = CACHE / "results" / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(kept))


def _one(method: str, data: DataSet, division: Division, every: SampleTable) -> dict[str, Any]:
    if method == "trust":
        return trust.measure(data, division, every)
    seen = every.take(np.isin(every.groups, division.learnt))
    learnt = _capped(seen)
    held = every.take(np.isin(every.groups, division.held_out))
    if method == "automap":
        trained = ours.train(data, division)
        numbers = {name: value for value, name in every.names.items()}
        found, predicting = ours.predict(trained.model, data, held)
        own = {one.value: numbers[one.name] for one in trained.model.classes}
        found = np.array([own[int(value)] for value in found])
        report = trained.model.report
        stated = {
            "estimate": report["estimate"],
            "random": report["random"]["accuracy"],
            "setup": report["setup"],
        }
        stated["at_shares"] = _scores(held, found, _weights(seen, held))
        return {**_scores(held, found), **_time(trained.train_seconds, predicting), **stated}
    ways = {"xgboost": plain.xgboost, "forest": plain.forest, "vote": plain.vote}
    found, training, predicting = ways[method](learnt, held)
    return {**_scores(held, found), **_time(training, predicting)}


def _capped(learnt: SampleTable) -> SampleTable:
    """By chance, the same for both plain ways."""
    lot = lots(np.arange(len(learnt)), np.zeros(len(learnt), np.int64))
    return learnt.take(by_number(learnt.classes, _PER_CLASS, lot))


def _scores(held: SampleTable, found: Any, weights: Any = None) -> dict[str, float]:
    """Of pixels held out, each of a weight (pixel,)."""
    from sklearn.metrics import f1_score

    macro = f1_score(
        held.classes,
        found,
        average="macro",
        labels=np.unique(held.classes),
        sample_weight=weights,
    )
    right = np.average(found == held.classes, weights=weights)
    return {"accuracy": float(right), "macro_f1": float(macro)}


def _weights(seen: SampleTable, held: SampleTable) -> Any:
    """(pixel,) of pixels held out, for classes to have the shares that they were learnt with."""
    found = np.ones(len(held))
    for value in np.unique(held.classes):
        members = held.classes == value
        found[members] = (seen.classes == value).sum() / members.sum()
    return found


def _time(training: float, predicting: float) -> dict[str, float]:
    return {"train": training, "predict": predicting}


if __name__ == "__main__":
    main()
