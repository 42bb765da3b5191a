"""Settings of numerical libraries that only count before they are imported."""

from __future__ import annotations

import os

_SETTINGS = {
    # Tiles are the unit of parallel work: a BLAS that starts a thread per core in every worker
    # makes the workers fight for the cores.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Idle OpenMP threads otherwise spin beside the other workers.
    "OMP_WAIT_POLICY": "passive",
}


def settle_environment() -> None:
    """Set what the user has not set. Must run before NumPy is imported."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
