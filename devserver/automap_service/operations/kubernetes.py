"""Runners that come and go in a cluster: a Job of Kubernetes for each job that waits.

Each Job runs `automap service runner --jobs 1`: a runner like any other, which claims one job, has
its lease, and ends. So nothing depends on the cluster: a pod that is evicted loses its lease and
the job waits again; one that finds nothing to do ends by itself.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from automap_service.service import Service
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.jobs import Status
from automap_tiles.jobs.tables import JOBS
from automap_tiles.stopping import StopToken

_log = logging.getLogger(__name__)

INSTALLATION = "automap/installation"
"""Label of all Jobs that are made here."""
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds what it may (Kubernetes documentation, Accessing the API from a Pod)."""
_PATIENCE = 30.0
_START_SECONDS = 600.0
"""After which a pod that does not start is told of."""

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where Jobs are made."""

    address: str
    namespace: str
    token_file: Path | None = None
    """Read at each request: the cluster renews it."""
    context: ssl.SSLContext | None = None

    @classmethod
    def of_pod(cls) -> Cluster:
        """That in which this process runs; raises `ConfigError`."""
        host = os.environ.get("KUBERNETES_SERVICE_HOST")
        if not host or not (_ACCOUNT / "token").exists():
            raise ConfigError(
                "this is not a pod with a service account",
                key="KUBERNETES_SERVICE_HOST",
                remedy="run it in the cluster, see devserver/deploy/kubernetes",
            )
        port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        host = f"[{host}]" if ":" in host else host
        return cls(
            address=f"https://{host}:{port}",
            namespace=(_ACCOUNT / "namespace").read_text(encoding="utf-8").strip(),
            token_file=_ACCOUNT / "token",
            context=ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt")),
        )

    def jobs(self, installation: str) -> list[Json]:
        """Jobs of this installation; raises `OutputError`."""
        found = self._ask("GET", f"?labelSelector={INSTALLATION}%3D{installation}")
        items: list[Json] = found["items"]
        return items

    def create(self, job: Json) -> str:
        """Make a Job; its name. Raises `OutputError`."""
        return str(self._ask("POST", "", job)["metadata"]["name"])

    def _ask(self, method: str, query: str, body: Json | None = None) -> Json:
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs{query}"
        request = urllib.request.Request(
            self.address + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "application/json"},
            method=method,
        )
        if self.token_file is not None:
            token = self.token_file.read_text(encoding="utf-8").strip()
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE, context=self.context) as answer:
                found: Json = json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode("utf-8", "replace")
            raise OutputError(f"the cluster answers {error.code}: {said}", path) from None
        except (OSError, ValueError) as error:
            raise OutputError(f"the cluster cannot be asked: {error}", path) from None
        return found


@dataclass(kw_only=True)
class Executor:
    """Makes as many Jobs as there are jobs to do, within a limit."""

    service: Service
    cluster: Cluster
    template: Mapping[str, Any]
    """A Job as `manifest` reads it."""
    most: int
    """Jobs at a time."""
    _told: set[str] = field(default_factory=set)

    @property
    def installation(self) -> str:
        """As a label may be."""
        name = self.service.settings.results.installation
        return "".join(each if each.isalnum() or each in "-_." else "-" for each in name)[:63]

    def round(self) -> list[str]:
        """Make what is missing; the names. Raises `OutputError`."""
        jobs = [each for each in self.cluster.jobs(self.installation) if not _is_over(each)]
        for each in jobs:
            self._tell_of_start(each)
        missing = min(self.most, self._wanted()) - len(jobs)
        return [self.cluster.create(self._job()) for _ in range(missing)]

    def _wanted(self) -> int:
        """Runners that have something to do: of each user as many as may run at a time."""
        active = JOBS.c.status.in_((Status.ACCEPTED, Status.RUNNING))
        query = select(func.count()).select_from(JOBS).where(active).group_by(JOBS.c.user)
        most = self.service.queue.limits.per_user
        with self.service.database.reading() as connection:
            return sum(min(count, most) for count in connection.execute(query).scalars())

    def _job(self) -> Json:
        job: Json = copy.deepcopy(dict(self.template))
        for each in (job, job["spec"]["template"]):
            labels = each.setdefault("metadata", {}).setdefault("labels", {})
            labels[INSTALLATION] = self.installation
        return job

    def _tell_of_start(self, job: Json) -> None:
        """A pod that waits for a place says so once, in words: no queue stands without a reason."""
        name, status = job["metadata"]["name"], job.get("status", {})
        begun = job["metadata"].get("creationTimestamp")
        if status.get("ready") or begun is None or name in self._told:
            return
        waits = time.time() - _seconds(begun)
        if waits > _START_SECONDS:
            self._told.add(name)
            said = "%s has not started for %.0f minutes: kubectl describe job %s says why"
            _log.warning(said, name, waits / 60, name)


def follow(
    executor: Executor, stop: StopToken, pause: Callable[[float], object], seconds: float = 5.0
) -> None:
    """Make Jobs until `stop` is set; a cluster that is away is asked again."""
    while not stop.is_set():
        try:
            for name in executor.round():
                _log.info("job %s of Kubernetes", name)
        except OutputError as error:
            _log.error("%s", error)
        pause(seconds)


def manifest(path: Path) -> Json:
    """A Job of Kubernetes from a YAML file; raises `ConfigError`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("cannot be read", path, found=error.strerror) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"is not valid YAML: {error}", path) from None
    if not isinstance(found, dict) or found.get("kind") != "Job":
        raise ConfigError("is not a Job of Kubernetes", path, key="kind")
    if not isinstance((found.get("spec") or {}).get("template"), dict):
        raise ConfigError("has no pod", path, key="spec.template")
    if not (found.get("metadata") or {}).get("generateName"):
        raise ConfigError(
            "needs a name that can be made several times",
            path,
            key="metadata.generateName",
            remedy="generateName: automap-runner-",
        )
    return found


def _is_over(job: Json) -> bool:
    conditions = job.get("status", {}).get("conditions") or []
    return any(
        each["type"] in ("Complete", "Failed") and each["status"] == "True" for each in conditions
    )


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
