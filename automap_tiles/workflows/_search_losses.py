"""Scenes that a search removed, for the reports of workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automap_tiles.scenes.report import SearchReport


def search_losses(found: SearchReport) -> dict[str, Any]:
    """The scenes left after each step of the search, and the products set aside, for JSON."""
    return {
        "funnel": found.funnel.to_json(),
        "set_aside": [{"scene": name, "reason": reason} for name, reason in found.rejected],
    }
