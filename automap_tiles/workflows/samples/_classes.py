"""From what stands in a class field to the numbers 1 to 255.

Whole numbers stay as they are. Names get numbers in alphabetical order. Where both stand in one
field, one is a slip of the pen and all would be numbered anew: that is refused. A file of classes
says it otherwise: a CSV with the columns `value` and `name`, perhaps `colour` (#rrggbb) and `label`
(what stands in the class field, where that is neither name nor value), or the same as YAML::

    1: forest
    2: {name: water, colour: "#2b7bba", label: 8200}

With a label in any line, values are not looked for in the field: they are other numbers then. Two
lines may have the same value: their classes become one. Samples of a class that the file does
not list are left out.

NULL, NA, nan, none, a dash or nothing at all is no class, as GIS, R and spreadsheets write it: such
samples are left out and told, unless the file of classes lists that very label.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.parsing import parse_number, parse_yaml
from automap_tiles.workflows.samples._fields import check_cells, delimiter_of, read_text

MOST = 255
"""The class map has 8 bits, and 0 is nodata."""

_NO_CLASS = frozenset(
    ("", "null", "<null>", "(null)", "na", "n/a", "<na>", "#n/a", "nan", "none", "nil", "nat")
)
"""Null values in lower case: of QGIS and ArcGIS, R, spreadsheets, NumPy, pandas, Python and Lua."""
_DASHES = frozenset("-–—_.?")
"""A cell with only these counts as empty."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_KEY = "--classes"


@dataclass(frozen=True, kw_only=True)
class ClassList:
    """Content of a class file."""

    path: str
    values: Mapping[str, int]
    """Label in the class field -> number."""
    names: Mapping[int, str]
    colours: Mapping[int, str]
    """Number -> `#rrggbb`; only if given in the file."""


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """Labels as numbers."""

    values: tuple[int, ...]
    """One per label; 0 if it has none, or is not used."""
    names: Mapping[int, str]
    colours: Mapping[int, str] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()
    """Labels that are not in the class file."""
    missing: tuple[str, ...] = ()
    """Null values in the class field, such as NULL."""
    without_class: tuple[bool, ...] = ()
    """One per label: whether it is a null value."""


def numbered(labels: Sequence[Any], where: ConfigError, classes: ClassList | None) -> Numbered:
    """Numbers of labels; `where` has file and key for the `ConfigError` of invalid ones."""
    found = [_text(label) for label in labels]
    listed = frozenset() if classes is None else frozenset(classes.values)
    missing = {text for text in found if is_no_class(text) and text not in listed}
    texts = ["" if text in missing else text for text in found]
    present = sorted({text for text in texts if text})
    if not present:
        what = ", ".join(sorted(missing - {""})) or None
        raise _wrong(where, "there is no class in this field", what, "another class field")
    return replace(
        _numbered(texts, present, where, classes),
        missing=tuple(sorted(missing)),
        without_class=tuple(not text for text in texts),
    )


def is_no_class(text: str) -> bool:
    """Whether a text is a null value."""
    own = text.strip().lower()
    return own in _NO_CLASS or set(own) <= _DASHES


def _numbered(
    texts: Sequence[str], present: Sequence[str], where: ConfigError, classes: ClassList | None
) -> Numbered:
    if classes is not None:
        return _listed(texts, present, where, classes)
    numbers = {text: parse_number(text) for text in present}
    if any(number is None for number in numbers.values()):
        return _of_names(texts, numbers, where)
    whole = {text: _whole(number, where) for text, number in numbers.items()}
    return Numbered(values=tuple(whole.get(text, 0) for text in texts), names={})


def read_classes(path: str | Path) -> ClassList:
    """Read a class file; raises `ConfigError`."""
    try:
        text = read_text(path, _KEY)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", path, key=_KEY) from error
    rows = list(_yaml_rows(text, path) if _is_yaml(path) else _csv_rows(text, path))
    if not rows:
        raise ConfigError("lists no class", path, key=_KEY)
    values: dict[str, int] = {}
    names: dict[int, str] = {}
    colours: dict[int, str] = {}
    joined: list[str] = []
    for line, row in rows:
        value, name = _value(row, path, line), _text(row.get("name"))
        label = _text(row.get("label")) or name or str(value)
        if values.setdefault(label, value) != value:
            raise ConfigError("a label with two values", path, line, _KEY, label)
        if names.setdefault(value, name or f"class {value}") != (name or f"class {value}"):
            joined.append(f"{value} {name}")
        colour = _text(row.get("colour")) or _text(row.get("color"))
        if colour and not _COLOUR.fullmatch(colour):
            raise ConfigError("is not a colour", path, line, _KEY, colour, "colour: '#1a9850'")
        if colour:
            colours.setdefault(value, colour.lower())
    _tell_joined(joined)
    if not any(_text(row.get("label")) for _, row in rows):
        values = _with_numbers(values, names, path)
    return ClassList(path=str(path), values=values, names=names, colours=colours)


def _tell_joined(names: Sequence[str]) -> None:
    if names:
        tell(
            Note.of(
                names,
                fate=Fate.REPLACED,
                subject=Subject.CLASSES,
                reason="one value with several names: its first one is taken",
            )
        )


def _with_numbers(
    values: Mapping[str, int], names: Mapping[int, str], path: str | Path
) -> dict[str, int]:
    """Labels and the numbers themselves; raises `ConfigError` if a name equals another number."""
    found = dict(values)
    for value in names:
        if found.setdefault(str(value), value) != value:
            raise ConfigError(
                "is a value, and the name of another one", path, None, _KEY, value,
                "a column label with what stands in the class field",
            )  # fmt: skip
    return found


def _of_names(
    texts: Sequence[str], numbers: Mapping[str, float | None], where: ConfigError
) -> Numbered:
    """Classes given by name; `numbers` has each once, with its numeric value if any."""
    words = [text for text, number in numbers.items() if number is None]
    if len(words) < len(numbers):
        found, remedy = ", ".join(words[:10]), f"correct them, or {_KEY} with a number for each"
        raise _wrong(where, "holds numbers and names", found, remedy)
    if len(words) > MOST:
        remedy = f"{_KEY}: a file that joins some"
        raise _wrong(where, f"more than {MOST} classes", len(words), remedy)
    _tell_alike(words)
    names = dict(enumerate(words, 1))
    by_name = {name: value for value, name in names.items()}
    return Numbered(values=tuple(by_name.get(text, 0) for text in texts), names=names)


def _tell_alike(words: Sequence[str]) -> None:
    """Note names that differ only in case and spaces: probably one class."""
    alike: dict[str, list[str]] = {}
    for word in words:
        alike.setdefault(
            "".join(unicodedata.normalize("NFKC", word).casefold().split()), []
        ).append(word)
    doubtful = [" / ".join(each) for each in alike.values() if len(each) > 1]
    if doubtful:
        tell(
            Note.of(
                doubtful,
                fate=Fate.GUESSED,
                subject=Subject.CLASSES,
                reason="names that differ by case or spaces alone are taken for several classes",
                remedy=f"one spelling, or {_KEY} with one value for them",
            )
        )


def _listed(
    texts: Sequence[str], present: Sequence[str], where: ConfigError, classes: ClassList
) -> Numbered:
    # 7201.0 in a float field is the label 7201
    known: dict[str, set[int]] = {}
    for label, value in classes.values.items():
        known.setdefault(_plain(label), set()).add(value)
    found: dict[str, int] = {}
    for text in present:
        alike = known.get(_plain(text), {0})
        found[text] = classes.values.get(text) or max(alike)
        if text not in classes.values and len(alike) > 1:
            raise _wrong(
                where, f"two labels of {classes.path} are this number", text, "one of them"
            )
    if not any(found.values()):
        raise _wrong(
            where,
            f"none of its classes is in {classes.path}",
            ", ".join(present[:10]),
            "the column label (or name) of that file holds what stands in the class field",
        )
    used = set(found.values())
    return Numbered(
        values=tuple(found.get(text, 0) for text in texts),
        names={value: name for value, name in classes.names.items() if value in used},
        colours={value: colour for value, colour in classes.colours.items() if value in used},
        unlisted=tuple(text for text in present if not found[text]),
    )


def _text(label: Any) -> str:
    if label is None or (isinstance(label, float) and math.isnan(label)):
        return ""
    return str(label).strip()


def _plain(text: str) -> str:
    number = parse_number(text)
    if number is None or not number.is_integer():
        return text
    return str(int(number))


def _whole(number: float | None, where: ConfigError) -> int:
    if number is None or not number.is_integer():
        raise _wrong(
            where, "classes are whole numbers or names", number, "another class field, or " + _KEY
        )
    if number == 0:
        raise _wrong(
            where,
            "class 0 means no data in a class map and cannot be a class",
            0,
            f"number the classes from 1, or give {_KEY} with another value for the label 0",
        )
    if not 1 <= number <= MOST:
        raise _wrong(
            where,
            f"classes are numbered from 1 to {MOST}",
            int(number),
            f"a field of names, or {_KEY} with a value from 1 to {MOST} for each label",
        )
    return int(number)


def _wrong(where: ConfigError, message: str, found: object, remedy: str) -> ConfigError:
    return ConfigError(message, where.file, where.line, where.key, found, remedy)


def _is_yaml(path: str | Path) -> bool:
    return Path(path).suffix.lower() in (".yaml", ".yml", ".json")


def _csv_rows(text: str, path: str | Path) -> Iterable[tuple[int | None, Mapping[str, Any]]]:
    lines = text.splitlines()
    reader = csv.DictReader(lines, delimiter=delimiter_of(lines[0] if lines else ""))
    known = {name: name.strip().lower() for name in reader.fieldnames or ()}
    if "value" not in known.values():
        raise ConfigError(
            "has no column 'value'", path, 1, _KEY, list(known), "value,name,colour in line 1"
        )
    for row in reader:
        check_cells(row.get(None), (path, reader.line_num, _KEY), list(known))
        yield reader.line_num, {known[name]: cell for name, cell in row.items() if name in known}


def _yaml_rows(text: str, path: str | Path) -> Iterable[tuple[int | None, Mapping[str, Any]]]:
    try:
        found = parse_yaml(text, numbers_as_written=True)  # a label may be 0110
    except ValueError as error:
        raise ConfigError(f"is not valid YAML: {error}", path, key=_KEY) from error
    if not isinstance(found, Mapping):
        raise ConfigError("does not map numbers to names", path, key=_KEY, remedy="1: forest")
    for value, entry in found.items():
        yield None, {"value": value, **(entry if isinstance(entry, Mapping) else {"name": entry})}


def _value(row: Mapping[str, Any], path: str | Path, line: int | None) -> int:
    number = parse_number(_text(row.get("value")))
    if number is None or not number.is_integer() or not 1 <= number <= MOST:
        raise ConfigError(
            f"a value is a whole number from 1 to {MOST}", path, line, _KEY, row.get("value")
        )
    return int(number)
