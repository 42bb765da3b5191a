"""Lays out the code launcher for the wheel: `python -m automap_service.launcher`.

`make launcher` does it. Exit code 0 also without it: the page then says how to get it.
"""

from __future__ import annotations

import sys

from automap_service.launcher.pyodide import PACKED, VERSION, fetch
from automap_tiles.errors import InputError


def main() -> int:
    """Fetch it, unless it is there."""
    try:
        fetch(PACKED)
    except (InputError, OSError) as error:
        sys.stderr.write(f"No code launcher on the page: {error}\n")
        return 0
    sys.stdout.write(f"Code launcher: pyodide {VERSION} (MPL-2.0)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
