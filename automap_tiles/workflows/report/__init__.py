"""Reports as one HTML file that asks for nothing from elsewhere, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.storage import Address

_PAGES = (".html", ".htm")


def check_name(path: Path | Address) -> None:
    """Refuse a name that does not say what to write; raises `ConfigError`, `MissingExtra`."""
    suffix = _ending(path)
    if suffix not in (*_PAGES, ".json"):
        raise ConfigError(
            "is neither HTML nor JSON",
            str(path),
            key="--report",
            remedy="a name ending in .html or .json",
        )
    if suffix in _PAGES:
        from automap_tiles.workflows.report._page import environment

        environment()


def write_training(report: Mapping[str, Any], path: Path | Address) -> None:
    """Write what `workflows.train.report_of` tells of a training."""
    if _ending(path) in _PAGES:
        from automap_tiles.workflows.report._training import page

        _put(page(report), path)
    else:
        _put(_json(report), path)


def write_assessment(report: Mapping[str, Any], path: Path | Address) -> None:
    """Write what `Assessment.to_dict` tells of a map."""
    if _ending(path) in _PAGES:
        from automap_tiles.workflows.report._assessment import page

        _put(page(report), path)
    else:
        _put(_json(report), path)


def _json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _put(content: str, path: Path | Address) -> None:
    check_name(path)
    Address.of(path).write(content.encode())


def _ending(path: Path | Address) -> str:
    return PurePosixPath(path.name).suffix.lower()
