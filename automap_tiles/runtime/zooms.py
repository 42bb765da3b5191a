"""Values that depend on the zoom: `{zoom<=5: a, zoom>5: b}`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.runtime._canonical import canonical, digest
from automap_tiles.runtime._yaml_scalars import plain

MAX_ZOOM = 30

_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_LOOKS_LIKE_CONDITION = re.compile(r"zoom\s*[<>=]")
_CONDITION = re.compile(r"zoom\s*(==|<=|>=|=|<|>)\s*(\d+)\s*")

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ZoomChoice:
    """A value for some zooms; at the others there is none."""

    options: tuple[tuple[frozenset[int], Any], ...]
    """(zooms, value) pairs; no zoom is in two of them."""

    def at(self, zoom: int) -> Any:
        """The value at a zoom; None where there is none."""
        for zooms, value in self.options:
            if zoom in zooms:
                return value
        return None


@dataclass(frozen=True, kw_only=True)
class BaseLevels:
    """The zooms that are computed; the others are resampled from them."""

    min: int
    max: int
    lower: str = "nearest"
    """Resampling of the zooms below `min`."""
    higher: str = "nearest"
    """Resampling of the zooms above `max`."""

    def __contains__(self, zoom: int) -> bool:
        return self.min <= zoom <= self.max


@dataclass(frozen=True)
class ZoomValues:
    """A tree of values by name, some of them different from zoom to zoom."""

    tree: Any
    """Dicts, `ZoomChoice`s and leaves; the root is a dict or a `ZoomChoice` of dicts."""

    def at(self, zoom: int) -> dict[str, Any]:
        """What holds at a zoom; names without a value there, or with None, are left out."""
        found: dict[str, Any] = _without_none(plain(_at(self.tree, zoom))) or {}
        return found

    def written_at(self, zoom: int) -> dict[str, Any]:
        """The same with scalars that know how they are written; a written null among them."""
        return _at(self.tree, zoom) or {}

    @cached_property
    def key(self) -> str:
        """Hash of the whole tree, the same for trees that say the same."""
        return digest(canonical(_to_plain(self.tree)))

    def __getstate__(self) -> dict[str, Any]:
        return {"tree": self.tree}

    def __hash__(self) -> int:
        return hash(self.key)


def zoom_tree(
    value: Any,
    *,
    is_leaf: Callable[[Mapping[str, Any]], bool] = lambda _: False,
    keys: Keys = (),
) -> Any:
    """Replace dicts of zoom conditions by `ZoomChoice`s; dicts that are leaves stay as they are.

    Raises `ConfigError` with the key of a condition that cannot be read or overlaps another; the
    caller knows file and line.
    """
    if not isinstance(value, Mapping):
        return value
    conditional = [key for key in value if _LOOKS_LIKE_CONDITION.match(str(key))]
    if conditional:
        return _choice(value, conditional, is_leaf, keys)
    if is_leaf(value):
        return value
    return {key: zoom_tree(item, is_leaf=is_leaf, keys=(*keys, key)) for key, item in value.items()}


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All leaves of a tree with the names that lead to them, joined by a slash."""
    if isinstance(tree, ZoomChoice):
        for _, value in tree.options:
            yield from leaves(value, name)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{name}/{key}" if name else key)
    elif tree is not None:
        yield name, tree


def map_leaves(tree: Any, change: Callable[[Any, Keys], Any], keys: Keys = ()) -> Any:
    """The same tree with every leaf changed; `change` gets the leaf and the keys to it."""
    if isinstance(tree, ZoomChoice):
        return ZoomChoice(
            tuple((zooms, map_leaves(value, change, keys)) for zooms, value in tree.options)
        )
    if isinstance(tree, dict):
        return {key: map_leaves(value, change, (*keys, key)) for key, value in tree.items()}
    return None if tree is None else change(tree, keys)


def _choice(
    value: Mapping[str, Any],
    conditional: list[str],
    is_leaf: Callable[[Mapping[str, Any]], bool],
    keys: Keys,
) -> ZoomChoice:
    others = [key for key in value if key not in conditional]
    if others:
        raise ConfigError(
            "values that depend on the zoom cannot stand beside others",
            key=_dotted((*keys, others[0])),
            remedy=f"write a condition such as 'zoom>=5' for {', '.join(map(str, others))} too",
        )
    options: list[tuple[frozenset[int], Any]] = []
    for condition, item in value.items():
        zooms = _zooms(condition, keys)
        for other, (earlier, _) in zip(value, options, strict=False):
            if common := zooms & earlier:
                raise ConfigError(
                    f"overlaps with {other!r} at zoom {min(common)}",
                    key=_dotted((*keys, condition)),
                    remedy="make the conditions exclude each other",
                )
        options.append((zooms, zoom_tree(item, is_leaf=is_leaf, keys=(*keys, condition))))
    return ZoomChoice(tuple(options))


def _zooms(condition: str, keys: Keys) -> frozenset[int]:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise ConfigError(
            "this is not a condition on the zoom",
            key=_dotted((*keys, condition)),
            found=condition,
            remedy="write zoom=5, zoom<=5, zoom>=5, zoom<5 or zoom>5",
        )
    compare, limit = _OPERATORS[match[1]], int(match[2])
    return frozenset(zoom for zoom in range(MAX_ZOOM + 1) if compare(zoom, limit))


def _at(tree: Any, zoom: int) -> Any:
    if isinstance(tree, ZoomChoice):
        return _at(tree.at(zoom), zoom)
    if not isinstance(tree, dict) or not tree:
        return tree
    found = {key: _at(value, zoom) for key, value in tree.items()}
    return {key: value for key, value in found.items() if value is not None} or None


def _without_none(tree: Any) -> Any:
    """Names whose value is None are left out, also those of groups that hold nothing else."""
    if not isinstance(tree, dict) or not tree:
        return tree
    found = {key: _without_none(value) for key, value in tree.items()}
    return {key: value for key, value in found.items() if value is not None} or None


def _to_plain(tree: Any) -> Any:
    if isinstance(tree, ZoomChoice):
        return {
            "zooms": [[sorted(zooms), _to_plain(value)] for zooms, value in tree.options],
        }
    if isinstance(tree, dict):
        return {str(key): _to_plain(value) for key, value in tree.items()}
    return plain(tree)


def _dotted(keys: Keys) -> str:
    return ".".join(str(key) for key in keys)
