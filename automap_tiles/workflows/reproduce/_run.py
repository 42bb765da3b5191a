"""The workflow `reproduce`."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, collecting
from automap_tiles.stopping import Stopped
from automap_tiles.storage import Address
from automap_tiles.workflows import automap
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._order import NEVER, StopToken
from automap_tiles.workflows.automap.order import DownloadOrder
from automap_tiles.workflows.automap.parameters import parameters_of
from automap_tiles.workflows.automap.reproducibility import scenes_made_of, stored
from automap_tiles.workflows.automap.state import AutomapOutcome
from automap_tiles.workflows.events import Event, Finished, Json, Noted
from automap_tiles.workflows.reproduce._missing import MissingItem, is_elsewhere, missing_items
from automap_tiles.workflows.reproduce._order import ReproduceOrder
from automap_tiles.workflows.reproduce._recorded import Recorded


@dataclass(frozen=True, kw_only=True)
class ReproduceReport:
    """Whether a run can be reproduced."""

    record: str
    scenes: int
    missing_items: tuple[MissingItem, ...]
    notes: tuple[Note, ...] = ()

    @property
    def can_be_same(self) -> bool:
        """Whether identical bytes can be expected."""
        return not any(lack.blocks for lack in self.missing_items)

    def to_json(self) -> Json:
        return {
            "record": self.record,
            "scenes": self.scenes,
            "can_be_same": self.can_be_same,
            "lacks": [lack.to_json() for lack in self.missing_items],
            "notes": [note.to_json() for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class ReproduceOutcome:
    """Result of a reproduction."""

    made: AutomapOutcome
    same: tuple[str, ...] = ()
    """Results identical to the record."""
    different: tuple[str, ...] = ()
    """Results that differ, or were not made."""
    not_told: bool = False
    """Whether the record has no checksums, so that nothing can be compared."""

    @property
    def failed(self) -> int:
        """Results that differ from the record."""
        return self.made.failed + len(self.different)

    def to_json(self) -> Json:
        return {
            **self.made.to_json(),
            "same": list(self.same),
            "different": list(self.different),
            "not_told": self.not_told,
        }


def check(order: ReproduceOrder) -> ReproduceReport:
    """List inputs that are missing or have changed; writes nothing.

    Raises `ConfigError` for an invalid record, and one without the options of the run.
    """
    with collecting() as told, _prepared(order) as (recorded, wanted):
        found = missing_items(recorded, wanted, parameters_of(wanted))
    return ReproduceReport(
        record=recorded.address.text,
        scenes=len(recorded.scenes),
        missing_items=found,
        notes=told.grouped(),
    )


def run(order: ReproduceOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Repeat the run and compare; events are those of the run, the outcome a `ReproduceOutcome`.

    If inputs are missing or have changed it raises `ConfigError` listing them, before the run
    starts, unless the order says `anyway`; otherwise it raises as the run does.
    """
    with _prepared(order) as (recorded, wanted):
        try:
            found = yield from run_in_background(
                lambda _: missing_items(recorded, wanted, parameters_of(wanted)), stop=stop
            )
        except Stopped:
            yield Finished(
                outcome=ReproduceOutcome(made=AutomapOutcome(output=order.output, stopped=True))
            )
            return
        blocking = [str(lack) for lack in found if lack.blocks]
        if blocking and not order.anyway:
            raise ConfigError(
                "cannot be made again as it was: " + "; ".join(blocking),
                file=recorded.address.text,
                remedy="--input or --samples say where things are by now; --anyway makes it "
                "of what there is",
            )
        for lack in found:
            yield Noted(note=_note(lack))
        only = frozenset(recorded.scenes)
        with closing(automap.run(wanted, stop=stop, only=only)) as events:
            for event in events:
                if isinstance(event, Finished) and isinstance(event.outcome, AutomapOutcome):
                    yield Finished(outcome=_compared(recorded, wanted, event.outcome))
                else:
                    yield event


@contextmanager
def _prepared(order: ReproduceOrder) -> Iterator[tuple[Recorded, DownloadOrder]]:
    """Context with the record and its order."""
    recorded = Recorded.read(order.record)
    if not is_elsewhere(recorded, order.output):
        raise ConfigError(
            "is the folder of the record", key="output", found=order.output, remedy="another one"
        )
    with TemporaryDirectory(prefix="automap-") as folder:
        boundary = Path(folder, "area.geojson")
        recorded.write_area(boundary)
        yield recorded, recorded.order(order, str(boundary))


def _note(lack: MissingItem) -> Note:
    fate = Fate.REPLACED if lack.blocks else Fate.GUESSED
    reason = "not as it was when the run was made"
    if not lack.blocks:
        reason = "the record is of an earlier version and does not tell it"
    return Note(fate=fate, subject=Subject.FILES, reason=reason, examples=(str(lack),))


def _compared(recorded: Recorded, wanted: DownloadOrder, made: AutomapOutcome) -> ReproduceOutcome:
    if made.stopped:
        return ReproduceOutcome(made=made)
    output = Address.of(wanted.output)
    verdicts = {name: stored(output / name) == dict(told) for name, told in recorded.checks.items()}
    for satellite, part in recorded.said["results"].items():
        pictures = {one["id"]: one["picture"] for one in part["scenes"] if "picture" in one}
        now = scenes_made_of(output, satellite, pictures)
        for scene, picture in pictures.items():
            verdicts[f"scene {scene}"] = now[scene].get("picture") == picture
    return ReproduceOutcome(
        made=made,
        same=tuple(name for name, is_same in verdicts.items() if is_same),
        different=tuple(name for name, is_same in verdicts.items() if not is_same),
        not_told=not verdicts,
    )
