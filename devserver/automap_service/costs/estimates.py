"""What a job will take: a range that this installation's own jobs have taught, and says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from automap_service.costs.learning import FEWEST, Features, Range, Sample, foretold
from automap_service.costs.ledger import CostLedger, Run
from automap_service.costs.prices import Prices, Took
from automap_service.costs.sizes import sizes_of_plan
from automap_service.tables import CHECKS
from automap_tiles.jobs import Database

_CHECK_DAYS = 1
"""For which a launch remembers what a check of the same has found."""
_SHOWN = 50
"""Jobs whose estimates are held against what they took."""

Estimate = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How often estimates were right."""

    jobs: int
    """That had one that was learnt."""
    inside: int
    """Of those the ones that took between 10 and 90 per cent of it."""
    runs: tuple[Run, ...]
    """The last jobs, newest first, also those without an estimate."""


class Estimates:
    """Of a service."""

    def __init__(
        self, database: Database, ledger: CostLedger, prices: Prices, workers: int
    ) -> None:
        """`workers`: processes of each job."""
        self._database = database
        self._ledger = ledger
        self._prices = prices
        self._workers = workers

    def of_plan(self, mode: str, sizes: Features, plan: Mapping[str, Any]) -> Estimate:
        """After a check."""
        known = {**sizes, **sizes_of_plan(plan)}
        runs = self._ledger.learnt_from(mode)
        found = self._learnt(mode, known, runs) or self._guess(mode, plan, len(runs))
        return {
            **found,
            "bytes": plan["to_fetch"],
            "memory_bytes": plan["memory_bytes"],
            "sizes": known,
        }

    def of_launch(self, mode: str, sizes: Features, user: str, digest: str) -> Estimate:
        """Without a check, or after one of the same parameters by the same user.

        Without either and with too few finished jobs there is no range, only the sizes.
        """
        checked = self._checked(user, digest)
        known = {**sizes, **({} if checked is None else checked["sizes"])}
        runs = self._ledger.learnt_from(mode)
        if (found := self._learnt(mode, known, runs)) is not None:
            fetched = None if checked is None else checked["bytes"]
            return {**found, "bytes": fetched, "sizes": known}
        if checked is not None:
            return checked
        return {
            **_nothing_known(self._prices),
            "of": f"nothing: {_too_few(len(runs), mode)}, and it was not checked",
            "sizes": known,
        }

    def remember(self, user: str, digest: str, estimate: Estimate) -> None:
        """Keep what a check has found for a launch of the same."""
        now = self._database.clock()
        one = (CHECKS.c.user == user) & (CHECKS.c.digest == digest)
        values = {"user": user, "digest": digest, "estimate": estimate, "created": now}
        with self._database.writing() as connection:
            self._database.alone(connection, _REMEMBERING)
            old = CHECKS.c.created < now - _CHECK_DAYS * 86400
            connection.execute(delete(CHECKS).where(one | old))
            connection.execute(insert(CHECKS).values(values))

    def calibration(self) -> Calibration:
        """How the last estimates were."""
        runs = tuple(self._ledger.last(_SHOWN))
        learnt = [each for each in runs if (each.estimate or {}).get("learnt")]
        return Calibration(jobs=len(learnt), inside=sum(map(is_inside, learnt)), runs=runs)

    def _checked(self, user: str, digest: str) -> Estimate | None:
        since = self._database.clock() - _CHECK_DAYS * 86400
        query = select(CHECKS.c.estimate).where(
            CHECKS.c.user == user, CHECKS.c.digest == digest, CHECKS.c.created > since
        )
        with self._database.reading() as connection:
            found: Estimate | None = connection.execute(query).scalar()
        return found

    def _learnt(self, mode: str, sizes: Features, runs: Sequence[Run]) -> Estimate | None:
        def of(value: Callable[[Run], float]) -> Range | None:
            samples = [Sample(features=run.sizes, took=value(run)) for run in runs]
            return foretold(sizes, samples)

        seconds = of(lambda run: run.seconds)
        core_seconds = of(lambda run: run.took.core_seconds)
        stored = of(lambda run: run.took.stored_bytes)
        amount = of(lambda run: self._prices.amount(run.took))
        if seconds is None or core_seconds is None or stored is None or amount is None:
            return None
        return {
            "seconds": _rounded(seconds),
            "core_seconds": _rounded(core_seconds),
            "result_bytes": [round(each) for each in stored],
            "cost": [round(each, 6) for each in amount],
            **_unit(self._prices),
            "learnt": True,
            "of": f"{len(runs)} finished jobs ({mode}) of this installation",
        }

    def _guess(self, mode: str, plan: Mapping[str, Any], known: int) -> Estimate:
        low, high = (float(each) for each in plan["seconds"])
        seconds = low, math.sqrt(max(low, 1.0) * max(high, 1.0)), high
        seconds = seconds[0], min(max(seconds[1], low), high), seconds[2]
        # at least one core is busy, and at most all of them
        cores = seconds[0], seconds[1] * math.sqrt(self._workers), seconds[2] * self._workers
        stored = sum(each["result_bytes"] for each in plan["satellites"])
        amounts = [
            self._prices.amount(
                Took(core_seconds=each, fetched_bytes=plan["to_fetch"], stored_bytes=stored)
            )
            for each in cores
        ]
        return {
            "seconds": _rounded(seconds),
            "core_seconds": _rounded(cores),
            "result_bytes": [0, stored, stored],
            "cost": [round(each, 6) for each in amounts],
            **_unit(self._prices),
            "learnt": False,
            "of": f"a guess from scenes, pixels and cores: {_too_few(known, mode)}",
        }


_REMEMBERING = 0x63686563
"""Number of the lock of PostgreSQL: two checks of the same at a time keep one row."""


def is_inside(run: Run) -> bool:
    """Whether a job took what was expected of it."""
    seconds = (run.estimate or {}).get("seconds")
    return seconds is not None and seconds[0] <= run.seconds <= seconds[2]


def _too_few(known: int, mode: str) -> str:
    jobs = "no job" if not known else "one job" if known == 1 else f"{known} jobs"
    return f"{jobs} ({mode}) finished here so far, {FEWEST} are needed to learn from"


def _unit(prices: Prices) -> dict[str, Any]:
    return {"unit": prices.unit, "currency": prices.currency if prices.are_set else None}


def _nothing_known(prices: Prices) -> Estimate:
    none = dict.fromkeys(("seconds", "core_seconds", "result_bytes", "cost", "bytes"))
    return {**none, **_unit(prices), "learnt": False}


def _rounded(found: Range) -> list[float]:
    return [round(each, 1) for each in found]
