"""The report of an accuracy assessment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automap_tiles.workflows.report import _plots
from automap_tiles.workflows.report._page import render


def page(report: Mapping[str, Any]) -> str:
    """HTML of the result of `Assessment.to_dict`."""
    from markupsafe import Markup

    names = [one["name"] for one in report["classes"]]
    counts = report["counts"]
    values = {
        "report": report,
        "notes": report["notes"],
        "rows": [
            {
                **one,
                "samples": sum(counts[place]),
                "users": report["users"][place],
                "producers": report["producers"][place],
                "mapped": report["strata"]["hectares"][place],
                "estimated": report["hectares"][place],
            }
            for place, one in enumerate(report["classes"])
        ],
        "confusion": [[(n, n / max(1, sum(row))) for n in row] for row in counts],
        "total": sum(report["strata"]["hectares"]),
        "plot_areas": Markup(
            _plots.intervals(
                names,
                report["strata"]["hectares"],
                [one["value"] for one in report["hectares"]],
                [one["interval"] for one in report["hectares"]],
            )
        ),
    }
    return render("assessment.html.jinja", values)
