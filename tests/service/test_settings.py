"""The configuration of the service: what is wrong is named, and secrets are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_service.configuration import read_settings
from automap_tiles.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("[limits]\nfles = 3", "limits.fles", "files?"),
        ("[mail]\npassword = 's3cret'", "mail.password", "password_file?"),
        ("[catalogues.mine]\nsorce = 's3cret'", None, None),
        ("[results]\ndays = inf", "results.days", None),
        ("[runner]\nmemory_gb = nan", "runner.memory_gb", None),
        ("[limits]\nfiles = 0", "limits.files", None),
        ("[limits]\nfiles = true", "limits.files", None),
        ("[results]\ndays = true", "results.days", None),
        ("[web]\nport = false", "web.port", None),
    ],
)
def test_wrong_keys_and_numbers(
    tmp_path: Path, text: str, key: str | None, remedy: str | None
) -> None:
    (tmp_path / "service.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        read_settings(str(tmp_path), None)
    if key is not None:
        assert (error.value.key, error.value.remedy) == (key, remedy)
    assert "s3cret" not in str(error.value) + repr(error.value)


@pytest.mark.parametrize("name", ["MAIL_PASSWORD", "SECRET", "DATABASE_PASSWORD", "WEB_TOKEN"])
def test_a_secret_under_a_wrong_name_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"AUTOMAP_SERVICE_{name}", "s3cret")
    with pytest.raises(ConfigError, match="there is no such key") as error:
        read_settings(str(tmp_path), None)
    assert "s3cret" not in str(error.value) + repr(error.value)
