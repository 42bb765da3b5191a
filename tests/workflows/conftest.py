"""What tests of workflows share."""

from __future__ import annotations

from tests.workflows.directories import make_directory

__all__ = ["make_directory"]
