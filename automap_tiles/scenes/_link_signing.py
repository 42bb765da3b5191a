"""Access methods for files whose address alone does not open them, by name.

Used for links that need a signature, and for addresses from public catalogues, which must not point
into the local network.

A scene carries only the name of the method, never a signature or credential.
"""

from __future__ import annotations

from collections.abc import Callable

from automap_tiles.errors import InputError

_WAYS = {
    "public": "automap_tiles.scenes.download.private_network:checked",
    "planetary-computer": "automap_tiles.scenes.catalogue.signing:sign",
}
"""Name → `module:function` that turns an address into one that can be opened."""


def resolve(href: str, access: str | None) -> str:
    """The address to open; raises `InputError` for an unknown access method."""
    return href if access is None else _way(access)(href)


def _way(name: str) -> Callable[[str], str]:
    import importlib

    reference = _WAYS.get(name)
    if reference is None:
        raise InputError(f"unknown way to a scene's files: {name!r}")
    module, _, function = reference.partition(":")
    way: Callable[[str], str] = getattr(importlib.import_module(module), function)
    return way
