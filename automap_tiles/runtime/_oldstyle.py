"""The object `mp` of early mapchete processes: `execute(mp)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from automap_tiles.grid import Pyramid, Tile


class OldStyleProcess:
    """Inputs, parameters and the tile in one object."""

    def __init__(
        self,
        tile: Tile,
        params: dict[str, Any],
        inputs: dict[str, Any],
        output_params: dict[str, Any],
    ) -> None:
        self.identifier = ""
        self.title = ""
        self.version = ""
        self.abstract = ""
        self.tile = tile
        self.params = {**params, "input": inputs}
        """Parameters by name, and the inputs under `input`."""
        self.input = inputs
        self.output_params = output_params

    @property
    def tile_pyramid(self) -> Pyramid:
        return self.tile.pyramid

    def open(self, input_id: str) -> Any:
        """An input on the tile by its name, a group as a list of pairs.

        Raises `ValueError` for a name that is no input.
        """
        if input_id not in self.input:
            raise ValueError(f"{input_id} is not an input of this process")
        return self.input[input_id]

    def read(self, **_: object) -> NoReturn:
        """Not supported, as in mapchete since 2023."""
        raise DeprecationWarning("a process cannot read its own output")

    def write(self, *_: object, **__: object) -> NoReturn:
        """Not supported: return the data."""
        raise DeprecationWarning("return the data instead of writing them")

    def hillshade(self, *_: object, **__: object) -> NoReturn:
        """Not supported: a built-in process of that name does it."""
        raise DeprecationWarning("mp.hillshade() is gone; use automap_tiles.analysis")

    def contours(self, *_: object, **__: object) -> NoReturn:
        """Not supported: a built-in process of that name does it."""
        raise DeprecationWarning("mp.contours() is gone; use automap_tiles.analysis")

    def clip(self, *_: object, **__: object) -> NoReturn:
        """Not supported: vector inputs give a mask."""
        raise DeprecationWarning("mp.clip() is gone; use read_as_raster_mask() of the vector input")
