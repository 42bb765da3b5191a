"""JSON that is answered, as JSON Schema tells it in OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from automap_service.uploads.files import KINDS
from automap_tiles.jobs import Level, Status

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
TIME: Json = {"type": "string", "format": "date-time"}
WHOLE: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "number"}
TRUTH: Json = {"type": "boolean"}
ANY: Json = {"type": "object"}


def object_of(required: str = "", **properties: Json) -> Json:
    found: Json = {"type": "object", "properties": properties}
    return {**found, "required": required.split()} if required else found


def list_of(item: Json) -> Json:
    return {"type": "array", "items": item}


def or_null(said: Json) -> Json:
    return {**said, "nullable": True}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_RANGE: Json = {**list_of(NUMBER), "minItems": 3, "maxItems": 3, "nullable": True}
"""10, 50 and 90 per cent; null: not known."""
_LINK = object_of("href rel", href=TEXT, rel=TEXT, type=TEXT, title=TEXT)
_FAULT: Json = object_of("pointer message", pointer=TEXT, message=TEXT, found={}, remedy=TEXT)
_STATUS: Json = {"type": "string", "enum": [str(each) for each in Status]}
LEVEL: Json = {"type": "string", "enum": [str(each) for each in Level]}

SCHEMAS: dict[str, Json] = {
    "Link": _LINK,
    "Problem": object_of(
        "type title status",
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        errors=list_of(_FAULT),
    ),
    "Token": object_of(
        "token expires access_token token_type expires_in",
        token=TEXT,
        expires=TIME,
        access_token=TEXT,
        token_type=TEXT,
        expires_in=WHOLE,
    ),
    "Job": object_of(
        "jobID id type processID status progress message created updated description parameters "
        "warnings usage partial links",
        jobID=TEXT,
        id=TEXT,
        type={"type": "string", "enum": ["process"]},
        processingEntityType=TEXT,
        processID=TEXT,
        status=_STATUS,
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        message=TEXT,
        phase=or_null(TEXT),
        attempt=WHOLE,
        created=TIME,
        started=TIME,
        updated=TIME,
        finished=TIME,
        description=TEXT,
        parameters=ANY,
        warnings=list_of(TEXT),
        usage=ANY,
        estimate={"allOf": [ref("Estimate")], "nullable": True},
        cost=ref("Cost"),
        budget=or_null(NUMBER),
        stopped_by_limit=TRUTH,
        partial=TRUTH,
        results_expire=or_null(TIME),
        links=list_of(ref("Link")),
    ),
    "Jobs": object_of("jobs links", jobs=list_of(ref("Job")), links=list_of(ref("Link"))),
    "Plan": object_of(
        "plan estimate warnings", plan=ANY, estimate=ref("Estimate"), warnings=list_of(TEXT)
    ),
    "Estimate": object_of(
        "seconds core_seconds result_bytes cost unit learnt of sizes",
        seconds=_RANGE,
        core_seconds=_RANGE,
        result_bytes=_RANGE,
        cost=_RANGE,
        unit=TEXT,
        currency=or_null(TEXT),
        learnt=TRUTH,
        of=TEXT,
        bytes=or_null(NUMBER),
        memory_bytes=NUMBER,
        budget=or_null(NUMBER),
        sizes=ANY,
    ),
    "Cost": object_of(
        "amount unit core_seconds fetched_bytes stored_bytes",
        amount=NUMBER,
        unit=TEXT,
        currency=or_null(TEXT),
        core_seconds=NUMBER,
        fetched_bytes=WHOLE,
        stored_bytes=WHOLE,
    ),
    "Costs": object_of(
        "unit prices estimates",
        unit=TEXT,
        currency=or_null(TEXT),
        prices=object_of(
            "core_hour gb_fetched gb_day", core_hour=NUMBER, gb_fetched=NUMBER, gb_day=NUMBER
        ),
        result_days=NUMBER,
        estimates=object_of("jobs inside aim", jobs=WHOLE, inside=WHOLE, aim=NUMBER),
    ),
    "Entry": object_of(
        "id time level message", id=WHOLE, time=TIME, level=LEVEL, attempt=WHOLE, message=TEXT
    ),
    "Log": object_of("logs links", logs=list_of(ref("Entry")), links=list_of(ref("Link"))),
    "Scene": object_of(
        "scene status",
        scene=TEXT,
        satellite=or_null(TEXT),
        status=TEXT,
        reason=or_null(TEXT),
    ),
    "Scenes": object_of("scenes", scenes=list_of(ref("Scene"))),
    "Rasters": object_of(
        "rasters", rasters=list_of(object_of("name title", name=TEXT, title=TEXT))
    ),
    "Pending": object_of("title pending", title=TEXT, pending=TRUTH),
    "Picture": object_of("title extent picture", title=TEXT, extent=list_of(NUMBER), picture=TEXT),
    "Results": object_of(
        "archive files",
        archive=object_of(
            "href type title bytes sha256 expires data_expire partial",
            href=TEXT,
            type=TEXT,
            title=TEXT,
            bytes=WHOLE,
            sha256=TEXT,
            expires=TIME,
            data_expire=TIME,
            partial=TRUTH,
        ),
        files=list_of(TEXT),
    ),
    "File": object_of(
        "id kind name bytes created links",
        id=TEXT,
        kind={"type": "string", "enum": list(KINDS)},
        name=TEXT,
        bytes=WHOLE,
        created=TIME,
        km2=NUMBER,
        vertices=WHOLE,
        rows=WHOLE,
        bounds=list_of(NUMBER),
        classes=ANY,
        more_classes=WHOLE,
        left_out=WHOLE,
        links=list_of(ref("Link")),
    ),
    "Files": object_of("files links", files=list_of(ref("File")), links=list_of(ref("Link"))),
}
