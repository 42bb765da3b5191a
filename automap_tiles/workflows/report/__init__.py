"""Reports as one HTML file that asks for nothing from elsewhere, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError

_PAGES = (".html", ".htm")


def check_name(path: Path) -> None:
    """Refuse a name that does not say what to write; raises `ConfigError`, `MissingExtra`."""
    suffix = path.suffix.lower()
    if suffix not in (*_PAGES, ".json"):
        raise ConfigError(
            "is neither HTML nor JSON",
            path,
            key="--report",
            remedy="a name ending in .html or .json",
        )
    if suffix in _PAGES:
        from automap_tiles.workflows.report.page import environment

        environment()


def write_training(report: Mapping[str, Any], path: Path) -> None:
    """Write what `commands.train.report_of` tells of a training."""
    if path.suffix.lower() in _PAGES:
        from automap_tiles.workflows.report.training import page

        _put(page(report), path)
    else:
        _put(_json(report), path)


def write_assessment(report: Mapping[str, Any], path: Path) -> None:
    """Write what `Assessment.to_dict` tells of a map."""
    if path.suffix.lower() in _PAGES:
        from automap_tiles.workflows.report.assessment import page

        _put(page(report), path)
    else:
        _put(_json(report), path)


def _json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _put(content: str, path: Path) -> None:
    from automap_tiles.storage import open_storage

    check_name(path)
    open_storage(str(path.absolute().parent)).put(path.name, content.encode())
