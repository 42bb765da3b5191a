"""What can be asked and what is answered, as one document of OpenAPI 3.0."""

from __future__ import annotations

import re

from automap_service.settings import Settings
from automap_service.uploads.files import KINDS
from automap_service.web._operations import Operation, operations
from automap_service.web._schemas import SCHEMAS, TEXT, Json, ref
from automap_tiles.version import VERSION

PROBLEM = "application/problem+json"

_PLACES: dict[str, Json] = {
    "job": TEXT,
    "process": TEXT,
    "kind": {"type": "string", "enum": list(KINDS)},
    "name": {"type": "string", "minLength": 1, "maxLength": 100},
    "word": TEXT,
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
    problem = {"content": {PROBLEM: {"schema": ref("Problem")}}}
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
