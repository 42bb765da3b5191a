"""Where the journal of an output lies."""

from __future__ import annotations

from pathlib import Path

JOURNAL_NAME = "journal.sqlite"


def journal_path(output: str, config_path: Path | None) -> Path:
    """Where the journal of an output lies.

    In a tile directory, beside a single file, and for an output in object storage beside the
    process file (in the current folder where there is none).
    """
    if "://" in output:
        base = config_path or Path("automap")
        return base.with_name(f".{base.name}.{JOURNAL_NAME}")
    path = Path(output)
    if path.suffix and not path.is_dir():
        return path.with_name(f"{path.name}.{JOURNAL_NAME}")
    return path / JOURNAL_NAME
