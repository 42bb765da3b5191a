"""Containers of product files: folders, archives and object stores, all listed alike."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

from automap_tiles.errors import InputError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.scenes.failures import check_own
from automap_tiles.storage import is_remote, open_storage

ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".zip")

# Metadata files are some hundred kilobytes; anything larger is not read into memory.
_LARGEST_METADATA = 64 * 2**20

_METADATA_ENDINGS = (".txt", ".xml", ".json", ".gml", ".yaml", ".yml", ".zmetadata")
_OF_ZARR = frozenset({".zmetadata", ".zarray"})
"""Hidden files that mark a Zarr folder."""


class FileTree(Protocol):
    """Files under names with `/`, starting with the name of the place itself."""

    @property
    def path(self) -> str:
        """Display name."""
        ...

    def names(self) -> Sequence[str]:
        """All files; raises `InputError` for an archive that cannot be read."""
        ...

    def read(self, name: str) -> bytes:
        """Raises `InputError`."""
        ...

    def href(self, name: str) -> str:
        """Name to open with GDAL."""
        ...


@dataclass(frozen=True)
class Folder:
    """A local folder, or some of its files."""

    path: str
    files: tuple[str, ...] = ()
    """Relative to the folder."""

    def names(self) -> Sequence[str]:
        own = Path(self.path).name
        return [f"{own}/{file}" for file in self.files]

    def read(self, name: str) -> bytes:
        path = self.href(name)
        try:
            if Path(path).stat().st_size > _LARGEST_METADATA:
                raise InputError("is too large for metadata", path)
            return Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", path) from error

    def href(self, name: str) -> str:
        return f"{self.path}/{name.partition('/')[2]}"


@dataclass(frozen=True)
class RemoteFolder:
    """A folder in an object store."""

    path: str
    files: tuple[str, ...] = ()

    def names(self) -> Sequence[str]:
        own = self.path.rstrip("/").rpartition("/")[2]
        return [f"{own}/{file}" for file in self.files]

    def read(self, name: str) -> bytes:
        try:
            return open_storage(self.path).get(name.partition("/")[2])
        except FileNotFoundError as error:
            raise InputError("no such object", f"{self.path}/{name}") from error

    def href(self, name: str) -> str:
        return open_storage(self.path).url(name.partition("/")[2])


class Archive:
    """A tar or zip file, local or in an object store.

    Its index and metadata files are read in one pass and kept.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    @cached_property
    def _own(self) -> str:
        return stem(self.path)

    @cached_property
    def _content(self) -> tuple[list[str], dict[str, bytes]]:
        """Member names, and the contents of possible metadata files."""
        reader = _zip_content if self.path.lower().endswith(".zip") else _tar_content
        try:
            return reader(self.path)
        # RuntimeError: encrypted, or a compression unknown to zipfile
        except (
            tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError,
        ) as error:  # fmt: skip
            raise InputError(f"cannot be read as an archive: {error}", self.path) from error

    def names(self) -> Sequence[str]:
        return [f"{self._own}/{name}" for name in self._content[0]]

    def read(self, name: str) -> bytes:
        member = name.partition("/")[2]
        try:
            return self._content[1][member]
        except KeyError as error:
            raise InputError("not a metadata file", f"{self.path}/{member}") from error

    def href(self, name: str) -> str:
        kind = "vsizip" if self.path.lower().endswith(".zip") else "vsitar"
        place = self.path
        if is_remote(place):
            folder, own = split(place)
            place = open_storage(folder).url(own)
        # braces: the archive's name may contain anything
        return f"/{kind}/{{{place}}}/{name.partition('/')[2]}"


def split(path: str) -> tuple[str, str]:
    """(folder, name) of a local file or an object in a store."""
    folder, separator, name = path.rpartition("/")
    return (folder or "/") if separator else ".", name


@contextmanager
def opened_file(path: str) -> Iterator[BinaryIO]:
    """A seekable file; raises `OSError`, and `InputError` for errors of a store."""
    if is_remote(path):
        from automap_tiles.storage.remote import ObjectStorage

        folder, name = split(path)
        with ObjectStorage(folder).reader(name) as file:
            yield file
    else:
        with open(path, "rb") as file:  # noqa: PTH123
            yield file


def stem(path: str) -> str:
    """Name of an archive without its extensions."""
    name = Path(path).name
    for ending in sorted(ARCHIVE_ENDINGS, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def is_archive(name: str) -> bool:
    """Whether a name has the extension of an archive."""
    return name.lower().endswith(ARCHIVE_ENDINGS)


def is_packed(name: str) -> bool:
    """Whether an archive only allows sequential access: windowed reads are slow."""
    return is_archive(name) and not name.lower().endswith((".tar", ".zip"))


def _tar_content(path: str) -> tuple[list[str], dict[str, bytes]]:
    names, metadata = [], {}
    with opened_file(path) as file, tarfile.open(fileobj=file, mode="r:*") as archive:
        for member in archive:
            if not member.isfile():
                continue
            name = member.name.removeprefix("./")
            names.append(name)
            if _may_be_metadata(name, member.size):
                content = archive.extractfile(member)
                metadata[name] = b"" if content is None else content.read()
    return names, metadata


def _zip_content(path: str) -> tuple[list[str], dict[str, bytes]]:
    with opened_file(path) as file, zipfile.ZipFile(file) as archive:
        files = [member for member in archive.infolist() if not member.is_dir()]
        metadata = {
            member.filename: archive.read(member)
            for member in files
            if _may_be_metadata(member.filename, member.file_size)
        }
    return [member.filename for member in files], metadata


def _may_be_metadata(name: str, size: int) -> bool:
    return name.lower().endswith(_METADATA_ENDINGS) and size <= _LARGEST_METADATA


def folder_of(path: str, files: Sequence[str]) -> Folder | RemoteFolder:
    """A folder, local or in an object store, restricted to some of its files."""
    if is_remote(path):
        return RemoteFolder(path.rstrip("/"), tuple(files))
    return Folder(str(Path(path).absolute()), tuple(files))


def list_place(path: str) -> tuple[list[str], list[str]]:
    """(files, archives) below a folder or an object store's address, relative and sorted.

    Raises `InputError` if there is no such folder.
    """
    if is_remote(path):
        names = sorted(open_storage(path).list(""))
    elif not Path(path).is_dir():
        raise InputError("no such folder", path)
    else:
        names = sorted(_walk(path))
    archives = [name for name in names if is_archive(name)]
    return [name for name in names if not is_archive(name)], archives


def _walk(path: str) -> Iterator[str]:
    """Files below a folder, relative to it, without hidden ones.

    Hidden files of Zarr are included. Links are followed, each folder is visited once. Unreadable
    folders are reported. Raises `ResourceError`.
    """
    seen = {os.path.realpath(path)}
    for root, folders, files in os.walk(path, followlinks=True, onerror=_unread):
        real = {name: os.path.realpath(f"{root}/{name}") for name in sorted(folders)}
        folders[:] = [name for name in real if not name.startswith(".") and real[name] not in seen]
        seen |= {real[name] for name in folders}
        for file in files:
            if not file.startswith(".") or file in _OF_ZARR:
                yield os.path.relpath(f"{root}/{file}", path)


def _unread(error: OSError) -> None:
    check_own(InputError(f"cannot be read: {error.strerror}", error.filename))
    tell(
        Note(
            fate=Fate.LOST,
            subject=Subject.FILES,
            reason=f"a folder cannot be read ({error.strerror}), and what is in it is not found",
            examples=(str(error.filename),),
        )
    )
