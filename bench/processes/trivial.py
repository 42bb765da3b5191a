# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""A process that does next to nothing: what is measured is the engine."""

import numpy as np


def execute():
    return np.full((1, 256, 256), 7, dtype="uint8")
