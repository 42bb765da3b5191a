"""The order of a reproduction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from automap_tiles.workflows._bounds import Count
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import Concurrency


@dataclass(frozen=True, kw_only=True)
class ReproduceOrder(Order):
    """Repeat an earlier run with identical results, byte for byte."""

    workflow: ClassVar[str] = "reproduce"

    record: str
    """`run_….json` in the output of a run."""
    output: str
    """Folder, different from that of the record, local or in an object store."""
    input: str | None = None
    """Present location of the products; None: as recorded."""
    samples: str | None = None
    """Present location of the samples of a classification."""
    anyway: bool = False
    """Continue although inputs are missing or have changed."""
    workers: Count | None = None
    """Number of workers; None: the number of cores."""
    concurrency: Concurrency = "processes"
    """Kind of the workers."""
