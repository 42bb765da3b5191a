"""Product XML, parsed by expat with document type declarations disabled.

Satellite metadata need no document type, and every dangerous XML feature starts with one (entity
expansion, external entities), so a document with a DTD is rejected before it can declare anything.
Namespaces are dropped, since they change between baselines.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from automap_tiles.errors import InputError

MAX_DEPTH = 100
"""Real documents reach 12; harmless for the stack."""


def parse(data: str | bytes) -> Element:
    """Root element, tags and attributes without namespaces.

    Raises `InputError` for what is not well-formed XML, has a document type, or is nested deeper
    than `MAX_DEPTH`.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    elements = _Elements(builder)
    parser.StartElementHandler = elements.start
    parser.EndElementHandler = elements.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data.rstrip("\0") if isinstance(data, str) else data.rstrip(b"\0"), True)
    except expat.ExpatError as error:
        raise InputError(f"not well-formed XML: {error}") from error
    except (ValueError, LookupError) as error:
        raise InputError(f"XML in an encoding that cannot be read: {error}") from error
    root: Element = builder.close()
    return root


class _Elements:
    """Passes elements on to the tree and tracks the nesting depth."""

    def __init__(self, builder: TreeBuilder) -> None:
        self.builder = builder
        self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InputError(f"XML nested deeper than {MAX_DEPTH} elements")
        local = {_local(name): value for name, value in attributes.items()}
        self.builder.start(_local(tag), local)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.builder.end(_local(tag))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _refuse(*_: Any) -> None:
    raise InputError("XML with a document type is not read: product metadata has none")
