"""The workflow `automap run`: its phases, as far as the mode goes."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from automap_tiles.engine.journal import hold, place_of
from automap_tiles.stopping import NEVER, Stopped, StopToken
from automap_tiles.storage import Address
from automap_tiles.workflows._background import run_in_background
from automap_tiles.workflows._notes import run_with_notes
from automap_tiles.workflows.automap._classification import (
    Classification,
    check_samples,
    classification_of,
)
from automap_tiles.workflows.automap._mapping import classify
from automap_tiles.workflows.automap._results import check_composites
from automap_tiles.workflows.automap._scratch import Scratch
from automap_tiles.workflows.automap._updating import check_update
from automap_tiles.workflows.automap.folders import order_result_name
from automap_tiles.workflows.automap.order import ClassificationOrder, DownloadOrder
from automap_tiles.workflows.automap.parameters import Mode, RunParameters, parameters_of
from automap_tiles.workflows.automap.phases import merge, prepare, review, search
from automap_tiles.workflows.automap.record import Made, write_record
from automap_tiles.workflows.automap.state import State
from automap_tiles.workflows.events import Event, Fact, Finished, Serialisable, Started
from automap_tiles.workflows.report import following


def run(
    order: DownloadOrder, *, stop: StopToken = NEVER, only: frozenset[str] | None = None
) -> Generator[Event]:
    """Like `_run`; also writes the report page beside the record, even if the run fails.

    `only`: ids of the scenes to use; None: all selected ones.
    """

    def place(_: Serialisable | None) -> Address | None:
        name = order_result_name(order)
        return Address.of(order.output) / f"run_{order.workflow}_{name}.html"

    yield from following(_run(order, stop, only), order, place)


def _run(order: DownloadOrder, stop: StopToken, only: frozenset[str] | None) -> Generator[Event]:
    """Search, prepare, merge and classify scenes; the outcome is an `AutomapOutcome`.

    Completed work is not repeated. Failures do not affect the rest and are counted. Raises
    `ConfigError` for an invalid order, a composite that would replace a different one, and invalid
    samples; `InputError` if there are no scenes; `OutputBusy` while another run is writing to the
    folder; `MissingExtra`.
    """
    check_update(order)
    wanted = yield from run_with_notes(lambda: replace(parameters_of(order), only=only))
    _ = order.how  # reject invalid worker options before anything is done
    wish = classification_of(order) if isinstance(order, ClassificationOrder) else None
    scratch = Scratch(wanted.output)
    with hold(place_of(wanted.output.text)), scratch:
        state = State(order=order, wanted=wanted, stop=stop)
        check_result(wanted, overwrite=state.anew(Mode.COMPOSITE))
        facts: dict[str, Fact] = {"output": wanted.output.text, "mode": str(wanted.mode)}
        if wanted.output.is_remote:
            facts["scratch"] = str(scratch.folder)
        yield Started(facts=facts)
        try:
            yield from _phases(state, wish)
        except Stopped:
            yield Finished(outcome=state.outcome(None, stopped=True))
            return
        if state.left and not state.composites:
            # the existing record describes the existing results
            yield Finished(outcome=state.outcome(None))
            return
        record = write_record(
            wanted,
            state.found,
            Made(
                order=order,
                scenes=state.scenes,
                composites=state.composites,
                maps=state.maps,
                funnel=state.funnel,
                notes=state.notes,
                left=frozenset(state.left),
            ),
        )
        yield Finished(outcome=state.outcome(record))


def check_result(wanted: RunParameters, *, overwrite: bool) -> None:
    """Raise `ConfigError` if a composite would replace one that was made differently."""
    if wanted.mode.includes(Mode.COMPOSITE) and not overwrite:
        check_composites(wanted)


def _phases(state: State, wish: Classification | None) -> Generator[Event]:
    if wish is not None:
        yield from run_in_background(
            lambda _: check_samples(state.wanted, wish), stop=state.stop, notes=state.told
        )
    yield from search(state)
    yield from prepare(state)
    if state.wanted.mode.includes(Mode.COMPOSITE):
        yield from merge(state)
    yield from review(state)
    if wish is not None:
        yield from classify(state, wish)
