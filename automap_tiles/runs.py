"""Workflows from Python, with the same keywords as on the command line.

::

    import automap_tiles

    with automap_tiles.run("composite", satellites="landsat", start="2018-04-01", end="2018-09-30",
                           boundary="area.geojson", input="products", output="out") as running:
        for event in running:
            print(event)
    print(running.result().results)

The words of each workflow stand in `runs.pyi`, which is generated from the orders.
"""

from __future__ import annotations

from automap_tiles import workflows
from automap_tiles.workflows import Order
from automap_tiles.workflows.events import Serialisable
from automap_tiles.workflows.keywords import order_from_keywords
from automap_tiles.workflows.running_order import RunningOrder

__all__ = ["check", "run"]


def run(workflow: str | Order, /, **said: object) -> RunningOrder[Serialisable]:
    """Carry out a workflow; nothing begins before the first event is asked for.

    Iterating gives the events, `result()` waits for the outcome, `stop()` ends it with everything
    done kept, and so do Ctrl-C and leaving a `with` block. Raises `ConfigError`, which names the
    word, and what the workflow raises.
    """
    return RunningOrder(_order(workflow, said))


def check(workflow: str | Order, /, **said: object) -> Serialisable:
    """What a run would do, as data; raises `ConfigError`, which names the word."""
    return workflows.check(_order(workflow, said))


def _order(workflow: str | Order, said: dict[str, object]) -> Order:
    if isinstance(workflow, Order):
        if said:
            raise TypeError("an order says everything; there is no place for further words")
        return workflow
    return order_from_keywords(workflow, said)
