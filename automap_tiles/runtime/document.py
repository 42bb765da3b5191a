"""A process file as plain values with their line numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.parsing import MAX_DEPTH, MAX_VALUES, MAX_YAML, TOO_DEEP, TOO_MANY
from automap_tiles.runtime._yaml_scalars import KEY
from automap_tiles.runtime.zooms import Keys

_VARIABLE = re.compile(r"\$\{(\w+)\}")

# Words that YAML 1.1 lists as truth values and no common reader takes for one.
_LETTERS = frozenset("yYnN")


@dataclass(frozen=True)
class Document:
    """Values of a process file."""

    values: dict[str, Any]
    file: Path | None
    """None when the values were given as a dict."""
    folder: Path
    """Where relative paths start."""
    lines: Mapping[Keys, int]
    """Line of every key, counted from 1, by the keys that lead to it."""
    texts: Mapping[Keys, str] = field(default_factory=dict)
    """How the values stand there that are no texts, by the keys that lead to them."""
    above: Keys = ()
    """Keys that lead to these values, where they are a part of the file."""

    def line(self, *keys: str | int) -> int | None:
        """Line of a key; of the nearest one above it when it is not in the file."""
        place = (*self.above, *keys)
        for end in range(len(place), 0, -1):
            if (line := self.lines.get(place[:end])) is not None:
                return line
        return 1 if self.lines and not place else None

    def error(
        self, message: str, *keys: str | int, found: object = None, remedy: str | None = None
    ) -> ConfigError:
        """A `ConfigError` that says where in the file."""
        key = ".".join(str(part) for part in (*self.above, *keys)) or None
        return ConfigError(message, self.file, self.line(*keys), key, found, remedy)

    def located(self, error: ConfigError) -> ConfigError:
        """The same error with file and line, the latter as close as its key allows."""
        if error.key is None or error.file not in (None, self.file):
            return error
        above = "".join(f"{key}." for key in self.above)
        whole = error.key if error.key.startswith(above) else f"{above}{error.key}"
        keys = _split(whole, self.lines)
        line = replace(self, above=()).line(*keys)
        if (error.file, error.line, error.key) == (self.file, line, whole):
            return error
        return ConfigError(error.message, self.file, line, whole, error.found, error.remedy)


def read_document(source: str | Path | Mapping[str, Any]) -> Document:
    """Read a process file, or take a dict; variables of the environment are filled in.

    Raises `ConfigError` when there is no such file, it is not valid YAML, or a variable is not set.
    """
    if isinstance(source, Mapping):
        values = {str(key): value for key, value in source.items()}
        folder = _folder(values, Path.cwd(), None, None)
        document = Document(values, None, folder, {})
    else:
        document = _read_file(Path(source).absolute())
    return replace(document, values=_fill_in(document.values, document, ()))


def _read_file(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_YAML + 1)
        text = data.decode()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path) from error
    except UnicodeDecodeError as error:
        raise ConfigError("this is not text in UTF-8", path) from error
    if len(data) > MAX_YAML:
        raise ConfigError(
            f"has more than {MAX_YAML // 2**20} MB, too much for a process file",
            path,
            remedy="put outlines into a file of their own: area: outline.geojson",
        )
    reader = _Reader(path)
    values = reader.read(text)
    lines = reader.lines
    if not isinstance(values, dict):
        raise ConfigError("a process file holds keys and values", path, 1, found=values)
    folder = _folder(values, path.parent, path, lines.get(("config_dir",)))
    values = {str(key): value for key, value in values.items()}
    return Document(values, path, folder, lines, reader.texts)


def _folder(values: dict[str, Any], base: Path, file: Path | None, line: int | None) -> Path:
    """Where relative paths start: `base`, or what `config_dir` says."""
    value = values.pop("config_dir", None)
    if value is None:
        return base.absolute()
    if not isinstance(value, str | Path) or not Path(base, value).is_dir():
        raise ConfigError(
            "there is no such folder", file, line, "config_dir", value, "where relative paths start"
        )
    return Path(base, value).absolute()


class _Reader:
    """YAML nodes to plain values; notes the line of every key on the way.

    YAML 1.1 as in mapchete: `yes` and `no` are truth values.
    """

    def __init__(self, path: Path) -> None:
        from ruamel.yaml import YAML

        self._path = path
        self.lines: dict[Keys, int] = {}
        self.texts: dict[Keys, str] = {}
        self._yaml = YAML(typ="safe", pure=True)
        self._yaml.version = (1, 1)
        self._above: list[Any] = []
        self._count = 0

    def read(self, text: str) -> Any:
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            node = self._yaml.compose(text)
            return None if node is None else self._value(node, ())
        except RecursionError as error:
            raise ConfigError(TOO_DEEP, self._path) from error
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = None if mark is None else mark.line + 1
            raise ConfigError(
                f"this is not valid YAML: {error.problem}", self._path, line
            ) from error
        except YAMLError as error:
            raise ConfigError(f"this is not valid YAML: {error}", self._path) from error

    def _value(self, node: Any, keys: Keys) -> Any:
        if node in self._above:
            line = node.start_mark.line + 1
            raise ConfigError("a value cannot hold itself", self._path, line)
        self._count += 1
        for wrong, message in (
            (len(self._above) > MAX_DEPTH, TOO_DEEP),
            (self._count > MAX_VALUES, TOO_MANY),
        ):
            if wrong:
                raise ConfigError(message, self._path, node.start_mark.line + 1)
        self._above.append(node)
        try:
            if node.id == "mapping":
                return self._mapping(node, keys)
            if node.id == "sequence":
                return self._sequence(node, keys)
            return self._noted(node, self._scalar(node), keys)
        finally:
            self._above.pop()

    def _mapping(self, node: Any, keys: Keys) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        own_lines: dict[Any, int] = {}
        for key_node, value_node in self._merged(node):
            key = self._key(key_node)
            line = key_node.start_mark.line + 1
            if key in own_lines:
                raise ConfigError(
                    f"stands here and in line {own_lines[key]}",
                    self._path,
                    line,
                    ".".join(map(str, (*keys, key))),
                    remedy="remove one of the two",
                )
            own_lines[key] = line
            self._noted(key_node, key, (*keys, key, KEY))
            self.lines[(*keys, key)] = line
            values[key] = self._value(value_node, (*keys, key))
        return values

    def _merged(self, node: Any) -> list[tuple[Any, Any]]:
        """The pairs of a mapping, those of `<<: *anchor` first unless overridden."""
        if node.id != "mapping":
            line = node.start_mark.line + 1
            raise ConfigError("only keys and values can be merged", self._path, line)
        own = [pair for pair in node.value if not pair[0].tag.endswith(":merge")]
        names = {str(key.value) for key, _ in own}
        inherited: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value:
            if key.tag.endswith(":merge"):
                for each in value.value if value.id == "sequence" else [value]:
                    for pair in self._merged(each):
                        inherited.setdefault(str(pair[0].value), pair)
        return [pair for name, pair in inherited.items() if name not in names] + own

    def _sequence(self, node: Any, keys: Keys) -> list[Any]:
        for number, item in enumerate(node.value):
            self.lines[(*keys, number)] = item.start_mark.line + 1
        return [self._value(item, (*keys, number)) for number, item in enumerate(node.value)]

    def _key(self, node: Any) -> Any:
        """Numbers stay numbers; dates and words such as `on` are names."""
        if node.id != "scalar":
            line = node.start_mark.line + 1
            raise ConfigError("a key must be a name or a number", self._path, line)
        if node.tag.endswith((":int", ":float")):
            return self._scalar(node)
        return node.value

    def _noted(self, node: Any, value: Any, keys: Keys) -> Any:
        """The value; one that is no text is noted as it is written."""
        if not isinstance(value, str) and node.value:
            self.texts[keys] = node.value
        return value

    def _scalar(self, node: Any) -> Any:
        if node.tag.endswith(":bool") and node.value in _LETTERS:
            return node.value
        if node.tag.endswith(":float") and "." not in node.value and ":" not in node.value:
            return float(node.value.replace("_", ""))  # 1e-3, which 1.1 frowns upon
        return self._yaml.constructor.construct_object(node, deep=True)


def _fill_in(value: Any, document: Document, keys: Keys) -> Any:
    """Replace `${NAME}` by the variable of the environment."""
    if isinstance(value, Mapping):
        return {key: _fill_in(item, document, (*keys, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fill_in(item, document, (*keys, number)) for number, item in enumerate(value)]
    if isinstance(value, str) and (match := _VARIABLE.fullmatch(value)):
        filled = os.environ.get(match[1])
        if filled is None:
            raise document.error(
                f"the environment variable {match[1]} is not set",
                *keys,
                found=value,
                remedy=f"export {match[1]}=...",
            )
        return filled
    return value


def _split(key: str, lines: Mapping[Keys, int]) -> Keys:
    """The keys of a dotted name; keys may hold dots and be numbers themselves."""
    for keys in lines:
        if ".".join(str(part) for part in keys) == key:
            return keys
    above, dot, _ = key.rpartition(".")
    return _split(above, lines) if dot else (key,)
