"""What is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automap_service.settings import Settings
from automap_tiles.jobs import Job, Result

HOURS = "core hours"
"""What is counted in while nothing has a price."""
_GB = 1e9


@dataclass(frozen=True, kw_only=True)
class Took:
    """What a job took of what has a price."""

    core_seconds: float = 0.0
    fetched_bytes: float = 0.0
    stored_bytes: float = 0.0

    def to_json(self) -> dict[str, float]:
        """As it is kept."""
        return {
            "core_seconds": round(self.core_seconds, 2),
            "fetched_bytes": int(self.fetched_bytes),
            "stored_bytes": int(self.stored_bytes),
        }


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Of an installation."""

    currency: str
    core_hour: float
    gb_fetched: float
    gb_day: float
    days: float
    """That results are kept for, and paid for when they are stored."""

    @property
    def are_set(self) -> bool:
        """Whether anything costs money."""
        return any((self.core_hour, self.gb_fetched, self.gb_day))

    @property
    def unit(self) -> str:
        """Of amounts: the currency, or core hours while nothing has a price."""
        return self.currency if self.are_set else HOURS

    def amount(self, took: Took) -> float:
        """In `unit`."""
        hours = took.core_seconds / 3600
        if not self.are_set:
            return hours
        stored = took.stored_bytes / _GB * self.days
        fetched = took.fetched_bytes / _GB
        return hours * self.core_hour + fetched * self.gb_fetched + stored * self.gb_day

    def cost(self, took: Took) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "amount": round(self.amount(took), 6),
            "unit": self.unit,
            "currency": self.currency if self.are_set else None,
            **took.to_json(),
        }


def prices_of(settings: Settings) -> Prices:
    """Of a configuration."""
    costs = settings.costs
    return Prices(
        currency=costs.currency,
        core_hour=costs.core_hour,
        gb_fetched=costs.gb_fetched,
        gb_day=costs.gb_day,
        days=settings.results.days,
    )


def took(usage: Mapping[str, Any], result: Result | None = None) -> Took:
    """What a job has used up, and what it left in the store."""
    return Took(
        core_seconds=usage.get("core_seconds", 0.0),
        fetched_bytes=usage.get("fetched_bytes", 0),
        stored_bytes=0 if result is None else result.size,
    )


def cost_of(job: Job, prices: Prices) -> dict[str, Any]:
    """What a job has cost so far, or in the end."""
    return prices.cost(took(job.usage)) if job.cost is None else dict(job.cost)
