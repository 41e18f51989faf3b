"""Ctrl-C and SIGTERM alike unwind what runs, so that what is open gets closed and half-written files go."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Stop(KeyboardInterrupt):  # neither Hydra nor Lightning may take it for a failure and go on
    """A signal ended a command: nothing further is started.

    Args:
        message: What was interrupted, and how to go on.
        exit_code: 128 and the signal's number.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[Any, ...]:  # launchers send it from one process to another
        return Stop, (str(self), self.exit_code)


@contextmanager
def stopped_by_signals(
    message: str = "interrupted", *, insists: bool = False, first: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Both signals raise Stop with that message; a fit has handlers of its own meanwhile.

    Args:
        message: Of Stop.
        insists: Whether the block ends in Stop, too, where code of others swallowed it or made another error of it, as
            finalizers and extensions in C do.
        first: Called before the first Stop is raised; a second signal does not wait for its end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stops: list[Stop] = []

    def stop(number: int, _frame: object) -> None:
        stops.append(Stop(message, 128 + number))
        if len(stops) == 1:
            first()
        raise stops[-1]

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except Exception as error:
        if insists and stops:
            raise stops[0] from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if insists and stops:
        raise stops[0]
