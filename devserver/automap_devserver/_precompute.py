"""Precompute all tiles of the current map view on request."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import CancelledError

from automap_tiles.grid import TileIndex
from automap_tiles.layers.process import ProcessLayer


class Ahead:
    """What one process has still to compute of the views that were asked for."""

    def __init__(self) -> None:
        self._left: deque[TileIndex] = deque()
        self._busy = 0
        self._guard = threading.Lock()

    @property
    def left(self) -> int:
        """Tiles that are being computed, or wait for it."""
        return len(self._left) + self._busy

    def start(self, layer: ProcessLayer, indexes: Sequence[TileIndex]) -> None:
        """Compute these tiles, in place of those that were asked for before and have not begun."""
        with self._guard:
            self._left.clear()
            self._left.extend(indexes)
            free = layer.workers.count - self._busy
        for _ in range(min(free, len(indexes))):
            threading.Thread(target=self._work, args=(layer,), daemon=True).start()

    def stop(self) -> None:
        """Begin no other tile."""
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
                layer.look(index)
            except CancelledError:  # the server is being stopped
                return
            finally:
                with self._guard:
                    self._busy -= 1
