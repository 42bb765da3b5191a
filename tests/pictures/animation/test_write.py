"""Animations as Pillow reads them, and how much memory they take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from automap_tiles.pictures.animation import AnimationFormat, write
from automap_tiles.pictures.animation._gif import palette_of


class Made:
    """Frames of squares that move; counts how many are asked for."""

    def __init__(self, count: int, size: tuple[int, int] = (50, 70)) -> None:
        self.count, self.size, self.asked = count, size, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Any:
        if not 0 <= number < self.count:
            raise IndexError(number)
        self.asked += 1
        frame = np.full((*self.size, 3), (30, 90, 60), dtype=np.uint8)
        frame[10:30, 5 + 3 * number : 25 + 3 * number] = (200, 40 + 10 * number, 20)
        return frame


@pytest.mark.parametrize("form", AnimationFormat)
def test_all_frames_are_there(tmp_path: Path, form: AnimationFormat) -> None:
    frames, path = Made(7), tmp_path / f"a.{form.value}"
    write(path, frames, form, 250)
    with Image.open(path) as found:
        assert found.format == form.value.upper()
        assert (found.n_frames, found.size) == (7, (70, 50))  # type: ignore[attr-defined]
        for number in range(7):
            found.seek(number)
            found.load()
            apart = np.asarray(found.convert("RGB")).astype(int) - frames[number]
            assert np.abs(apart).mean() < 4
            if form is not AnimationFormat.AVIF:
                assert found.info["duration"] == 250
        if form is not AnimationFormat.AVIF:
            assert found.info["loop"] == 0
    again = tmp_path / "again"
    write(again, Made(7), form, 250)
    assert again.read_bytes() == path.read_bytes()


def test_an_odd_size_and_a_single_frame(tmp_path: Path) -> None:
    for form in AnimationFormat:
        path = tmp_path / f"one.{form.value}"
        write(path, Made(1, (41, 33)), form, 100)
        with Image.open(path) as found:
            assert found.size == (33, 41)
    with pytest.raises(ValueError, match="one frame"):
        write(tmp_path / "none.gif", Made(0), AnimationFormat.GIF, 100)


def test_few_colours_are_kept_exactly() -> None:
    counts = np.zeros(1 << 15, dtype=np.int64)
    counts[[0, 5, 31, (1 << 15) - 1]] = [10, 3, 5, 1]
    palette = {tuple(colour) for colour in palette_of(counts)}
    assert {(0, 0, 0), (0, 0, 41), (0, 0, 255), (255, 255, 255)} <= palette


def test_many_colours_are_as_near_as_pillow_has_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows, cols = np.mgrid[:128, :128]
    picture = np.stack([rows * 2, cols * 2, (rows + cols)], axis=-1)
    picture = np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8)

    class One(Made):
        def __getitem__(self, number: int) -> Any:
            return picture

    write(tmp_path / "a.gif", One(1), AnimationFormat.GIF, 100)
    with Image.open(tmp_path / "a.gif") as found:
        own = np.abs(np.asarray(found.convert("RGB")).astype(int) - picture).mean()
    theirs = Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE).convert("RGB")
    assert own <= 1.1 * np.abs(np.asarray(theirs).astype(int) - picture).mean()


SCRIPT = """
import resource, sys
import numpy as np
from pathlib import Path
from automap_tiles.pictures.animation import AnimationFormat, write

class Frames:
    def __len__(self): return int(sys.argv[3])
    def __getitem__(self, number):
        if not 0 <= number < len(self): raise IndexError(number)
        frame = np.full((256, 256, 3), 60, dtype=np.uint8)
        frame[number % 200 : number % 200 + 40, :, 0] = number % 256
        return frame

write(Path(sys.argv[1]), Frames(), AnimationFormat(sys.argv[2]), 100)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("form", AnimationFormat)
def test_memory_does_not_grow_with_the_frames(tmp_path: Path, form: AnimationFormat) -> None:
    def megabytes(frames: int) -> int:
        path = str(tmp_path / f"a.{form.value}")
        command = [sys.executable, "-c", SCRIPT, path, form.value, str(frames)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    few, many = megabytes(10), megabytes(160)  # 150 more of 0.2 MB each
    assert many < few + 15
