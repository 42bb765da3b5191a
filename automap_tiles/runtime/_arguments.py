"""Check that a function accepts the inputs and parameters of a process file."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.runtime import hooks
from automap_tiles.runtime._binding import check, unused_inputs
from automap_tiles.runtime._process import Process
from automap_tiles.runtime.document import Document
from automap_tiles.runtime.hooks import (
    arguments_of,
    signature_of,
)
from automap_tiles.runtime.settings import SECTIONS, section
from automap_tiles.runtime.signature import Role, Signature

if TYPE_CHECKING:
    pass
from automap_tiles.runtime._parts import at_top


class UnusedInputWarning(UserWarning):
    """A process file has an input that the function does not take."""


def check_arguments(process: Process, document: Document, output: Document | None = None) -> None:
    """Load the function and match its arguments at every base zoom of the run.

    `output` is where its output stands, if that is elsewhere.
    """
    if not process.base_zooms:
        return
    loaded = process.function.load()
    signature = signature_of(process.function)
    _check_names(document, signature)
    unused: dict[str, None] = {}
    for zoom in process.base_zooms:
        inputs = process.inputs.at_zoom(zoom)
        try:
            parameters = process.parameters.written_at(zoom)
            check(signature, inputs, parameters, zoom, process.folder)
            if signature.names(Role.CONTEXT) and loaded.setup is not None:
                arguments_of(loaded.setup, parameters, process.folder)
            bands = hooks.check_parameters(process.function, inputs, parameters, process.folder)
        except ConfigError as error:
            raise at_top(error, document) from error
        _check_bands(bands, output or document)
        unused |= dict.fromkeys(unused_inputs(signature, inputs))
    for name in unused:
        place = "" if document.file is None else f"{document.file}:{document.line('input', name)}: "
        warnings.warn(
            f"{place}execute() does not take the input {name!r}; it only bounds the area",
            UnusedInputWarning,
            stacklevel=3,
        )


def _check_names(document: Document, signature: Signature) -> None:
    """Raise `ConfigError` for a key at the top that is a section's name with a slip in it.

    It would be taken for a parameter, and the error be about what is missing for want of it.
    """
    missing = sorted(SECTIONS - document.values.keys())
    for key, value in document.values.items():
        if key in SECTIONS or key in signature.arguments or not isinstance(value, Mapping):
            continue
        close = difflib.get_close_matches(str(key), missing, 1, 0.8)
        if close:
            raise document.error(
                "execute() takes no such parameter", str(key), found=value, remedy=f"{close[0]}?"
            )


def _check_bands(bands: int | None, document: Document) -> None:
    """The output must have as many bands as the function returns, where both are told."""
    wanted = section(document, "output", required=True).get("bands")
    if bands is not None and isinstance(wanted, int) and wanted != bands:
        raise document.error(
            f"execute() will return {bands} bands with these parameters",
            "output",
            "bands",
            found=wanted,
            remedy=f"bands: {bands}",
        )
