"""Refuse an output that would overwrite one of its inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.formats.process_file import is_process_file
from automap_tiles.runtime.document import Document
from automap_tiles.storage import is_remote

if TYPE_CHECKING:
    from automap_tiles.formats import Reader, Writer
    from automap_tiles.runtime._inputs import InputTree


def check_inputs_not_overwritten(document: Document, inputs: InputTree, writer: Writer) -> None:
    """Raise `ConfigError` when the output lies where an input is read.

    A run would read its own tiles, or, with `--overwrite`, remove the source before it is read.
    """
    target = _resolved(writer.path, document.folder)
    for name, reader in inputs.readers():
        if target == _resolved(_path(reader), document.folder):
            raise document.error(
                f"is also read as the input {name}",
                "output",
                "path",
                found=writer.path,
                remedy="write to another path",
            )


def _path(reader: Reader) -> str:
    """What is read: the file itself, or what another process writes."""
    if is_process_file(reader.path):
        # only then: the module behind it costs a start-up 12 ms
        from automap_tiles.formats.mapchete import ProcessOutput

        if isinstance(reader, ProcessOutput):
            return reader.process.writer.path
    return reader.path


def _resolved(path: str, folder: Path) -> str:
    if is_remote(path):
        return path.rstrip("/")
    return str(Path(folder, path).resolve())
