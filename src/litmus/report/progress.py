"""One line that says how far a training is: redrawn in place on a terminal, now and then on a new line elsewhere."""

import math
import time
from typing import final

from litmus.report.phrases import metric, number
from litmus.report.terminal import Terminal

LIVE_SECONDS = 0.1
PIPED_SECONDS = 5.0


@final
class Progress:
    """A sink of curves that shows the last epoch; costs a clock reading for each epoch that it does not show.

    Args:
        terminal: Where to.
        monitor: Name of the monitored value, such as `val/loss`.
        lower_is_better: Which way is good.
    """

    def __init__(self, terminal: Terminal, monitor: str, *, lower_is_better: bool = True) -> None:
        self._terminal, self._name = terminal, monitor
        self._sign = 1.0 if lower_is_better else -1.0
        self._every = LIVE_SECONDS if terminal.live else PIPED_SECONDS
        self.start(None)

    def start(self, total_epochs: int | None) -> None:
        """Begins a training of at most `total_epochs`; None: unknown."""
        self._total = total_epochs if total_epochs is not None and total_epochs > 0 else None
        self._best = math.inf
        self._best_epoch: int | None = None
        self._first: int | None = None
        self._began = time.monotonic()
        self._due = self._began + (0.0 if self._terminal.live else self._every)

    def update(self, epoch: int, monitor: float, loss: float) -> None:
        """Takes the epoch just done, counted from 0; the monitored value and the training loss may be NaN."""
        if self._first is None:
            self._first = epoch
        if self._sign * monitor < self._best:
            self._best, self._best_epoch = self._sign * monitor, epoch
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._every
            self._terminal.passing(self._text(epoch, monitor, loss, now))

    def write(self, rows: list[dict[str, float]]) -> None:
        """Takes settled epochs, which `update` has told already."""

    def stop(self) -> None:
        """Wipes the line from a terminal."""
        self._terminal.wipe()

    def _text(self, epoch: int, monitor: float, loss: float, now: float) -> str:
        of = f"/{self._total}" if self._total else ""
        parts = [f"{epoch + 1}{of} epochs", f"train loss {number(loss)}"]
        if self._name != "train/loss":
            split, _, name = self._name.partition("/")
            parts.append(f"{split} {metric(name) if name else ''} {number(monitor)}".replace("  ", " "))
        if self._best_epoch is not None:
            parts.append(f"best {number(self._sign * self._best)} at {self._best_epoch}")
        done = epoch + 1 - (self._first or 0)
        if self._total and done > 1:
            left = (now - self._began) / done * max(self._total - epoch - 1, 0)
            parts.append(f"{duration(left)} left")
        return "  ".join(parts)


def duration(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
