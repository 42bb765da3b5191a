"""Set-ups: by the checkers of their own makers, and against what the service really has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from automap_service.configuration import read_settings
from automap_service.operations.kubernetes import manifest
from automap_tiles.cli.commands.service import command
from automap_tiles.jobs import Ending, News, Result, SceneFate, Status
from tests.service.conftest import MakeSite, Site
from tests.service.operations.test_metrics import Figures, figures

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "devserver" / "deploy"
PROGRAMS = Path(sys.executable).parent
UNIT = DEPLOY / "automap.service"


def documents(name: str) -> list[Any]:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return list(YAML(typ="safe", pure=True).load_all(text))


# -- checkers of others ---------------------------------------------------------------------------


def test_the_template_of_aws_passes_cfn_lint() -> None:
    pytest.importorskip("cfnlint")
    template = [str(DEPLOY / "cloudformation.yaml")]
    done = subprocess.run(
        [
            str(PROGRAMS / "cfn-lint"),
            *template,
            "--regions",
            "eu-central-1",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_bucket_is_private_encrypted_and_forgets() -> None:
    text = (DEPLOY / "cloudformation.yaml").read_text(encoding="utf-8")
    bucket = text.partition("  Bucket:\n")[2].partition("  BucketPolicy:\n")[0]
    assert "SSEAlgorithm: AES256" in bucket
    assert bucket.count(": true") == 4  # the four locks of a bucket
    assert "Prefix: service/results/" in bucket  # as `results.url` and the keys have it
    assert 'url = "s3://${Bucket}/service"' in text
    assert "AbortIncompleteMultipartUpload" in bucket
    assert "s3:PutObjectTagging" in text


@pytest.mark.parametrize("name", ["kubernetes/automap.yaml", "kubernetes/runner-job.yaml"])
def test_manifests_pass_the_schemas_of_kubernetes(name: str) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    found = documents(name)
    for each in found:
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)
    for pod in pods(found):
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert not container["securityContext"]["allowPrivilegeEscalation"]
            assert container["resources"]["limits"]["memory"]


def test_the_compose_file_passes_its_schema() -> None:
    pytest.importorskip("check_jsonschema")
    arguments = ["--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")]
    done = subprocess.run(
        [str(PROGRAMS / "check-jsonschema"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_unit_passes_systemd(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    unit = tmp_path / "automap.service"
    text = UNIT.read_text(encoding="utf-8")
    assert "/opt/automap/bin/automap" in text
    unit.write_text(text.replace("/opt/automap/bin/automap", str(PROGRAMS / "automap")))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    # 0 to 10: how much the unit lets the program do
    locked = [analyze, "security", "--offline=yes", "--threshold=25", str(unit)]
    assert subprocess.run(locked, capture_output=True, check=False).returncode == 0


# -- what the service really has ------------------------------------------------------------------


def pods(found: list[Any]) -> Iterator[Any]:
    for each in found:
        if each["kind"] in ("Deployment", "Job"):
            yield each["spec"]["template"]["spec"]


def commands() -> Iterator[list[str]]:
    """All calls of `automap service` in the files."""
    start = next(
        line for line in UNIT.read_text(encoding="utf-8").splitlines() if "ExecStart=" in line
    )
    yield start.split()[2:]
    text = (DEPLOY / "cloudformation.yaml").read_text(encoding="utf-8")
    start = next(line for line in text.splitlines() if "ExecStart=" in line)
    yield start.split()[2:]
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    yield json.loads(text.rpartition("CMD ")[2])
    (compose,) = documents("compose.yaml")
    for name in ("migrate", "web", "runner"):
        yield compose["services"][name]["command"]
    for file in ("automap", "runner-job"):
        for pod in pods(documents(f"kubernetes/{file}.yaml")):
            for container in (*pod.get("initContainers", ()), *pod["containers"]):
                yield container["args"]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_in_the_files_is_one_of_the_service(words: list[str]) -> None:
    found = command.commands[words[0]]
    context = found.make_context(words[0], list(words[1:]), resilient_parsing=False)
    assert context.params


def test_the_configuration_is_one_of_the_service(tmp_path: Path) -> None:
    settings = read_settings(str(tmp_path), str(DEPLOY / "service.toml"))
    assert settings.web.behind_proxy
    (compose,) = documents("compose.yaml")
    names = {f"/run/secrets/{name}" for name in compose["services"]["web"]["secrets"]}
    assert settings.web.metrics_token_file in names
    assert compose["services"]["web"]["environment"]["AUTOMAP_SERVICE_DATABASE_URL_FILE"] in names
    text = (DEPLOY / "cloudformation.yaml").read_text(encoding="utf-8")
    said = re.search(r"service.toml <<'END'\n(.*?)\n +END", text, re.DOTALL)
    assert said is not None
    lines = "\n".join(line.strip() for line in said[1].splitlines())
    lines = lines.replace("${ResultDays}", "14")
    (tmp_path / "cloud.toml").write_text(re.sub(r"\$\{[\w:]+\}", "x", lines))
    assert read_settings(str(tmp_path), str(tmp_path / "cloud.toml")).web.behind_proxy


def test_the_image_is_made_of_what_is_there() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    copied = [line[1:-1] for line in lines if line[0] == "COPY" and "--from=build" not in line]
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []
    users = [line[1] for line in lines if line[0] == "USER"]
    assert users
    assert users[-1] == "10001:10001"
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.findall(r"--extra (\w+)", text)
    assert extras
    assert set(extras) <= set(known["optional-dependencies"])
    environment = dict(re.findall(r"(AUTOMAP_SERVICE_\w+)=(\S+)", text))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert read_settings(None, None).log.format == "json"


def test_the_runner_of_a_cluster_is_a_job_that_can_be_made_often() -> None:
    found = manifest(DEPLOY / "kubernetes" / "runner-job.yaml")
    assert found["spec"]["backoffLimit"] == 0  # the queue tries again, not the cluster
    pod = found["spec"]["template"]["spec"]
    assert not pod["automountServiceAccountToken"]


# -- figures --------------------------------------------------------------------------------------


@pytest.fixture
def known(make_site: MakeSite, launched: dict[str, Any]) -> Figures:
    """All figures that there are once a job has ended."""
    site: Site = make_site()
    ask = site.with_files()
    ask("POST", "/launch", json=launched)
    job = site.service.queue.claim("r")
    assert job is not None
    scene = SceneFate(scene="a", satellite="landsat-8", status="written")
    site.service.queue.tell(job, News(scenes=(scene,)))
    result = Result(key="results/x/1/a.zip", size=1, sha256="0" * 64, expires=2e9)
    site.service.queue.finish(job, Ending(status=Status.FAILED, message="", result=result))
    return figures(site)


def expressions() -> list[str]:
    board = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    (rules,) = documents("alerts.yaml")
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return found


def test_board_and_alerts_ask_for_figures_and_labels_that_there_are(known: Figures) -> None:
    labels: dict[str, dict[str, set[str]]] = {}
    for name, pairs in known:
        for label, value in pairs:
            labels.setdefault(name, {}).setdefault(label, set()).add(value)
        labels.setdefault(name, {})
    asked = expressions()
    assert len(asked) > 20
    names = {name for text in asked for name in re.findall(r"\bautomap_\w+", text)}
    assert names - labels.keys() == set()
    for text in asked:
        for name, inside in re.findall(r"\b(automap_\w+)\{([^}]*)\}", text):
            for label, how, value in re.findall(r'(\w+)(=~?|!=)"([^"]*)"', inside):
                assert label in labels[name], text
                if label in ("status", "state", "held") and how == "=":
                    assert value in labels[name][label], text
        for group in re.findall(r"by \(([^)]*)\)", text):
            metric = re.findall(r"\bautomap_\w+", text)[0]
            assert {each.strip() for each in group.split(",")} <= labels[metric].keys(), text


def test_all_figures_are_on_the_board_or_in_the_alerts(known: Figures) -> None:
    text = " ".join(expressions())
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name, _ in known}
    assert sorted(name for name in families if name not in text) == ["automap_info"]


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    (rules,) = documents("alerts.yaml")
    found = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in found}) == len(found)
    for rule in found:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert set(rule["annotations"]) == {"summary", "remedy"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["expr"].count("(") == rule["expr"].count(")")
