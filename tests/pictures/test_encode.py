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
import hashlib, sys
import numpy as np
from automap_tiles.pictures.encode import ImageFormat, encode
from automap_tiles.pictures.render import Picture
rng = np.random.default_rng(5)
y, x = np.mgrid[0:256, 0:256]
found = hashlib.sha256()
for number in range(60):
    waves = 120 + 60 * np.sin((x + 31 * number) / 37) * np.cos(y / 23)
    planes = np.stack([waves + 9 * band for band in range(3)]) + rng.normal(0, 3, (3, 256, 256))
    picture = Picture(planes=planes.astype("uint8"), opaque=x + y > number)
    found.update(encode(picture, ImageFormat.PNG, quickly=sys.argv[1] == "quickly"))
print(found.hexdigest())
"""


@pytest.mark.parametrize("how", ["small", "quickly"])
def test_the_same_bytes_in_every_process(how: str) -> None:
    """What ISA-L made at level 1 differed in one of a hundred processes that saw 100 tiles."""

    def run(_: int) -> str:
        command = [sys.executable, "-c", TILES, how]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(run, range(6)))) == 1


def test_quickly_are_the_same_pixels() -> None:
    planes = np.random.default_rng(3).integers(0, 9, (3, 40, 70), dtype=np.uint8)
    picture = Picture(planes=planes, opaque=planes[0] > 2)
    small = encode(picture, ImageFormat.PNG)
    quick = encode(picture, ImageFormat.PNG, quickly=True)
    pixels = [np.asarray(Image.open(io.BytesIO(content))) for content in (small, quick)]
    assert (pixels[0] == pixels[1]).all()
    assert (pixels[0] == np.moveaxis(picture.rgba(), 0, -1)).all()
    assert len(small) < len(quick)
