"""The table of shifts: written by `automap coregister`, read by a `scenes` input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.parsing import parse_json
from automap_tiles.scenes.coregistration._placed import PlacedScene
from automap_tiles.storage import Address

KIND = "automap:coregistration"


def table_of(placed: Iterable[PlacedScene], *, band: str, reference: str | None) -> dict[str, Any]:
    """Plain JSON values."""
    return {
        "type": KIND,
        "band": band,
        "reference": reference,
        "scenes": [each.to_json() for each in placed],
    }


def read_table(path: str) -> tuple[PlacedScene, ...]:
    """The scenes of a table.

    Raises `InputError` if the file is missing, `ConfigError` if invalid.
    """
    content = Address.of(path).read()
    if content is None:
        raise InputError("no such file", path)
    try:
        said = parse_json(content.decode("utf-8"))
    except ValueError as error:
        raise ConfigError("not valid JSON", file=path) from error
    if not isinstance(said, dict) or said.get("type") != KIND:
        raise ConfigError(
            "not a table of shifts", file=path, remedy="one that automap coregister wrote"
        )
    try:
        found = tuple(PlacedScene.from_json(each) for each in said["scenes"])
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"a scene of the table is broken: {error!r}", file=path) from error
    names = Counter(each.id for each in found)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ConfigError("a scene is in the table twice", file=path, found=twice[0])
    return found
