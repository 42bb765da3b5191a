"""Launching runs: in AutoMap's words, and in OGC's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from automap_service.accounts.users import User
from automap_service.launching.launch import Manner, checked_key
from automap_service.launching.wanted import Wanted
from automap_service.problems import Fault, Problem, invalid
from automap_service.recipients import chosen
from automap_service.web._answers import as_json
from automap_service.web._asked import json_body
from automap_service.web.context import address, base, needs, service, user_asking
from automap_service.web.documents import PROCESS, status_info
from automap_tiles.jobs import Job, Result

views = Blueprint("launching", __name__)
_MANNERS = ("check", "again")


@views.post("/launch")
@needs("launch")
def launch() -> Response:
    """Launch a run, or only check what it would be."""
    said = json_body()
    manner = {name: said.pop(name, False) for name in _MANNERS}
    notify = said.pop("notify", None)
    faults = [
        Fault(pointer=f"/{name}", message="must be true or false", found=value)
        for name, value in manner.items()
        if not isinstance(value, bool)
    ]
    wanted = _wanted(user_asking(), said, faults)
    if manner["check"]:
        return as_json(service().launching.check(user_asking(), wanted))
    return _launched(user_asking(), wanted, again=manner["again"], notify=notify)


@views.post("/processes/<process>/execution")
@needs("launch")
def execute(process: str) -> Response:
    """Launch a run in the words of OGC API - Processes; always as a job."""
    if process != PROCESS:
        raise Problem(status=404, type="no-such-process")
    said = json_body()
    if "subscriber" in said:
        raise invalid([Fault(pointer="/subscriber", message="callbacks are not offered")])
    inputs = said.get("inputs", {})
    if not isinstance(inputs, dict):
        raise invalid([Fault(pointer="/inputs", message="must be an object")])
    plain = {name: _unwrapped(value) for name, value in inputs.items()}
    return _launched(user_asking(), _wanted(user_asking(), plain, []), again=False, notify=None)


def described(job: Job, result: Result | None) -> dict[str, Any]:
    """A job as the API tells it, with what it has cost so far."""
    return status_info(job, result, base(), service().ledger.of(job))


def again(user: User, job: Job) -> Response:
    """Launch the same parameters anew; raises `Problem` where they name other files than then."""
    wanted = service().launching.wanted(user, job.parameters)
    _check_files(job, wanted)
    return _launched(user, wanted, again=False, notify=None, previous=job.id)


def _check_files(job: Job, wanted: Wanted) -> None:
    """Raise `Problem` if a file of the job was replaced by another of the same name."""
    if wanted.digest == job.digest:  # a file that came once more with the same content
        return
    names = [
        str(job.parameters[word]) for word in ("boundary", "samples") if word in job.parameters
    ]
    pairs = zip(names, job.uses, wanted.uses, strict=False)
    replaced = [name for name, then, now in pairs if then != now]
    if replaced:
        raise Problem(
            status=409,
            type="file-replaced",
            detail=f"{' and '.join(replaced)}: replaced since job {job.id}, whose file is gone; "
            "POST /launch runs the same parameters with what is there now",
        )


def _unwrapped(value: Any) -> Any:
    """Values may come as `{"value": …}`."""
    return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value


def _wanted(user: User, said: dict[str, Any], faults: list[Fault]) -> Wanted:
    try:
        wanted = service().launching.wanted(user, said)
    except Problem as problem:
        raise invalid([*faults, *problem.errors]) from None
    if faults:
        raise invalid(faults)
    return wanted


def _launched(
    user: User, wanted: Wanted, *, again: bool, notify: Any, previous: str | None = None
) -> Response:
    manner = Manner(
        again=again,
        key=checked_key(request.headers.get("Idempotency-Key")),
        previous=previous,
        recipients=chosen(service(), user, notify),
        names_them=notify is not None,
        address=address(),
    )
    job, _ = service().launching.launch(user, wanted, manner)
    where = f"{base()}/jobs/{job.id}"
    result = service().store.result(job.id)
    return as_json(described(job, result), 201, {"Location": where})
