"""Specifications of inputs and outputs in a process file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.storage import is_address, is_remote

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """One input, as declared in the file."""

    name: str
    """Name of the function argument that receives it."""
    path: str
    """As written; relative paths are resolved against the folder of the process file."""
    format: str | None = None
    """None: guessed from the suffix of the path."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """All other keys."""
    file: Path | None = None
    """Location in the file, for errors."""
    line: int | None = None

    @classmethod
    def from_value(
        cls,
        name: str,
        value: str | Path | Mapping[str, Any],
        *,
        file: Path | None = None,
        line: int | None = None,
    ) -> InputSpec:
        """From a path, or a mapping with `path` and optionally `format` and options."""
        if isinstance(value, Mapping):
            rest = dict(value)
            path, kind = rest.pop("path", None), rest.pop("format", None)
            if path is None and kind == "scenes":
                path = rest.get("stac")  # A catalogue instead of a folder.
        else:
            rest, path, kind = {}, value, None
        if not isinstance(path, str | Path) or not str(path):
            raise ConfigError(
                "an input needs a path", file, line, f"input.{name}", path, "path: some/file.tif"
            )
        return cls(
            name=name,
            path=str(path),
            format=None if kind is None else str(kind),
            options=rest,
            file=file,
            line=line,
        )

    def error(
        self,
        message: str,
        *,
        key: str | None = None,
        found: object = None,
        remedy: str | None = None,
    ) -> ConfigError:
        """A `ConfigError` with the location of this input."""
        place = f"input.{self.name}" + (f".{key}" if key else "")
        return ConfigError(message, self.file, self.line, place, found, remedy)


def _not_writable(written: str, path: str) -> str | None:
    """Why nothing can be written below a path, as far as can be told without writing."""
    if path == written and is_remote(path):
        return None
    if is_address(written):
        return "outputs cannot be written to this kind of address"
    file = next((folder for folder in Path(path).parents if folder.is_file()), None)
    return None if file is None else f"{file} is a file, not a folder"


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """The output, as declared in the file."""

    format: str
    path: str
    """Absolute, or an address."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """All other keys, `metatiling`, `pixelbuffer` and `tile_size` included."""
    zooms: tuple[int, ...] = ()
    """Zooms of the process; single files need exactly one."""
    area: BaseGeometry | None = None
    """Area of the process, in the CRS of its pyramid: the extent of single files."""
    base: Path = Path()
    """Base folder of relative paths among the options."""
    file: Path | None = None
    line: int | None = None

    @classmethod
    def from_mapping(
        cls,
        value: Mapping[str, Any],
        *,
        base: Path,
        zooms: tuple[int, ...] = (),
        area: BaseGeometry | None = None,
        file: Path | None = None,
        line: int | None = None,
    ) -> OutputSpec:
        """From the mapping under `output`; a relative path starts at `base`."""
        rest = dict(value)
        path, kind = rest.pop("path", None), rest.pop("format", None)
        kind = kind or rest.get("type")
        rest.pop("type", None)
        if not isinstance(kind, str):
            raise ConfigError(
                "an output needs a format", file, line, "output.format", kind, "format: GTiff"
            )
        if not isinstance(path, str | Path) or not str(path):
            raise ConfigError(
                "an output needs a path", file, line, "output.path", path, "path: some/folder"
            )
        text = str(path) if is_remote(path) else str(Path(base, path).absolute())
        if why := _not_writable(str(path), text):
            raise ConfigError(
                why, file, line, "output.path", str(path), "a folder, or s3://, gs:// or az://"
            )
        return cls(
            format=kind,
            path=text,
            options=rest,
            zooms=zooms,
            area=area,
            base=base,
            file=file,
            line=line,
        )

    def error(
        self,
        message: str,
        *,
        key: str | None = None,
        found: object = None,
        remedy: str | None = None,
    ) -> ConfigError:
        """A `ConfigError` with the location of the output."""
        place = "output" + (f".{key}" if key else "")
        return ConfigError(message, self.file, self.line, place, found, remedy)


def is_single_file(path: str) -> bool:
    """Whether an output of this path is one GeoTIFF rather than a folder of tiles."""
    return path.rstrip("/").lower().endswith((".tif", ".tiff"))
