"""Process files by another name than `.mapchete`, which `automap execute` and `create` take."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.formats.process_file import is_process_file


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.mapchete", None, True),
        ("a", "process: ./a.py\npyramid: {grid: mercator}\n", True),
        ("a.yaml", "# mine\npyramid :\n  grid: mercator\n", True),
        ("a.YML", "pyramid:\r\n  grid: mercator\r\n", True),
        ("a.yaml", "scenes:\n  - pyramid: 1\n", False),
        ("a", "", False),
        ("a.txt", "pyramid: {grid: mercator}\n", False),
        ("a.tif", "pyramid: {grid: mercator}\n", False),
        ("a", None, False),
    ],
)
def test_what_is_one(tmp_path: Path, name: str, content: str | None, wanted: bool) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content.encode())
    assert is_process_file(path) is wanted
    assert is_process_file(str(path)) is wanted


def test_a_folder_and_bytes_are_none(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    assert not is_process_file(tmp_path / "tiles")
    (tmp_path / "raw").write_bytes(bytes(range(256)))
    assert not is_process_file(tmp_path / "raw")


@pytest.mark.parametrize("name", ["stripes", "stripes.yaml"])
def test_every_command_knows_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["create", name]) == 0
    made = tmp_path / name
    text = made.read_text(encoding="utf-8").replace("max: 4", "max: 1").replace("min: 4", "min: 1")
    made.write_text(text, encoding="utf-8")
    plain = ["--no-progress"]
    assert main(["execute", name, "--concurrency", "none", *plain]) == 0
    for words in (
        ["info", name],
        ["verify", name],
        ["tiles", name],
        ["cp", name, "copy"],
        ["export", name, "-o", "map", *plain],
        ["convert", name, "whole", "--concurrency", "none", *plain],
        ["rm", name, "--zoom", "0", "--force"],
    ):
        capsys.readouterr()
        assert main(words) == 0, (words, capsys.readouterr().err)


def test_its_output_is_no_input_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["create", "first", "--out-path", "tiles"]) == 0
    assert main(["create", "second", "--out-path", "tiles"]) == 0
    text = (tmp_path / "second").read_text(encoding="utf-8")
    (tmp_path / "second").write_text(f"{text}\ninput: {{before: first}}\n", encoding="utf-8")
    assert main(["execute", "second", "--no-progress"]) == 2
    assert "write to another path" in capsys.readouterr().err
