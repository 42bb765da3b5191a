"""OGC API - Processes 1.0: what there is, and how it is called."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app

from automap_service.launching.schema import PROPERTIES, REQUIRED, schema
from automap_service.problems import Problem
from automap_service.web import documents as doc
from automap_service.web._answers import as_json, tagged, wants_html
from automap_service.web._asked import query
from automap_service.web._openapi import document
from automap_service.web._operations import OPENAPI
from automap_service.web.context import base, service
from automap_service.web.html import html
from automap_tiles.version import VERSION

views = Blueprint("ogc", __name__)

_CORE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
CONFORMS = [
    f"{_CORE}/{name}"
    for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "dismiss")
]


@views.get("/")
def landing() -> Response:
    """Where everything is."""
    if wants_html():
        return html().home()
    query(())
    here = base()
    return tagged(
        {
            "title": "AutoMap",
            "description": "From satellite products to scenes, composites and maps of classes",
            "links": [
                doc.link(f"{here}/", "self"),
                doc.link(f"{here}/", "alternate", "Page", "text/html"),
                doc.link(f"{here}/openapi.json", "service-desc", "The API", OPENAPI),
                doc.link(f"{here}/conformance", doc.CONFORMANCE),
                doc.link(f"{here}/conformance", "conformance"),
                doc.link(f"{here}/processes", doc.PROCESSES),
                doc.link(f"{here}/jobs", doc.JOB_LIST),
            ],
        }
    )


@views.get("/conformance")
def conformance() -> Response:
    """What of the standard is kept."""
    query(())
    return tagged({"conformsTo": CONFORMS})


@views.get("/processes")
def processes() -> Response:
    """The one process."""
    query(("limit",))
    return tagged({"processes": [_summary()], "links": [doc.link(f"{base()}/processes", "self")]})


@views.get("/processes/<process>")
def process(process: str) -> Response:
    """What goes into it and what comes out."""
    query(())
    if process != doc.PROCESS:
        raise Problem(status=404, type="no-such-process")
    settings = service().settings
    known = schema(settings.catalogues, settings.limits.description)["properties"]
    inputs = {name: _input(name, each) for name, each in known.items()}
    output = {
        "title": "Archive",
        "description": "A zip with the results, their STAC items and the record of the run",
        "schema": {"type": "string", "contentMediaType": "application/zip"},
    }
    return tagged({**_summary(), "inputs": inputs, "outputs": {"archive": output}})


@views.get("/openapi.json")
def openapi() -> Response:
    """The whole API."""
    query(())
    said = document(service().settings, base())
    return as_json(said, kind=OPENAPI)


@views.get("/healthz")
def health() -> Response:
    """Whether this process answers."""
    return as_json({"status": "ok", "version": VERSION})


@views.get("/readyz")
def ready() -> Response:
    """Whether database and store are there and a runner was seen lately."""
    parts = current_app.extensions["automap-readiness"].parts()
    ok = all(parts.values())
    return as_json({"status": "ok" if ok else "not ready", **parts}, 200 if ok else 503)


def _summary() -> dict[str, Any]:
    here = f"{base()}/processes/{doc.PROCESS}"
    return {
        "id": doc.PROCESS,
        "title": "AutoMap",
        "description": "Scenes, composites and maps of classes of an area and a time range",
        "version": VERSION,
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["reference"],
        "links": [
            doc.link(here, "self"),
            doc.link(f"{here}/execution", doc.EXECUTE, "Launch"),
        ],
    }


def _input(name: str, said: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in said.items() if key not in ("title", "description")}
    return {
        "title": PROPERTIES[name]["title"],
        "description": PROPERTIES[name]["description"],
        "schema": rest,
        "minOccurs": int(name in REQUIRED),
        "maxOccurs": 1,
    }
