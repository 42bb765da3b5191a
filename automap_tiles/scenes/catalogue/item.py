"""STAC items of any version in a uniform view.

Over time STAC has had bands in four places: `eo:bands` of the item, indexed by the asset (0.x);
`eo:bands` of the asset, with `raster:bands` beside them (1.0); `bands` (1.1); or fields of the
asset itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError
from automap_tiles.missions import Asset, BandInfo, Item, number
from automap_tiles.scenes.catalogue._area import footprint
from automap_tiles.scenes.download.address import kind_of, name_of, resolve
from automap_tiles.scenes.download.private_network import is_allowed

if TYPE_CHECKING:
    pass


def read_item(
    data: Mapping[str, Any],
    base: str,
    alternate: str | None = None,
    schemes: frozenset[str] | None = None,
) -> Item:
    """Parse an item; `base` is the address it was read from, for relative links.

    `alternate`: name of the alternate addresses (`s3`) to use where an asset has them. `schemes`
    lists the permitted schemes of asset addresses (None: any); other assets are left out. Raises
    `InputError` for an invalid item.
    """
    properties = data.get("properties")
    assets = data.get("assets")
    if not isinstance(properties, Mapping) or not isinstance(assets, Mapping):
        raise InputError("not a STAC item: it has no properties or no assets")
    if not data.get("id"):
        raise InputError("not a STAC item: it has no id")
    listed = properties.get("eo:bands")
    listed = listed if isinstance(listed, Sequence) else ()
    found = [
        _asset(str(key), fields, base, alternate, listed)
        for key, fields in assets.items()
        if isinstance(fields, Mapping) and isinstance(fields.get("href"), str)
    ]
    allowed = [asset for asset in found if is_allowed(asset.href, schemes)]
    return Item(
        id=str(data["id"]),
        collection=str(data.get("collection") or properties.get("collection") or ""),
        time=_time(properties),
        properties=properties,
        assets=tuple(allowed),
        refused=tuple(asset.key for asset in found if not is_allowed(asset.href, schemes)),
        footprint=footprint(data.get("geometry"), data.get("bbox")),
    )


def _time(properties: Mapping[str, Any]) -> datetime:
    text = properties.get("datetime") or properties.get("start_datetime")
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InputError(f"says no time: {text!r}") from error
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _asset(
    key: str, fields: Mapping[str, Any], base: str, alternate: str | None, listed: Sequence[Any]
) -> Asset:
    href = str(fields["href"])
    others = fields.get("alternate")
    if alternate and isinstance(others, Mapping) and isinstance(others.get(alternate), Mapping):
        href = str(others[alternate].get("href") or href)
    roles = fields.get("roles")
    place = resolve(base, href)
    return Asset(
        key=key,
        href=place,
        name=name_of(place),
        is_here=_is_here(place),
        bands=_bands(fields, listed),
        roles=frozenset(map(str, roles)) if isinstance(roles, list) else frozenset(),
        type=str(fields.get("type") or "").lower(),
        fields=fields,
    )


def _is_here(href: str) -> bool:
    try:
        return kind_of(href) == "file"
    except InputError:  # reported later, when the asset is read
        return False


def _bands(fields: Mapping[str, Any], listed: Sequence[Any]) -> tuple[BandInfo, ...]:
    named = _mappings(fields.get("eo:bands"), listed) or _mappings(fields.get("bands"), ())
    stored = _mappings(fields.get("raster:bands"), ()) or _mappings(fields.get("bands"), ())
    count = max(len(named), len(stored), 1)
    named = [*named, *[{}] * (count - len(named))]
    stored = [*stored, *[{}] * (count - len(stored))]
    return tuple(
        BandInfo(
            name=_text(name, "name"),
            common=_text(name, "common_name", "eo:common_name"),
            scale=_number(store, fields, "scale", "raster:scale"),
            offset=_number(store, fields, "offset", "raster:offset"),
            nodata=_number(store, fields, "nodata", "file:nodata"),
        )
        for name, store in zip(named, stored, strict=True)
    )


def _mappings(value: object, listed: Sequence[Any]) -> list[Mapping[str, Any]]:
    """Bands of an asset: given directly, or as indexes into the item's list."""
    if not isinstance(value, list):
        return []
    result: list[Mapping[str, Any]] = []
    for one in value:
        found = listed[one] if isinstance(one, int) and 0 <= one < len(listed) else one
        result.append(found if isinstance(found, Mapping) else {})
    return result


def _text(fields: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        if isinstance(fields.get(name), str):
            return str(fields[name])
    return None


def _number(band: Mapping[str, Any], asset: Mapping[str, Any], *names: str) -> float | None:
    for source in (band, asset):
        for name in names:
            found = number(source.get(name))
            if found is not None:
                return found
    return None
