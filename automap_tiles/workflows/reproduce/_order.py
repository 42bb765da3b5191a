"""What to make again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from automap_tiles.workflows._bounds import Count
from automap_tiles.workflows._order import Order
from automap_tiles.workflows.execution import Concurrency


@dataclass(frozen=True, kw_only=True)
class ReproduceOrder(Order):
    """Make the results of an earlier run again, to the same bytes."""

    workflow: ClassVar[str] = "reproduce"

    record: str
    """`run_….json` in the output of a run."""
    output: str
    """Folder, another one than that of the record, here or in an object store."""
    input: str | None = None
    """Where the products are by now; None: where the record says."""
    samples: str | None = None
    """Where the samples of a classification are by now."""
    anyway: bool = False
    """Go on although something is no longer to be had, or another one."""
    workers: Count | None = None
    """How many at a time; as many as there are cores when None."""
    concurrency: Concurrency = "processes"
    """What the workers are."""
