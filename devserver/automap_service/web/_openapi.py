"""What can be asked, as OpenAPI 3.0 tells it: written once, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from automap_service.launching.schema import schema
from automap_service.settings import Settings
from automap_service.uploads.files import KINDS
from automap_tiles.jobs import Level, Status
from automap_tiles.version import VERSION

Json = dict[str, Any]

PROBLEM = "application/problem+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_JSON = "application/json"
_TEXT: Json = {"type": "string"}
_TIME: Json = {"type": "string", "format": "date-time"}
_WHOLE: Json = {"type": "integer", "minimum": 0}
_NUMBER: Json = {"type": "number"}
_TRUTH: Json = {"type": "boolean"}
_ANY: Json = {"type": "object"}


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


def _object(required: str = "", **properties: Json) -> Json:
    found: Json = {"type": "object", "properties": properties}
    return {**found, "required": required.split()} if required else found


def _list(item: Json) -> Json:
    return {"type": "array", "items": item}


def _or_null(said: Json) -> Json:
    return {**said, "nullable": True}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_RANGE: Json = {**_list(_NUMBER), "minItems": 3, "maxItems": 3, "nullable": True}
"""10, 50 and 90 per cent; null: not known."""
_LINK = _object("href rel", href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT)
_FAULT: Json = _object("pointer message", pointer=_TEXT, message=_TEXT, found={}, remedy=_TEXT)
_STATUS: Json = {"type": "string", "enum": [str(each) for each in Status]}
_LEVEL: Json = {"type": "string", "enum": [str(each) for each in Level]}

SCHEMAS: dict[str, Json] = {
    "Link": _LINK,
    "Problem": _object(
        "type title status",
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        detail=_TEXT,
        errors=_list(_FAULT),
    ),
    "Token": _object(
        "token expires access_token token_type expires_in",
        token=_TEXT,
        expires=_TIME,
        access_token=_TEXT,
        token_type=_TEXT,
        expires_in=_WHOLE,
    ),
    "Job": _object(
        "jobID id type processID status progress message created updated description parameters "
        "warnings usage partial links",
        jobID=_TEXT,
        id=_TEXT,
        type={"type": "string", "enum": ["process"]},
        processingEntityType=_TEXT,
        processID=_TEXT,
        status=_STATUS,
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        message=_TEXT,
        phase=_or_null(_TEXT),
        attempt=_WHOLE,
        created=_TIME,
        started=_TIME,
        updated=_TIME,
        finished=_TIME,
        description=_TEXT,
        parameters=_ANY,
        warnings=_list(_TEXT),
        usage=_ANY,
        estimate={"allOf": [_ref("Estimate")], "nullable": True},
        cost=_ref("Cost"),
        budget=_or_null(_NUMBER),
        stopped_by_limit=_TRUTH,
        partial=_TRUTH,
        results_expire=_or_null(_TIME),
        links=_list(_ref("Link")),
    ),
    "Jobs": _object("jobs links", jobs=_list(_ref("Job")), links=_list(_ref("Link"))),
    "Plan": _object(
        "plan estimate warnings", plan=_ANY, estimate=_ref("Estimate"), warnings=_list(_TEXT)
    ),
    "Estimate": _object(
        "seconds core_seconds result_bytes cost unit learnt of sizes",
        seconds=_RANGE,
        core_seconds=_RANGE,
        result_bytes=_RANGE,
        cost=_RANGE,
        unit=_TEXT,
        currency=_or_null(_TEXT),
        learnt=_TRUTH,
        of=_TEXT,
        bytes=_or_null(_NUMBER),
        memory_bytes=_NUMBER,
        budget=_or_null(_NUMBER),
        sizes=_ANY,
    ),
    "Cost": _object(
        "amount unit core_seconds fetched_bytes stored_bytes",
        amount=_NUMBER,
        unit=_TEXT,
        currency=_or_null(_TEXT),
        core_seconds=_NUMBER,
        fetched_bytes=_WHOLE,
        stored_bytes=_WHOLE,
    ),
    "Costs": _object(
        "unit prices estimates",
        unit=_TEXT,
        currency=_or_null(_TEXT),
        prices=_object(
            "core_hour gb_fetched gb_day", core_hour=_NUMBER, gb_fetched=_NUMBER, gb_day=_NUMBER
        ),
        result_days=_NUMBER,
        estimates=_object("jobs inside aim", jobs=_WHOLE, inside=_WHOLE, aim=_NUMBER),
    ),
    "Entry": _object(
        "id time level message", id=_WHOLE, time=_TIME, level=_LEVEL, attempt=_WHOLE, message=_TEXT
    ),
    "Log": _object("logs links", logs=_list(_ref("Entry")), links=_list(_ref("Link"))),
    "Scene": _object(
        "scene status",
        scene=_TEXT,
        satellite=_or_null(_TEXT),
        status=_TEXT,
        reason=_or_null(_TEXT),
    ),
    "Scenes": _object("scenes", scenes=_list(_ref("Scene"))),
    "Rasters": _object("rasters", rasters=_list(_object("name title", name=_TEXT, title=_TEXT))),
    "Pending": _object("title pending", title=_TEXT, pending=_TRUTH),
    "Picture": _object("title extent picture", title=_TEXT, extent=_list(_NUMBER), picture=_TEXT),
    "Results": _object(
        "archive files",
        archive=_object(
            "href type title bytes sha256 expires data_expire partial",
            href=_TEXT,
            type=_TEXT,
            title=_TEXT,
            bytes=_WHOLE,
            sha256=_TEXT,
            expires=_TIME,
            data_expire=_TIME,
            partial=_TRUTH,
        ),
        files=_list(_TEXT),
    ),
    "File": _object(
        "id kind name bytes created links",
        id=_TEXT,
        kind={"type": "string", "enum": list(KINDS)},
        name=_TEXT,
        bytes=_WHOLE,
        created=_TIME,
        km2=_NUMBER,
        vertices=_WHOLE,
        rows=_WHOLE,
        bounds=_list(_NUMBER),
        classes=_ANY,
        more_classes=_WHOLE,
        links=_list(_ref("Link")),
    ),
    "Files": _object("files links", files=_list(_ref("File")), links=_list(_ref("Link"))),
}

_LOGIN: Json = {
    **_object("username password", username=_TEXT, password=_TEXT, new_password=_TEXT),
    "additionalProperties": False,
}
_PAGE: tuple[tuple[str, Json], ...] = (
    ("status", _TEXT),
    ("processID", _TEXT),
    ("type", _TEXT),
    ("datetime", _TEXT),
    ("q", _TEXT),
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
            "check": {**_TRUTH, "description": "Only tell what would be done"},
            "again": {**_TRUTH, "description": "Though the same run is active"},
            "notify": {**_list(_TEXT), "description": "Confirmed addresses to be told"},
        },
    }
    inputs = {**_object("inputs", inputs=parameters), "additionalProperties": True}
    text = {"type": "string", "maxLength": settings.limits.description}
    change = {**_object("description", description=text), "additionalProperties": False}
    return (
        Operation(method="get", path="/", about="Links", answers=((200, _ANY),), public=True),
        _public("/conformance", "What of the standard is kept"),
        _public("/limits", "What is allowed"),
        replace(
            _public("/costs", "What is paid for, and how good estimates are"),
            answers=((200, _ref("Costs")),),
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
            answers=((200, _ANY), (503, _ANY)),
            public=True,
        ),
        Operation(
            method="get",
            path="/processes",
            about="The one process",
            answers=((200, _ANY),),
            errors=(400,),
            query=(("limit", {"type": "integer"}),),
            public=True,
        ),
        Operation(
            method="get",
            path="/processes/{process}",
            about="Its inputs and outputs",
            answers=((200, _ANY),),
            errors=(400, 404),
            public=True,
        ),
        Operation(
            method="post",
            path="/auth",
            about="A token",
            answers=((200, _ref("Token")),),
            errors=(400, 401, 403, 413, 415, 429),
            body=_LOGIN,
            media=(_JSON, "application/x-www-form-urlencoded"),
            public=True,
        ),
        Operation(method="delete", path="/auth", about="End the token", answers=((204, None),)),
        Operation(method="get", path="/me", about="Who one is", answers=((200, _ANY),)),
        Operation(
            method="post",
            path="/launch",
            about="Launch a run, or with `check` tell what it would be",
            answers=((201, _ref("Job")), (200, _ref("Plan"))),
            errors=(*_LAUNCH_ERRORS, 503),
            headers=_KEY,
            body=launch,
        ),
        Operation(
            method="post",
            path="/processes/{process}/execution",
            about="Launch a run, in the words of OGC API - Processes",
            answers=((201, _ref("Job")),),
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
        method="get", path=path, about=about, answers=((200, _ANY),), errors=(400,), public=True
    )


def _job_operations(change: Json) -> tuple[Operation, ...]:
    one = "/jobs/{job}"
    log = (
        ("after", {"type": "integer", "minimum": 0, "maximum": 2**31}),
        ("level", _LEVEL),
        ("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
    )
    found = (200, _ref("Job"))
    known = (304, None)
    return (
        Operation(
            method="get",
            path="/jobs",
            about="Jobs, newest first",
            answers=((200, _ref("Jobs")), known),
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
            answers=((201, _ref("Job")),),
            errors=(400, 402, 404, 409, 422, 429),
            headers=_KEY,
        ),
        Operation(
            method="get",
            path=f"{one}/logs",
            about="Lines of its log",
            answers=((200, _ref("Log")), known),
            errors=(400, 404),
            query=log,
        ),
        Operation(
            method="get",
            path=f"{one}/scenes",
            about="What became of every scene",
            answers=((200, _ref("Scenes")), known),
            errors=(400, 404),
        ),
        Operation(
            method="get",
            path=f"{one}/rasters",
            about="What can be shown on a map, also while it is made",
            answers=((200, _ref("Rasters")), known),
            errors=(400, 404),
        ),
        Operation(
            method="get",
            path=f"{one}/picture",
            about="A picture of one of them as a data URL, and its place in metres of EPSG:3857",
            answers=((200, _ref("Picture")), (202, _ref("Pending")), known),
            query=(("raster", _TEXT),),
            errors=(400, 404, 503),
        ),
        Operation(
            method="get",
            path=f"{one}/results",
            about="A new link to the archive",
            answers=((200, _ref("Results")),),
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
            answers=((200, _ref("Files")), (304, None)),
            errors=(400,),
        ),
        Operation(
            method="get",
            path=one,
            about="An upload, by name or id; with /content behind it what is kept",
            answers=((200, _ref("File")), (304, None)),
            errors=(400, 404),
        ),
        Operation(
            method="put",
            path=one,
            about="Keep the body: GeoJSON, GeoPackage, FlatGeobuf; CSV of samples",
            answers=((201, _ref("File")), (200, _ref("File"))),
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


_PLACES: dict[str, Json] = {
    "job": _TEXT,
    "process": _TEXT,
    "kind": {"type": "string", "enum": list(KINDS)},
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "word": _TEXT,
}


def document(settings: Settings, base: str) -> Json:
    """The whole document."""
    paths: dict[str, Json] = {}
    for each in operations(settings):
        paths.setdefault(each.path, {})[each.method] = _described(each)
    schemes = {
        "token": {"type": "http", "scheme": "bearer"},
        "automap": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token …`, AutoMap's own word",
        },
    }
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "AutoMap",
            "version": VERSION,
            "description": "Launch runs, follow them, fetch their results",
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": schemes},
    }


def _described(each: Operation) -> Json:
    answers: dict[str, Json] = {}
    for code, said in each.answers:
        content = {} if said is None else {"content": {each.kind: {"schema": said}}}
        answers[str(code)] = {"description": each.about, **content}
    problem = {"content": {PROBLEM: {"schema": _ref("Problem")}}}
    errors = set(each.errors) | (set() if each.public else {401, 403})
    for code in sorted(errors):
        answers[str(code)] = {"description": "A problem (RFC 9457)", **problem}
    places = re.findall(r"{(\w+)}", each.path)
    parameters = [_parameter(name, "path", _PLACES[name]) for name in places]
    parameters += [_parameter(name, "query", said) for name, said in each.query]
    parameters += [_parameter(name, "header", said) for name, said in each.headers]
    found: Json = {
        "summary": each.about,
        "operationId": f"{each.method}{re.sub(r'[^a-z]+', '_', each.path)}".strip("_"),
        "parameters": parameters,
        "responses": answers,
    }
    if each.body is not None:
        content = {media: {"schema": each.body} for media in each.media}
        found["requestBody"] = {"required": True, "content": content}
    if not each.public:
        found["security"] = [{"token": []}, {"automap": []}]
    return found


def _parameter(name: str, where: str, said: Json) -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": said}
