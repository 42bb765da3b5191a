"""Convert table rows to value types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import RowMapping

from automap_tiles.jobs.job import Entry, Job, Level, Phase, Result, SceneFate, Status


def job_of(row: RowMapping) -> Job:
    """Of `JOBS`."""
    said: dict[str, Any] = {key: row[key] for key in row if key not in ("logged", "log_bytes")}
    return Job(
        **{
            **said,
            "status": Status(said["status"]),
            "phase": Phase(said["phase"]),
            "recipients": tuple(said["recipients"]),
            "uses": tuple(said["uses"]),
            "warnings": tuple(said["warnings"]),
        }
    )


def entry_of(row: RowMapping) -> Entry:
    """Of `LOG`."""
    return Entry(
        number=row["number"],
        time=row["time"],
        level=Level(row["level"]),
        message=row["message"],
        attempt=row["attempt"],
    )


def scene_of(row: RowMapping) -> SceneFate:
    """Of `SCENES`."""
    return SceneFate(
        scene=row["scene"],
        satellite=row["satellite"],
        status=row["status"],
        reason=row["reason"],
    )


def result_of(row: RowMapping) -> Result:
    """Of `RESULTS`."""
    said: dict[str, Any] = {key: row[key] for key in row if key != "job"}
    return Result(**{**said, "files": tuple(said["files"])})
