"""Jobs that a launcher of others would leave running, as processes of their own, when its sweep is stopped."""

import os
import platform
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from litmus.disk import holder
from litmus.sweeps.pool import GRACE
from litmus.sweeps.records import runs_below

PAUSE = 0.1  # seconds


def end_jobs(sweep: Path, *, grace: float = GRACE) -> None:
    """Asks the jobs of a sweep to save what they have, and ends whatever this process has started.

    Args:
        sweep: Its directory: whoever trains in it holds the lock on the run.
        grace: Seconds until those that have not ended are killed; jobs that are only beginning are asked as they do.
    """
    end = time.monotonic() + grace
    asked: set[int] = set()
    while (left := {*_working(sweep), *_descendants()}) and time.monotonic() < end:
        for process in set(_working(sweep)) - asked:
            _send(process, signal.SIGTERM)
            asked.add(process)
        time.sleep(PAUSE)
    for process in left:
        _send(process, signal.SIGKILL)


def _working(sweep: Path) -> Iterator[int]:
    """Processes of this machine that hold a job of the sweep, whose own lock this process holds."""
    for run in runs_below(sweep):
        known = holder(run)
        if known and known.get("host") == platform.node():
            yield int(known["pid"])


def _send(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def _descendants() -> Iterator[int]:
    """Processes that this one or its descendants have started and that still run; none where there is no /proc."""
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
            name, _, rest = file.read_text(encoding="utf-8", errors="replace").rpartition(")")
            state, parent = rest.split()[:2]
            if state != "Z":
                parents[int(name.split()[0])] = int(parent)
    found = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in found} - found:
        yield from more
        found |= more
