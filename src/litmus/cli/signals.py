"""Ctrl-C and SIGTERM alike unwind what runs, so that what is open gets closed and half-written files go."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop(KeyboardInterrupt):  # neither Hydra nor Lightning may take it for a failure and go on
    """A signal ended a command: nothing further is started.

    Args:
        message: What was interrupted, and how to go on.
        exit_code: 128 and the signal's number.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@contextmanager
def stopped_by_signals(message: str = "interrupted") -> Iterator[None]:
    """Both signals raise Stop with that message; a fit has handlers of its own meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: object) -> None:
        raise Stop(message, 128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
