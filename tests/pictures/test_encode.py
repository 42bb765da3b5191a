"""Pictures as files: the same bytes in every process, and quickly where somebody waits."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from automap_tiles.pictures.encode import ImageFormat, encode
from automap_tiles.pictures.render import Picture

TILES = """
import hashlib
import numpy as np
from automap_tiles.pictures.encode import ImageFormat, encode
from automap_tiles.pictures.render import Picture
noise = np.random.default_rng(5).normal(0, 3, (3, 256, 256))
y, x = np.mgrid[0:256, 0:256]
found = {how: hashlib.sha256() for how in (False, True)}
for number in range(60):
    waves = 120 + 60 * np.sin((x[:1] + 31 * number) / 37) * np.cos(y[:, :1] / 23)
    planes = np.stack([waves + 9 * band for band in range(3)]) + np.roll(noise, 7 * number, axis=1)
    picture = Picture(planes=planes.astype("uint8"), opaque=x + y > number)
    for quickly in found:
        found[quickly].update(encode(picture, ImageFormat.PNG, quickly=quickly))
print(*(each.hexdigest() for each in found.values()))
"""


@pytest.fixture(scope="module")
def of_processes() -> list[list[str]]:
    """What each of six processes makes, small and quickly."""

    def run(_: int) -> list[str]:
        command = [sys.executable, "-c", TILES]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(6)))


@pytest.mark.parametrize("how", ["small", "quickly"])
def test_the_same_bytes_in_every_process(how: str, of_processes: list[list[str]]) -> None:
    """What ISA-L made at level 1 differed in one of a hundred processes that saw 100 tiles."""
    made = [one[how == "quickly"] for one in of_processes]
    assert len(made) == 6
    assert len(set(made)) == 1


def test_quickly_are_the_same_pixels() -> None:
    planes = np.random.default_rng(3).integers(0, 9, (3, 40, 70), dtype=np.uint8)
    picture = Picture(planes=planes, opaque=planes[0] > 2)
    small = encode(picture, ImageFormat.PNG)
    quick = encode(picture, ImageFormat.PNG, quickly=True)
    pixels = [np.asarray(Image.open(io.BytesIO(content))) for content in (small, quick)]
    assert (pixels[0] == pixels[1]).all()
    assert (pixels[0] == np.moveaxis(picture.rgba(), 0, -1)).all()
    assert len(small) < len(quick)
