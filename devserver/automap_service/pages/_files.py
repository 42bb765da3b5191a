"""The page of uploads."""

from __future__ import annotations

from flask import Response, request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from automap_service.pages._blueprint import blueprint
from automap_service.pages._render import page
from automap_service.problems import Problem
from automap_service.web.context import needs, service, user_asking, write_down


@needs()
def files() -> Response:
    """Uploads."""
    return _files(None)


def _files(problem: Problem | None) -> Response:
    found = service().files.all(user_asking().id)
    status = 200 if problem is None else problem.status
    settings = service().settings
    count, size = service().files.used(user_asking().id)
    return page(
        "files.html",
        status,
        files=found,
        problem=problem,
        used=(count, size),
        limits=settings.limits,
    )


@blueprint.post("/upload")
def upload() -> Answer:
    """A file from the form, which may be as large as a file may be; its fields may not."""
    limits = service().settings.limits
    request.max_content_length = max(limits.boundary_bytes, limits.samples_bytes) + limits.body
    return _upload()


@needs("launch")
def _upload() -> Answer:
    kind = request.form.get("kind", "")
    sent = request.files.get("file")
    try:
        if kind not in ("boundaries", "samples") or sent is None or not sent.filename:
            raise Problem(status=400, type="bad-request", detail="choose a file")
        name = request.form.get("name", "").strip() or sent.filename
        service().files.put(user_asking().id, kind, name, sent.stream)
    except Problem as problem:
        return _files(problem)
    finally:
        if sent is not None:
            sent.close()
    write_down("upload", about=kind)
    return redirect("/files", 303)


@blueprint.post("/files/remove")
@needs("launch")
def remove_file() -> Answer:
    """Forget an upload."""
    kind, name = request.form.get("kind", ""), request.form.get("id", "")
    try:
        service().files.delete(user_asking().id, kind, name)
    except Problem as problem:
        return _files(problem)
    write_down("delete file", about=f"{kind}/{name}")
    return redirect("/files", 303)
