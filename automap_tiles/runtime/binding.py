"""stub, replaced in minutes"""
from __future__ import annotations
from typing import Any

def bind(process: Any, zoom: int) -> Any:
    raise NotImplementedError

def empty_errors() -> tuple[type[BaseException], ...]:
    raise NotImplementedError
