"""Children with their imports done, for those whose start is not what is tested.

How they really begin is what `test_kills.py` and `tests/service/test_story.py` have.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from automap_tiles.jobs import child, picture, process
from tests import starts


def settle(patch: pytest.MonkeyPatch) -> None:
    """Have those of this process begun so."""
    patch.setattr(process, "_begin", begin)
    patch.setattr(picture, "_ask", ask)


def begin(lifeline: int, environment: Mapping[str, str]) -> subprocess.Popen[Any]:
    """As `automap_tiles.jobs.process` begins one."""
    return starts.start(
        [str(lifeline)],
        starts.CHILD,
        entry="tests.jobs.warm:carry_out",
        text=False,
        pool=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(lifeline,),
        env=environment,
        start_new_session=True,
    )


def ask(said: bytes, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As `automap_tiles.jobs.picture` asks one."""
    return starts.run(
        [],
        starts.CHILD,
        said=said.decode(),
        timeout=picture.SECONDS,
        entry="automap_tiles.jobs.picture:main",
        env=environment,
        start_new_session=True,
    )


def carry_out() -> int:
    """The child of a job."""
    return child.main(json.load(sys.stdin), int(sys.argv[1]))
