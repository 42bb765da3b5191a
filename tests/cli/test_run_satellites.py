"""Runs of satellites that are in no group and have to be named."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from automap_tiles.cli.main import main
from tests.cli.test_run_losses import BANDS, STACK, boundary, composite, record, write


def test_landsat_4(tmp_path: Path) -> None:
    stack = STACK.replace("landsat-8", "landsat-4").replace("qa_pixel}", "qa_pixel_tm}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/scenes.yaml").write_text(stack, encoding="utf-8")
    for day, value in (("19901005", 1000), ("19901006", 3000), ("19901022", 4000)):
        image = np.full((len(BANDS), 40, 40), value, np.uint16)
        write(tmp_path / f"in/L8_{day}.tif", image, nodata=0)
        write(tmp_path / f"in/QA_{day}.tif", np.full((1, 40, 40), 5440, np.uint16))  # clear
    command = [
        *("run", "--mode", "composite", "--no-progress", "-w", "1", "-i", str(tmp_path / "in")),
        *("--start", "1990-10-01", "--end", "1990-11-30", "-o", str(tmp_path / "out")),
        *("--boundary", str(boundary(tmp_path)), "--satellites"),
    ]
    assert main([*command, "landsat"]) == 1
    assert main([*command, "landsat-4"]) == 0
    median = composite(tmp_path)["median_red"]
    assert np.unique(median[median != -32768]).tolist() == [3000]
    assert list((tmp_path / "out").glob("landsat-4/scenes/*.tif"))
    assert record(tmp_path)["satellites"] == ["4"]
    assert main([*command, "4"]) == 0
