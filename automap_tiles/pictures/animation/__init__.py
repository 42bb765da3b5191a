"""Pictures that follow each other, as one file: GIF, WebP, AVIF.

Frames come one at a time, and no more than a few are in memory, however many there are.
"""

from automap_tiles.pictures.animation._write import AnimationFormat, Frames, write

__all__ = ["AnimationFormat", "Frames", "write"]
