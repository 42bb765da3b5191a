"""The name of the running test, carried into processes that a fork server makes.

Their environment is the server's, which an earlier test started.
"""

from __future__ import annotations

import os
from multiprocessing import spawn
from typing import Any

CONTEXT = "AUTOMAP_REACH_TEST"
"""The variable in which processes that a test starts find its name."""


class Carried:
    """Sets the variable where it is unpickled, which is before the process does anything."""

    def __getstate__(self) -> str:
        return os.environ.get(CONTEXT, "")

    def __setstate__(self, test: str) -> None:
        os.environ[CONTEXT] = test


def carry() -> None:
    """From now on it goes along with what a new process is told first."""
    told = spawn.get_preparation_data

    def with_test(name: str) -> dict[str, Any]:
        return {"carried": Carried()} | told(name)

    spawn.get_preparation_data = with_test
