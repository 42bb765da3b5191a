"""The form of a launch: fields from the schema of the API, and what is said in it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from werkzeug.datastructures import MultiDict

from automap_service.launching.schema import ONLY, PROPERTIES, REQUIRED
from automap_tiles.missions import FLAG_NAMES, satellites

_NUMBERS = {"number": float, "integer": int}
_HINTS = {"satellites": "One or several"}
"""Where the words of the schema are about how it is written."""


@dataclass(frozen=True, kw_only=True)
class FieldGroup:
    """Fields that are shown together."""

    title: str
    names: tuple[str, ...]
    is_folded: bool = False
    """Whether it is closed until somebody wants it."""


GROUPS = (
    FieldGroup(title="What", names=("mode", "satellites", "start_date", "end_date")),
    FieldGroup(title="Where", names=("boundary", "catalogue")),
    FieldGroup(
        title="Composite", names=("statistics", "provenance", "crs", "resolution", "brdf",
                                  "coregister", "seamless")
    ),
    FieldGroup(title="Map of classes", names=("samples", "confidence", "probabilities", "smoothing",
                                         "minimum_patch")),
    FieldGroup(title="Clouds", names=("max_cloud_cover", "mask", "masker", "project_shadow",
                                 "require_mask"), is_folded=True),
    FieldGroup(title="Name", names=("description", "budget")),
)  # fmt: skip
"""All parameters of the schema, each once, in the order of the form."""


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One parameter as it is shown."""

    name: str
    title: str
    help: str
    kind: str
    """`select`, `many`, `switch`, `date`, `number`, `text`."""
    choices: tuple[str, ...]
    value: Any
    is_needed: bool
    modes: tuple[str, ...]
    """In which it means something; () in all."""
    schema: Mapping[str, Any]
    message: str = ""
    """What is wrong with it."""


@cache
def several() -> Mapping[str, tuple[str, ...]]:
    """Parameters of which several values may be ticked → these."""
    enums = {
        name: tuple(schema["items"]["enum"])
        for name, schema in PROPERTIES.items()
        if "enum" in schema.get("items", {})
    }
    known = tuple(sorted(satellites()))
    return {**enums, "satellites": known, "mask": tuple(FLAG_NAMES)}


def fields(
    said: Mapping[str, Any], wrong: Mapping[str, Any], lists: Mapping[str, tuple[str, ...]]
) -> list[tuple[FieldGroup, list[FormField]]]:
    """Groups with their fields; `lists`: what there is of the user's files and of catalogues."""
    return [(group, [_field(name, said, wrong, lists) for name in group.names]) for group in GROUPS]


def _field(
    name: str,
    said: Mapping[str, Any],
    wrong: Mapping[str, Any],
    lists: Mapping[str, tuple[str, ...]],
) -> FormField:
    schema = PROPERTIES[name]
    choices = lists.get(name) or several().get(name) or tuple(schema.get("enum", ()))
    value = said.get(name, schema.get("default"))
    if name in several() and isinstance(value, str):
        value = value.split(",")
    if name in several() and isinstance(value, list):  # what is wrong is not lost, either
        choices += tuple(str(each) for each in value if str(each) not in choices)
        value = [str(each) for each in value]
    fault = wrong.get(name)
    message = ""
    if fault is not None:
        message = fault.message + (f" ({fault.remedy})" if fault.remedy else "")
    return FormField(
        name=name,
        title=schema["title"],
        help=_HINTS.get(name, schema["description"]),
        kind=_kind(name, schema, lists),
        choices=choices,
        value=value,
        is_needed=name in REQUIRED,
        modes=ONLY.get(name, ()),
        schema=schema,
        message=message,
    )


def _kind(name: str, schema: Mapping[str, Any], lists: Mapping[str, tuple[str, ...]]) -> str:
    if name in several():
        return "many"
    if name in lists or "enum" in schema:
        return "select"
    if schema.get("format") == "date":
        return "date"
    return {"boolean": "switch", "number": "number", "integer": "number"}.get(
        str(schema.get("type")), "text"
    )


def read_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """What a form says, as JSON would; what means nothing in its mode is left out."""
    said: dict[str, Any] = {}
    mode = form.get("mode", "")
    for name, schema in PROPERTIES.items():
        texts = [text.strip() for text in form.getlist(name) if text.strip()]
        if mode not in ONLY.get(name, (mode,)):
            continue
        if not texts:
            if name in form and name in several() and "default" in schema:
                said[name] = []  # all were unticked: not the same as the default
            continue
        if name in several():
            said[name] = texts
        elif schema.get("type") == "boolean":
            said[name] = True
        else:
            said[name] = _number(schema, texts[0])
    return said


def _number(schema: Mapping[str, Any], text: str) -> Any:
    """A number where one is wanted; what is none stays as it is, the rules say what is wrong."""
    kind = _NUMBERS.get(str(schema.get("type")))
    if kind is None:
        return text
    try:
        return kind(text)
    except ValueError:
        return text
