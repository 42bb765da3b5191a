"""Addresses: the URLs of object stores, and GDAL's names of their objects."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

GDAL_PREFIXES = {"s3": "/vsis3/", "gs": "/vsigs/", "az": "/vsiaz/"}
"""Scheme of an object store -> GDAL's prefix of its objects."""

REMOTE_SCHEMES = tuple(GDAL_PREFIXES)


def is_remote(path: str | Path) -> bool:
    """Whether a path is the URL of an object store."""
    return "://" in str(path) and urlsplit(str(path)).scheme in REMOTE_SCHEMES


def is_address(path: str) -> bool:
    """Whether a path is a URL or GDAL name (`/vsizip/…`) rather than a path of the file system."""
    return "://" in path or path.startswith("/vsi")
