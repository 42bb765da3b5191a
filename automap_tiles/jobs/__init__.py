"""Jobs: orders that wait in a table, are claimed by runners, and leave one result each.

The way of a job::

    JobStore.add            a row, committed before anybody is told its id: accepted
      -> Queue.claim        one runner has it for as long as it renews its lease: running, attempt n
      -> JobSupervisor.run  a child process carries the order out, tied to its runner by a pipe;
                            its events become progress, log and scenes in the table
      -> packing.pack       what it made becomes one archive in the store of results
      -> Queue.finish    final state, result and what others hang on it (mail) in one transaction

Whatever is killed in between: the lease runs out, the job waits again, the next attempt goes on
with what is in the workspace. Each write of a runner says which attempt it is of; one whose attempt
is over writes nothing (fencing). No web and no mail here.
"""

from automap_tiles.jobs._database import Clock, Database
from automap_tiles.jobs._finish import Ending, OnFinal
from automap_tiles.jobs._phases import Stretch, stretches
from automap_tiles.jobs._queue import LeaseLost, News, Queue, QueueLimits
from automap_tiles.jobs._store import JobStore, Page
from automap_tiles.jobs.job import (
    FINAL,
    Entry,
    Job,
    Level,
    NewJob,
    Phase,
    Result,
    SceneFate,
    Status,
)

__all__ = [
    "FINAL",
    "Clock",
    "Database",
    "Ending",
    "Entry",
    "Job",
    "JobStore",
    "LeaseLost",
    "Level",
    "NewJob",
    "News",
    "OnFinal",
    "Page",
    "Phase",
    "Queue",
    "QueueLimits",
    "Result",
    "SceneFate",
    "Status",
    "Stretch",
    "stretches",
]
