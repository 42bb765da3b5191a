"""Figures of the service, read from the database when they are asked for.

So they are right with any number of web servers; requests alone are counted by each for itself.
Names of users are no label.
"""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy import Column, Connection, Row, case, func, select

from automap_service.service import Service
from automap_service.tables import MAILS, RUNS, SCENE_COUNTS
from automap_tiles.jobs import Status
from automap_tiles.jobs.tables import JOBS, RESULTS, RUNNERS
from automap_tiles.version import VERSION

ALIVE = 120.0
"""Seconds since a runner that works was heard of, at most."""
_BUCKETS = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Seconds of jobs."""
_MAILS = ("waiting", "sent", "given up")


class Requests:
    """What this process has answered, by method, route and code."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def add(self, method: str, route: str, code: int) -> None:
        """One more."""
        with self._lock:
            self._counts[method, route, str(code)] += 1

    def metric(self) -> Metric:
        """For Prometheus."""
        labels = ("method", "route", "code")
        found = CounterMetricFamily(
            "automap_http_requests", "Answers of this process", None, labels
        )
        with self._lock:
            for names, count in sorted(self._counts.items()):
                found.add_metric(names, count)
        return found


class Figures(Collector):
    """All that is told of a service."""

    def __init__(self, service: Service, requests: Requests) -> None:
        self._service = service
        self._requests = requests

    def describe(self) -> list[Metric]:
        """Nothing, so that nobody asks the database when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures as they are now."""
        now = self._service.database.clock()
        yield _info()
        with self._service.database.reading() as connection:
            yield from self._jobs(connection, now)
            yield from _runs(connection)
            yield from self._runners(connection, now)
            yield _counted(connection, "automap_mails", "Mails", MAILS.c.state, _MAILS)
            yield _stored(connection)
        yield from self._estimates()
        yield from self._disk()
        yield self._requests.metric()

    def _jobs(self, connection: Connection, now: float) -> Iterator[Metric]:
        yield _counted(connection, "automap_jobs", "Jobs that there are", JOBS.c.status, Status)
        oldest = connection.execute(
            select(func.min(JOBS.c.created)).where(JOBS.c.status == Status.ACCEPTED)
        ).scalar()
        yield GaugeMetricFamily(
            "automap_queue_oldest_seconds",
            "For how long the first job of the queue has waited",
            value=0.0 if oldest is None else max(0.0, now - oldest),
        )

    def _runners(self, connection: Connection, now: float) -> Iterator[Metric]:
        seen = select(func.count()).select_from(RUNNERS).where(RUNNERS.c.seen > now - ALIVE)
        count = connection.execute(seen).scalar_one()
        yield GaugeMetricFamily("automap_runners", "Runners that were heard of", value=count)
        lease = connection.execute(
            select(func.min(JOBS.c.lease)).where(JOBS.c.status == Status.RUNNING)
        ).scalar()
        renewed = 0.0 if lease is None else now - (lease - self._service.queue.limits.lease)
        yield GaugeMetricFamily(
            "automap_runner_lease_age_seconds",
            "Since the lease of a running job was renewed, of that for which it is longest ago",
            value=max(0.0, renewed),
        )

    def _estimates(self) -> Iterator[Metric]:
        held = self._service.estimates.calibration()
        found = GaugeMetricFamily(
            "automap_estimates", "Of the last finished jobs with an estimate", labels=("held",)
        )
        found.add_metric(("yes",), held.inside)
        found.add_metric(("no",), held.jobs - held.inside)
        yield found

    def _disk(self) -> Iterator[Metric]:
        usage = shutil.disk_usage(self._service.settings.root)
        yield GaugeMetricFamily("automap_disk_free_bytes", "Where the folder lies", usage.free)
        yield GaugeMetricFamily("automap_disk_bytes", "Where the folder lies", usage.total)


def registry(service: Service, requests: Requests) -> CollectorRegistry:
    """What `/metrics` tells."""
    found = CollectorRegistry(auto_describe=False)
    found.register(Figures(service, requests))
    return found


def _info() -> Metric:
    found = GaugeMetricFamily("automap_info", "1, with the version of this", labels=("version",))
    found.add_metric((VERSION,), 1)
    return found


def _counted(
    connection: Connection, name: str, about: str, column: Column[str], known: Iterable[str]
) -> Metric:
    """Rows by a column, those of which there are none too: else a line ends instead of being 0."""
    found = GaugeMetricFamily(name, about, labels=(column.name,))
    counts = dict.fromkeys(map(str, known), 0)
    rows = connection.execute(select(column, func.count()).group_by(column)).all()
    for value, count in rows:
        counts[str(value)] = count
    for value, count in counts.items():
        found.add_metric((value,), count)
    return found


def _runs(connection: Connection) -> Iterator[Metric]:
    """Of the ledger, where nothing becomes less; it is gone through once."""
    below = [func.sum(case((RUNS.c.seconds <= bound, 1), else_=0)) for bound in _BUCKETS]
    summed = ("seconds", "core_seconds", "fetched_bytes", "amount")
    by = (RUNS.c.mode, RUNS.c.status, RUNS.c.unit)
    sums = [func.sum(RUNS.c[name]).label(name) for name in summed]
    rows = connection.execute(
        select(*by, func.count().label("jobs"), *sums, *below).group_by(*by).order_by(*by)
    ).all()
    ended: Counter[tuple[str, str]] = Counter()
    cost: dict[str, float] = {}
    for row in rows:
        ended[row.mode, row.status] += row.jobs
        cost[row.unit] = cost.get(row.unit, 0.0) + float(row.amount)
    counted = CounterMetricFamily("automap_jobs_ended", "Finished jobs", labels=("mode", "status"))
    for labels, count in ended.items():
        counted.add_metric(labels, count)
    yield counted
    spent = CounterMetricFamily("automap_cost", "Of finished jobs", labels=("unit",))
    for unit, amount in cost.items():
        spent.add_metric((unit,), amount)
    yield spent
    fetched = sum(float(row.fetched_bytes) for row in rows)
    yield CounterMetricFamily("automap_bytes_fetched", "For finished jobs", value=fetched)
    computed = sum(float(row.core_seconds) for row in rows)
    yield CounterMetricFamily("automap_core_seconds", "Of finished jobs", value=computed)
    yield _seconds(rows)
    scenes = CounterMetricFamily(
        "automap_scenes", "Scenes of finished jobs", labels=("satellite", "status")
    )
    for satellite, status, count in connection.execute(select(SCENE_COUNTS)):
        scenes.add_metric((satellite, status), count)
    yield scenes


def _seconds(rows: Sequence[Row[Any]]) -> Metric:
    found = HistogramMetricFamily("automap_job_seconds", "Of finished jobs", labels=("mode",))
    bounds = [*map(str, map(float, _BUCKETS)), "+Inf"]
    for mode in dict.fromkeys(row.mode for row in rows):
        mine = [row for row in rows if row.mode == mode]
        counts = [
            sum(column) for column in zip(*(row[-len(_BUCKETS) :] for row in mine), strict=True)
        ]
        counts.append(sum(row.jobs for row in mine))
        buckets = list(zip(bounds, map(float, counts), strict=True))
        found.add_metric((mode,), buckets, sum(float(row.seconds) for row in mine))
    return found


def _stored(connection: Connection) -> Metric:
    size = select(func.coalesce(func.sum(RESULTS.c.size), 0)).where(RESULTS.c.deleted.is_(False))
    value = float(connection.execute(size).scalar_one())
    return GaugeMetricFamily("automap_store_bytes", "Archives that are kept", value=value)
