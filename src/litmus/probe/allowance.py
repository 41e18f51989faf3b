"""The time that trials may take, counted as work, so that a busy machine changes no verdict."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import final

PATIENCE = 3.0
"""How many times as long, on the clock on the wall, the same work may take where other programs share the machine."""


@final
class Allowance:
    """Seconds that the thread which made it may work; any thread may ask what is left.

    Args:
        seconds: Of processor time of that thread; on the clock at most `PATIENCE` times as long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._worked = _clock_of_this_thread()
        self._began, self._started = self._worked(), time.monotonic()

    @property
    def left(self) -> float:
        """Seconds of work that are left, below 0 when it is used up."""
        worked, passed = self._worked() - self._began, time.monotonic() - self._started
        return self.seconds - max(worked, passed / PATIENCE)

    def extend(self, seconds: float) -> None:
        """Adds to it."""
        self.seconds += seconds


def _clock_of_this_thread() -> Callable[[], float]:
    """Processor time of the calling thread, readable from others; on macOS, which has no such clock, the wall's."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    return partial(time.clock_gettime, time.pthread_getcpuclockid(threading.get_ident()))
