"""The service and what it starts, with their imports done."""

from __future__ import annotations

import os
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from tests import starts
from tests.jobs import warm

_NUMBER = "AUTOMAP_TESTS_ORDERS"


def settle(patch: pytest.MonkeyPatch) -> None:
    """Have the children of this process, those that read uploads as well, begun so."""
    from automap_service.uploads import _reading

    warm.settle(patch)
    shim = SimpleNamespace(run=read_upload, TimeoutExpired=subprocess.TimeoutExpired)
    patch.setattr(_reading, "subprocess", shim)


def read_upload(_: Any, **options: Any) -> Any:
    """As `automap_service.uploads` has one read."""
    said = options.pop("input").decode()
    assert options.pop("capture_output")
    assert not options.pop("check")
    entry = "automap_service.uploads.child:answer"
    return starts.run([], starts.CHILD, said=said, entry=entry, **options)


def start(words: list[str], *, env: dict[str, str], **options: Any) -> subprocess.Popen[Any]:
    """`automap service`, whose children are begun so as well."""
    number = starts.template(starts.CHILD).number
    return starts.start(
        words,
        starts.SERVICE,
        entry="tests.service.warm:main",
        env={**env, _NUMBER: str(number)},
        pass_fds=(number,),
        **options,
    )


def main() -> int | None:
    """The service."""
    from automap_tiles.cli.main import main

    starts.take(starts.CHILD, int(os.environ.pop(_NUMBER)))
    with pytest.MonkeyPatch.context() as patch:
        settle(patch)
        return main()
