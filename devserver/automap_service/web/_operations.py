"""What can be asked: every call, written once, in one table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from automap_service.launching.schema import schema
from automap_service.settings import Settings
from automap_service.web._schemas import ANY, LEVEL, TEXT, TRUTH, Json, list_of, object_of, ref

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One call."""

    method: str
    path: str
    about: str
    answers: tuple[tuple[int, Json | None], ...] = ()
    """Code → schema of the JSON; None: another content, or none."""
    errors: tuple[int, ...] = ()
    query: tuple[tuple[str, Json], ...] = ()
    headers: tuple[tuple[str, Json], ...] = ()
    body: Json | None = None
    media: tuple[str, ...] = (_JSON,)
    """Of the body."""
    kind: str = _JSON
    """Of the answers that have a schema."""
    public: bool = False


_LOGIN: Json = {
    **object_of("username password", username=TEXT, password=TEXT, new_password=TEXT),
    "additionalProperties": False,
}
_PAGE: tuple[tuple[str, Json], ...] = (
    ("status", TEXT),
    ("processID", TEXT),
    ("type", TEXT),
    ("datetime", TEXT),
    ("q", TEXT),
    ("limit", {"type": "integer", "minimum": 1, "maximum": 100}),
    ("cursor", {"type": "integer", "minimum": 1}),
)
_KEY: tuple[tuple[str, Json], ...] = (
    ("Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$"}),
)
_LAUNCH_ERRORS = (400, 402, 409, 413, 415, 422, 429)


def operations(settings: Settings) -> tuple[Operation, ...]:
    """All calls of an installation."""
    parameters = schema(settings.catalogues, settings.limits.description)
    launch = {
        **parameters,
        "properties": {
            **parameters["properties"],
            "check": {**TRUTH, "description": "Only tell what would be done"},
            "again": {**TRUTH, "description": "Though the same run is active"},
            "notify": {**list_of(TEXT), "description": "Confirmed addresses to be told"},
        },
    }
    inputs = {**object_of("inputs", inputs=parameters), "additionalProperties": True}
    text = {"type": "string", "maxLength": settings.limits.description}
    change = {**object_of("description", description=text), "additionalProperties": False}
    return (
        Operation(method="get", path="/", about="Links", answers=((200, ANY),), public=True),
        _public("/conformance", "What of the standard is kept"),
        _public("/limits", "What is allowed"),
        replace(
            _public("/costs", "What is paid for, and how good estimates are"),
            answers=((200, ref("Costs")),),
        ),
        _public("/healthz", "Whether it answers"),
        Operation(
            method="get",
            path="/metrics",
            about="Figures for Prometheus: for this machine, or with the token for them",
            answers=((200, None),),
            errors=(400, 403),
            public=True,
        ),
        replace(_public("/openapi.json", "This document"), kind=OPENAPI),
        Operation(
            method="get",
            path="/readyz",
            about="Whether database and runner are there",
            answers=((200, ANY), (503, ANY)),
            public=True,
        ),
        Operation(
            method="get",
            path="/processes",
            about="The one process",
            answers=((200, ANY),),
            errors=(400,),
            query=(("limit", {"type": "integer"}),),
            public=True,
        ),
        Operation(
            method="get",
            path="/processes/{process}",
            about="Its inputs and outputs",
            answers=((200, ANY),),
            errors=(400, 404),
            public=True,
        ),
        Operation(
            method="post",
            path="/auth",
            about="A token",
            answers=((200, ref("Token")),),
            errors=(400, 401, 403, 413, 415, 429),
            body=_LOGIN,
            media=(_JSON, "application/x-www-form-urlencoded"),
            public=True,
        ),
        Operation(method="delete", path="/auth", about="End the token", answers=((204, None),)),
        Operation(method="get", path="/me", about="Who one is", answers=((200, ANY),)),
        Operation(
            method="post",
            path="/launch",
            about="Launch a run, or with `check` tell what it would be",
            answers=((201, ref("Job")), (200, ref("Plan"))),
            errors=(*_LAUNCH_ERRORS, 503),
            headers=_KEY,
            body=launch,
        ),
        Operation(
            method="post",
            path="/processes/{process}/execution",
            about="Launch a run, in the words of OGC API - Processes",
            answers=((201, ref("Job")),),
            errors=(*_LAUNCH_ERRORS, 404),
            headers=_KEY,
            body=inputs,
        ),
        *_job_operations(change),
        *_file_operations(),
        Operation(
            method="get",
            path="/r/{word}",
            about="The archive of a job, for whoever has the link",
            answers=((200, None), (206, None), (302, None)),
            errors=(410, 416, 503),
            public=True,
        ),
    )


def _public(path: str, about: str) -> Operation:
    return Operation(
        method="get", path=path, about=about, answers=((200, ANY),), errors=(400,), public=True
    )


def _job_operations(change: Json) -> tuple[Operation, ...]:
    one = "/jobs/{job}"
    log = (
        ("after", {"type": "integer", "minimum": 0, "maximum": 2**31}),
        ("level", LEVEL),
        ("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
    )
    found = (200, ref("Job"))
    known = (304, None)
    return (
        Operation(
            method="get",
            path="/jobs",
            about="Jobs, newest first",
            answers=((200, ref("Jobs")), known),
            errors=(400,),
            query=_PAGE,
        ),
        Operation(method="get", path=one, about="A job", answers=(found, known), errors=(400, 404)),
        Operation(
            method="patch",
            path=one,
            about="Another description",
            answers=(found,),
            errors=(400, 404, 413, 415),
            body=change,
        ),
        Operation(
            method="delete",
            path=one,
            about="End it, or forget one that is at its end",
            answers=(found,),
            errors=(404, 503),
        ),
        Operation(
            method="post",
            path=f"{one}/again",
            about="A new job with the same parameters",
            answers=((201, ref("Job")),),
            errors=(400, 402, 404, 409, 422, 429),
            headers=_KEY,
        ),
        Operation(
            method="get",
            path=f"{one}/logs",
            about="Lines of its log",
            answers=((200, ref("Log")), known),
            errors=(400, 404),
            query=log,
        ),
        Operation(
            method="get",
            path=f"{one}/scenes",
            about="What became of every scene",
            answers=((200, ref("Scenes")), known),
            errors=(400, 404),
        ),
        Operation(
            method="get",
            path=f"{one}/rasters",
            about="What can be shown on a map, also while it is made",
            answers=((200, ref("Rasters")), known),
            errors=(400, 404),
        ),
        Operation(
            method="get",
            path=f"{one}/picture",
            about="A picture of one of them as a data URL, and its place in metres of EPSG:3857",
            answers=((200, ref("Picture")), (202, ref("Pending")), known),
            query=(("raster", TEXT),),
            errors=(400, 404, 503),
        ),
        Operation(
            method="get",
            path=f"{one}/results",
            about="A new link to the archive",
            answers=((200, ref("Results")),),
            errors=(400, 404, 409, 410),
        ),
        Operation(
            method="delete",
            path=f"{one}/results/links",
            about="Make all links worthless",
            answers=((204, None),),
            errors=(404,),
        ),
    )


def _file_operations() -> tuple[Operation, ...]:
    one = "/files/{kind}/{name}"
    return (
        Operation(
            method="get",
            path="/files",
            about="All uploads",
            answers=((200, ref("Files")), (304, None)),
            errors=(400,),
        ),
        Operation(
            method="get",
            path=one,
            about="An upload, by name or id; with /content behind it what is kept",
            answers=((200, ref("File")), (304, None)),
            errors=(400, 404),
        ),
        Operation(
            method="put",
            path=one,
            about="Keep the body: GeoJSON, GeoPackage, FlatGeobuf; CSV of samples",
            answers=((201, ref("File")), (200, ref("File"))),
            errors=(400, 404, 409, 413, 429, 503),
            body={"type": "string", "format": "binary"},
            media=("application/octet-stream",),
        ),
        Operation(
            method="delete",
            path=one,
            about="Forget an upload that no active job reads",
            answers=((204, None),),
            errors=(404, 409),
        ),
    )
