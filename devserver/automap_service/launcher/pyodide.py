"""Pyodide, the Python of browsers: from its package in the npm registry, never committed.

It brings CPython and the standard library as WebAssembly (MPL-2.0). The file of the package is
pinned by its hash, and only the files that a browser asks for are taken out of it.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import shutil
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from automap_tiles.errors import InputError

VERSION = "314.0.7"
INTEGRITY = (
    "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyM"
    "cWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
)
"""Of the package's file, as npm writes it."""
ADDRESS = f"https://registry.npmjs.org/pyodide/-/pyodide-{VERSION}.tgz"
FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
PACKED = Path(__file__).parent / "files"
"""Where `make launcher` lays it out, so that wheels bring it along."""
_FOLDER = f"pyodide-{VERSION}"
_SECONDS = 60.0
_LARGEST = 64 << 20
"""Bytes of a package; the pinned one has a tenth of it."""


def folder(root: Path) -> Path | None:
    """Where the files are: those of the package, or those of a service's own folder."""
    for base in (PACKED, root / "launcher"):
        if all((base / _FOLDER / name).is_file() for name in FILES):
            return base / _FOLDER
    return None


def fetch(base: Path) -> Path:
    """Lay the files out below `base`, unless they are there; they appear together or not at all.

    Raises `InputError` when the registry does not answer, or with anything but the pinned file.
    """
    target = base / _FOLDER
    if all((target / name).is_file() for name in FILES):
        return target
    content = _download()
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base, prefix=".pyodide-") as name:
        whole = Path(name, "whole")
        whole.mkdir()
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for each in FILES:
                with archive.extractfile(f"package/{each}") as member:  # type: ignore[union-attr]
                    (whole / each).write_bytes(member.read())
        shutil.rmtree(target, ignore_errors=True)
        whole.rename(target)
    return target


def _download() -> bytes:
    try:
        with urllib.request.urlopen(ADDRESS, timeout=_SECONDS) as answer:
            content: bytes = answer.read(_LARGEST)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise InputError(f"{ADDRESS} cannot be fetched: {reason}") from None
    check(content)
    return content


def check(content: bytes) -> None:
    """Raise `InputError` unless these are the bytes that are pinned."""
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{found}" != INTEGRITY:
        raise InputError(f"{ADDRESS} is not the pinned file: sha512-{found}")
