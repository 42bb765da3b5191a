# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""A process that leaves a mark when its first tile starts, then sleeps until it is ended."""

import os
import time
from pathlib import Path


def execute():
    Path(os.environ["BENCH_MARK"]).touch()
    time.sleep(600)
    return "empty"
