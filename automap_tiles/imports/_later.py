"""A module that is loaded when something is looked for in it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

_AWS = "boto3"


class _Later(ModuleType):
    """Stands for a module within the one that imports it."""

    def __getattr__(self, name: str) -> Any:
        self.step_aside()
        return getattr(importlib.import_module(self.__name__), name)

    def step_aside(self) -> None:
        """Whoever imports the module now is given the real one."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]


def import_without_aws(module: str) -> None:
    """Import the module of rasterio or fiona that imports boto3 wherever that is installed.

    It takes as long as the rest of them, and is asked for credentials only when something in an S3
    bucket is opened: then it is loaded. Everybody else imports the real one.
    """
    if {_AWS, module} & sys.modules.keys() or importlib.util.find_spec(_AWS) is None:
        return
    stand_in = _Later(_AWS)
    sys.modules[_AWS] = stand_in
    try:
        importlib.import_module(module)
    finally:
        stand_in.step_aside()
