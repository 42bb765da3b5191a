"""Named map styles of an output: the key `styles`.

::

    output:
      styles:
        true colour: {bidx: [3, 2, 1], rescale: [0, 3000]}
        ndvi: {expression: (nir-red)/(nir+red), rescale: [-1, 1], colormap_name: rdylgn}

They say nothing about the pixels: another style makes no tile anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.pictures.style import query_of
from automap_tiles.runtime.document import Document

KEY = "styles"

Styles = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By name: query parameters."""


def read_styles(output: Mapping[str, Any], document: Document) -> Styles:
    """The styles of an output; raises `ConfigError` for what is none."""
    value = output.get(KEY)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise document.error("must be a mapping of names to styles", "output", KEY, found=value)
    return {
        address_name(str(name), "style"): _style(name, style, document)
        for name, style in value.items()
    }


def address_name(text: str, otherwise: str) -> str:
    """What of a text can stand in an address: letters, digits, `-` and `_`."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or otherwise


def _style(name: object, style: Any, document: Document) -> Mapping[str, tuple[str, ...]]:
    place = ("output", KEY, str(name))
    if not isinstance(style, Mapping):
        raise document.error("must be a mapping", *place, found=style)
    try:
        return query_of(style)
    except ConfigError as error:
        raise document.error(error.message, *place, found=error.key, remedy=error.remedy) from error
