from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint

from automap_tiles.analysis.registration.consensus import Consensus
from automap_tiles.analysis.registration.shift import Doubt
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import Scene
from automap_tiles.scenes.coregistration import (
    Alignment,
    PlacedScene,
    align,
    notes_of,
    read_table,
    table_of,
    with_shifts,
)
from automap_tiles.scenes.coregistration._windows import of_one_place
from automap_tiles.scenes.find import products
from automap_tiles.storage import Address
from tests.analysis.registration.dates import AROUND, FOLDER, pink
from tests.imagery.place import need_real
from tests.scenes.coregistration.displaced import GRID, SIZE, scenes_in, write_dates
from tests.scenes.samples import grid_at, make_scene, write
from tests.storage.s3 import BUCKET

TABLE = '{"type": "automap:coregistration", "scenes": [%s]}'
LINE = (
    '{"scene": "a", "pixel": [10, 10], "status": "moved", "rows": %s, "columns": 0, "places": 9, '
    '"inliers": 9, "spread": 0.1}'
)
"""Of a table, once with a shift."""
SHIFTS = [(0.0, 0.0), (1.7, -0.6), (0.0, 0.0), (-0.35, 1.7), (0.0, 0.0), (0.6, 0.0)]
SHARES = [0.4, 0.25, 0.1, 0.4, 0.3, 1.0]


def _found(placed: PlacedScene) -> tuple[float, float]:
    assert isinstance(placed.found, Consensus), placed.found
    return placed.found.shift.rows, placed.found.shift.columns


def test_every_date_is_brought_to_where_most_of_them_lie(tmp_path: Path) -> None:
    scenes = scenes_in(write_dates(tmp_path, SHIFTS, SHARES))
    placed = align(scenes, Alignment())
    assert [each.id for each in placed] == [scene.id for scene in scenes]
    for each, shift in zip(placed[:5], SHIFTS, strict=False):
        np.testing.assert_allclose(_found(each), shift, atol=0.08)
        assert each.is_moved == (shift != (0.0, 0.0))
    assert placed[5].found == Doubt.CLOUDED
    assert not placed[5].is_moved
    # pixels of 10 m, y up
    np.testing.assert_allclose(placed[1].shift, (-6.0, -17.0), atol=0.8)
    (note,) = notes_of(placed, scenes)
    assert note.count == 1
    assert note.examples == (scenes[5].id,)
    assert "too little of it is clear" in note.reason
    moved = with_shifts(scenes, placed)
    assert [scene.shift != (0.0, 0.0) for scene in moved] == [
        False,
        True,
        False,
        True,
        False,
        False,
    ]


def test_the_clearest_date_is_moved_where_it_alone_lies_off(tmp_path: Path) -> None:
    shifts = [(0.0, 0.0), (1.7, 0.6), (0.0, 0.0), (0.0, 0.0)]
    scenes = scenes_in(write_dates(tmp_path, shifts, [0.3, 0.0, 0.3, 0.4]))
    placed = align(scenes, Alignment())
    assert [each.is_moved for each in placed] == [False, True, False, False]
    np.testing.assert_allclose(_found(placed[1]), (1.7, 0.6), atol=0.08)


def test_of_two_dates_the_clearer_one_stays(tmp_path: Path) -> None:
    scenes = scenes_in(write_dates(tmp_path, [(0.0, 0.0), (1.0, -1.3)], [0.4, 0.1]))
    placed = align(scenes, Alignment())
    np.testing.assert_allclose(_found(placed[0]), (-1.0, 1.3), atol=0.08)
    assert not placed[1].is_moved


def test_a_file_as_the_reference(tmp_path: Path) -> None:
    scenes = scenes_in(write_dates(tmp_path / "dates", [(0.6, 0.35), (0.6, 0.35)], [0.2, 0.3]))
    right = pink(31, SIZE + 2 * AROUND)[AROUND:-AROUND, AROUND:-AROUND]
    path = write(tmp_path / "right.tif", right.astype("f4")[None], GRID)
    for each in align(scenes, Alignment(reference=path)):
        np.testing.assert_allclose(_found(each), (0.6, 0.35), atol=0.08)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, ...]:
    """One date that must be moved by (−0.4, 0.7)."""
    return tuple(scenes_in(write_dates(tmp_path_factory.mktemp("moved"), [(-0.4, 0.7)], [0.0])))


def _right() -> NDArray[np.float32]:
    return pink(31, SIZE + 2 * AROUND)[AROUND:-AROUND, AROUND:-AROUND].astype("f4")


def _against(scenes: tuple[Scene, ...], reference: str) -> PlacedScene:
    (placed,) = align(scenes, Alignment(reference=reference))
    return placed


def test_a_file_that_shows_but_a_part_of_the_scenes(
    moved: tuple[Scene, ...], tmp_path: Path
) -> None:
    part = Affine.translation(150, 170)
    grid = Grid(GRID.crs, GRID.transform @ part, (130, 140))
    path = write(tmp_path / "part.tif", _right()[np.newaxis, 170:300, 150:290], grid)
    found = _against(moved, path)
    np.testing.assert_allclose(_found(found), (-0.4, 0.7), atol=0.1)


@pytest.mark.parametrize("away", [0, 40_000])
def test_a_file_that_shows_nothing_of_the_scenes(
    moved: tuple[Scene, ...], tmp_path: Path, away: int
) -> None:
    """It lies elsewhere, or has no data there."""
    grid = Grid(GRID.crs, Affine.translation(0, away) @ GRID.transform, GRID.shape)
    pixels = _right() if away else np.zeros(GRID.shape, "f4")
    path = write(tmp_path / "none.tif", pixels[np.newaxis], grid)
    assert _against(moved, path).found == Doubt.UNSEEN


@pytest.mark.parametrize("turn", ["south up", "west first", "a quarter"])
def test_a_file_whose_pixels_run_another_way(
    moved: tuple[Scene, ...], tmp_path: Path, turn: str
) -> None:
    part = _right()[:140, :140]
    pixels, to_map = {
        "south up": (part[::-1], Affine.translation(0, 140) @ Affine.scale(1, -1)),
        "west first": (part[:, ::-1], Affine.translation(140, 0) @ Affine.scale(-1, 1)),
        "a quarter": (np.rot90(part), Affine.translation(140, 0) @ Affine.rotation(90)),
    }[turn]
    grid = Grid(GRID.crs, GRID.transform @ to_map, part.shape)
    path = write(tmp_path / "turned.tif", np.ascontiguousarray(pixels)[np.newaxis], grid)
    np.testing.assert_allclose(_found(_against(moved, path)), (-0.4, 0.7), atol=0.1)


def test_a_file_of_control_points_is_refused_in_words(
    moved: tuple[Scene, ...], tmp_path: Path
) -> None:
    path = tmp_path / "points.tif"
    corners = [(0, 0), (0, SIZE), (SIZE, 0)]
    points = [GroundControlPoint(row, col, *(GRID.transform @ (col, row)), 0)
              for row, col in corners]  # fmt: skip
    size = {"height": SIZE, "width": SIZE, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", driver="GTiff", gcps=points, crs=GRID.crs, **size) as dataset:
        dataset.write(_right(), 1)
    with pytest.raises(InputError, match=r"ground control points .* gdalwarp"):
        _against(moved, str(path))


def test_scenes_of_no_tile_are_together_where_they_show_the_same(tmp_path: Path) -> None:
    """So dates of two places that one description has are no dates of one place."""

    def scene(name: str, left: float, size: int = 64) -> Scene:
        grid = grid_at(left=left, size=size)
        return make_scene(tmp_path, name, grid=grid, bands=("nir",))

    scenes = [
        scene("east, small", 640_100, 48),
        scene("west", 600_000),
        scene("east", 640_000),
        scene("beside west", 600_500),
        scene("west again", 599_950),
    ]
    groups = [[each.id for each in group] for group in of_one_place(scenes, "nir")]
    assert sorted(groups) == [["beside west"], ["east, small", "east"], ["west", "west again"]]
    turned = [[each.id for each in group] for group in of_one_place(scenes[::-1], "nir")]
    assert sorted(map(sorted, turned)) == sorted(map(sorted, groups))


def test_one_date_alone_stays(tmp_path: Path) -> None:
    scenes = scenes_in(write_dates(tmp_path, [(1.0, 1.0)], [0.0]))
    (placed,) = align(scenes, Alignment())
    assert not placed.is_moved
    assert not notes_of([placed], scenes)


def test_dates_without_a_clear_pixel_stay(tmp_path: Path) -> None:
    scenes = scenes_in(write_dates(tmp_path, [(1.0, 1.0), (0.0, 0.0)], [1.0, 1.0]))
    placed = align(scenes, Alignment())
    assert [each.found for each in placed] == [Doubt.CLOUDED] * 2


def test_other_tiles_are_groups_of_their_own(tmp_path: Path) -> None:
    one, two = scenes_in(write_dates(tmp_path, [(0.0, 0.0), (1.0, 1.0)], [0.0, 0.1]))
    placed = align([replace(one, tile="33TWL"), replace(two, tile="33TWM")], Alignment())
    assert not any(each.is_moved for each in placed)


def test_real_dates_lie_on_each_other(shared: Path) -> None:
    need_real(FOLDER)
    found = products(shared / "data" / FOLDER, bands=["nir"]).scenes
    scenes = [scene for scene in found if scene.tile == "33TWL" and scene.time.day in (13, 15, 20)]
    placed = align(scenes, Alignment())
    assert len(placed) == 3
    assert not any(each.is_moved for each in placed)
    for each in placed:
        assert max(map(abs, _found(each))) < 0.05


def test_the_table_comes_back_as_it_was(tmp_path: Path) -> None:
    import json

    scenes = scenes_in(write_dates(tmp_path, SHIFTS[:3], [0.1, 0.1, 1.0]))
    placed = align(scenes, Alignment())
    path = tmp_path / "shifts.json"
    path.write_text(json.dumps(table_of(placed, band="nir", reference=None)))
    assert read_table(str(path)) == placed
    (lost,) = notes_of(placed[:2], scenes)
    assert "the table does not have them" in lost.reason


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"type": "x"}',
        '{"type": "automap:coregistration", "scenes": [{}]}',
        TABLE % (LINE % "NaN"),
        TABLE % (LINE % "Infinity"),
        TABLE % (LINE % "null"),
        TABLE % ", ".join([LINE % "1.5", LINE % "-1.5"]),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shifts.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_table(str(path))
    assert error.value.file == str(path)
    with pytest.raises(InputError):
        read_table(str(tmp_path / "none.json"))


@pytest.mark.usefixtures("s3")
def test_a_table_may_lie_in_a_store() -> None:
    place = f"s3://{BUCKET}/{uuid4().hex}/shifts.json"
    Address.of(place).write((TABLE % (LINE % "1.5")).encode())
    (placed,) = read_table(place)
    assert placed.shift == (0.0, -15.0)
    with pytest.raises(InputError, match="no such file"):
        read_table(place.replace("shifts", "none"))
