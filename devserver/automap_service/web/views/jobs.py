"""Jobs: the list, one of them, its log, scenes, results, and its end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request, send_file
from sqlalchemy import ColumnElement

from automap_service.links import LONGEST_SIGNED
from automap_service.problems import Fault, Problem, invalid
from automap_service.web._answers import as_json, tagged, wants_html
from automap_service.web._asked import interval, json_body, query, rfc3339, whole
from automap_service.web.context import (
    base,
    needs,
    nothing,
    service,
    user_asking,
    write_down,
    write_down_in,
)
from automap_service.web.documents import (
    PROCESS,
    entry_info,
    link,
    scene_info,
)
from automap_service.web.html import html
from automap_service.web.views.launching import again, described
from automap_tiles.errors import AutomapError
from automap_tiles.jobs import Job, Level, Status
from automap_tiles.jobs.tables import JOBS

views = Blueprint("jobs", __name__)

_LONGEST_LIST = 100
_LONGEST_LOG = 1000
_QUERY = ("status", "processID", "datetime", "q", "limit", "cursor", "type")


@views.get("/jobs")
@needs()
def jobs() -> Response:
    """The jobs of whoever asks, newest first."""
    if wants_html():
        return html().orders()
    said = query(_QUERY)
    limit = whole(said, "limit", _LONGEST_LIST, 1, _LONGEST_LIST)
    before = whole(said, "cursor", 0, 1, 2**63 - 1) or None
    page = service().store.page(
        user_asking().id, limit=limit, before=before, where=conditions(said)
    )
    here = f"{base()}/jobs"
    links = [link(here, "self")]
    if page.next is not None:
        kept = {key: value for key, value in said.items() if key not in ("cursor", "limit")}
        links.append(link(_address(here, {**kept, "limit": limit, "cursor": page.next}), "next"))
    results = service().store.results([job.id for job in page.jobs])
    listed = [described(job, results.get(job.id)) for job in page.jobs]
    return tagged({"jobs": listed, "links": links})


def conditions(said: dict[str, str]) -> list[ColumnElement[bool]]:
    """What a query asks of jobs; raises `Problem`."""
    found: list[ColumnElement[bool]] = []
    if (text := said.get("status")) is not None:
        words = text.split(",")
        if not set(words) <= set(Status):
            remedy = f"some of {', '.join(Status)}"
            message = "there is no such status"
            raise invalid([Fault(pointer="", message=message, found=text, remedy=remedy)])
        found.append(JOBS.c.status.in_(words))
    if said.get("processID", PROCESS) != PROCESS or said.get("type", "process") != "process":
        found.append(JOBS.c.number < 0)
    if (text := said.get("datetime")) is not None:
        first, last = interval(text)
        if first is not None:
            found.append(JOBS.c.created >= first)
        if last is not None:
            found.append(JOBS.c.created <= last)
    if text := said.get("q"):
        found.append(JOBS.c.description.icontains(text, autoescape=True))
    return found


@views.get("/jobs/<job>")
@needs()
def one(job: str) -> Response:
    """One job."""
    found = job_of(job)
    if wants_html():
        return html().dashboard(found)
    query(())
    return tagged(described(found, service().store.result(found.id)))


@views.patch("/jobs/<job>")
@needs("launch")
def change(job: str) -> Response:
    """Another description."""
    found, said = job_of(job), json_body()
    text = said.get("description")
    longest = service().launching.limit(user_asking(), "description")
    faults = [
        Fault(pointer=f"/{name}", message="cannot be changed")
        for name in said
        if name != "description"
    ]
    if not isinstance(text, str) or len(text) > longest or "\0" in text:
        faults.append(
            Fault(pointer="/description", message=f"a text, {longest} characters at most")
        )
    if faults:
        raise invalid(faults)
    service().store.describe(user_asking().id, found.id, str(text))
    write_down("describe", about=found.id)
    return as_json(described(job_of(job), service().store.result(found.id)))


@views.delete("/jobs/<job>")
@needs("launch")
def dismiss(job: str) -> Response:
    """End a job that is active; forget one that is at its end, with its results."""
    found = job_of(job)
    if found.is_final:
        forget(found)
        return as_json({**described(found, None), "status": "dismissed"})
    return as_json(described(cancelled(found), service().store.result(found.id)))


def cancelled(job: Job) -> Job:
    """The job, asked to end."""
    found = service().store.cancel(user_asking().id, job.id)
    write_down("cancel", about=job.id)
    return job if found is None else found


def forget(job: Job) -> None:
    """Remove a job and what it left: that first, for without the job nobody would look for it."""
    try:
        for key in service().results.archives(job.id):
            service().results.delete(key)
    except AutomapError:
        detail = "the results cannot be deleted now; the job stays until they are"
        headers = {"Retry-After": "60"}
        raise Problem(status=503, type="unavailable", detail=detail, headers=headers) from None
    service().store.remove(
        user_asking().id,
        job.id,
        also=lambda connection: write_down_in(connection, "delete job", about=job.id),
    )


@views.post("/jobs/<job>/again")
@needs("launch")
def repeat(job: str) -> Response:
    """A new job with the same parameters."""
    return again(user_asking(), job_of(job))


@views.get("/jobs/<job>/logs")
@needs()
def logs(job: str) -> Response:
    """Lines of the log."""
    found, said = job_of(job), query(("after", "level", "limit"))
    after = whole(said, "after", 0, 0, 2**31)
    limit = whole(said, "limit", _LONGEST_LOG, 1, _LONGEST_LOG)
    lowest = said.get("level", "debug")
    if lowest not in set(Level):
        remedy = f"one of {', '.join(Level)}"
        message = "there is no such level"
        raise invalid([Fault(pointer="", message=message, found=lowest, remedy=remedy)])
    levels = tuple(Level)[tuple(Level).index(Level(lowest)) :]
    entries = service().store.entries(found.id, after=after, levels=levels, limit=limit)
    here = f"{base()}/jobs/{found.id}/logs"
    links = [link(here, "self")]
    if len(entries) == limit:
        more = {"after": entries[-1].number, "level": lowest, "limit": limit}
        links.append(link(_address(here, more), "next"))
    return tagged({"logs": [entry_info(each) for each in entries], "links": links})


@views.get("/jobs/<job>/scenes")
@needs()
def scenes(job: str) -> Response:
    """What became of every scene."""
    query(())
    found = job_of(job)
    return tagged({"scenes": [scene_info(each) for each in service().store.scenes(found.id)]})


@views.get("/jobs/<job>/results")
@needs()
def results(job: str) -> Response:
    """Where the results are; each time another link, good for 48 hours."""
    query(())
    found = job_of(job)
    result = service().store.result(found.id)
    if not found.is_final:
        raise Problem(status=404, type="result-not-ready", detail=found.message)
    if result is None:
        status = 404 if found.status is Status.DISMISSED else 500
        detail = found.reason or "there are no results"
        raise Problem(status=status if status == 404 else 409, type="job-failed", detail=detail)
    made = service().links.to(found.id)
    if made is None:
        raise Problem(status=410, type="result-expired", detail=rfc3339(result.expires) or "")
    return as_json(
        {
            "archive": {
                "href": f"{base()}/r/{made.word}",
                "type": "application/zip",
                "title": result.key.rpartition("/")[2],
                "bytes": result.size,
                "sha256": result.sha256,
                "expires": rfc3339(made.expires),
                "data_expire": rfc3339(result.expires),
                "partial": result.partial,
            },
            # names alone: outputs of OGC are links and lists of plain values
            "files": [each["name"] for each in result.files],
        }
    )


@views.delete("/jobs/<job>/results/links")
@needs("launch")
def revoke(job: str) -> Response:
    """Make all links to the results worthless."""
    service().links.revoke(job_of(job).id)
    write_down("revoke links", about=job)
    return nothing()


@views.get("/r/<word>")
def download(word: str) -> Any:
    """The archive of a job, for whoever has the link."""
    followed = service().links.follow(word)
    if followed is None:
        raise Problem(status=410, type="ResultLinkExpired")
    result = followed.result
    seconds = max(1.0, min(followed.seconds, LONGEST_SIGNED))
    try:
        signed = service().results.signed(result.key, seconds)
    except AutomapError:
        raise Problem(status=503, type="unavailable", headers={"Retry-After": "60"}) from None
    if signed is not None:
        response = redirect(signed, 302)
        response.headers["Cache-Control"] = "no-store"
        return response
    path = service().results.path(result.key)
    if path is None or not path.exists():
        raise Problem(status=410, type="ResultLinkExpired")
    return send_file(
        path,
        mimetype="application/zip",
        as_attachment=True,
        download_name=path.name,
        etag=result.sha256,
        conditional=True,
        max_age=0,
    )


def job_of(name: str) -> Job:
    """A job of whoever asks; raises `Problem`, also for those of others."""
    found = service().store.get(user_asking().id, name)
    if found is None:
        raise Problem(status=404, type="no-such-job")
    return found


def _address(here: str, said: dict[str, Any]) -> str:
    from urllib.parse import urlencode

    return f"{here}?{urlencode(said)}"


def wanted_page() -> int | None:
    """The cursor in the address of a page; None: the first."""
    text = request.args.get("cursor", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
