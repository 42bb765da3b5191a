"""Acquisition time of the exported data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.formats.capabilities import Dated
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.parsing import parse_json
from automap_tiles.runtime import open_process
from automap_tiles.runtime.open import resolve_process

_SCENES = "scenes.json"
"""Contributions of scenes, stored beside the tiles of a process that reports them (`sum_up`)."""


def time_of(source: str) -> str:
    """ISO 8601, or an interval with a slash: of the scenes that a source was made from.

    If it is unknown, the time of the source's last change, or the present time, with a note.
    """
    found = _of_process(source) if is_process_file(source) else _of_place(Path(source))
    if found is not None:
        return found
    try:
        when = datetime.fromtimestamp(Path(source).stat().st_mtime, UTC)
    except OSError:
        when = datetime.now(UTC)
    text = when.isoformat(timespec="seconds")
    tell(
        Note(
            fate=Fate.GUESSED,
            subject=Subject.OPTIONS,
            examples=(f"--time {text}",),
            reason="nothing says when the source was taken; its STAC item has the time of the file",
            remedy="--time",
        )
    )
    return text


def _of_process(source: str) -> str | None:
    """From the output, else from the scenes that the process reads."""
    found = _of_place(Path(resolve_process(Path(source).absolute()).writer.path))
    if found is not None:
        return found
    try:
        process = open_process(source)
        readers = [each for _, each in process.inputs_of_file.readers(max(process.zooms))]
        scenes = [each.by_date() for each in readers if isinstance(each, Dated)]
        return _span(scene.time.isoformat() for reader in scenes for scene in reader.scenes)
    except AutomapError:  # inputs and function need not exist any more
        return None


def _of_place(path: Path) -> str | None:
    """From the JSON beside a file or in a tile directory, or from the file's metadata."""
    if path.is_dir():
        return _of_shares(_json(path / _SCENES))
    beside = _of_shares(_json(path.with_suffix(f".{_SCENES}")))
    return beside or _of_item(_json(path.with_suffix(".json"))) or _of_raster(path)


def _of_shares(said: Any) -> str | None:
    """Of the scenes that contributed pixels."""
    if not isinstance(said, list):
        return None
    used = [each for each in said if isinstance(each, dict) and each.get("samples", 1)]
    return _span(str(each["time"]) for each in used if "time" in each)


def _of_item(said: Any) -> str | None:
    if not isinstance(said, dict) or not isinstance(said.get("properties"), dict):
        return None
    own = said["properties"]
    times = own.get("datetime"), own.get("start_datetime"), own.get("end_datetime")
    return _span(str(each) for each in times if each)


def _of_raster(path: Path) -> str | None:
    """GDAL's item in the metadata domain IMAGERY."""
    from automap_tiles.raster.raster_facts import acquired

    try:
        text = acquired(path)
    except InputError:
        return None
    return None if text is None else _span([text])


def _span(texts: Iterable[str]) -> str | None:
    """The first and the last of the times; None if there is none."""
    found = []
    for text in texts:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            continue
        found.append(time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC))
    if not found:
        return None
    first, last = min(found).isoformat(), max(found).isoformat()
    return first if first == last else f"{first}/{last}"


def _json(path: Path) -> Any:
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
