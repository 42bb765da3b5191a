"""Reference samples drawn from maps."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from rasterio.warp import transform

from automap_tiles.analysis.learning.design import Allocation
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.workflows.assess import (
    DesignRequest,
    Drawn,
    ReferenceRequest,
    _class_map,
    assess,
    draw,
    write_points,
)
from automap_tiles.workflows.samples import read_samples
from tests.workflows.assess.maps import (
    LON_LAT,
    NAMES,
    TRANSFORM,
    UTM,
    centres,
    classes,
    model_of,
    write_map,
)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return classes()


@pytest.fixture
def path(values: np.ndarray, tmp_path: Path) -> Path:
    return write_map(tmp_path / "map.tif", values, names=NAMES)


def pixels(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    x, y = transform(LON_LAT, UTM, drawn.record.x.tolist(), drawn.record.y.tolist())
    cols, rows = ~TRANSFORM @ (np.array(x), np.array(y))
    # centres of pixels
    np.testing.assert_allclose(np.column_stack([rows, cols]) % 1, 0.5, atol=1e-3)
    return np.floor(rows).astype(int), np.floor(cols).astype(int)


def test_so_many_points_of_each_class(path: Path, values: np.ndarray) -> None:
    drawn = draw(str(path), DesignRequest(target=0.02, expected={1: 0.9}))
    rows, cols = pixels(drawn)
    assert len({*zip(rows.tolist(), cols.tolist(), strict=True)}) == len(rows)
    shares = np.array([(values == value).sum() for value in NAMES]) / (values > 0).sum()
    deviation = (shares * np.sqrt([0.09, 0.16, 0.16])).sum()
    assert drawn.needed == pytest.approx((deviation / 0.02) ** 2, rel=0.01, abs=1)
    found = Counter(values[rows, cols].tolist())
    assert found == dict(zip(NAMES, drawn.numbers, strict=True))
    assert min(drawn.numbers) >= 50
    assert [one.name for one in drawn.classes] == list(NAMES.values())


@pytest.mark.parametrize("allocation", list(Allocation))
def test_a_size_instead(path: Path, allocation: Allocation) -> None:
    drawn = draw(str(path), DesignRequest(size=300, allocation=allocation, minimum=10))
    assert sum(drawn.numbers) == 300
    assert drawn.needed is None


def test_the_same_seed_draws_the_same_whatever_the_tiles(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = DesignRequest(size=200, seed=4)
    one, other = draw(str(path), wish), draw(str(path), DesignRequest(size=200, seed=5))
    np.testing.assert_array_equal(draw(str(path), wish).record.x, one.record.x)
    assert not np.array_equal(one.record.x, other.record.x)
    # classes are mixed: the first points are not all of one class
    assert set(np.diff(one.record.x) > 0) == {True, False}


def test_every_pixel_of_a_class_has_the_same_chance(tmp_path: Path) -> None:
    values = np.ones((20, 20), dtype=np.uint8)
    path = write_map(tmp_path / "map.tif", values)
    hits = np.zeros((20, 20))
    for seed in range(60):
        rows, cols = pixels(draw(str(path), DesignRequest(size=40, minimum=0, seed=seed)))
        hits[rows, cols] += 1
    # chi-square of about 399 degrees of freedom
    expected = 60 * 40 / 400
    assert 300 < ((hits - expected) ** 2 / (expected * 0.9)).sum() < 510


def test_square_metres_count_not_degrees(tmp_path: Path) -> None:
    values = np.ones((80, 200), dtype=np.uint8)
    path = write_map(
        tmp_path / "map.tif", values, crs=LON_LAT, transform=Affine(1, 0, -100, 0, -1, 80)
    )
    drawn = draw(str(path), DesignRequest(size=1500))
    north = (drawn.record.y > 60).mean()
    # on a sphere: (sin 80 - sin 60) / sin 80
    assert north == pytest.approx(0.1206, abs=0.03)


def test_training_samples_are_not_drawn(path: Path, values: np.ndarray, tmp_path: Path) -> None:
    rows, cols = np.nonzero(values == 5)
    most = len(rows) - 20
    x, y = centres(rows[:most], cols[:most])
    model_of(x, y).save(tmp_path / "model.zip")
    drawn = draw(str(path), DesignRequest(size=100, model=str(tmp_path / "model.zip")))
    assert dict(zip(NAMES, drawn.numbers, strict=True))[5] == 20


@pytest.mark.parametrize("name", ["points.csv", "points.geojson"])
def test_points_are_filled_in_and_read_again(
    path: Path, values: np.ndarray, tmp_path: Path, name: str
) -> None:
    drawn = draw(str(path), DesignRequest(size=150))
    out = tmp_path / name
    write_points(drawn, out)
    rows, cols = pixels(drawn)
    labels = [NAMES[value] for value in values[rows, cols].tolist()]
    if name.endswith(".csv"):
        lines = out.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "id,X,Y,class"
        # the class of the map is not told
        assert all(line.endswith(",") for line in lines[1:])
        filled = [line + label for line, label in zip(lines[1:], labels, strict=True)]
        out.write_text("\n".join([lines[0], *filled]), encoding="utf-8")
    else:
        content = json.loads(out.read_text(encoding="utf-8"))
        for feature, label in zip(content["features"], labels, strict=True):
            assert feature["properties"]["class"] is None
            feature["properties"]["class"] = label
        out.write_text(json.dumps(content), encoding="utf-8")
    assert len(read_samples(out, class_field="class")) == 150
    found = assess(str(path), ReferenceRequest(path=str(out), class_field="class"))
    assert found.accuracy.overall.value == 1
    assert found.counts.sum() == 150


def test_wrong_wishes(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--expect: is not a class of the map"):
        draw(str(path), DesignRequest(expected={7: 0.5}))
    with pytest.raises(ConfigError, match="standard error"):
        draw(str(path), DesignRequest(target=0.9))
    with pytest.raises(ConfigError, match="neither CSV nor GeoJSON"):
        write_points(draw(str(path), DesignRequest(size=10)), tmp_path / "points.xyz")


def test_a_map_read_in_small_tiles(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw(str(path), DesignRequest(size=200))
    monkeypatch.setattr("automap_tiles.workflows.samples.picture._LARGEST_TILE", 64)
    monkeypatch.setattr(_class_map, "_TILE", 64)
    parts = draw(str(path), DesignRequest(size=200))
    # areas of tiles differ in the ninth digit, which decides nothing
    np.testing.assert_array_equal(whole.record.x, parts.record.x)


@pytest.mark.parametrize("allocation", list(Allocation))
@pytest.mark.parametrize("size", [3, 40, 149, 150, 400])
def test_so_many_points_as_were_said(path: Path, size: int, allocation: Allocation) -> None:
    """The usual minimum gives way to a size, and says so; a class without a point is told."""
    with collecting() as told:
        drawn = draw(str(path), DesignRequest(size=size, allocation=allocation))
    assert sum(drawn.numbers) == len(drawn.record.x) == size
    gave_way = (size < 150 and allocation is Allocation.COMPROMISE) or size < 6
    assert [note.fate for note in told if note.subject is Subject.OPTIONS] == (
        [Fate.REPLACED] if gave_way else []
    )
    assert min(drawn.numbers) >= min(size // 3, 50 if allocation is Allocation.COMPROMISE else 2)


def test_a_minimum_that_was_said_does_not_give_way(path: Path) -> None:
    with pytest.raises(ConfigError, match="20 points of each of 3 classes are 60") as caught:
        draw(str(path), DesignRequest(size=59, minimum=20))
    assert caught.value.remedy == "--size 60, or a smaller --minimum"
    assert sum(draw(str(path), DesignRequest(size=60, minimum=20)).numbers) == 60


def test_fewer_points_than_classes(path: Path) -> None:
    with collecting() as told:
        drawn = draw(str(path), DesignRequest(size=2))
    assert sum(drawn.numbers) == 2
    (lost,) = [note for note in told if note.subject is Subject.CLASSES]
    assert lost.count == drawn.numbers.count(0) >= 1


def test_more_points_than_the_map_has_pixels(tmp_path: Path) -> None:
    small = write_map(tmp_path / "small.tif", np.full((4, 5), 2, np.uint8), names=NAMES)
    with collecting() as told:
        drawn = draw(str(small), DesignRequest(size=30))
    assert sum(drawn.numbers) == 20
    assert [(note.fate, note.count) for note in told if note.subject is not Subject.OPTIONS] == [
        (Fate.LOST, 10)
    ]
