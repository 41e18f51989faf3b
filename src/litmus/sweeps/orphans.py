"""Jobs in processes of launchers that pass no signal on: they are asked to stop, and what is left of them is ended.

They are asked by a file in the sweep's folder, which the process above each job looks for: every job gets one signal,
from one process, whether or not the terminal has told that process too.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from litmus.disk import holder
from litmus.sweeps.pool import GRACE, TICK
from litmus.sweeps.records import runs_below

ASKED = ".stopped"
PAUSE = 0.1  # seconds


def ask_jobs(sweep: Path, *, grace: float = GRACE + TICK) -> None:
    """Asks the jobs of a sweep to save what they have and begin no other, and waits until none is at work.

    Args:
        sweep: Its directory: whoever trains in it holds the lock on the run.
        grace: Seconds to wait at most.
    """
    (sweep / ASKED).touch()
    end = time.monotonic() + grace
    while any(holder(run) is not None for run in runs_below(sweep)) and time.monotonic() < end:
        time.sleep(PAUSE)


def asked(sweep: Path) -> bool:
    """Whether the jobs of a sweep are to stop."""
    return (sweep / ASKED).exists()


def take_back(sweep: Path) -> None:
    """Lets the jobs of a sweep begin again."""
    (sweep / ASKED).unlink(missing_ok=True)


def end_descendants() -> None:
    """Kills whatever this process has started.

    They are halted first, until no other one is seen: what was killed at sight could have started another before.
    """
    halted: set[int] = set()
    while more := {*_descendants()} - halted:
        _send(more, signal.SIGSTOP)
        halted |= more
    _send(halted, signal.SIGKILL)


def _send(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
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
