"""Precompute all tiles of the current map view on request."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError

from automap_tiles.grid import TileIndex
from automap_tiles.layers.process import ProcessLayer


class Ahead:
    """Tiles of requested views that one process still has to compute."""

    def __init__(self) -> None:
        self._left: deque[TileIndex] = deque()
        self._busy = 0
        self._guard = threading.Lock()

    @property
    def left(self) -> int:
        """Number of tiles that are queued or being computed."""
        return len(self._left) + self._busy

    def start(self, layer: ProcessLayer, indexes: Sequence[TileIndex]) -> None:
        """Compute these tiles, replacing earlier ones that have not started."""
        with self._guard:
            self._left.clear()
            self._left.extend(indexes)
            free = layer.workers.count - self._busy
        for _ in range(min(free, len(indexes))):
            threading.Thread(target=self._work, args=(layer,), daemon=True).start()

    def stop(self) -> None:
        """Start no further tile."""
        with self._guard:
            self._left.clear()

    def _work(self, layer: ProcessLayer) -> None:
        while True:
            with self._guard:
                if not self._left:
                    return
                index = self._left.popleft()
                self._busy += 1
            try:
                layer.compute(index)
            except CancelledError:  # the server is shutting down
                return
            finally:
                with self._guard:
                    self._busy -= 1
