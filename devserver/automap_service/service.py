"""The parts of the service, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass

from automap_service.accounts.credentials import Credentials
from automap_service.accounts.users import Users
from automap_service.costs.budgets import Budgets
from automap_service.costs.estimates import Estimates
from automap_service.costs.ledger import CostLedger
from automap_service.costs.prices import prices_of
from automap_service.database import open_database
from automap_service.launching.launch import Launching
from automap_service.links import Links
from automap_service.mails.outbox import Outbox
from automap_service.settings import Settings
from automap_service.uploads.files import Files
from automap_tiles.jobs import Clock, Database, JobStore, Queue, QueueLimits
from automap_tiles.jobs.results import ResultStore


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the web server and the runner have in common."""

    settings: Settings
    database: Database
    store: JobStore
    queue: Queue
    users: Users
    words: Credentials
    files: Files
    launching: Launching
    ledger: CostLedger
    estimates: Estimates
    budgets: Budgets
    links: Links
    outbox: Outbox
    results: ResultStore


def open_service(settings: Settings, clock: Clock = time.time) -> Service:
    """Open the database and store of a configuration; raises `ConfigError`."""
    database = open_database(settings, clock)
    links = Links(database, settings.results.link_hours * 3600)
    prices = prices_of(settings)
    ledger = CostLedger(database, prices)
    outbox = Outbox(settings, database, links)
    on_final = (ledger.on_final, outbox.on_final)
    store = JobStore(database, on_final)
    limits = QueueLimits(
        lease=settings.runner.lease_seconds,
        per_user=settings.limits.running,
        keep=settings.results.days * 86400,
    )
    users = Users(database)
    estimates = Estimates(database, ledger, prices, settings.workers)
    budgets = Budgets(settings.limits, users, ledger, prices)
    files = Files(store, settings.root / "uploads", settings.limits)
    return Service(
        settings=settings,
        database=database,
        store=store,
        queue=Queue(database, limits, on_final),
        users=users,
        words=Credentials(database),
        files=files,
        launching=Launching(settings, store, files, estimates, budgets),
        ledger=ledger,
        estimates=estimates,
        budgets=budgets,
        links=links,
        outbox=outbox,
        results=ResultStore(
            settings.results_url,
            settings.results.public_endpoint or None,
            {"automap:installation": settings.results.installation}
            if settings.results.tags
            else None,
        ),
    )
