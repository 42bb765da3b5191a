"""Locate an input: the path as given, the path that GDAL opens, and the time of its last change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from automap_tiles.errors import InputError
from automap_tiles.formats._spec import InputSpec
from automap_tiles.raster import as_gdal_names_it, inside
from automap_tiles.storage import is_address, is_remote, open_storage


@dataclass(frozen=True, slots=True)
class Located:
    """A file or address."""

    path: str
    """As the user wrote it."""
    url: str
    """Absolute path, or name for GDAL."""
    is_local: bool

    def fingerprint(self) -> str:
        """Changes when the file does.

        For an address that only GDAL understands or may read, it is just the name. Raises
        `InputError` for a file that no longer exists.
        """
        place = self.url if self.is_local else self.path
        if not self.is_local and not is_remote(self.path):
            within = inside(self.url)
            return self.path if within is None else f"{self.path} {_stamp(within.file)}"
        try:
            return f"{self.path} {_stamp(place)}"
        except FileNotFoundError as error:
            raise InputError("no such file", place) from error
        except InputError:
            if self.is_local:
                raise
            return self.path

    def earlier_fingerprint(self) -> str | None:
        """Fingerprint as written by versions before 0.1.0, where different: just the name."""
        return None if inside(self.url) is None else self.path


def _stamp(place: str) -> str:
    folder, _, name = place.rpartition("/")
    return open_storage(folder or "/").stamp(name)


def locate(spec: InputSpec, base: Path) -> Located:
    """Locate the file of an input; raises `InputError` when a local file does not exist.

    Like any file, an archive or container file is first looked up relative to `base`.
    """
    path = as_gdal_names_it(spec.path)
    within = inside(path, base)
    if within is not None:
        whole = within.at(Path(base, within.file).absolute())
        return Located(spec.path, whole, is_local=False)
    if is_remote(path):
        return Located(path, open_storage(path).url(""), is_local=False)
    # /vsi… and NETCDF:file:variable are GDAL names.
    if is_address(path) or _is_subdataset(path):
        return Located(path, path, is_local=False)
    absolute = Path(base, path).absolute()
    if not absolute.exists():
        raise InputError(f"input {spec.name}: no such file", absolute)
    return Located(path, str(absolute), is_local=True)


def _is_subdataset(path: str) -> bool:
    driver, colon, _ = path.partition(":")
    return bool(colon) and driver.isupper() and len(driver) > 1
