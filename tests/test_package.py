"""What is promised about the package as a whole: light to import, typed, locked."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

HEAVY = (
    "dask", "distributed", "fiona", "mapchete", "numba", "numpy", "obstore",
    "pydantic", "rasterio", "scipy", "shapely", "sqlite3",
)  # fmt: skip
LOCKS = (
    "requirements.lock",
    "requirements-test.lock",
    "requirements-demo.lock",
    "requirements-service.lock",
    "requirements-docs.lock",
)


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _pinned(text: str) -> dict[str, list[str]]:
    """Name -> versions (several where the lock differs by Python version)."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, flags=re.MULTILINE):
        found.setdefault(name.lower(), []).append(version)
    return found


def _loaded_by(code: str, among: Sequence[str] = HEAVY) -> set[str]:
    """Which of these packages a fresh interpreter has loaded after `code`."""
    code += "\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        # fiona asks boto3 at once where there are credentials, such as those of other tests' server
        env={key: text for key, text in os.environ.items() if not key.startswith("AWS_")},
    )
    return {name.partition(".")[0] for name in done.stdout.split()} & set(among)


def test_import_is_light() -> None:
    assert _loaded_by("import automap_tiles") == set()


def test_help_is_light() -> None:
    code = (
        "import contextlib, io\n"
        "from automap_tiles.cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    sys_argv = __import__('sys'); sys_argv.argv = ['automap', '--help']; main()"
    )
    assert _loaded_by(code) == set()


def test_boto3_is_loaded_when_a_bucket_is_opened() -> None:
    """rasterio and fiona import it wherever it is installed, which takes as long as they do."""
    pytest.importorskip("boto3")
    load = "import sys, automap_tiles.engine._worker, automap_tiles.cli.commands.execute\n"
    assert _loaded_by(load, among=("boto3", "rasterio", "fiona")) == {"rasterio"}
    features = f"{load}from automap_tiles.vector._ogr import fiona; fiona()\n"
    assert _loaded_by(features, among=("boto3", "rasterio", "fiona")) == {"rasterio", "fiona"}
    ask = (
        "from rasterio.session import AWSSession\n"
        "found = AWSSession(aws_access_key_id='me', aws_secret_access_key='secret')\n"
        "assert found.get_credential_options()['AWS_ACCESS_KEY_ID'] == 'me'\n"
    )
    assert "boto3" in _loaded_by(load + ask, among=("boto3",))


def test_boto3_may_be_asked_while_it_is_waited_with(tmp_path: Path) -> None:
    """fiona does so when it is imported where the environment holds credentials."""
    pytest.importorskip("boto3")
    code = (
        "from automap_tiles.imports._lazy import import_without_aws\n"
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import_without_aws('asks')\n"
        "import asks, boto3\n"
        "assert isinstance(asks.session, boto3.Session)\n"
        "assert asks.client is boto3.client\n"
    )
    asks = "import boto3\nsession = boto3.Session(region_name='x')\nclient = boto3.client\n"
    (tmp_path / "asks.py").write_text(asks)
    assert "boto3" in _loaded_by(code, among=("boto3",))


def test_is_typed(root: Path) -> None:
    assert (root / "automap_tiles" / "py.typed").is_file()


def test_installed_version_is_that_of_the_checkout(project: dict[str, Any]) -> None:
    assert importlib.metadata.version("automap-tiles") == project["project"]["version"]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_with_hashes_and_no_address(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"file:|https?:|--(?:extra-)?index-url|--find-links", text) == []


def test_uv_lock_knows_one_public_registry(root: Path) -> None:
    text = (root / "uv.lock").read_text(encoding="utf-8")
    (registry,) = set(re.findall(r'registry = "([^"]+)"', text))
    (host,) = set(re.findall(r'url = "(\w+://[^/"]*)', text))
    for address in (registry, host):
        assert re.fullmatch(r"https://[a-z.]+\.org(/simple)?", address), address


@pytest.mark.parametrize("name", LOCKS)
def test_requirement_files_were_exported_from_the_lock(root: Path, name: str) -> None:
    locked = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    known = {(package["name"], package["version"]) for package in locked}
    pinned = _pinned((root / name).read_text(encoding="utf-8"))
    pairs = {(package, version) for package, versions in pinned.items() for version in versions}
    assert pairs - known == set()


def test_locks_hold_what_the_project_asks_for(root: Path, project: dict[str, Any]) -> None:
    base, test, demo, service, docs = (
        _pinned((root / name).read_text(encoding="utf-8")) for name in LOCKS
    )
    extras = project["project"]["optional-dependencies"]
    wanted = dict.fromkeys(project["project"]["dependencies"], base)
    wanted |= {name: test for extra in ("test", "dev", "bench") for name in extras[extra]}
    pairs = [*wanted.items(), *((text, demo) for text in (*extras["classify"], *extras["serve"]))]
    pairs += [
        (text, service) for extra in ("classify", "serve", "service") for text in extras[extra]
    ]
    pairs += [(text, docs) for text in extras["docs"]]
    for text, lock in pairs:
        requirement = Requirement(text)
        if requirement.name == "automap-tiles":
            continue
        versions = lock[requirement.name.lower().replace(".", "-").replace("_", "-")]
        assert all(requirement.specifier.contains(version) for version in versions), text


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Not even late, inside a function. Imports for types alone may go both ways."""
    graph = grimp.build_graph(
        "automap_tiles",
        "automap_processes",
        "automap_devserver",
        "automap_service",
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    order = TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


def test_the_readme_says_what_each_extra_is_for(root: Path, project: dict[str, Any]) -> None:
    for_users = set(project["project"]["optional-dependencies"]) - {"test", "dev", "bench", "docs"}
    text = (root / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Optional parts")[2].partition("\n## ")[0]
    named = [part.split(",") for part in re.findall(r"\[([a-z0-9,-]+)\]", table)]
    assert {name for part in named for name in part} == for_users


def test_the_conda_recipe_asks_for_what_the_project_asks_for(
    root: Path, project: dict[str, Any]
) -> None:
    recipe = YAML(typ="safe").load((root / "packaging/conda/recipe.yaml").read_text("utf-8"))
    said = project["project"]
    assert recipe["context"]["version"] == said["version"]
    assert recipe["requirements"]["run"] == [
        f"python {said['requires-python']}",
        *(requirement.replace(">=", " >=", 1) for requirement in said["dependencies"]),
    ]
    (command,) = recipe["build"]["python"]["entry_points"]
    assert command == f"automap = {said['scripts']['automap']}"
    build = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert [each.replace(">=", " >=") for each in build] == [recipe["requirements"]["host"][-1]]
