"""The code launcher: Python for the browser, and the worker that runs it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, request, send_file

import automap_service.launcher
from automap_service.launcher import pyodide
from automap_service.pages._blueprint import blueprint
from automap_service.problems import Problem
from automap_service.web.context import base, needs, service
from automap_tiles import client

_OWN = Path(automap_service.launcher.__file__).parent
_FILES = {
    "worker.js": (_OWN / "worker.js", "text/javascript"),
    "in_browser.py": (_OWN / "_in_browser.py", "text/x-python"),
    "client.py": (Path(client.__file__), "text/x-python"),
}
_KINDS = {
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
    ".json": "application/json",
}
_ASKED = ("launch", "jobs", "jobs/", "files/", "launcher/")
"""The only addresses that a script in the browser reaches."""


@blueprint.get("/launcher/<name>")
@needs("launcher")
def launcher_file(name: str) -> Response:
    """The worker and what it runs scripts with; the client is the one of the package."""
    if name not in _FILES:
        raise Problem(status=404, type="not-found")
    path, kind = _FILES[name]
    return _sent(path, kind)


@blueprint.get("/launcher/pyodide/<name>")
@needs("launcher")
def python_file(name: str) -> Response:
    """A file of Pyodide."""
    folder = pyodide.folder(service().settings.root)
    if folder is None or name not in pyodide.FILES:
        raise Problem(status=404, type="not-found")
    return _sent(folder / name, _KINDS[Path(name).suffix])


def _sent(path: Path, kind: str) -> Response:
    response = send_file(path, mimetype=kind, conditional=True)
    response.headers["Content-Security-Policy"] = policy()
    return response


def policy() -> str:
    """Of the worker: WebAssembly, no `eval`, and of all addresses those of jobs."""
    hosts = {request.host, urlsplit(base()).netloc}
    asked = " ".join(f"{host}/{path}" for host in sorted(hosts) for path in _ASKED)
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
        f"connect-src {asked}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
