"""Real metadata files, one parameter each."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sensors import oracle

_SHARED = Path(
    os.environ.get("AUTOMAP_SHARED", Path(__file__).resolve().parents[2].parent / "shared")
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`mtl`: every MTL file there is; without the shared folder one parameter that is skipped."""
    patterns: dict[str, Callable[[], list[Path]]] = {
        "mtl": lambda: oracle.mtl_files(_SHARED),
        "s2_product": lambda: sorted((_SHARED / "data").rglob("MTD_MSI*.xml")),
        "s2_tile": lambda: sorted(
            path
            for name in ("MTD_TL.xml", "metadata.xml", "granule_metadata.xml")
            for path in (_SHARED / "data").rglob(name)
        ),
    }
    for name, find in patterns.items():
        if name in metafunc.fixturenames:
            files = find()
            skipped = pytest.param(None, marks=pytest.mark.skip(reason="no shared imagery"))
            ids = [f"{path.parent.name}-{path.name}"[-70:] for path in files]
            metafunc.parametrize(name, files or [skipped], ids=ids or ["absent"])
