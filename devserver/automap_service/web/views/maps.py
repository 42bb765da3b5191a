"""Maps of what a job has made so far, for its owner."""

from __future__ import annotations

import base64

from flask import Blueprint, Response, request

from automap_service.concurrency_limit import ConcurrencyLimit
from automap_service.problems import Problem
from automap_service.web._answers import as_json, tagged
from automap_service.web._asked import query
from automap_service.web.context import needs, service, user_asking
from automap_service.web.views.jobs import job_of
from automap_tiles.errors import OutputError
from automap_tiles.jobs import Job
from automap_tiles.jobs.picture import MapPicture, picture_of
from automap_tiles.jobs.rasters import JobRaster, rasters

views = Blueprint("maps", __name__)

_MOST = 500
"""Rasters that are listed."""
_turns = ConcurrencyLimit("picture", 2)


@views.get("/jobs/<job>/rasters")
@needs()
def listed(job: str) -> Response:
    """What of a job can be shown on a map: results, also while they are made, and scenes."""
    query(())
    found = _rasters(job_of(job))[:_MOST]
    return tagged({"rasters": [{"name": each.name, "title": each.title} for each in found]})


@views.get("/jobs/<job>/picture")
@needs()
def picture(job: str) -> Response:
    """A picture of one, and where it lies in metres of web mercator."""
    job_found, said = job_of(job), query(("raster",))
    found = {each.name: each for each in _rasters(job_found)}.get(said.get("raster", ""))
    if found is None:
        raise Problem(status=404, type="not-found")
    if request.if_none_match.contains(found.stamp):
        return Response(status=304, headers={"ETag": f'"{found.stamp}"'})
    with _turns.perhaps(user_asking().id) as is_ours:
        if not is_ours:  # nothing is wrong: it is asked again a moment later
            return as_json({"title": found.title, "pending": True}, 202, {"Retry-After": "3"})
        made = _made(found)
    if made is None:
        raise Problem(status=404, type="not-found")
    png = base64.b64encode(made.content).decode()
    content = {
        "title": found.title,
        "extent": list(made.extent),
        "picture": f"data:image/png;base64,{png}",
    }
    return as_json(content, headers={"ETag": f'"{found.stamp}"'})


def _made(raster: JobRaster) -> MapPicture | None:
    try:
        return picture_of(raster.path)
    except OutputError as error:
        headers = {"Retry-After": "10"}
        raise Problem(
            status=503, type="unavailable", detail=error.message, headers=headers
        ) from None


def _rasters(job: Job) -> list[JobRaster]:
    workspace = service().settings.root / "workspaces" / job.workspace
    return rasters(job, workspace, service().store.scenes(job.id))
