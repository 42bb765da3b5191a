"""Uploads: boundaries and samples."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, send_file

from automap_service.problems import Problem
from automap_service.uploads.files import KINDS, File
from automap_service.uploads.points import without_formulas
from automap_service.web._answers import as_json, tagged, wants_html
from automap_service.web._asked import query
from automap_service.web.context import base, needs, nothing, service, user_asking, write_down
from automap_service.web.documents import file_info, link
from automap_service.web.html import html

views = Blueprint("files", __name__)


@views.get("/files")
@needs()
def files() -> Response:
    """All files of whoever asks."""
    if wants_html():
        return html().files()
    query(())
    found = service().files.all(user_asking().id)
    here = link(f"{base()}/files", "self")
    return tagged({"files": [file_info(each, base()) for each in found], "links": [here]})


@views.put("/files/<kind>/<path:name>")
@needs("launch")
def put(kind: str, name: str) -> Response:
    """Keep the body as a file of this name; one that is there is replaced."""
    _check_kind(kind)
    limits = service().settings.limits
    most = limits.boundary_bytes if kind == "boundaries" else limits.samples_bytes
    if (request.content_length or 0) > most:
        raise Problem(status=413, type="too-large", detail=f"at most {most} bytes")
    request.max_content_length = most + 1
    found, is_new = service().files.put(user_asking().id, kind, name, request.stream)
    write_down("upload", about=f"{kind}/{found.id}")
    where = {"Location": f"{base()}/files/{kind}/{found.id}"}
    return as_json(file_info(found, base()), 201 if is_new else 200, where)


@views.get("/files/<kind>/<path:name>")
@needs()
def one(kind: str, name: str) -> Any:
    """What is known of a file; with `/content` behind it what is kept of it."""
    query(())
    stem, slash, last = name.rpartition("/")
    if slash and last == "content":
        found = _file(kind, stem)
        ending, media = KINDS[kind]
        path = service().files.path(user_asking().id, found)
        if kind == "samples":
            response = Response(without_formulas(path), mimetype=media)
            response.headers.set(
                "Content-Disposition", "attachment", filename=f"{found.id}{ending}"
            )
            return response
        return send_file(
            path,
            mimetype=media,
            as_attachment=True,
            download_name=f"{found.id}{ending}",
            etag=found.sha256,
            max_age=0,
        )
    return tagged(file_info(_file(kind, name), base()))


@views.delete("/files/<kind>/<path:name>")
@needs("launch")
def delete(kind: str, name: str) -> Response:
    """Forget a file; not one that an active job reads."""
    found = _file(kind, name)
    service().files.delete(user_asking().id, kind, found.id)
    write_down("delete file", about=f"{kind}/{found.id}")
    return nothing()


def _file(kind: str, name: str) -> File:
    _check_kind(kind)
    found = service().files.find(user_asking().id, kind, name)
    if found is None:
        raise Problem(status=404, type="no-such-file")
    return found


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Problem(status=404, type="not-found", detail=f"one of {', '.join(KINDS)}")
