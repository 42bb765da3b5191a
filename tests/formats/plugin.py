"""A package that brings a format along, as pip would have installed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.formats import registry

MODULE = '''\
"""Tiles as NumPy's own files."""

import io
from dataclasses import dataclass

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import InputError
from automap_tiles.formats import FormatInfo, OutputKind, Tiled
from automap_tiles.formats.capabilities import Appearance

FORMAT = FormatInfo(
    name="NumPy",
    summary="tiles as NumPy files",
    kind=OutputKind.RASTER,
    endings=("npy",),
    codec="shiny_tiles:open_codec",
)


def open_codec(spec, options):
    return NumPyCodec(
        count=options.whole("bands", 1, least=1),
        dtype=np.dtype(options.text("dtype", "uint8")),
        nodata=options.number("nodata", 0),
    )


@dataclass(frozen=True)
class NumPyCodec:
    count: int
    dtype: np.dtype
    nodata: float

    lossless = True
    keeps_tags = False

    def described(self):
        return {"bands": self.count, "dtype": str(self.dtype), "nodata": self.nodata}

    def appearance(self):
        return Appearance(names=(None,) * self.count, dtype=str(self.dtype))

    def advice(self):
        return ()

    def convert(self, tile, result):
        return raster.prepare(
            result, count=self.count, dtype=str(self.dtype), nodata=self.nodata, shape=tile.shape
        )

    def encode(self, data, tile, tags):
        file = io.BytesIO()
        np.save(file, np.ma.getdata(data))
        return file.getvalue()

    def decode(self, content, tile):
        try:
            data = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise InputError(f"is not a NumPy file: {error}") from error
        return Tiled(np.ma.masked_equal(data, self.nodata))
'''


def install(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the package into a folder of `sys.path`."""
    about = folder / "shiny_tiles-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "shiny_tiles.py").write_text(MODULE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shiny-tiles\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[{registry.ENTRY_POINTS}]\nNumPy = shiny_tiles:FORMAT\n"
    )
    (about / "RECORD").write_text("")
    patch.syspath_prepend(str(folder))
    # processes that are started by the tests find it, too
    patch.setenv("PYTHONPATH", str(folder), prepend=":")
    registry._plugins.cache_clear()
