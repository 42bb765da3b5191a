"""The report of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automap_tiles.workflows.report import _plots
from automap_tiles.workflows.report._page import render

_MOST_FEATURES = 20
_MOST_DOUBTFUL = 30
_REASONS = {
    "outside": "outside the picture",
    "nodata": "no data",
    "edge": "edge of a polygon",
    "mixed": "claimed by two classes",
    "repeated": "the same pixel again",
    "capped": "over the cap",
    "empty": "no class or no shape",
}
"""Headings for `sample_table.Reason`."""


def page(report: Mapping[str, Any]) -> str:
    """HTML of the result of `workflows.train.report_of`."""
    from markupsafe import Markup

    importances = list(report["importances"].items())[:_MOST_FEATURES]
    curve = report["learning_curve"]
    calibration = report.get("calibration")  # missing in reports of earlier versions
    values = {
        "report": report,
        "classes": _classes(report),
        "gone": _gone(report),
        "reasons": _reasons(report),
        "notes": report.get("notes", ()),  # missing in reports of earlier versions
        "names": {one["value"]: one["name"] for one in report["classes"]},
        "held": "blocks" if report["folds"]["block_size"] else "polygons",
        "doubtful": report["doubtful"][:_MOST_DOUBTFUL],
        "confusion": _confusion(report["blocked"]["confusion"]) if report["blocked"] else [],
        "plot_importances": Markup(_plots.bars(*_columns(importances))),
        "plot_search": Markup(_search(report)) if report["search"] else "",
        "plot_rounds": Markup(_plots.rounds(report["curves"])) if report["curves"] else "",
        "calibration": calibration,
        "sets": report.get("sets"),
        "plot_reliability": Markup(_reliability(calibration)) if calibration else "",
        "plot_learning": Markup(
            _plots.learning(
                [point["samples"] for point in curve],
                [point["accuracy"] for point in curve],
                [point["macro_f1"] for point in curve],
            )
        )
        if len(curve) > 1
        else "",
    }
    return render("training.html.jinja", values)


def _classes(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per class."""
    samples, blocked = report["samples"], report["blocked"] or {}
    return [
        {
            **one,
            "samples": samples["counts"][place],
            "polygons": samples["polygons"][place],
            "lost": _lost(report, one["value"]),
            "precision": blocked["precision"][place] if blocked else 0.0,
            "recall": blocked["recall"][place] if blocked else 0.0,
            "f1": blocked["f1"][place] if blocked else 0.0,
        }
        for place, one in enumerate(report["classes"])
    ]


def _gone(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Classes without remaining samples: number, and the reasons."""
    left = {one["value"] for one in report["classes"]} | {0}
    gone = sorted({loss["class"] for loss in report["samples"]["losses"]} - left)
    return [{"value": value, "lost": _lost(report, value)} for value in gone]


def _lost(report: Mapping[str, Any], value: int) -> dict[str, int]:
    return {
        loss["reason"]: loss["count"]
        for loss in report["samples"]["losses"]
        if loss["class"] == value
    }


def _reasons(report: Mapping[str, Any]) -> dict[str, str]:
    """Reasons that occur, in a fixed order."""
    found = {loss["reason"] for loss in report["samples"]["losses"] if loss["class"]}
    return {reason: words for reason, words in _REASONS.items() if reason in found}


def _confusion(matrix: Sequence[Sequence[int]]) -> list[list[tuple[int, float]]]:
    """(count, share of its row) for every cell."""
    return [[(count, count / max(1, sum(row))) for count in row] for row in matrix]


def _columns(pairs: Sequence[tuple[str, float]]) -> tuple[list[str], list[float]]:
    return [name for name, _ in pairs], [value for _, value in pairs]


def _reliability(calibration: Mapping[str, Any]) -> str:
    before, after = (
        [(one["sure"], one["right"]) for one in calibration[name]["bins"] if one["share"]]
        for name in ("before", "after")
    )
    return _plots.reliability(before, after)


def _search(report: Mapping[str, Any]) -> str:
    trials = [
        (
            trial["number"] + 1,
            trial["loss"],
            trial["status"] == "complete",
            "multi" in str(trial["parameters"].get("strategy", "")),
        )
        for trial in report["search"]
        if trial["loss"] is not None
    ]
    strategies = report["strategies"]
    return _plots.search(trials, strategies["default_loss"], strategies["chosen_loss"])
