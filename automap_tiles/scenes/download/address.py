"""Addresses of files: their kind, and how to display them safely."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urljoin, urlsplit

from automap_tiles.errors import InputError
from automap_tiles.storage import is_remote
from automap_tiles.storage.zarr_array import array_path

Kind = Literal["http", "object", "file"]


def kind_of(href: str) -> Kind:
    """How to read an address; raises `InputError` if it is not supported."""
    href = array_path(href) or href
    scheme = urlsplit(href).scheme.lower() if "://" in href else ""
    if scheme in ("http", "https"):
        return "http"
    if is_remote(href):
        return "object"
    if scheme not in ("", "file"):
        raise InputError(f"nothing here reads {scheme}://", shown(href))
    return "file"


def shown(href: str) -> str:
    """The address without user name, password and query, which may be a signature."""
    without_query = re.sub(r"\?.*", "?…", href, flags=re.DOTALL) if "://" in href else href
    return re.sub(r"://[^/@\s]*@", "://", without_query)


def scrubbed(text: str) -> str:
    """A message without queries and user names in its addresses."""
    return re.sub(r"://[^/@\s]*@", "://", re.sub(r"\?[^\s\"')]+", "?…", text))


def local_path(href: str) -> Path:
    """Local path of a plain path or a `file://` address."""
    if href.startswith("file://"):
        return Path(unquote(urlsplit(href).path))
    return Path(href)


def name_of(href: str) -> str:
    """Last part of the path, as a file name."""
    path = urlsplit(href).path if "://" in href else href
    return safe_name(unquote(path.rstrip("/")).rpartition("/")[2])


def safe_name(text: str) -> str:
    """A name that stays in its folder, whatever the catalogue contains."""
    return re.sub(r"[^\w.+=@-]+", "_", text).lstrip(".")[:200] or "_"


def resolve(base: str, href: str) -> str:
    """Resolve a link relative to the document at `base`."""
    if "://" in href or href.startswith("/vsi"):
        return href
    if "://" in base:
        # urljoin applies its rules to http only; the other schemes follow the same ones
        scheme, _, rest = base.partition("://")
        return scheme + urljoin(f"http://{rest}", href).removeprefix("http")
    return href if Path(href).is_absolute() else str(_tidy(local_path(base).parent / href))


def _tidy(path: Path) -> Path:
    """Without `.` and `..`; symbolic links are kept."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] not in ("..", "/"):
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)
