"""The regions of a target that are read in one go, by unit block."""

from __future__ import annotations

from collections.abc import Iterator

from automap_tiles.grid import Grid, Tile, UnitPart, unit_parts

Target = Tile | Grid


def parts_of(target: Target) -> list[UnitPart]:
    """The unit blocks of a target; a plain grid is one block."""
    if isinstance(target, Tile):
        return list(unit_parts(target))
    height, width = target.shape
    whole = slice(0, height), slice(0, width)
    return [UnitPart(target, (0, 0, 0), whole, whole)]


def grid_of(target: Target) -> Grid:
    """The target as a plain grid."""
    return target.grid if isinstance(target, Tile) else target


def rows_of(parts: list[UnitPart]) -> Iterator[list[UnitPart]]:
    """Runs of parts that are neighbours in a row, cut where the antimeridian is crossed."""
    run: list[UnitPart] = []
    for part in parts:
        if run and not _continues(run[-1], part):
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def _continues(before: UnitPart, part: UnitPart) -> bool:
    return (
        part.tile_window[0] == before.tile_window[0]
        and part.tile_window[1].start == before.tile_window[1].stop
        and part.key[2] == before.key[2] + 1
    )
