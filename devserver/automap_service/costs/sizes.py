"""The sizes of a job, by which it is compared with others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from automap_tiles import missions

SCENES, FETCHED = "scenes", "gigabytes"
"""Sizes that only a check, or the job itself, tells: scenes to prepare, and what is fetched."""


def sizes_of(parameters: Mapping[str, Any], km2: float) -> dict[str, float]:
    """What the parameters of a job tell; `km2`: surface of its boundary."""
    resolutions = {name: each.resolution for name, each in missions.satellites().items()}
    first, last = (date.fromisoformat(parameters[name]) for name in ("start_date", "end_date"))
    layers = len(parameters.get("statistics", ())) + len(parameters.get("provenance", ()))
    return {
        "megapixels": sum(km2 / resolutions[name] ** 2 for name in parameters["satellites"]),
        "days": (last - first).days + 1.0,
        "layers": float(layers),
        "masker": float("masker" in parameters),
    }


def sizes_of_plan(plan: Mapping[str, Any]) -> dict[str, float]:
    """What a check tells besides."""
    return {
        SCENES: float(plan["scenes"] - plan["done"]),
        FETCHED: plan["to_fetch"] / 1e9,
    }


def sizes_met(usage: Mapping[str, Any]) -> dict[str, float]:
    """What a finished job tells besides."""
    return {
        SCENES: float(usage.get("scenes", 0)),
        FETCHED: usage.get("fetched_bytes", 0) / 1e9,
    }
