"""Pack the results of a job into one archive.

The entries are stored, not deflated: the pictures in them are compressed already, deflate saves
0.1 % for fifteen times the CPU.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from automap_tiles.jobs.job import Job, Result
from automap_tiles.jobs.results import FOLDER, ResultStore, Writable
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.prepared import NAME as COLLECTION

README = "README.txt"
RECORD = "run.json"
_FOR_USERS = (".tif", ".json", ".zip", ".html", ".csv", ".xml", ".qml")
_CHUNK = 1 << 20
_LONGEST_SLUG = 60


@dataclass(frozen=True, kw_only=True)
class Content:
    """Contents of an archive."""

    files: Mapping[str, Path]
    """Name in the archive → file."""
    texts: Mapping[str, str]
    """Name in the archive → text."""


_WANTED = {"composite": "composite", "classification": "classes"}
"""Workflow → key of a satellite's outcome that shows that it reached its goal."""


def content_of(
    job: Job, outcome: Mapping[str, Any], scenes: Collection[str], hidden: Mapping[str, str]
) -> Content:
    """Files that an `automap run` has produced; `scenes`: those with a picture.

    A composite includes its items, a map its model and report, a download its scenes. `hidden`:
    local paths → replacement in texts.
    """
    root = Path(outcome["output"])
    files: dict[str, Path] = {}
    texts: dict[str, str] = {}
    for one in outcome["results"]:
        for what in ("composite", "model", "training_report", "classes"):
            if one.get(what):
                files |= {_name(root, path): path for path in _with_companions(Path(one[what]))}
        if job.workflow == "download":
            folder = Path(one["scenes"])
            found = list(_scenes(folder, scenes))
            files |= {_name(root, path): path for path in found}
            texts |= _collection(root, folder, {path.name for path in found})
    if files and outcome.get("record"):
        record = Path(outcome["record"]).read_text(encoding="utf-8")
        said = hide_in(json.loads(record), hidden)
        said["source"] = job.parameters.get("catalogue", "")
        texts[RECORD] = json.dumps(said, indent=1, ensure_ascii=False)
    if files:
        texts[README] = _readme(job, sorted((*files, *texts)))
    return Content(files=files, texts=texts)


def is_there(job: Job, outcome: Mapping[str, Any]) -> bool:
    """Whether the job has reached its goal for any satellite.

    A composite is an intermediate step of a map: alone it is not what someone who wants the map
    asked for. For scenes and records, any file counts.
    """
    what = _WANTED.get(job.workflow)
    return what is None or any(one.get(what) for one in outcome["results"])


def pack(
    job: Job,
    content: Content,
    store: ResultStore,
    *,
    going: Callable[[], None],
    expires: float,
    partial: bool,
) -> Result:
    """Write the archive of a job's attempt; `going` is called periodically and may raise.

    Raises `OutputError`, `OSError`.
    """
    key = f"{FOLDER}/{job.id}/{job.attempt}/{archive_name(job)}"
    with store.writing(key, _tags(job, expires)) as file:
        sink = _Sink(file)
        with zipfile.ZipFile(cast(BinaryIO, sink), "w", zipfile.ZIP_STORED) as archive:
            for name, text in sorted(content.texts.items()):
                archive.writestr(_info(name), text.encode())
            for name, path in sorted(content.files.items()):
                _store(archive, name, path, going)
            listed = [{"name": one.filename, "bytes": one.file_size} for one in archive.infolist()]
    return Result(
        key=key,
        size=sink.size,
        sha256=sink.digest.hexdigest(),
        files=tuple(listed),
        expires=expires,
        partial=partial,
    )


def archive_name(job: Job) -> str:
    """Download name: `summer-2018_composite_20180601_20180831.zip`."""
    said = unicodedata.normalize("NFKD", job.description).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-")[:_LONGEST_SLUG] or "automap"
    dates = (re.sub(r"\D", "", str(job.order.get(end, ""))) for end in ("start", "end"))
    return f"{'_'.join((slug, job.workflow, *dates))}.zip"


def hide(text: str, hidden: Mapping[str, str]) -> str:
    """Replace local paths in a text, longest first."""
    for path in sorted(hidden, key=len, reverse=True):
        text = text.replace(path, hidden[path])
    return text


def hide_in(said: Any, hidden: Mapping[str, str]) -> Any:
    """Replace local paths in the texts of a JSON value.

    Replacing them in serialised JSON would miss escaped paths, and could break the syntax.
    """
    if isinstance(said, str):
        return hide(said, hidden)
    if isinstance(said, Mapping):
        return {hide(key, hidden): hide_in(each, hidden) for key, each in said.items()}
    if isinstance(said, list):
        return [hide_in(each, hidden) for each in said]
    return said


class _Sink:
    """Write-only, unseekable file that forwards, counts and hashes its data."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Does nothing: the store decides when the file is complete."""


def _store(archive: zipfile.ZipFile, name: str, path: Path, going: Callable[[], None]) -> None:
    with path.open("rb") as source, archive.open(_info(name), "w", force_zip64=True) as out:
        while chunk := source.read(_CHUNK):
            going()
            out.write(chunk)


def _info(name: str) -> zipfile.ZipInfo:
    """An entry without a time stamp: equal files give equal archives."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o644 << 16
    return info


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _with_companions(path: Path) -> Iterator[Path]:
    """A file and its companions: `x.tif`, `x.json`, `x.scenes.json`.

    Internal files of the engine such as its journal are left out.
    """
    found = sorted(path.parent.glob(f"{path.stem}.*"))
    return (each for each in found if each.suffix in _FOR_USERS and each.is_file())


def _scenes(folder: Path, scenes: Iterable[str]) -> Iterator[Path]:
    for scene in sorted(scenes):
        for ending in (".tif", ".json"):
            path = folder / f"{safe_name(scene)}{ending}"
            if path.exists():
                yield path


def _collection(root: Path, folder: Path, there: Collection[str]) -> dict[str, str]:
    """The STAC collection of a folder, limited to the items in the archive."""
    path = folder / COLLECTION
    if not path.exists():
        return {}
    said = json.loads(path.read_text(encoding="utf-8"))
    said["links"] = [
        link
        for link in said["links"]
        if link["rel"] != "item" or link["href"].removeprefix("./") in there
    ]
    return {_name(root, path): json.dumps(said, indent=1, ensure_ascii=False)}


def _readme(job: Job, names: Iterable[str]) -> str:
    created = datetime.fromtimestamp(job.created, UTC)
    said = "\n".join(
        f"  {key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in job.parameters.items()
    )
    listed = "\n".join(f"  {name}" for name in names)
    return (
        f"Results of AutoMap\n\n{job.description or 'Without a description'}\n"
        f"Job {job.id}, asked for at {created:%Y-%m-%d %H:%M} UTC\n\n"
        f"Parameters\n{said}\n\nFiles\n{listed}\n\n"
        f"{RECORD} tells of every scene that was considered and what became of it.\n"
        "Each satellite has a folder of its own. Files ending in .tif are GeoTIFFs that describe\n"
        "their bands; the .json beside each is its STAC item.\n"
    )


def _tags(job: Job, expires: float) -> dict[str, str]:
    """Tags by which the owner of a bucket can attribute objects."""
    day = datetime.fromtimestamp(expires, UTC).date()
    return {"automap:job": job.id, "automap:user": job.user, "automap:expires": day.isoformat()}
