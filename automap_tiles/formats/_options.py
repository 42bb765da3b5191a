"""Look up and check the options of an input or output."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.formats._spec import InputSpec, OutputSpec
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import DEFAULT_SCHEMA, TileLayout, is_remote

_WITHOUT_EFFECT = {
    "storage_options": (
        "credentials and endpoints of a store do not belong into a file that travels",
        "the environment says them: automap show-env",
    ),
    "cache": ("files are read where they are, and no copies are kept", None),
    "stac": (
        "a run writes no STAC item",
        "automap stac create-item with this file writes it, with what stands here",
    ),
    "in_memory": ("a single file is put together on disk, in bounded memory", None),
}
"""Options from process files written for mapchete, why they have no effect, and a remedy."""

_LEFT_OUT = frozenset(("old_band_num",))
"""Options that have no effect in mapchete either."""


class Options:
    """The options of a spec; `finish` rejects those that were never taken."""

    def __init__(self, spec: InputSpec | OutputSpec) -> None:
        self._spec = spec
        self._left = dict(spec.options)
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._spec.options

    def take(self, name: str, default: Any = None) -> Any:
        """The value of an option, or the default; marks the option as known."""
        self._known.add(name)
        return self._left.pop(name, default)

    def whole(self, name: str, default: int | None, *, least: int = 0) -> int | None:
        """An integer; raises `ConfigError` for anything else."""
        value = self.take(name, default)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self._spec.error(
                f"must be a whole number of at least {least}", key=name, found=value
            )
        return value

    def text(self, name: str, default: str | None, choices: Sequence[str] = ()) -> str | None:
        """A string, one of the choices if given; raises `ConfigError`."""
        value = self.take(name, default)
        if value is None:
            return default
        if not isinstance(value, str) or (choices and value not in choices):
            remedy = f"one of {', '.join(choices)}" if choices else "a text"
            raise self._spec.error("cannot be that", key=name, found=value, remedy=remedy)
        return value

    def number(self, name: str, default: float | None) -> float | None:
        """A number, `nan` included; raises `ConfigError`."""
        value = self.take(name, default)
        if value is None:
            return default
        if isinstance(value, str) and value.lower() in ("nan", "inf", "-inf"):
            return float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._spec.error("must be a number", key=name, found=value)
        return value

    def truth(self, name: str, default: bool) -> bool:
        """True or false; raises `ConfigError`."""
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise self._spec.error("must be true or false", key=name, found=value)
        return value

    def layout(self, extension: str, default: str | None = None) -> TileLayout:
        """Tile layout from `tile_path_schema`; raises `ConfigError` for an invalid one."""
        schema = self.text("tile_path_schema", default) or DEFAULT_SCHEMA
        try:
            return TileLayout(schema, extension)
        except ConfigError as error:
            raise self._spec.error(
                error.message, key="tile_path_schema", found=schema, remedy=error.remedy
            ) from error

    def mapping(self, name: str) -> dict[Any, Any]:
        """A mapping, empty when absent; raises `ConfigError`."""
        value = self.take(name, {})
        if not isinstance(value, Mapping):
            raise self._spec.error("must be a mapping", key=name, found=value)
        return dict(value)

    def pick(self, names: Iterable[str]) -> dict[str, Any]:
        """The options with these names, as far as given."""
        picked = {}
        for name in names:
            self._known.add(name)
            if name in self._left:
                picked[name] = self._left.pop(name)
        return picked

    def _tell_ignored(self, name: str) -> None:
        """Raise `ConfigError` for credentials given for an object store: they would not be used."""
        reason, remedy = _WITHOUT_EFFECT[name]
        if name == "storage_options" and is_remote(self._spec.path) and self._left[name]:
            raise self._spec.error(reason, key=name, remedy=remedy)
        self._tell(name, reason, remedy)

    def without_effect(self, name: str, reason: str) -> None:
        """Accept an option that has no effect on this format, with a note when it is given."""
        if name in self._left:
            self._tell(name, reason, None)
        self.take(name)

    def bytes_alone(self) -> None:
        """Take the dtype of a format whose pixels are bytes, and tell of another one."""
        if self._left.get("dtype", "uint8") in ("uint8", "ubyte"):
            self.pick(("dtype",))
        else:
            self.without_effect("dtype", "pixels of this format are uint8, whatever dtype says")

    def _tell(self, name: str, reason: str, remedy: str | None) -> None:
        place = self._spec.error("", key=name).key or name
        tell(
            Note(
                fate=Fate.IGNORED,
                subject=Subject.OPTIONS,
                reason=reason,
                examples=(place,),
                remedy=remedy,
            )
        )

    def finish(self) -> None:
        """Raises `ConfigError` for the first option that was never taken."""
        for name in self._left:
            if name in _WITHOUT_EFFECT:
                self._tell_ignored(name)
            if name in _WITHOUT_EFFECT or name in _LEFT_OUT:
                continue
            close = difflib.get_close_matches(str(name), sorted(self._known), 1, 0.6)
            remedy = f"{close[0]}?" if close else f"known are {', '.join(sorted(self._known))}"
            raise self._spec.error("unknown option", key=str(name), remedy=remedy)
