"""Launching: limits, double clicks and repeated requests, and the row in the queue, in one step."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from automap_service import audit
from automap_service.accounts.users import User
from automap_service.concurrency_limit import ConcurrencyLimit
from automap_service.costs.budgets import Budgets
from automap_service.costs.estimates import Estimates
from automap_service.launching._parameters import read
from automap_service.launching.wanted import Wanted, World
from automap_service.problems import Fault, Problem, invalid
from automap_service.settings import Settings
from automap_service.tables import AUDIT, IDEMPOTENCY
from automap_service.uploads.files import Files, UploadsOf, line_of
from automap_tiles.jobs import Job, JobStore, NewJob, Status
from automap_tiles.jobs.packing import hide_in
from automap_tiles.jobs.process import Child, Task

_CHECKS = 2
"""At a time."""
_CHECK_SECONDS = 120.0
_CHECK_MEMORY = 8 << 30
"""Bytes of addresses where the configuration says nothing; a check reads no pixels."""
_LONGEST_KEY = 64
_ACT = "launch"
"""In the audit, where launches are counted: jobs may be deleted."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How something is launched."""

    again: bool = False
    """Though the same is active."""
    key: str | None = None
    """The `Idempotency-Key`: the same request twice makes one job."""
    previous: str | None = None
    recipients: tuple[str, ...] = ()
    names_them: bool = False
    """Whether the request says who they are; else they are who its owner has confirmed by then."""
    address: str = ""
    """Of whoever launches, for the audit."""


class Launching:
    """From parameters to jobs."""

    def __init__(
        self,
        settings: Settings,
        store: JobStore,
        files: Files,
        estimates: Estimates,
        budgets: Budgets,
    ) -> None:
        self._settings = settings
        self._estimates = estimates
        self._budgets = budgets
        self._store = store
        self._files = files
        self._turns = ConcurrencyLimit("check", _CHECKS)

    def wanted(self, user: User, said: Mapping[str, Any]) -> Wanted:
        """The order that parameters make; raises `Problem` with all that is wrong."""
        world = World(
            user=user.id,
            uploads=UploadsOf(self._files, user.id),
            catalogues=self._settings.catalogues,
            longest_description=self.limit(user, "description"),
        )
        return read(said, world)

    def launch(self, user: User, wanted: Wanted, manner: Manner) -> tuple[Job, bool]:
        """(the job, whether it is new); raises `Problem`."""
        estimate = self._estimates.of_launch(wanted.mode, wanted.sizes, user.id, wanted.digest)
        budget = self._budgets.of_job(user, wanted.budget)
        new = NewJob(
            user=user.id,
            order=wanted.order,
            parameters=wanted.parameters,
            workspace=wanted.workspace,
            description=wanted.description,
            digest=wanted.digest,
            previous=manner.previous,
            recipients=manner.recipients,
            uses=wanted.uses,
            budget=budget,
            estimate=estimate,
        )
        database = self._store.database
        with database.writing() as connection:
            database.alone(connection, line_of(user.id))
            if (known := self._repeated(connection, user, wanted, manner)) is not None:
                job = self._store.get(user.id, known)
                if job is None:
                    raise Problem(status=409, type="idempotency-key-reused", detail="job is gone")
                return job, False
            self._check(connection, user, wanted, manner)
            self._budgets.check(user, budget, estimate)
            self._files.check_there(user.id, wanted.uses, connection)
            job = self._store.add(new, connection)
            audit.note(
                connection,
                job.created,
                _ACT,
                user=user.id,
                about=job.id,
                address=manner.address,
            )
            self._remember(connection, user, wanted, manner, job)
        return job, True

    def check(self, user: User, wanted: Wanted) -> dict[str, Any]:
        """What would be done: `plan`, `estimate`, `warnings`; raises `Problem`."""
        with self._turns.of(user.id):
            plan = self._plan(wanted)
        estimate = self._estimates.of_plan(wanted.mode, wanted.sizes, plan)
        self._estimates.remember(user.id, wanted.digest, estimate)
        budget = self._budgets.of_job(user, wanted.budget)
        warnings = list(plan["warnings"])
        try:
            self._budgets.check(user, budget, estimate)
        except Problem as problem:
            warnings.append(f"a launch would be refused: {problem.detail}")
        return {"plan": plan, "estimate": {**estimate, "budget": budget}, "warnings": warnings}

    def limit(self, user: User, name: str) -> Any:
        """The user's own, or everybody's."""
        return user.limits.get(name, getattr(self._settings.limits, name))

    def _plan(self, wanted: Wanted) -> dict[str, Any]:
        workspace = self._settings.root / "workspaces" / wanted.workspace
        workers = self._settings.workers
        order = {**wanted.order, "output": str(workspace), "workers": workers}
        hidden = hidden_paths(self._settings, workspace)
        begun = time.monotonic()
        task = Task(
            order=order,
            workspace=workspace,
            check=True,
            memory=int(self._settings.runner.memory_gb * (1 << 30)) or _CHECK_MEMORY,
            environment=self._settings.runner.environment,
        )
        with Child(task) as child:
            for line in child.lines(0.5):
                if time.monotonic() - begun > _CHECK_SECONDS:
                    raise Problem(status=503, type="unavailable", detail="the check takes too long")
                if line is None or line["event"] not in ("report", "error"):
                    continue
                said: dict[str, Any] = hide_in(line, hidden)
                if said["event"] == "error":
                    raise invalid([_fault(said)])
                report: dict[str, Any] = said["report"]
                return report
        raise Problem(status=503, type="unavailable", detail="the check was broken off")

    def _repeated(
        self, connection: Connection, user: User, wanted: Wanted, manner: Manner
    ) -> str | None:
        if manner.key is None:
            return None
        row = connection.execute(
            select(IDEMPOTENCY.c.digest, IDEMPOTENCY.c.job).where(
                IDEMPOTENCY.c.user == user.id, IDEMPOTENCY.c.key == manner.key
            )
        ).first()
        if row is None:
            return None
        if row.digest != _digest(wanted, manner):
            raise Problem(status=422, type="idempotency-key-reused")
        return str(row.job)

    def _remember(
        self, connection: Connection, user: User, wanted: Wanted, manner: Manner, job: Job
    ) -> None:
        if manner.key is not None:
            connection.execute(
                insert(IDEMPOTENCY).values(
                    user=user.id,
                    key=manner.key,
                    digest=_digest(wanted, manner),
                    job=job.id,
                    created=job.created,
                )
            )

    def _check(self, connection: Connection, user: User, wanted: Wanted, manner: Manner) -> None:
        if not manner.again:
            same = self._store.same_active(user.id, wanted.digest, connection)
            if same is not None:
                raise Problem(
                    status=409,
                    type="same-run-active",
                    detail=f'job {same} is the same; "again": true launches it nevertheless',
                    more={"job": same},
                )
        most = self.limit(user, "accepted")
        if self._store.count(user.id, frozenset({Status.ACCEPTED}), connection) >= most:
            raise _too_many(f"{most} jobs wait already", 60)
        most = self.limit(user, "launches")
        since = self._store.database.clock() - 3600
        launched = connection.execute(
            select(func.count())
            .select_from(AUDIT)
            .where(AUDIT.c.user == user.id, AUDIT.c.act == _ACT, AUDIT.c.time > since)
        ).scalar_one()
        if launched >= most:
            raise _too_many(f"{most} launches an hour", 300)


def checked_key(key: str | None) -> str | None:
    """An `Idempotency-Key`; raises `Problem`."""
    if key is not None and not (0 < len(key) <= _LONGEST_KEY and key.isascii()):
        raise Problem(
            status=400,
            type="bad-request",
            detail=f"an Idempotency-Key has 1 to {_LONGEST_KEY} characters of ASCII",
        )
    return key


def hidden_paths(settings: Settings, workspace: Path) -> dict[str, str]:
    """Paths of this machine → what users read in their place."""
    found = {str(workspace): ".", str(settings.root): "…"}
    for name, catalogue in settings.catalogues.items():
        if "/" in catalogue.source and "://" not in catalogue.source:
            found[str(Path(catalogue.source).absolute())] = name
            found[catalogue.source] = name
    return found


_KEYS = {"start": "start_date", "end": "end_date", "input": "catalogue", "--samples": "samples"}


def _fault(said: Mapping[str, Any]) -> Fault:
    key = str(said.get("key") or "")
    name = _KEYS.get(key, key.removeprefix("--").replace("-", "_"))
    return Fault(
        pointer=f"/{name}" if name else "",
        message=str(said["message"]),
        found=said.get("found"),
        remedy=said.get("remedy"),
    )


def _digest(wanted: Wanted, manner: Manner) -> str:
    """Of all that a request asks for: what makes another run, and what does not."""
    words: list[Any] = [wanted.digest, wanted.description]
    recipients = sorted(manner.recipients) if manner.names_them else None
    more = [wanted.budget, recipients, manner.again, manner.previous]
    if more != [None, None, False, None]:  # else as keys of earlier versions have it
        words += more
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def _too_many(detail: str, seconds: int) -> Problem:
    return Problem(
        status=429,
        type="limit-reached",
        detail=detail,
        headers={"Retry-After": str(seconds)},
    )
