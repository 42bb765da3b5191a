"""Which pixels are samples, against polygons burnt on the whole picture."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from scipy import ndimage

from automap_tiles.analysis.learning.sample_table import Reason
from automap_tiles.errors import ConfigError
from automap_tiles.workflows.samples import SampleShapes, SourcePicture, _polygons, look_at
from automap_tiles.workflows.samples.pixels import Pixels, place
from tests.workflows.samples.scenes import (
    TRANSFORM,
    UTM,
    at,
    blob,
    samples_of,
    square,
    write_picture,
)

SHAPE = (90, 130)
MARGIN = 40
"""Pixels around the picture, so that erosion of polygons does not see its edge."""


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> SourcePicture:
    return look_at(write_picture(tmp_path_factory.mktemp("picture") / "picture.tif", SHAPE))


def burnt(shape: Any) -> np.ndarray:
    """A polygon on the picture and a margin around it."""
    wide = TRANSFORM @ TRANSFORM.translation(-MARGIN, -MARGIN)
    size = (SHAPE[0] + 2 * MARGIN, SHAPE[1] + 2 * MARGIN)
    mask: np.ndarray = rasterize([shape], size, transform=wide, dtype="uint8").astype(bool)
    return mask


def inner(mask: np.ndarray) -> np.ndarray:
    return mask[MARGIN:-MARGIN, MARGIN:-MARGIN]


def expected(shapes: list[Any], classes: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """(row, col) -> (class, group), by brute force; polygons without a pixel centre left out."""
    masks = [inner(burnt(shape)) for shape in shapes]
    claimed: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for number, (shape, value) in enumerate(zip(shapes, classes, strict=True)):
        others = [mask for mask, other in zip(masks, classes, strict=True) if other != value]
        core = inner(ndimage.binary_erosion(burnt(shape), np.ones((3, 3))))
        mask = core if core.any() else masks[number]
        for other in others:
            mask = mask & ~other
        for row, col in np.argwhere(mask).tolist():
            claimed.setdefault((row, col), []).append((value, number))
    return {key: claims[0] for key, claims in claimed.items()}


def found(pixels: Pixels) -> dict[tuple[int, int], tuple[int, int]]:
    rows, cols, classes, groups = (column.tolist() for column in pixels.claims)
    keys = list(zip(rows, cols, strict=True))
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, zip(classes, groups, strict=True), strict=True))


@settings(max_examples=40)
@given(
    seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=12, unique=True),
    classes=st.lists(st.integers(1, 3), min_size=12, max_size=12),
)
def test_pixels_of_polygons(picture: SourcePicture, seeds: list[int], classes: list[int]) -> None:
    shapes = [blob(seed) for seed in seeds]
    kept = [
        (shape, value)
        for shape, value in zip(shapes, classes, strict=False)
        # one that reaches beyond the margin would be eroded there
        if not shape.is_empty and inner(burnt(shape)).any()
    ]
    if not kept:
        return
    wanted = expected([shape for shape, _ in kept], [value for _, value in kept])
    samples = samples_of([shape for shape, _ in kept], [value for _, value in kept])
    if not wanted:
        with pytest.raises(ConfigError, match="claimed by two classes"):
            place(samples, picture)
        return
    assert found(place(samples, picture)) == wanted


def test_windows_do_not_show(picture: SourcePicture, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = samples_of([blob(seed) for seed in range(20)], [1, 2] * 10)
    whole = place(samples, picture)
    monkeypatch.setattr(_polygons, "_BLOCK", 7)
    parts = place(samples, picture)
    assert found(whole) == found(parts)
    assert whole.losses == parts.losses


def losses(pixels: Pixels) -> dict[tuple[int, Reason], int]:
    return {(loss.value, loss.reason): loss.count for loss in pixels.losses}


def test_a_polygon_loses_its_edge(picture: SourcePicture) -> None:
    pixels = place(samples_of([square(10, 20, 8, 5)], [3]), picture)
    rows, cols = pixels.claims[:2]
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (11, 16, 21, 23)
    assert len(pixels) == 6 * 3
    assert losses(pixels) == {(3, Reason.EDGE): 8 * 5 - 6 * 3}
    assert pixels.narrow == {}
    two = place(samples_of([square(10, 20, 8, 5)], [3]), picture, erode=2)
    assert len(two) == 4 * 1
    assert len(place(samples_of([square(10, 20, 8, 5)], [3]), picture, erode=0)) == 8 * 5


def test_a_narrow_polygon_keeps_its_pixels(picture: SourcePicture) -> None:
    pixels = place(samples_of([square(10, 20, 2, 30)], [3]), picture)
    assert len(pixels) == 60
    assert pixels.narrow == {3: 1}
    assert pixels.losses == ()


def test_a_tiny_polygon_gives_the_pixel_it_lies_in(picture: SourcePicture) -> None:
    pixels = place(samples_of([square(10.1, 20.6, 0.2, 0.3)], [3]), picture)
    assert found(pixels) == {(10, 20): (3, 0)}
    assert pixels.narrow == {3: 1}


def test_the_picture_s_own_edge_takes_no_pixels(picture: SourcePicture) -> None:
    pixels = place(samples_of([square(-5, -5, 20, 20)], [1]), picture)
    rows, cols = pixels.claims[:2]
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (0, 13, 0, 13)
    assert losses(pixels) == {
        (1, Reason.OUTSIDE): 400 - 15 * 15,
        (1, Reason.EDGE): 15 * 15 - 14 * 14,
    }


def test_what_two_classes_claim_belongs_to_none(picture: SourcePicture) -> None:
    shapes = [square(10, 10, 12, 12), square(16, 10, 12, 12)]
    pixels = place(samples_of(shapes, [1, 2]), picture, erode=0)
    assert losses(pixels) == {(1, Reason.MIXED): 6 * 12, (2, Reason.MIXED): 6 * 12}
    assert Counter(pixels.claims.classes.tolist()) == {1: 72, 2: 72}
    same = place(samples_of(shapes, [2, 2]), picture, erode=0)
    assert losses(same) == {(2, Reason.REPEATED): 6 * 12}
    assert len(same) == 18 * 12
    # the pixels of both go to the first
    assert Counter(same.claims.groups.tolist()) == {0: 144, 1: 72}


def test_points(picture: SourcePicture) -> None:
    points = [
        shapely.Point(at(3.2, 4.9)),
        shapely.Point(at(3.9, 4.1)),  # the same pixel, the same class
        shapely.Point(at(8.5, 8.5)),
        shapely.Point(at(8.1, 8.1)),  # the same pixel, another class
        shapely.MultiPoint([at(20.5, 20.5), at(0.0, 21.5)]),
        shapely.Point(at(-0.5, 5)),
        shapely.Point(at(90.5, 5)),
    ]
    pixels = place(samples_of(points, [1, 1, 1, 2, 2, 2, 2]), picture)
    assert found(pixels) == {(3, 4): (1, 0), (20, 20): (2, 4), (0, 21): (2, 4)}
    assert losses(pixels) == {
        (1, Reason.MIXED): 1,
        (1, Reason.REPEATED): 1,
        (2, Reason.MIXED): 1,
        (2, Reason.OUTSIDE): 2,
    }


@pytest.mark.parametrize("per_shape", [None, 5])
def test_a_point_in_a_polygon_of_another_class(
    picture: SourcePicture, per_shape: int | None
) -> None:
    shapes = [square(10, 10, 10, 10), shapely.Point(at(15.5, 15.5))]
    pixels = place(samples_of(shapes, [1, 2]), picture, per_shape=per_shape)
    assert (15, 15) not in found(pixels)
    assert (2, Reason.MIXED) in losses(pixels)


def test_thinning_takes_the_lowest_lots_whatever_the_windows(
    picture: SourcePicture, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = samples_of([square(10, 10, 40, 40), square(60, 60, 3, 3)], [1, 2])
    thin = place(samples, picture, per_shape=9, seed=5)
    assert Counter(thin.claims.classes.tolist()) == {1: 9, 2: 1}
    assert thin.candidates == {1: 38 * 38, 2: 1}
    monkeypatch.setattr(_polygons, "_BLOCK", 11)
    assert found(place(samples, picture, per_shape=9, seed=5)) == found(thin)
    assert found(place(samples, picture, per_shape=9, seed=6)) != found(thin)


def test_another_crs(picture: SourcePicture) -> None:
    shape = square(10, 20, 30, 25)
    moved = transform_geom(UTM, "EPSG:4326", shape.__geo_interface__)
    samples = samples_of([shapely.geometry.shape(moved)], [3], CRS.from_epsg(4326))
    assert found(place(samples, picture)) == found(place(samples_of([shape], [3]), picture))


@pytest.mark.parametrize("shape", [square(200, 200, 5, 5), shapely.Point(at(-3, -3))])
def test_samples_elsewhere(picture: SourcePicture, shape: Any) -> None:
    with pytest.raises(ConfigError, match="no sample lies in the picture") as caught:
        place(samples_of([shape], [1]), picture)
    assert caught.value.file == "samples.gpkg"
    assert picture.path in (caught.value.remedy or "")


def test_every_pixel_is_kept_or_lost(picture: SourcePicture) -> None:
    shapes = [blob(seed) for seed in range(25)]
    inside = [shape for shape in shapes if not shape.is_empty and inner(burnt(shape)).any()]
    samples: SampleShapes = samples_of(inside, [1 + n % 3 for n in range(len(inside))])
    pixels = place(samples, picture)
    claimed = Counter[int]()
    for shape, value in zip(inside, samples.classes.tolist(), strict=True):
        claimed[value] += int(inner(burnt(shape)).sum())
    accounted = Counter(pixels.claims.classes.tolist())
    for (value, reason), count in losses(pixels).items():
        if reason is not Reason.OUTSIDE:
            accounted[value] += count
    assert accounted == claimed
