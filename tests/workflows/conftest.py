"""What tests of workflows share with those of the plain functions behind them."""

from __future__ import annotations

from tests.commands.conftest import make_directory

__all__ = ["make_directory"]
