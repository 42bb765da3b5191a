"""The start of a run: what is there already, and whether it may be gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from automap_tiles.engine.events import TileResult
from automap_tiles.engine.journal import Journal, RunRecord
from automap_tiles.engine.known import AllButFailed, DoneTiles
from automap_tiles.engine.plan import Known, NothingKnown
from automap_tiles.errors import ProcessChanged
from automap_tiles.runtime.process import Process

# What a changed hash means to the user.
_WORDS = {
    "function": "the process function",
    "parameters": "the process parameters",
    "inputs": "the inputs",
    "output": "the output options",
}


@dataclass(frozen=True, kw_only=True)
class RunState:
    """A run that has begun."""

    record: RunRecord
    known: Known
    resumed: bool
    """Whether there were tiles before."""
    inputs: Mapping[str, str]
    """Fingerprints of the inputs at the start, by name."""

    def changed_inputs(self, process: Process) -> list[str]:
        """Inputs whose data are no longer those of the start."""
        now = process.inputs.fingerprints()
        return [name for name, stamp in self.inputs.items() if now.get(name) != stamp]

    def take_adopted(self) -> list[TileResult]:
        """Whole tiles found without a row since the last call."""
        if not isinstance(self.known, DoneTiles):
            return []
        adopted, self.known.adopted = self.known.adopted, []
        return adopted


def begin(
    process: Process, journal: Journal, *, selection: str, overwrite: bool, retry_failed: bool
) -> RunState:
    """Compare with the run before and note the new one.

    Raises `ProcessChanged` when done tiles were made by another function, with other parameters,
    inputs or output options, unless they are to be overwritten. What an earlier version of this
    package remembered in another form is written as it is now.
    """
    inputs = process.inputs.fingerprints()
    hashes = asdict(process.hashes(inputs))
    for name, earlier in process.earlier_hashes().items():
        journal.renew(name, earlier, hashes[name])
    last = journal.last_run()
    unfinished_overwrite = (
        last is not None
        and last.finished is None
        and last.fresh_from > 0
        and last.selection == selection
        and last.hashes == hashes
    )
    metatiling = process.pyramid.metatiling
    if overwrite:
        record = journal.start_run(hashes, selection, fresh_from=None, metatiling=metatiling)
        return RunState(
            record=record, known=NothingKnown(), resumed=last is not None, inputs=inputs
        )
    if not unfinished_overwrite:
        _refuse_changes(journal, hashes, process.writer.path)
    fresh_from = last.fresh_from if last is not None and unfinished_overwrite else 0
    record = journal.start_run(hashes, selection, fresh_from=fresh_from, metatiling=metatiling)
    if retry_failed:
        known: Known = AllButFailed(journal=journal, run=record)
    else:
        known = DoneTiles(
            journal=journal,
            run=record,
            writer=process.writer,
            pyramid=process.pyramid,
            adopt=not unfinished_overwrite and _may_adopt(process, last, hashes),
        )
    return RunState(record=record, known=known, resumed=last is not None, inputs=inputs)


def _may_adopt(process: Process, last: RunRecord | None, hashes: dict[str, str]) -> bool:
    """Whether a whole tile without a row can be taken for a finished one.

    Not when the run before was of another process, not when a process tile holds several output
    tiles, of which a killed run may have written a part, and not when what was counted on it is
    wanted and went with the killed run.
    """
    if process.sums_up:
        return False
    if last is None:
        return True
    one_file_each = process.writer.pyramid.metatiling >= process.pyramid.metatiling
    return one_file_each and last.hashes == hashes


def _refuse_changes(journal: Journal, hashes: dict[str, str], output: str) -> None:
    for run in journal.runs_with_tiles():
        changed = [_WORDS[name] for name, value in run.hashes.items() if value != hashes[name]]
        if changed:
            raise ProcessChanged(
                f"{output}: {' and '.join(changed)} changed since tiles were written "
                "here; run again with --overwrite to make them anew, or choose another output path"
            )
