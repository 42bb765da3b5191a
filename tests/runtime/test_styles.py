"""Named styles of a process file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.runtime import open_process
from tests.engine.projects import Project, make_project


def styled(folder: Path, styles: Any) -> Project:
    return make_project(folder, output={"styles": styles})


def test_by_name(tmp_path: Path) -> None:
    project = styled(tmp_path, {"first band": {"bidx": 1, "rescale": [0, 3000]}})
    plain = make_project(tmp_path / "plain")
    process = open_process(project.config)
    assert process.styles == {"first-band": {"bidx": ("1",), "rescale": ("0,3000",)}}
    assert process.hashes().output == open_process(plain.config).hashes().output


@pytest.mark.parametrize(
    "styles", [[1], {"a": 1}, {"a": {"band": 1}}, {"a": {"rescale": [0, 1], "colour": "red"}}]
)
def test_wrong(tmp_path: Path, styles: Any) -> None:
    with pytest.raises(ConfigError) as error:
        open_process(styled(tmp_path, styles).config)
    assert (error.value.key or "").startswith("output.styles")
    assert error.value.line is not None
