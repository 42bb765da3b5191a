"""Lets pip fetch a source archive without running anything of it.

pip asks every source archive for its metadata, and so runs its `setup.py`, with build tools that it
fetches before. That costs a minute, and fails where the archive is older than the Python. Name and
version are known here: a build backend that says just these two answers in place of the real one.
"""

from __future__ import annotations

from pathlib import Path

_KNOWN = (
    "setuptools.build_meta",
    "mesonpy",
    "hatchling.build",
    "flit_core.buildapi",
    "poetry.core.masonry.api",
)
"""Modules that a `pyproject.toml` names as its backend; without one it is the first."""

# The hook and its answer are those of PEP 517; the metadata those of PEP 566.
_CODE = """
import pathlib
import sys

__legacy__ = sys.modules[__name__]


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = pathlib.Path(metadata_directory, {stem!r} + ".dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text({metadata!r})
    return folder.name
"""


def write_backends(folder: Path, name: str, version: str) -> None:
    """Write the backends of one archive below a folder, which is to be in `PYTHONPATH`.

    They are found by pip when it is called with `--no-build-isolation --use-pep517`.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    code = _CODE.format(stem=stem, metadata=metadata)
    for backend in _KNOWN:
        *packages, module = backend.split(".")
        place = folder.joinpath(*packages)
        place.mkdir(parents=True, exist_ok=True)
        for parent in (place, *place.parents):
            if parent == folder:
                break
            (parent / "__init__.py").touch()
        (place / f"{module}.py").write_text(code, encoding="utf-8")
