"""The keys of a process file, made of the tables that stand beside their readers."""

from __future__ import annotations

from collections.abc import Sequence

from automap_tiles.formats import registry
from automap_tiles.formats.keys import INPUT, INPUTS, OUTPUT, OUTPUTS, Key
from automap_tiles.pictures.colormaps import names
from automap_tiles.runtime import _keys as keys


def page() -> str:
    """All of them, section by section."""
    parts = [_listed("", keys.TOP)]
    for name, found in keys.BY_SECTION.items():
        if name != "styles":
            parts += [f"## {_TITLES[name]}", _listed(_above(name), found)]
    parts += ["## Inputs", _INPUTS, _listed("input.NAME", INPUT)]
    for name, found in INPUTS.items():
        parts += _format(name, "input.NAME", found, written=False)
    parts += ["## Outputs", _listed("output", OUTPUT)]
    for name, found in OUTPUTS.items():
        parts += _format(name, "output", found, written=True)
    parts += ["## Styles", _listed(_above("styles"), keys.STYLE), _colour_maps()]
    return "\n\n".join(parts)


_TITLES = {
    "pyramid": "Pyramid",
    "zoom_levels": "Zoom levels",
    "baselevels": "Baselevels",
    "steps": "Steps",
}

_INPUTS = "Which keys an input has besides is up to its format."


def _above(section: str) -> str:
    return {"steps": "steps.NAME", "styles": "output.styles.NAME"}.get(section, section)


def _listed(above: str, found: Sequence[Key]) -> str:
    return "\n\n".join(_entry(f"{above}.{key.name}".lstrip("."), key) for key in found)


def _entry(name: str, key: Key) -> str:
    lines = [key.what, "", f"Values: {key.values}."]
    if key.is_needed:
        lines[-1] += " Has to be there."
    elif key.default is not None:
        lines[-1] += f" Without it: {key.default}."
    if key.also:
        lines[-1] += f" Also: {', '.join(f'`{old}`' for old in key.also)}."
    body = "\n".join(lines)
    return f"::::{{mapchete-key}} {name}\n{body}\n::::"


def _format(name: str, above: str, found: Sequence[Key], *, written: bool) -> list[str]:
    info = registry.find_format(name)
    if info is None:
        raise LookupError(name)
    verb = "Written" if written else "Read"
    head = [f"### {verb} as `{name}`", f"{info.summary[0].upper()}{info.summary[1:]}."]
    if not found:
        return [*head, "No other keys."]
    return [*head, _listed(f"{above} ({name})", found)]


def _colour_maps() -> str:
    return f"Colour maps: {', '.join(f'`{name}`' for name in names())}."
