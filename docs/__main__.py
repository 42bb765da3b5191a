"""`python -m docs`: build the site.

Exit code 1 where Sphinx warns, a link leads nowhere, or a page would ask another server for
something.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from automap_tiles.errors import AutomapError
from docs.generate import gallery
from docs.generate.assemble import Broken, assemble
from docs.generate.follow import Failed
from docs.generate.places import ROOT, WORK

_ASKED = re.compile(
    r"<(?:script|img|iframe|link|source)\b[^>]*?\b(?:src|href)=\"(https?:)?//[^\"]*\"[^>]*>"
)
_ASKED_BY_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])(?:https?:)?//")


def build(target: Path, source: Path) -> int:
    """Assemble and build; gives the exit code."""
    from sphinx.cmd.build import build_main

    try:
        assemble(source, gallery.draw(WORK))
    except (AutomapError, Broken, Failed) as error:
        print(error, file=sys.stderr)
        return 1
    code = build_main(["-q", "-W", "--keep-going", "-b", "html", str(source), str(target)])
    asked = list(outside(target))
    for line in asked:
        print(line, file=sys.stderr)
    return code or int(bool(asked))


def outside(site: Path) -> Iterator[str]:
    """What pages and styles would fetch from other servers."""
    for path in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        found = (_ASKED if path.suffix == ".html" else _ASKED_BY_STYLE).search(
            path.read_text(encoding="utf-8")
        )
        if found and 'rel="canonical"' not in found[0]:
            yield f"{path.relative_to(site)} asks another server: {found[0]}"


def main() -> int:
    """Build, and say where the site is."""
    parser = argparse.ArgumentParser(prog="python -m docs", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "site")
    options = parser.parse_args()
    code = build(options.to, WORK / "source")
    print(f"The site: {options.to / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
