"""The section `steps` of a process file, before anything is loaded."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from automap_tiles.runtime._keys import STEP, names
from automap_tiles.runtime.document import Document
from automap_tiles.runtime.settings import SECTIONS, section

KEY = "steps"

_KNOWN = names(STEP)


@dataclass(frozen=True, kw_only=True)
class StepEntry:
    """A step as it stands in the file."""

    name: str
    document: Document
    """A process file of its own: this step with the pyramid, zooms and area of the whole."""
    inputs: Mapping[str, str] | None
    """Argument of the function: input or step that it gets; None: those that the
    arguments it cannot do without are called."""


def has_steps(document: Document) -> bool:
    """Whether a file is one of several steps.

    A process may have a parameter of that name: only in a file without `process`, or where it
    holds processes, are these steps.
    """
    value = document.values.get(KEY)
    if not isinstance(value, Mapping):
        return False
    if "process" not in document.values:
        return True
    return any(isinstance(step, Mapping) and "process" in step for step in value.values())


def read_entries(document: Document) -> dict[str, StepEntry]:
    """The steps by name, in the order of the file; raises `ConfigError`."""
    _check_top(document)
    steps = {str(name): value for name, value in section(document, KEY, required=True).items()}
    if not steps:
        raise document.error("there is no step", KEY, remedy="NAME: {process: ...}")
    inputs = _input_names(document)
    for name, value in steps.items():
        if not name.isidentifier():
            raise document.error(
                "a step's name is that of an argument: letters, digits and _",
                KEY, name, found=name,
            )  # fmt: skip
        if not isinstance(value, Mapping):
            raise document.error(
                "must hold keys and values", KEY, name, found=value, remedy="process: ..."
            )
        if name in inputs:
            raise document.error(
                "is the name of a step and of an input", KEY, name, remedy="rename one of the two"
            )
    known = [*inputs, *steps]
    return {name: _entry(document, name, dict(value), known) for name, value in steps.items()}


def _check_top(document: Document) -> None:
    if "process" in document.values:
        raise document.error(
            "a file has either one process or steps",
            "process",
            remedy="put it under steps as one of them",
        )
    stray = [
        key
        for key, value in document.values.items()
        if key not in {*SECTIONS, KEY} or (key == "process_parameters" and value)
    ]
    if stray:
        close = difflib.get_close_matches(stray[0], SECTIONS, 1, 0.8)
        raise document.error(
            "with steps, each has parameters of its own",
            stray[0],
            remedy=f"{close[0]}?"
            if close and stray[0] not in SECTIONS
            else "steps: {NAME: {process_parameters: ...}}",
        )


def _input_names(document: Document) -> tuple[str, ...]:
    """Names at the top of `input`, at whichever zoom."""
    values = section(document, "input", required=False)
    conditions = [key for key in values if str(key).replace(" ", "").startswith("zoom")]
    at_zooms = [values[key] for key in conditions if isinstance(values[key], Mapping)]
    names = dict.fromkeys(str(key) for key in values if key not in conditions)
    return tuple(names | dict.fromkeys(str(key) for found in at_zooms for key in found))


def _entry(document: Document, name: str, values: dict[str, Any], known: list[str]) -> StepEntry:
    for key in values:
        if key not in _KNOWN:
            close = difflib.get_close_matches(str(key), _KNOWN, 1)
            raise document.error(
                "is not known here",
                KEY, name, key,
                remedy=f"{close[0]}?" if close else f"known are {', '.join(_KNOWN)}; what the "
                "function takes stands under process_parameters",
            )  # fmt: skip
    inputs = _inputs(document, name, values.pop("input", None), known)
    return StepEntry(name=name, document=_document(document, name, values), inputs=inputs)


def _inputs(
    document: Document, name: str, value: Any, known: list[str]
) -> Mapping[str, str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = {each: each for each in value}
    if not isinstance(value, Mapping):
        raise document.error(
            "says which inputs and steps it gets", KEY, name, "input", found=value,
            remedy="a list of names alone, or argument: name for each",
        )  # fmt: skip
    for argument, source in value.items():
        if source not in known:
            close = difflib.get_close_matches(str(source), known, 1)
            raise document.error(
                "is neither an input of the file nor a step",
                KEY, name, "input", str(argument), found=source,
                remedy=f"{close[0]}?" if close else f"one of {', '.join(known)}; files stand "
                "under input at the top",
            )  # fmt: skip
    return {str(argument): str(source) for argument, source in value.items()}


def _document(document: Document, name: str, values: dict[str, Any]) -> Document:
    """The step as if it were alone in a file."""
    shared = {
        key: value
        for key, value in document.values.items()
        if key in SECTIONS and key not in ("input", "output", "process_parameters", "baselevels")
    }
    buffer = values.pop("pixelbuffer", None)
    if buffer is not None:
        if type(buffer) is not int or buffer < 0:
            raise document.error(
                "must be a whole number of at least 0", KEY, name, "pixelbuffer", found=buffer
            )
        shared["pyramid"] = {**shared["pyramid"], "pixelbuffer": buffer}
    above = (*document.above, KEY, name)
    texts = {
        keys[len(above) :]: text
        for keys, text in document.texts.items()
        if keys[: len(above)] == above
    }
    return replace(document, values={**shared, **values}, texts=texts, above=above)
