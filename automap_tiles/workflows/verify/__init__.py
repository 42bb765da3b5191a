"""Whether an output is still what was written, and whether its tiles fit together."""

from automap_tiles.workflows.verify._order import VerifyOrder
from automap_tiles.workflows.verify.run import VerifyOutcome, VerifyReport, check, run

__all__ = ["VerifyOrder", "VerifyOutcome", "VerifyReport", "check", "run"]
