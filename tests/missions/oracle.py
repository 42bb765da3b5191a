"""An independent look at metadata files: nothing here uses the project's parsers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.imagery.place import is_real

MTL_PATTERNS = ("metadata/**/*_MTL.*", "landsat/**/*_MTL.*")


def mtl_files(shared: Path) -> list[Path]:
    found = [path for pattern in MTL_PATTERNS for path in (shared / "data").glob(pattern)]
    return sorted(path for path in found if is_real(path))


def mtl_values(path: Path) -> dict[tuple[str, str], str]:
    """(group, key) → text as written, without quotes."""
    text = path.read_bytes().replace(b"\0", b"").decode()
    if path.suffix == ".json":
        (root,) = json.loads(text).values()
        return {(g, k): str(v) for g, keys in root.items() for k, v in keys.items()}
    if path.suffix == ".xml":
        tree = ET.fromstring(text)
        return {(g.tag, k.tag): (k.text or "").strip() for g in tree for k in g}
    values = {}
    for group, body in re.findall(r"GROUP = (\w+)\n((?:(?!\s*GROUP)(?!\s*END_GROUP).*\n)+)", text):
        for key, value in re.findall(r"^\s*(\w+) = (.*?)\s*$", body, re.MULTILINE):
            values[group, key] = value.strip('"')
    return values


def first(values: dict[tuple[str, str], str], *keys: str) -> str | None:
    """The value of a key that stands only once, or is the same everywhere it stands."""
    for key in keys:
        found = {value for (_, name), value in values.items() if name == key}
        if found:
            assert len(found) == 1, (key, found)
            return found.pop()
    return None
