"""A module that is imported on first attribute access."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

_AWS = "boto3"
_KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
_PROFILES = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}


class _LazyModule(ModuleType):
    """Stands for boto3 within the one that imports it."""

    _last: tuple[dict[str, str], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        self.step_aside()
        return getattr(importlib.import_module(self.__name__), name)

    def Session(self, **options: Any) -> Any:  # noqa: N802 (name of boto3's own)
        """A session; the same one while its keys stand in the environment and that is as it was.

        Where they do, rasterio asks for one in every environment that it enters, and enters some
        for each array that it burns or resamples: 11 ms each, more than most of that work.
        """
        state = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
        is_told = any(value is not None for value in options.values())
        if is_told or not state.keys() >= _KEYS or state.keys() & _PROFILES:
            return self.__getattr__("Session")(**options)
        last = self._last
        if last is None or last[0] != state:
            last = self._last = (state, self.__getattr__("Session")())
        return last[1]

    def step_aside(self) -> None:
        """Whoever imports the module now is given the real one."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]


def import_without_aws(module: str) -> None:
    """Import the module of rasterio or fiona that imports boto3 wherever that is installed.

    It takes as long as the rest of them, and is asked for credentials only when something in an S3
    bucket is opened, or keys stand in the environment: then it is loaded. Everybody else imports
    the real one.
    """
    stand_in = _LazyModule(_AWS)
    if {_AWS, module} & sys.modules.keys():  # somebody was quicker
        loaded = importlib.import_module(module)
        if type(getattr(loaded, _AWS, None)) is ModuleType:
            setattr(loaded, _AWS, stand_in)
        return
    if importlib.util.find_spec(_AWS) is None:
        return
    sys.modules[_AWS] = stand_in
    try:
        importlib.import_module(module)
    finally:
        stand_in.step_aside()
