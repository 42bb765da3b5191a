"""Frames as Pillow goes through them: one at a time, by `seek`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from automap_tiles.pictures.animation._write import Frames


class _Lazy(Image.Image):
    """A picture of many frames of which one is there; Pillow's writers of WebP and AVIF ask so."""

    def __init__(self, frames: Frames) -> None:
        super().__init__()
        self._frames = frames
        self.n_frames = len(frames)
        self.is_animated = self.n_frames > 1
        self._place = -1
        self.seek(0)

    def seek(self, frame: int) -> None:
        if not 0 <= frame < self.n_frames:
            raise EOFError(f"no frame {frame} of {self.n_frames}")
        if frame == self._place:
            return
        there = Image.fromarray(self._frames[frame])
        self.im, self._mode, self._size = there.im, there.mode, there.size
        self._place = frame

    def tell(self) -> int:
        return self._place


def lazily(frames: Frames) -> Image.Image:
    """All frames as one picture."""
    return _Lazy(frames)
