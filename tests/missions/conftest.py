"""Real metadata files, one parameter each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.imagery.place import imagery, is_real
from tests.missions import oracle


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`mtl`: every MTL file there is; without the shared folder one parameter that is skipped."""
    folder = imagery() or Path("absent")
    patterns: dict[str, Callable[[], list[Path]]] = {
        "mtl": lambda: oracle.mtl_files(folder),
        "s2_product": lambda: sorted((folder / "data").rglob("MTD_MSI*.xml")),
        "s2_tile": lambda: sorted(
            path
            for name in ("MTD_TL.xml", "metadata.xml", "granule_metadata.xml")
            for path in (folder / "data").rglob(name)
        ),
    }
    for name, find in patterns.items():
        if name in metafunc.fixturenames:
            files = [path for path in find() if is_real(path)]
            skipped = pytest.param(None, marks=pytest.mark.skip(reason="no imagery"))
            ids = [f"{path.parent.name}-{path.name}"[-70:] for path in files]
            metafunc.parametrize(name, files or [skipped], ids=ids or ["absent"])
