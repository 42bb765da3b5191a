"""A run in a process of its own, which prints its events; its order stands on standard input."""

from __future__ import annotations

import json
import sys

from automap_tiles.workflows import order_from_json, run


def main() -> None:
    """Carry it out."""
    for event in run(order_from_json(json.load(sys.stdin))):
        sys.stdout.write(json.dumps(event.to_json(), default=str) + "\n")
        sys.stdout.flush()
