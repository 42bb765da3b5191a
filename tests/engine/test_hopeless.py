"""Which errors of a tile end the run: those after which the output takes no other tile either."""

from __future__ import annotations

import errno

import pytest

from automap_tiles.engine._worker import _is_hopeless
from automap_tiles.errors import InputError, OutputError


def raised(error: Exception, cause: Exception | None) -> Exception:
    """The error as it is when it was raised from another."""
    try:
        raise error from cause
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    ("code", "hopeless"),
    [
        (errno.ENOSPC, True),
        (errno.EDQUOT, True),
        (errno.EROFS, True),
        (errno.EISDIR, False),
        (errno.ENAMETOOLONG, False),
    ],
)
def test_the_cause_decides(code: int, hopeless: bool) -> None:
    error = raised(OutputError("cannot be written", "tile"), OSError(code, "words"))
    assert _is_hopeless(error) is hopeless


def test_only_of_the_output() -> None:
    full = OSError(errno.ENOSPC, "no space left")
    assert not _is_hopeless(raised(InputError("cannot be read", "scene"), full))
    assert not _is_hopeless(raised(OutputError("cannot be written", "tile"), ValueError("odd")))
    assert not _is_hopeless(OutputError("cannot be written", "tile"))
    with pytest.raises(OutputError) as caught:
        _in_the_midst_of(full)
    assert _is_hopeless(caught.value)


def _in_the_midst_of(cause: Exception) -> None:
    try:
        raise cause
    except OSError:
        raise OutputError("cannot be written", "tile")  # noqa: B904 - the context counts too
