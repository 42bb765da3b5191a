"""The same launch as curl and as Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pprint import pformat
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Examples:
    """One launch in three languages."""

    json: str
    curl: str
    python: str


def examples(parameters: Mapping[str, Any], server: str) -> Examples:
    """For people to copy; the token stands in the variable AUTOMAP_TOKEN."""
    said = json.dumps(parameters, ensure_ascii=False, indent=2)
    curl = (
        f"curl -s {shlex.quote(server + '/launch')} \\\n"
        '  -H "Authorization: Token $AUTOMAP_TOKEN" -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(said)}"
    )
    written = pformat(dict(parameters), sort_dicts=False, width=80)
    python = (
        "import os\n\n"
        "from automap_tiles.client import Server\n\n"
        f'server = Server("{server}", os.environ["AUTOMAP_TOKEN"])\n'
        f"job = server.launch({written})\n"
        "server.wait(job)\n"
        "print(server.download(job))\n"
    )
    return Examples(json=said, curl=curl, python=python)
