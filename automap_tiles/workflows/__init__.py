"""Workflows: everything that `automap` can do, for the command line, Python and the service.

Each is an order (frozen, to and from JSON), `check(order)`, which answers as data what would be
done, and `run(order, stop=…)`, which does it and yields events. Nothing here knows a terminal.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from automap_tiles.errors import ConfigError
from automap_tiles.workflows._order import NEVER, Order, StopToken, check_mapping

if TYPE_CHECKING:
    from automap_tiles.workflows.events import Event, Serialisable

__all__ = [
    "NEVER",
    "WORKFLOWS",
    "Order",
    "StopToken",
    "Workflow",
    "check",
    "order_from_json",
    "order_kind",
    "run",
]

WORKFLOWS: dict[str, str] = {
    "download": "automap_tiles.workflows.automap:DownloadOrder",
    "composite": "automap_tiles.workflows.automap:CompositeOrder",
    "classification": "automap_tiles.workflows.automap:ClassificationOrder",
    "reproduce": "automap_tiles.workflows.reproduce:ReproduceOrder",
    "samples": "automap_tiles.workflows.samples.workflow:SamplesOrder",
    "suggest": "automap_tiles.workflows.samples.suggesting:SuggestOrder",
    "clusters": "automap_tiles.workflows.clusters:ClustersOrder",
    "train": "automap_tiles.workflows.train:TrainOrder",
    "assess": "automap_tiles.workflows.assess:AssessOrder",
    "design": "automap_tiles.workflows.assess:DesignOrder",
    "series": "automap_tiles.workflows.series:SeriesOrder",
    "coregister": "automap_tiles.workflows.coregister:CoregisterOrder",
    "timelapse": "automap_tiles.workflows.timelapse:TimelapseOrder",
    "export": "automap_tiles.workflows.export:ExportOrder",
    "execute": "automap_tiles.workflows.execute:ExecuteOrder",
    "convert": "automap_tiles.workflows.tiles.convert:ConvertOrder",
    "info": "automap_tiles.workflows.tiles.info:InfoOrder",
    "index": "automap_tiles.workflows.tiles.index:IndexOrder",
    "copy": "automap_tiles.workflows.tiles.copy:CopyOrder",
    "remove": "automap_tiles.workflows.tiles.remove:RemoveOrder",
    "verify": "automap_tiles.workflows.verify:VerifyOrder",
}
"""Name -> module with `check` and `run`, and the class of its orders."""


class Workflow(Protocol):
    """Interface of a workflow's module."""

    def check(self, order: Any) -> Serialisable:
        """Dry run: what would be done."""
        ...

    def run(self, order: Any, *, stop: StopToken = NEVER) -> Generator[Event]:
        """Run it; completed work is kept when it is stopped or the stream is closed early."""
        ...


def order_from_json(said: Mapping[str, Any]) -> Order:
    """The order of any workflow, from `Order.to_json`; raises `ConfigError`."""
    check_mapping(said)
    return order_kind(said.get("workflow")).from_json(said)


def order_kind(workflow: object) -> type[Order]:
    """The order class of a workflow; raises `ConfigError` if it does not exist."""
    if not isinstance(workflow, str) or workflow not in WORKFLOWS:
        raise ConfigError(
            "there is no such workflow",
            key="workflow",
            found=workflow,
            remedy=f"one of {', '.join(WORKFLOWS)}",
        )
    module, _, order = WORKFLOWS[workflow].partition(":")
    kind: type[Order] = getattr(importlib.import_module(module), order)
    return kind


def check(order: Order) -> Serialisable:
    """Dry run, as data; raises the workflow's errors."""
    return _module(order).check(order.checked())


def run(order: Order, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Run an order; the last event is `Finished`."""
    # events import NumPy, which code that only builds orders or shows help does not need
    from automap_tiles.workflows._notes import with_notes

    events = _module(order).run(order.checked(), stop=stop)
    with contextlib.closing(events):
        yield from with_notes(events)


def _module(order: Order) -> Workflow:
    module, _, _ = WORKFLOWS[order.workflow].partition(":")
    return cast(Workflow, importlib.import_module(module))
