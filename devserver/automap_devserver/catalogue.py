"""The layers of a server, and how each looks when nobody says how."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import parse_qs

from automap_devserver._failures import NotFound
from automap_tiles.errors import ConfigError
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.layer import Layer, Query
from automap_tiles.pictures.style import PARAMETERS, Style, read_style

_Bands = tuple[tuple[str, ...], int | None]
"""Their names, and the index of the alpha band."""

_FIELDS = 64
"""Largest number of request parameters."""


class Catalogue:
    """Layers by name, in drawing order, the first at the bottom."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = {layer.info.name: layer for layer in layers}
        self._guard = threading.Lock()
        self._usual: dict[str, Query] = {}
        self._finding: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def __iter__(self) -> Iterator[Layer]:
        return iter(tuple(self._layers.values()))

    def __getitem__(self, name: str) -> Layer:
        """Raises `NotFound`."""
        layer = self._layers.get(name)
        if layer is None:
            raise NotFound(f"there is no layer {name!r}; there are {', '.join(self._layers)}")
        return layer

    def put(self, layer: Layer) -> None:
        """Replace or add a layer; its default style is determined again."""
        with self._guard:
            self._layers[layer.info.name] = layer
            self._usual.pop(layer.info.name, None)

    def known(self, layer: Layer) -> tuple[Query, bool]:
        """The default style of a layer, as far as it is known without computing tiles.

        Also returns whether it is final.
        """
        found = self._usual.get(layer.info.name)
        return (found, True) if found is not None else self._find(layer, computing=False)

    def is_known(self, layer: Layer) -> bool:
        """Whether `usual` needs no computation."""
        return layer.info.name in self._usual or self.known(layer)[1]

    def usual(self, layer: Layer) -> Query:
        """The default style of a layer, stretched by its visible values.

        May compute tiles of a process that nobody has viewed yet.
        """
        name = layer.info.name
        found = self._usual.get(name)
        if found is not None:
            return found
        with self._finding[name]:  # shared by all concurrent requests
            return self._usual.get(name) or self._find(layer, computing=True)[0]

    def _find(self, layer: Layer, *, computing: bool) -> tuple[Query, bool]:
        found, lasting = default_style(layer, computing=computing)
        if lasting:
            with self._guard:
                self._usual[layer.info.name] = found
        return found, lasting

    def style(self, layer: Layer, name: str | None, query_string: str) -> Style:
        """The style of a request: named, by its parameters, or the default one.

        The default may have to be computed. Raises `ConfigError` for a wrong parameter, `NotFound`
        for an unknown name.
        """
        found = self.said_style(layer, name, query_string)
        info = layer.info
        return found or _named((info.band_names, info.alpha), _frozen(self.usual(layer)))

    def said_style(self, layer: Layer, name: str | None, query_string: str) -> Style | None:
        """The same if the request specifies it; None: use the default."""
        info = layer.info
        bands = info.band_names, info.alpha
        if name not in (None, "", "default"):
            if name not in info.styles:
                known = ", ".join(("default", *info.styles))
                raise NotFound(f"the layer {info.name} has no style {name!r}; it has {known}")
            return _named(bands, _frozen(info.styles[str(name)]))
        return _asked(bands, query_string)


@lru_cache(maxsize=512)
def _asked(bands: _Bands, query_string: str) -> Style | None:
    """The style of a query; None if it specifies none."""
    try:
        query = parse_qs(query_string, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise ConfigError(f"there are more than {_FIELDS} parameters") from error
    if not query.keys() & set(PARAMETERS):
        return None
    return read_style(query, *bands)


@lru_cache(maxsize=512)
def _named(bands: _Bands, query: tuple[tuple[str, tuple[str, ...]], ...]) -> Style:
    return read_style(dict(query), *bands)


def _frozen(query: Query) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((key, tuple(values)) for key, values in query.items())
