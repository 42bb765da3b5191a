"""The start of a run: what exists already, and whether it can be continued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial

from automap_tiles.engine._done import AllButFailed, DoneTiles
from automap_tiles.engine._plan import DoneBefore, NothingKnown
from automap_tiles.engine._update import Outdated, Update, delete_gone, manifest_of, outdated
from automap_tiles.engine.events import TileResult
from automap_tiles.engine.journal import Journal, JournalReader, RunRecord, read_provenance
from automap_tiles.errors import ProcessChanged
from automap_tiles.formats.capabilities import LookingBack
from automap_tiles.formats.parts import Manifest
from automap_tiles.grid import TileIndex, cover
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.runtime import Process

# What each hash covers, in the user's words.
_WORDS = {
    "function": "the process function",
    "parameters": "the process parameters",
    "inputs": "the inputs",
    "output": "the output options",
}


@dataclass(frozen=True, kw_only=True)
class RunState:
    """A started run."""

    record: RunRecord
    known: DoneBefore
    resumed: bool
    """Whether tiles existed before."""
    inputs: Mapping[str, str]
    """Fingerprints of the inputs at the start, by name."""

    outdated: Outdated | None = None
    """What is remade because parts of the inputs have changed."""

    def changed_inputs(self, process: Process) -> list[str]:
        """Inputs whose data have changed since the start."""
        now = process.inputs.fingerprints()
        return [name for name, stamp in self.inputs.items() if now.get(name) != stamp]

    def take_adopted(self) -> list[TileResult]:
        """Complete tiles found without a row since the last call."""
        if not isinstance(self.known, DoneTiles):
            return []
        adopted, self.known.adopted = self.known.adopted, []
        return adopted


def begin(
    process: Process,
    journal: Journal,
    *,
    selection: str,
    overwrite: bool,
    retry_failed: bool,
    update: Update | None = None,
) -> RunState:
    """Compare with the previous run and record the new one.

    Tiles to be overwritten are marked in the journal one by one: they stay pending whatever happens
    to this run, and whichever runs follow.

    Raises `ProcessChanged` when done tiles were made by another function, with other parameters,
    inputs or output options, unless they are to be overwritten; other parts of an input may be
    allowed by `update`. What an earlier version of this
    package remembered in another form is written as it is now.
    """
    inputs = process.inputs.fingerprints()
    hashes = asdict(process.hashes(inputs))
    for name, earlier in process.earlier_hashes().items():
        journal.renew(name, earlier, hashes[name])
    last = journal.last_run()
    parts = None if update is None else manifest_of(process)
    start = partial(
        journal.start_run,
        hashes,
        selection,
        fresh_from=0,
        metatiling=process.pyramid.metatiling,
        parts=parts,
    )
    if overwrite:
        return RunState(
            record=start(stale=_tiles(process)),
            known=NothingKnown(),
            resumed=last is not None,
            inputs=inputs,
        )
    found = None
    if update is None:
        _refuse_changes(journal, hashes, process.writer.path)
    else:
        _refuse_changes(journal, hashes, process.writer.path, but="inputs")
        found = _outdated(process, journal, hashes["inputs"], parts, update)
    if last is None:
        _look_at_record(journal, hashes, process)
    adopt = found is None and not process.sums_up and journal.may_adopt(hashes)
    record = start(renewal=None if found is None else found.renewal)
    return RunState(
        record=record,
        known=AllButFailed(journal=journal, run=record)
        if retry_failed
        else _done_tiles(process, journal, record, adopt=adopt),
        resumed=last is not None,
        inputs=inputs,
        outdated=found,
    )


def _done_tiles(process: Process, journal: Journal, record: RunRecord, *, adopt: bool) -> DoneTiles:
    """The tiles that need not be computed, looked up in the state before this run."""
    writer = process.writer
    return DoneTiles(
        journal=journal,
        run=record,
        writer=writer.looking_back() if isinstance(writer, LookingBack) else writer,
        pyramid=process.pyramid,
        adopt=adopt,
    )


def _outdated(
    process: Process, journal: Journal, inputs: str, parts: Manifest | None, update: Update
) -> Outdated | None:
    """What is to be remade; raises `ProcessChanged` when that was not requested.

    Nothing is where the parts only lie elsewhere by now: the journal then takes the new place over.
    """
    found = outdated(process, journal, inputs, parts, order_counts=update.order_counts)
    if found is not None and not update.apply and not found.is_only_elsewhere:
        raise ProcessChanged(
            f"{process.writer.path}: the inputs changed since tiles were written here, {found}; "
            "--update makes these anew and keeps the others, --overwrite makes all of them anew"
        )
    if found is not None:
        delete_gone(process, found)
    return found


def _tiles(process: Process) -> Iterator[TileIndex]:
    """Everything that a run of the process covers."""
    for zoom in process.zooms:
        yield from cover.tiles(process.pyramid, process.area_at(zoom), zoom)


def _look_at_record(journal: Journal, hashes: dict[str, str], process: Process) -> None:
    """Without a journal, by what stands beside it: whether tiles that are there can be of this.

    Where nothing stands there either, the tiles of a folder are mapchete's, or of an earlier
    version. A single file nobody goes on with like that: its tiles are made and put over it.
    """
    place = journal.place
    made_of = None if place is None else read_provenance(place)
    if made_of is None:
        if place is not None and place.prefix:
            journal.forbid_adoption()
        return
    earlier = process.earlier_hashes()
    changed = [
        _WORDS[name]
        for name, value in made_of.hashes.items()
        if value != hashes[name] and value not in earlier.get(name, ())
    ]
    if changed:
        raise _changed(process.writer.path, changed)
    if not made_of.is_pure:
        journal.forbid_adoption()


def _refuse_changes(
    journal: Journal, hashes: dict[str, str], output: str, but: str | None = None
) -> None:
    """Raise `ProcessChanged`; `but`: a hash that may differ."""
    changed = _different(journal, hashes, {}, but)
    if changed:
        raise _changed(output, changed)


def changed_parts(journal: JournalReader, hashes: Mapping[str, str], process: Process) -> list[str]:
    """What has changed since tiles were made, in words."""
    return _different(journal, hashes, process.earlier_hashes())


def _different(
    journal: JournalReader,
    hashes: Mapping[str, str],
    earlier: Mapping[str, frozenset[str]],
    but: str | None = None,
) -> list[str]:
    for run in journal.runs_with_tiles():
        changed = [
            _WORDS[name]
            for name, value in run.hashes.items()
            if value != hashes[name] and value not in earlier.get(name, ()) and name != but
        ]
        if changed:
            return changed
    return []


def _changed(output: str, what: list[str]) -> ProcessChanged:
    return ProcessChanged(
        f"{output}: {' and '.join(what)} changed since tiles were written "
        "here; run again with --overwrite to make them anew, or choose another output path"
    )


def adoption(tiles: list[TileResult]) -> Note:
    """Note on tiles that count as done although they are not in the journal."""
    return Note(
        fate=Fate.GUESSED,
        subject=Subject.TILES,
        reason="whole files of which the journal knows nothing are taken for finished ones",
        count=len(tiles),
        examples=tuple(str(tile.index) for tile in tiles[:3]),
        remedy="--overwrite makes them anew",
    )
