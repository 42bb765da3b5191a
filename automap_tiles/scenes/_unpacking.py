"""Unpack archives to a folder, once and completely, and again when the archive has changed."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from pathlib import Path

from automap_tiles.errors import InputError, OutputError
from automap_tiles.scenes.containers import opened_file, stem
from automap_tiles.stopping import raise_if_stopped


def unpack(path: str, folder: Path) -> Path:
    """Unpack an archive into `folder/<its name>`, whole or not at all; returns that folder.

    Does nothing if it is already unpacked and the archive has not changed. Members that would land
    outside are refused. Raises `InputError` for a broken archive, `OutputError` if the folder
    cannot be written.
    """
    target = folder / stem(path)
    mark, source = folder / f".{target.name}.source", _state(path)
    if target.is_dir():
        if _written(mark) in (source, ""):
            return target
        shutil.rmtree(target)
    part = folder / f".{target.name}.{os.getpid()}.part"
    try:
        part.mkdir(parents=True, exist_ok=True)
        _extract(path, part)
        mark.write_text(source, encoding="utf-8")
        part.replace(target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise InputError(f"cannot be unpacked: {error}", path) from error
    except OSError as error:
        if target.is_dir():  # another run was faster
            return target
        if error.errno is None:  # from the store, not from the disk
            raise InputError(f"cannot be read: {error}", path) from error
        raise OutputError(f"cannot be written: {error.strerror}", target) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _state(path: str) -> str:
    """Size and time of an archive; empty for a remote one."""
    try:
        status = os.stat(path)  # noqa: PTH116 - addresses come here too
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _written(mark: Path) -> str:
    """State of the archive that was unpacked; empty if an earlier version unpacked it."""
    try:
        return mark.read_text(encoding="utf-8")
    except OSError:
        return ""


def _extract(path: str, folder: Path) -> None:
    with opened_file(path) as file:
        if path.lower().endswith(".zip"):
            with zipfile.ZipFile(file) as packed:
                for member in packed.infolist():
                    raise_if_stopped()
                    packed.extract(member, folder)
        else:
            with tarfile.open(fileobj=file, mode="r:*") as archive:
                for part in archive:
                    raise_if_stopped()
                    archive.extract(part, folder, filter="data")
