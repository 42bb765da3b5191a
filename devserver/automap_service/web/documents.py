"""Resources as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automap_service.uploads.files import KINDS, File
from automap_service.web._asked import rfc3339
from automap_tiles.jobs import Entry, Job, Result, SceneFate

PROCESS = "automap"
RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
JOB_LIST = "http://www.opengis.net/def/rel/ogc/1.0/job-list"
PROCESSES = "http://www.opengis.net/def/rel/ogc/1.0/processes"
CONFORMANCE = "http://www.opengis.net/def/rel/ogc/1.0/conformance"


def link(href: str, rel: str, title: str = "", kind: str = "application/json") -> dict[str, str]:
    """A link of OGC API."""
    said = {"href": href, "rel": rel, "type": kind}
    return {**said, "title": title} if title else said


def status_info(
    job: Job, result: Result | None, base: str, cost: Mapping[str, Any]
) -> dict[str, Any]:
    """A job: members of OGC's statusInfo 1.0, of the draft of 2.0, and ours."""
    here = f"{base}/jobs/{job.id}"
    links = [
        link(here, "self"),
        link(here, "monitor", "Dashboard", "text/html"),
        link(f"{here}/logs", "log", "Log"),
    ]
    if result is not None and not result.deleted:
        links.append(link(f"{here}/results", RESULTS, "Results"))
    if job.previous is not None:
        links.append(link(f"{base}/jobs/{job.previous}", "prev", "The job that this one repeats"))
    return {
        "jobID": job.id,
        "id": job.id,
        "type": "process",
        "processingEntityType": "ogc-api-processes",
        "processID": PROCESS,
        "status": str(job.status),
        "progress": job.progress,
        "message": job.reason or job.message,
        "phase": None if job.is_final else str(job.phase),
        "attempt": job.attempt,
        "created": rfc3339(job.created),
        **({} if job.started is None else {"started": rfc3339(job.started)}),
        "updated": rfc3339(job.updated),
        **({} if job.finished is None else {"finished": rfc3339(job.finished)}),
        "description": job.description,
        "parameters": dict(job.parameters),
        "warnings": list(job.warnings),
        "usage": dict(job.usage),
        "estimate": None if job.estimate is None else dict(job.estimate),
        "cost": dict(cost),
        "budget": job.budget,
        "stopped_by_limit": job.stopped,
        "partial": result is not None and result.partial,
        "results_expire": None if result is None else rfc3339(result.expires),
        "links": links,
    }


def file_info(file: File, base: str) -> dict[str, Any]:
    """An upload."""
    here = f"{base}/files/{file.kind}/{file.id}"
    return {
        "id": file.id,
        "kind": file.kind,
        "name": file.name,
        "bytes": file.size,
        "created": rfc3339(file.created),
        **file.about,
        "links": [
            link(here, "self"),
            link(f"{here}/content", "enclosure", file.name, KINDS[file.kind][1]),
        ],
    }


def entry_info(entry: Entry) -> dict[str, Any]:
    """A line of a log."""
    return {
        "id": entry.number,
        "time": rfc3339(entry.time),
        "level": str(entry.level),
        "attempt": entry.attempt,
        "message": entry.message,
    }


def scene_info(scene: SceneFate) -> dict[str, Any]:
    """What became of a scene."""
    return {
        "scene": scene.scene,
        "satellite": scene.satellite,
        "status": scene.status,
        "reason": scene.reason,
    }
