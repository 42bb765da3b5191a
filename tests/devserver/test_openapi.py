"""The description of the server against the server, and requests that nobody would think of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from automap_devserver._endpoints import ENDPOINTS, Endpoint
from automap_devserver.app import create_app
from automap_devserver.catalogue import Catalogue
from automap_devserver.settings import PreviewSettings
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from tests.engine.projects import make_project

NEVER_ENDS = {"/api/events"}
NOT_DESCRIBED = {"/", "/favicon.ico", "/static/<path:filename>"}


@pytest.fixture(scope="module")
def app(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A raster and a process; what the fuzzer writes stays in a temporary folder."""
    project = make_project(tmp_path_factory.mktemp("fuzzed") / "project", zooms=(9, 10))
    layers, _ = open_layers([image, project.config], Keep.MEMORY)
    return create_app(Catalogue(layers), PreviewSettings(seconds=20))


def test_every_address_is_described_and_every_described_one_is_there(app: Flask) -> None:
    def plain(path: str) -> str:
        return re.sub(r"<(?:\w+:)?\w+>|{\w+}", "{}", path)

    described = {(plain(each.path), each.method.upper()) for each in ENDPOINTS}
    there = {
        (plain(rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule not in NOT_DESCRIBED
    }
    assert there == described


@pytest.fixture(scope="module")
def described(app: Flask) -> Any:
    def from_here(environ: dict[str, Any], start: Any) -> Any:
        # its client reads no compressed answers, though it asks for them
        own = {"REMOTE_ADDR": "127.0.0.1", "HTTP_ACCEPT_ENCODING": "identity"}
        return app({**environ, **own}, start)

    return schemathesis.openapi.from_wsgi("/openapi.json", from_here)


def asked() -> list[Any]:
    """Endpoints, with requests as they should be and as they should not."""
    return [
        pytest.param(endpoint, mode, id=f"{mode.value} {endpoint.method} {endpoint.path}")
        for endpoint in ENDPOINTS
        for mode in GenerationMode
        if endpoint.path not in NEVER_ENDS
        and (mode is GenerationMode.POSITIVE or endpoint.parameters or "{" in endpoint.path)
    ]


@pytest.mark.parametrize(("endpoint", "mode"), asked())
def test_fuzzed_requests_get_described_answers(
    described: Any, endpoint: Endpoint, mode: GenerationMode
) -> None:
    operation = described[endpoint.path][endpoint.method]

    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(
            checks=[
                schemathesis.checks.not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ]
        )

    ask()
