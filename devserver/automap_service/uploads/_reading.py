"""The limited child that reads an upload, seen from the web process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automap_service.problems import Fault, Problem
from automap_service.uploads.child import SECONDS
from automap_tiles.jobs.process import PASSED_ON

_MEMORY = 4 << 30
_NOWHERE = "http://127.0.0.1:1"


def normalise(kind: str, path: Path, out: Path, limits: Mapping[str, float]) -> dict[str, Any]:
    """What is in a file; `out` is what will be used of it. Raises `Problem`.

    Where it is, nothing else should be: the child works in that folder.
    """
    said = {
        "kind": kind,
        "path": str(path),
        "out": str(out),
        "limits": dict(limits),
        "memory": _MEMORY,
    }
    found = _ask(said, path.parent)
    if "error" in found:
        status, name = (413, "too-large") if found["kind"] == "too-large" else (400, "bad-request")
        fault = Fault(
            pointer="",
            message=str(found["error"])[:500],
            found=found.get("found"),
            remedy=found.get("remedy"),
        )
        raise Problem(status=status, type=name, detail=fault.message, errors=(fault,))
    return found


def environment(folder: Path) -> dict[str, str]:
    """Of the child: it may fetch nothing from anywhere, whatever a file asks GDAL for."""
    found = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    walls = {"GDAL_HTTP_PROXY": _NOWHERE, "PROJ_NETWORK": "OFF"}
    return {**found, **walls, "TMPDIR": str(folder), "HOME": str(folder)}


def _ask(said: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "automap_service.uploads.child"],
            input=json.dumps(said).encode(),
            capture_output=True,
            env=environment(folder),
            cwd=folder,
            timeout=3 * SECONDS,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return {"error": "takes too long to read", "kind": "too-large"}
    if done.returncode == 0:
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    return {"error": "takes too long, or too much memory, to read", "kind": "too-large"}
