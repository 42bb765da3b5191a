"""What a job, and a user in a month, may cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automap_service.accounts.users import User, Users
from automap_service.costs.estimates import Estimate
from automap_service.costs.ledger import CostLedger
from automap_service.costs.prices import Prices, took
from automap_service.problems import Problem
from automap_service.settings import LimitsPart
from automap_tiles.jobs import Job
from automap_tiles.jobs.resource_usage import Usage


class Budgets:
    """Of jobs and users; 0 in the configuration is no limit."""

    def __init__(
        self, limits: LimitsPart, users: Users, ledger: CostLedger, prices: Prices
    ) -> None:
        self._limits = limits
        self._users = users
        self._ledger = ledger
        self._prices = prices

    def of_job(self, user: User, asked: float | None) -> float | None:
        """What a job of a user may cost: what is asked for, within the user's own limit."""
        most = _limit(user, self._limits, "job_budget")
        return min((each for each in (asked, most) if each is not None), default=None)

    def of_month(self, user: User) -> float | None:
        """What a user may spend in a month (UTC); None: no limit."""
        return _limit(user, self._limits, "month_budget")

    def check(self, user: User, budget: float | None, estimate: Estimate) -> None:
        """Raise `Problem` (402) for a job that will probably cost more than it may."""
        cost = estimate.get("cost")
        expected = 0.0 if cost is None else cost[1]
        if budget is not None and expected > budget:
            raise self._problem("it", budget, expected)
        if (most := self.of_month(user)) is not None:
            left = max(0.0, most - self._ledger.spent(user.id))
            if left == 0 or expected > left:
                raise self._problem("you (this month)", left, expected)

    def reached(self, job: Job, usage: Usage) -> str | None:
        """Why a running job has to end; None: it may go on."""
        amount = self._prices.amount(took(usage))
        if job.budget is not None and amount > job.budget:
            return f"it has cost {self.said(amount)}, its budget is {self.said(job.budget)}"
        user = self._users.of_id(job.user)
        most = None if user is None else self.of_month(user)
        if most is None:
            return None
        spent = self._ledger.spent(job.user)
        if spent <= most:
            return None
        return f"the budget of this month, {self.said(most)}, is used up"

    def said(self, amount: float) -> str:
        """An amount to read."""
        return f"{amount:.2f} {self._prices.unit}"

    def _problem(self, who: str, left: float, expected: float) -> Problem:
        verb = "may cost" if who == "it" else "may spend"
        detail = f"{who} {verb} {self.said(left)}"
        if expected:
            detail += f", and it will probably cost {self.said(expected)}"
        more: dict[str, Any] = {"left": left, "expected": expected, "unit": self._prices.unit}
        return Problem(status=402, type="budget", detail=detail, more=more)


def _limit(user: User, limits: LimitsPart, name: str) -> float | None:
    own: Mapping[str, Any] = user.limits
    found = float(own.get(name, getattr(limits, name)))
    return found or None
