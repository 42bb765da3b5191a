"""What every masker promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from automap_tiles.missions import Flag
from automap_tiles.scenes.reflectance import Reflectance

if TYPE_CHECKING:
    from automap_tiles.missions import Scene
    from automap_tiles.scenes.lattice import Window
    from automap_tiles.scenes.maskers.protocol import Flags, Masker


@dataclass(frozen=True, kw_only=True)
class BrightMasker:
    """Calls everything a cloud whose blue is bright; a masker that needs no model."""

    brightest: float = 0.3
    """Reflectance of the brightest land."""

    bands = ("blue",)
    resolution = 10.0

    def check(self, scene: Scene) -> None:
        """Any scene will do that has the band."""

    def flags(self, pixels: Reflectance, window: Window) -> Flags:
        values, valid = pixels.read(window)
        cloud = np.where(values[0] > self.brightest, Flag.CLOUD, 0)
        flags: Flags = np.where(valid, cloud, Flag.FILL).astype(np.uint16)
        return flags


class MaskerContract:
    """Inherit from it in a class `Test…` and override the fixtures."""

    seed = 0
    """Of the windows that are compared."""

    @pytest.fixture
    def masker(self) -> Masker:
        raise NotImplementedError

    @pytest.fixture
    def scene(self) -> Scene:
        """One that it can look at, with clouds and without."""
        raise NotImplementedError

    @pytest.fixture
    def pixels(self, masker: Masker, scene: Scene) -> Reflectance:
        return Reflectance.of(scene, masker.bands, masker.resolution)

    def test_says_what_it_needs(self, masker: Masker, scene: Scene) -> None:
        assert masker.bands
        assert len(set(masker.bands)) == len(masker.bands)
        assert masker.resolution > 0
        masker.check(scene)

    def test_flags(self, masker: Masker, pixels: Reflectance) -> None:
        found = masker.flags(pixels, pixels.extent)
        assert found.shape == tuple(map(len, pixels.extent))
        assert found.dtype == np.uint16
        _, valid = pixels.read(pixels.extent)
        np.testing.assert_array_equal((found & Flag.FILL) == 0, valid)
        seen = found[valid]
        assert seen.any(), "nothing was masked"
        assert not seen.all(), "everything was masked"

    def test_a_pixel_does_not_depend_on_the_window(
        self, masker: Masker, pixels: Reflectance
    ) -> None:
        """Nor on what was asked before."""
        rows, cols = pixels.extent
        whole = masker.flags(pixels, pixels.extent)
        rng = np.random.default_rng(self.seed)
        for _ in range(8):
            top, bottom = sorted(rng.choice(len(rows) + 1, 2, replace=False))
            left, right = sorted(rng.choice(len(cols) + 1, 2, replace=False))
            part = masker.flags(pixels, (rows[top:bottom], cols[left:right]))
            np.testing.assert_array_equal(part, whole[top:bottom, left:right])

    def test_four_threads_see_the_same(self, masker: Masker, pixels: Reflectance) -> None:
        whole = masker.flags(pixels, pixels.extent)
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _: masker.flags(pixels, pixels.extent), range(4)):
                np.testing.assert_array_equal(found, whole)
