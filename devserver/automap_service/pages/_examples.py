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


@dataclass(frozen=True, kw_only=True)
class Script:
    """Something to begin with on the page."""

    name: str
    code: str


def scripts(parameters: Mapping[str, Any]) -> list[Script]:
    """For the launcher on the page, of a launch that its user could make."""
    year = int(parameters["start_date"][:4])
    rest = {key: value for key, value in parameters.items() if not key.endswith("_date")}
    spans = pformat(rest, sort_dicts=False, width=70)
    return [
        Script(
            name="a run",
            code=f"job = automap_launch({pformat(dict(parameters), sort_dicts=False)})\n"
            'print("launched", job)\n',
        ),
        Script(
            name="each of three years",
            code=f"parameters = {spans}\n\n"
            f"for start, end in time_range({year - 2}, {year + 1}):\n"
            "    job = automap_launch({**parameters, "
            '"start_date": start, "end_date": end, "description": f"year {start[:4]}"})\n'
            "    print(start, end, job)\n",
        ),
        Script(
            name="summer of each year",
            code=f"parameters = {spans}\n\n"
            f"for start, end in time_range({year - 2}, {year + 1}, month=3, offset=-31):\n"
            '    if start[5:7] == "05":  # quarters begin in December, March, May and August\n'
            "        print(start, end, automap_launch({**parameters, "
            '"start_date": start, "end_date": end}))\n',
        ),
        Script(
            name="wait for a run",
            code=f"job = automap_launch({pformat(dict(parameters), sort_dicts=False)})\n"
            "done = automap_wait(job)\n"
            'print(done["status"], done["message"])\n',
        ),
        Script(
            name="my runs",
            code="for job in automap_jobs():\n"
            '    print(job["created"], job["status"], job["description"])\n',
        ),
    ]


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
