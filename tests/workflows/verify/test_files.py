"""Every change of a stored file is found: 1 000 of 1 000. What is damaged is made again."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from automap_tiles.engine.events import TileStatus
from automap_tiles.workflows.verify._target import open_target
from automap_tiles.workflows.verify.files import check_files
from automap_tiles.workflows.verify.files_report import FileProblem, FilesReport
from tests.engine.projects import Project, make_project, tile_bytes
from tests.storage.s3 import BUCKET, S3Server


def execute(project: Project, *options: str) -> int:
    return main(
        ["execute", str(project.config), "--concurrency", "none", "--no-progress", *options]
    )


def damages(output: Path | str) -> FilesReport:
    report = FilesReport()
    list(check_files(open_target(str(output)), report))
    return report


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path)
    assert execute(made) == 0
    return made


def _flip(path: Path, chance: random.Random) -> FileProblem:
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) * 8)
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    return FileProblem.CONTENT


def _truncate(path: Path, chance: random.Random) -> FileProblem:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])
    return FileProblem.SIZE


def _grow(path: Path, chance: random.Random) -> FileProblem:
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.randint(1, 9)))
    return FileProblem.SIZE


def _zeros(path: Path, chance: random.Random) -> FileProblem:
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) - 64)
    before = bytes(content)
    content[place : place + 64] = bytes(64)
    if content == before:
        content[place] = 1
    path.write_bytes(content)
    return FileProblem.CONTENT


def _delete(path: Path, chance: random.Random) -> FileProblem:
    path.unlink()
    return FileProblem.MISSING


HARMS: list[Callable[[Path, random.Random], FileProblem]] = [
    _flip,
    _truncate,
    _grow,
    _zeros,
    _delete,
]


def test_every_damage_is_found(project: Project) -> None:
    whole = project.tiles()
    assert not damages(project.output).damaged
    chance = random.Random(9)
    for number in range(900):
        name = chance.choice(list(whole))
        path = project.output / name
        problem = HARMS[number % len(HARMS)](path, chance)
        (found,) = damages(project.output).damaged
        assert (found.name, found.problem) == (name, problem)
        path.write_bytes(whole[name])
    assert not damages(project.output).damaged


def test_swapped_tiles_are_found(project: Project) -> None:
    names = list(project.tiles())
    chance = random.Random(3)
    for _ in range(100):
        one, two = (project.output / name for name in chance.sample(names, 2))
        contents = one.read_bytes(), two.read_bytes()
        one.write_bytes(contents[1])
        two.write_bytes(contents[0])
        found = {damage.name for damage in damages(project.output).damaged}
        assert found == {str(path.relative_to(project.output)) for path in (one, two)}
        one.write_bytes(contents[0])
        two.write_bytes(contents[1])


@pytest.mark.parametrize(
    "shape", [{}, {"metatiling": 2}, {"metatiling": 2, "output": {"metatiling": 1}}],
    ids=["tiles", "metatiles", "metatiles in tiles"],
)  # fmt: skip
def test_what_is_damaged_is_made_again(
    tmp_path: Path, shape: dict[str, object], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    project = make_project(tmp_path / "project", **shape)
    assert execute(project) == 0
    whole = project.tiles()
    assert main(["verify", str(project.config)]) == 0
    harmed = sorted(whole)[:: len(whole) // 3]
    for name in harmed:
        _flip(project.output / name, random.Random(1))
    (project.output / sorted(whole)[1]).unlink()
    capsys.readouterr()
    assert main(["verify", str(project.output)]) == 1
    said = capsys.readouterr()
    assert all(f"Damaged: {name}: another content" in said.err for name in harmed)
    assert "missing" in said.err
    features = json.loads(Path("verify_out.geojson").read_text())["features"]
    assert {each["properties"]["file"] for each in features} == {*harmed, sorted(whole)[1]}
    for each in features:
        left, bottom = each["geometry"]["coordinates"][0][0]
        assert 15 < left < 18
        assert 46 < bottom < 49
    for _ in range(2):  # it stays so until it is made again
        assert main(["verify", str(project.output)]) == 1
        known = capsys.readouterr().err.count("found damaged before, and not made again: ")
        assert known == project.counts()[TileStatus.FAILED] > 0
    assert main(["info", str(project.config)]) == 0
    assert "Damaged:" in capsys.readouterr().out
    assert execute(project) == 0
    assert project.tiles() == whole
    assert main(["verify", str(project.config)]) == 0


def test_only_looked_at(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = min(project.tiles())
    (project.output / name).write_bytes(b"no tile")
    report = tmp_path / "here.geojson"
    how = ["--no-mark", "--failures", str(report), "--log-format", "json"]
    assert main(["verify", str(project.output), *how]) == 1
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["file"], line["problem"]) == ("damaged", name, "another size")
    assert report.is_file()
    assert project.counts()[3] == 0  # type: ignore[index]  # none counts as failed


@pytest.mark.parametrize("options", [{}, {"cog": True}], ids=["GeoTIFF", "COG"])
def test_a_single_file(tmp_path: Path, options: dict[str, object]) -> None:
    project = make_project(
        tmp_path / "project", zooms=(13, 13), output={"path": "out.tif", **options}
    )
    assert execute(project) == 0
    file = project.folder / "out.tif"
    whole = file.read_bytes()
    assert main(["verify", str(file)]) == 0
    _flip(file, random.Random(2))
    report = str(tmp_path / "report.geojson")
    assert main(["verify", str(project.config), "--failures", report]) == 1
    assert not file.exists()
    assert (project.folder / "out.tif.damaged").stat().st_size == len(whole)
    assert execute(project) == 0
    assert file.read_bytes() == whole
    assert main(["verify", str(file)]) == 0


def test_in_an_object_store(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from automap_tiles.storage import open_storage

    monkeypatch.chdir(tmp_path)
    address = f"s3://{BUCKET}/verified"
    project = make_project(tmp_path / "project", output={"path": address})
    assert execute(project) == 0
    storage = open_storage(address)
    whole = {key: storage.get(key) for key in storage.list() if key.endswith(".tif")}
    assert main(["verify", str(project.config)]) == 0
    one, two, *_ = sorted(whole)
    storage.put(one, whole[one][:-7])
    storage.delete(two)
    assert main(["verify", str(project.config)]) == 1
    properties = [
        each["properties"]
        for each in json.loads(Path("verify_verified.geojson").read_text())["features"]
    ]
    assert {(each["file"], each["problem"]) for each in properties} == {
        (one, "another size"),
        (two, "missing"),
    }
    assert execute(project) == 0
    assert {key: storage.get(key) for key in whole} == whole


def test_tiles_of_before_there_were_checksums(
    project: Project, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with sqlite3.connect(project.output / "journal.sqlite") as db:
        db.execute("DROP TABLE files")
    count = len(project.tiles())
    assert main(["verify", str(project.output)]) == 0
    said = capsys.readouterr()
    assert f"Ignored: {count} files: no checksum was kept" in said.err
    assert "0 files compared" in said.out
    name = min(project.tiles())
    content = (project.output / name).read_bytes()
    (project.output / name).write_bytes(content[: len(content) // 2])
    report = str(tmp_path / "report.geojson")
    assert main(["verify", str(project.output), "--failures", report]) == 1
    assert f"Damaged: {name}: unreadable" in capsys.readouterr().err


def test_files_that_nobody_knows_are_told(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    name = min(project.tiles())
    stray = project.output / "13" / "0" / "0.tif"
    stray.parent.mkdir()
    stray.write_bytes((project.output / name).read_bytes())
    assert main(["verify", str(project.output)]) == 0
    assert "Ignored: 1 file (13/0/0.tif): the journal does not know" in capsys.readouterr().err


def test_without_a_journal(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    (project.output / "journal.sqlite").unlink()
    assert main(["verify", str(project.output)]) == 2
    assert "there is no journal" in capsys.readouterr().err


def test_a_second_run_keeps_what_is_known(project: Project) -> None:
    files = damages(project.output).files
    assert files == len(tile_bytes(project.output))
    assert execute(project) == 0
    assert execute(project, "--overwrite") == 0
    assert damages(project.output).files == files
