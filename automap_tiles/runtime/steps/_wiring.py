"""Which step reads what, and in which order they follow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.runtime._arguments import UnusedInputWarning
from automap_tiles.runtime._builtin import find_function
from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime.hooks import signature_of
from automap_tiles.runtime.signature import Role
from automap_tiles.runtime.steps._graph import Circle, Graph
from automap_tiles.runtime.steps.section import KEY, StepEntry
from automap_tiles.runtime.zooms import ZoomChoice

if TYPE_CHECKING:
    from automap_tiles.runtime.document import Document
    from automap_tiles.runtime.function import FunctionRef


@dataclass(frozen=True, kw_only=True)
class Wired:
    """A step of which it is known what it reads."""

    entry: StepEntry
    function: FunctionRef
    sources: Mapping[str, str]
    """Argument: input or step."""


def wired(entry: StepEntry, names: list[str]) -> Wired:
    """Load the function, and see which of the names it takes."""
    with explained(entry.document):
        function = find_function(entry.document)
        signature = signature_of(function)
        sources = entry.inputs
        if sources is None and (signature.takes_all or signature.names(Role.OLD_STYLE)):
            raise entry.document.error(
                "its function takes whatever there is",
                "input",
                remedy=f"say which of {', '.join(names)} it gets: input: [...]",
            )
        if sources is None:
            # Not those with a default: a step may well be called like a parameter of another.
            arguments = signature.arguments
            taken = [name for name in signature.names(Role.VALUE) if arguments[name].required]
            sources = {name: name for name in names if name in taken and name != entry.name}
        open_to_all = signature.takes_all or signature.names(Role.OLD_STYLE)
        for argument in () if open_to_all else sources:
            if argument not in signature.arguments:
                takes = ", ".join(signature.names(Role.VALUE))
                raise entry.document.error(
                    "execute() takes no such input", "input", argument, remedy=f"it takes {takes}"
                )
    return Wired(entry=entry, function=function, sources=sources)


def order_of(document: Document, graph: Graph) -> tuple[tuple[str, ...], str]:
    """All steps, each after those that it reads; and the one that is the result."""
    try:
        order = graph.order()
    except Circle as circle:
        raise document.error(
            "these steps wait for each other",
            KEY,
            circle.names[0],
            found=str(circle),
            remedy="another name for one of these inputs, under the input of its step",
        ) from circle
    ends = graph.ends()
    if len(ends) > 1:
        raise document.error(
            "one step is the result; here no other step reads any of these",
            KEY,
            ends[0],
            found=", ".join(ends),
            remedy="leave out what nobody needs, give it a file of its own, or name it under the "
            "input of another step",
        )
    return order, ends[0]


def report_unused(document: Document, inputs: InputTree, steps: Mapping[str, Wired]) -> None:
    used = {source for step in steps.values() for source in step.sources.values()}
    for name in names_of(inputs):
        if name not in used:
            file = document.file
            place = "" if file is None else f"{file}:{document.line('input', name)}: "
            warnings.warn(
                f"{place}no step takes the input {name!r}", UnusedInputWarning, stacklevel=4
            )


def names_of(inputs: InputTree) -> list[str]:
    """Names of the inputs, whichever zooms they are there for."""
    tree = inputs.values.tree
    trees = [value for _, value in tree.options] if isinstance(tree, ZoomChoice) else [tree]
    return list(dict.fromkeys(str(name) for each in trees for name in each or ()))


@contextmanager
def explained(document: Document) -> Iterator[None]:
    """Say of which step an error is."""
    try:
        yield
    except ConfigError as error:
        located = document.located(error)
        if located is error:
            raise
        raise located from error
