"""Optional hook functions of a process module besides `execute`, and how they are called.

Each gets those of the process's parameters that it names, converted by its own annotations.

`setup`
    runs once in each worker; what it returns is the argument `context` of `execute`.
`pixelbuffer`
    returns the number of pixels around its tile that `execute` looks at.
`check_parameters`
    raises `ConfigError` or `ValueError` for what cannot work, before the first tile. It gets the
    inputs that it names as well, as their readers, and may return how many bands `execute` will.
`sum_up`
    is called after the last tile with `counts`, the sums of what `execute` counted (`Counted`), and
    with inputs like `check_parameters`. It returns plain JSON values by name, which are stored
    beside the tiles.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import AutomapError, ConfigError, InputError, ProcessError
from automap_tiles.runtime._canonical import canonical
from automap_tiles.runtime._yaml_scalars import plain, with_texts
from automap_tiles.runtime.convert import convert, needs_text, takes_none
from automap_tiles.runtime.function import FunctionRef, LoadedFunction, explained
from automap_tiles.runtime.signature import Argument, Signature, read_signature, without_none
from automap_tiles.runtime.zooms import ZoomValues
from automap_tiles.storage import is_remote

if TYPE_CHECKING:
    from automap_tiles.formats import Counts

_WIDEST = 4096
"""Pixels; a tile of 256 with such a buffer is a thousand tiles to read, a slip of the pen."""


def value_of(name: str, value: Any, argument: Argument, folder: Path) -> Any:
    """A parameter as the function asks for it; a relative `Path` starts at the folder.

    One that names an object of a store is left as it is: `Address.of` knows what it means. Raises
    `ConfigError` with the parameter as its key.
    """
    found = convert(name, value, argument.annotation)
    if not is_path(argument) or found is None or is_remote(str(plain(value))):
        return found
    return Path(folder, found)


def given(signature: Signature, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters without those that are null: they are as if they were not there.

    But where a function needs an argument and takes no None, `~` and `null` are texts, or wrong.
    """
    wanted = {
        name
        for name, argument in signature.arguments.items()
        if argument.required and not takes_none(argument.annotation)
    }
    return {
        name: value
        for name, value in parameters.items()
        if plain(value) is not None or name in wanted
    }


def is_path(argument: Argument) -> bool:
    """Whether the function asks for a `Path`, or for none."""
    return without_none(argument.annotation) is Path


def arguments_of(
    function: Callable[..., Any], parameters: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """What a hook is called with; raises `ConfigError` for a parameter that is missing or wrong.

    It takes what it names of the parameters; the others are for `execute`.
    """
    signature = read_signature(function)
    parameters = given(signature, parameters)
    for name, argument in signature.arguments.items():
        if argument.required and name not in parameters:
            raise ConfigError(
                f"{function.__name__}() needs the parameter {name!r}, which is not in the file",
                key="process_parameters",
                remedy=f"add {name!r} to process_parameters",
            )
    return {
        name: value_of(name, value, signature.arguments[name], folder)
        if name in signature.arguments
        else plain(value)
        for name, value in parameters.items()
        if name in signature.arguments or signature.takes_all
    }


def signature_of(ref: FunctionRef) -> Signature:
    """The signature of `execute`; raises `ProcessError` when it cannot be loaded or called."""
    loaded = ref.load()
    try:
        return read_signature(loaded.execute, has_setup=loaded.setup is not None)
    except ProcessError as error:
        raise ProcessError(f"{ref}: {error}") from error


def files_of(
    ref: FunctionRef, parameters: ZoomValues, zooms: Sequence[int], folder: Path
) -> tuple[Path, ...]:
    """Files that parameters of `execute` name, at any of the zooms, sorted."""
    arguments = signature_of(ref).arguments.values() if zooms else ()
    named = [argument.name for argument in arguments if is_path(argument)]
    there = [parameters.written_at(zoom).get(name) for zoom in zooms for name in named]
    paths = {
        Path(folder, text) for value in there if isinstance(text := with_texts(value), str | Path)
    }
    return tuple(sorted(path for path in paths if path.is_file()))


def texts_of(ref: FunctionRef, parameters: ZoomValues, zooms: Sequence[int]) -> tuple[str, ...]:
    """What `execute` and `setup` get as it is written and not as YAML means it, at any zoom.

    Earlier versions gave a number as text by `str`; where that is the same nothing is new.
    """
    if not zooms:
        return ()
    loaded = ref.load()
    signatures = [signature_of(ref)]
    if loaded.setup is not None:
        signatures.append(read_signature(loaded.setup))
    found = {
        canonical([name, with_texts(value)])
        for zoom in zooms
        for name, value in parameters.written_at(zoom).items()
        for signature in signatures
        if name in signature.arguments
        and needs_text(name, value, signature.arguments[name].annotation)
    }
    return tuple(sorted(found))


def needed_buffer(
    ref: FunctionRef, parameters: ZoomValues, zooms: Sequence[int], folder: Path
) -> int:
    """Pixels that `execute` needs around a tile: the most that `pixelbuffer` returns at any zoom.

    0 for a module without that function. `zooms` are those on which `execute` is called. Raises
    `ProcessError` when it returns no such number; whatever it raises itself comes with its line.
    """
    function = ref.load().pixelbuffer if zooms else None
    if function is None:
        return 0
    widest = 0
    for zoom in zooms:
        found = call(ref, function, parameters.written_at(zoom), folder)
        widest = max(widest, _as_pixels(ref, found))
    return widest


def call(
    ref: FunctionRef, function: Callable[..., Any], parameters: Mapping[str, Any], folder: Path
) -> Any:
    """What a hook returns, called before the first tile.

    Raises `ConfigError` for a wrong parameter, also for a file that the hook has no use for;
    `AutomapError`s of the hook come through, all else as `ProcessError` with file and line.
    """
    arguments = arguments_of(function, parameters, folder)
    try:
        with explained(ref):
            return function(**arguments)
    except InputError as error:
        raise _at_parameter(error, arguments) from error


def check_parameters(
    ref: FunctionRef, inputs: Mapping[str, Any], parameters: Mapping[str, Any], folder: Path
) -> int | None:
    """Let the module look at its parameters; raises `ConfigError` when they cannot work.

    What it returns is the number of bands to come, where it tells.
    """
    function = ref.load().check_parameters
    if function is None:
        return None
    arguments = arguments_of(function, {**inputs, **parameters}, folder)
    with explained(ref):
        try:
            found = function(**arguments)
        except ValueError as error:
            raise ConfigError(str(error), key="process_parameters") from error
    return found if isinstance(found, int) else None


def summary(
    ref: FunctionRef,
    counts: Counts,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    folder: Path,
) -> Mapping[str, Any]:
    """What the module says of the whole output, by name; raises `ProcessError`."""
    function = ref.load().sum_up
    if function is None:
        return {}
    found = call(ref, function, {**inputs, **parameters, "counts": counts}, folder)
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise ProcessError(f"{ref}: sum_up() must return a mapping of names, not {found!r}")
    return found


def _at_parameter(error: InputError, arguments: Mapping[str, Any]) -> AutomapError:
    """The error under the key of the parameter that names the file."""
    for name, value in arguments.items():
        if isinstance(value, Path) and error.path is not None and value == Path(error.path):
            key = f"process_parameters.{name}"
            return ConfigError(error.message, key=key, found=str(value))
    return error


def _as_pixels(ref: FunctionRef, found: Any) -> int:
    if not isinstance(found, bool):
        with suppress(TypeError):
            pixels = operator.index(found)
            if 0 <= pixels <= _WIDEST:
                return pixels
    raise ProcessError(
        f"{ref}: pixelbuffer() must return a number of pixels from 0 to {_WIDEST}, not {found!r}"
    )


_contexts: dict[tuple[FunctionRef, str], Any] = {}
_context_lock = threading.Lock()


def context(
    ref: FunctionRef, loaded: LoadedFunction, parameters: Mapping[str, Any], folder: Path
) -> Any:
    """The result of `setup`, made once in this worker for the same parameters and files.

    Whatever `setup` raises comes through.
    """
    if loaded.setup is None:
        return None
    arguments = arguments_of(loaded.setup, parameters, folder)
    key = (ref, canonical([arguments, _stamps(arguments)]))
    with _context_lock:
        if key not in _contexts:
            _contexts[key] = loaded.setup(**arguments)
        return _contexts[key]


def _stamps(arguments: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Size and time of the files among the arguments: one that was replaced is read again."""
    files = [value for value in arguments.values() if isinstance(value, Path) and value.is_file()]
    return [(found.st_size, found.st_mtime_ns) for found in (file.stat() for file in files)]
