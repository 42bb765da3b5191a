"""A spare process from which the server that forks a run's workers begins, its imports done.

A run with several workers has threads when it begins them, so Python's server with one thread does
the forking. From nothing that server imports for more than a second. A process that `tests.starts`
has forked still has a single thread: there a child of it is set aside that becomes the server when
the run asks for one, with its folder, environment, umask, resource limits and file descriptors as
they are by then. How the server begins from nothing is tested by all runs that are started as
people start them.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import socket
from collections.abc import Sequence
from multiprocessing import util
from pathlib import Path
from typing import Any, NoReturn

_LONGEST = 1 << 20
_MOST = 16
_BEYOND = 512
_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
_SERVER = "from multiprocessing.forkserver import main"


def set_aside(unwanted: Sequence[int]) -> None:
    """Have this process's first server of workers begin from a child that is forked now.

    `unwanted`: file descriptors that the child closes, as a server begun from nothing would not
    have them.
    """
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the child, as the server has it
    pid = os.fork()
    if pid == 0:
        mine.close()
        for each in unwanted:
            os.close(each)
        _wait_for_order(theirs)
    signal.signal(signal.SIGINT, before)
    theirs.close()
    from_nothing = util.spawnv_passfds
    unused = [mine]

    def begin(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
        command = str(args[-1])
        if not unused or not command.startswith(_SERVER):
            return int(from_nothing(path, args, passfds))
        order = {
            "command": command,
            "environment": dict(os.environ),
            "folder": os.fspath(Path.cwd()),
            "umask": _umask(),
            "limits": {each: resource.getrlimit(each) for each in _LIMITS},
            "numbers": list(passfds),
        }
        with unused.pop() as channel:
            socket.send_fds(channel, [json.dumps(order).encode()], list(passfds))
        return pid

    util.spawnv_passfds = begin


def keep(numbers: Sequence[int], given: Sequence[int]) -> None:
    """Have file descriptors under their numbers in another process, which others may have here."""
    beyond = [fcntl.fcntl(each, fcntl.F_DUPFD, _BEYOND) for each in given]
    for each in given:
        os.close(each)
    for number, each in zip(numbers, beyond, strict=True):
        os.dup2(each, number)
        os.close(each)


def _umask() -> int:
    """Read where it need not be changed for it, as other threads may be writing."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("Umask:")[2].split()[0], 8)


def _wait_for_order(channel: socket.socket) -> NoReturn:
    """Become the server, or end with the run that never asked for one."""
    content, given, _, _ = socket.recv_fds(channel, _LONGEST, _MOST)
    channel.close()
    if not content:
        os._exit(0)
    order = json.loads(content)
    os.chdir(order["folder"])
    os.umask(order["umask"])
    for each, limit in order["limits"].items():
        resource.setrlimit(int(each), tuple(limit))
    os.environ.clear()
    os.environ.update(order["environment"])
    keep(order["numbers"], given)
    code = 1
    try:
        exec(order["command"], {"__name__": "__main__"})  # a line of Python's own module
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        os._exit(code)
