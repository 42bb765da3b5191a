"""The options of a command as a YAML file, in the same words: `automap run order.yaml`."""

from __future__ import annotations

import difflib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from automap_tiles.errors import ConfigError, without_signatures
from automap_tiles.parsing import parse_yaml

GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)
"""How an option comes to a value that somebody chose."""

_PLACES = ("boundary", "input", "output", "samples", "classes", "recipe")
"""Options that are paths; relative ones start at the folder of the file."""
_NAMED = "input"
"""That of them which may be the name of a catalogue; a folder of that name is `./name`."""
_NOT_KEPT = ("check", "overwrite", "update", "log_format", "progress", "verbose", "order_file")
"""Options that say what to do with what is there, or how it is shown, not what shall be made."""
_FILE = "automap.order_file"


class WithOrderFile(click.Command):
    """A command whose options may stand in a file; those of the command line come before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter:
            raise
        except click.BadParameter as error:
            raise _where_it_stands(ctx, error) from error


def order_file_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `[ORDER.yaml]`, which fills in what the command line leaves open."""
    return click.argument(
        "order_file",
        metavar="[ORDER.yaml]",
        required=False,
        is_eager=True,
        expose_value=False,
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_read,
    )(function)


def _read(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:  # noqa: ARG001
    if path is not None:
        context.default_map = {**(context.default_map or {}), **options_in(path, context.command)}
        context.meta[_FILE] = path
    return path


def options_in(path: Path, command: click.Command) -> dict[str, Any]:
    """Values of options by the names of their parameters, as texts and truth values.

    Raises `ConfigError` for what is no such file, and for a key that is no option of the command.
    """
    try:
        said = parse_yaml(path.read_text(encoding="utf-8"), numbers_as_written=True)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path) from error
    except ValueError as error:
        raise ConfigError(f"is not valid YAML: {error}", path) from error
    if not isinstance(said, Mapping):
        raise ConfigError("holds no options", path, remedy="lines such as mode: composite")
    known = dict(_options(command))
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    for key, value in said.items():
        word = str(key).replace("_", "-")
        if (other := names.setdefault(word, str(key))) != str(key):
            remedy = "one of the two lines"
            raise ConfigError(f"is {other} once more", path, key=str(key), found=value,
                              remedy=remedy)  # fmt: skip
        if word not in known:
            close = difflib.get_close_matches(word, known, 1)
            remedy = f"{close[0]}?" if close else f"known are {', '.join(known)}"
            raise ConfigError("is not an option", path, key=str(key), found=value, remedy=remedy)
        if value is not None:
            if word in _PLACES and isinstance(value, list):
                raise ConfigError("is one path", path, key=str(key), found=value)
            text = _text(path, str(key), value)
            found[known[word]] = _placed(path.parent, word, text)
    return found


def _options(command: click.Command) -> Iterator[tuple[str, str]]:
    """The long name of each option that a file may hold, and the name of its parameter."""
    for option in command.params:
        if isinstance(option, click.Option) and option.expose_value and not option.is_eager:
            yield max(option.opts, key=len).lstrip("-"), option.name


def _text(path: Path, key: str, value: Any) -> str | bool:
    """As it would be typed; several values have commas between them."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return ",".join(str(_text(path, key, one)) for one in value)
    raise ConfigError("is neither a value nor a list", path, key=key, found=value)


def _placed(folder: Path, word: str, text: str | bool) -> str | bool:
    """A path as seen from the working directory; a catalogue, and nothing, as it is."""
    if word not in _PLACES or isinstance(text, bool) or not text or "://" in text:
        return text
    if word == _NAMED and _is_catalogue(text):
        return text
    return os.path.normpath(folder.absolute() / at_home(text))


def _is_catalogue(text: str) -> bool:
    from automap_tiles.scenes.catalogue.providers import PROVIDERS

    return text in {provider.name for provider in PROVIDERS}


def at_home(text: str) -> Path:
    """A path as a shell would have it: `~` is the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # of somebody whom this machine does not know
        return Path(text)


def _where_it_stands(context: click.Context, error: click.BadParameter) -> Exception:
    """The error with its place in the file, if it is one of the file's values."""
    path, option = context.meta.get(_FILE), error.param
    said = (context.default_map or {}).get(option.name) if option and option.name else None
    if path is None or option is None or said is None:
        return error
    key = max(option.opts, key=len).lstrip("-")
    return ConfigError(error.message, path, key=key, found=said)


def as_order_file(context: click.Context, folder: str) -> str:
    """The options of a call as such a file, to be kept in a folder of this machine or a store."""
    from ruamel.yaml import YAML

    names = {name: word for word, name in _options(context.command)}
    said = {
        names[name]: _kept(names[name], value, folder)
        for name, value in _values(context)
        if name in names and name not in _NOT_KEPT
    }
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width = None, 1 << 30
    yaml.sort_base_mapping_type_on_output = False
    stream = io.StringIO()
    yaml.dump(said, stream)
    return stream.getvalue()


def _values(context: click.Context) -> Iterator[tuple[str, Any]]:
    """What somebody chose, by the order of the options."""
    for option in context.command.params:
        name = option.name or ""
        if context.get_parameter_source(name) in GIVEN and name in context.params:
            yield name, context.params[name]


def _kept(word: str, value: Any, folder: str) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if word not in _PLACES or not value or "://" in str(value):
        return without_signatures(value) if isinstance(value, str) else value
    if word == _NAMED and _is_catalogue(value):
        return value
    if "://" in folder:  # nothing of this machine is beside it
        return Path(value).absolute().as_posix()
    path = Path(os.path.relpath(value, folder)).as_posix()
    return f"./{path}" if word == _NAMED and _is_catalogue(path) else path
