"""How far a sweep is: one line that is redrawn on a terminal, a line a job elsewhere."""

import math
import time
from collections.abc import Sequence
from typing import final

from litmus.metrics import lower_is_better
from litmus.report.phrases import clean, number
from litmus.report.terminal import Terminal


@final
class Progress:
    """Counts jobs as they end.

    Args:
        total: How many there will be.
        monitor: Name of the value that they return.
        terminal: Where to.
    """

    def __init__(self, total: int, monitor: str, terminal: Terminal | None = None) -> None:
        self._terminal = terminal or Terminal()
        self._total, self._monitor = total, monitor
        self._sign = 1.0 if lower_is_better(monitor) else -1.0
        self._done = self._failed = 0
        self._best: tuple[float, str] | None = None
        self._began = time.monotonic()

    def begin(self) -> None:
        """Before the first job has ended."""
        if self._terminal.live:
            self._terminal.passing(f"job 1/{self._total}")

    def ended(self, name: str, settings: Sequence[str], value: float | None, failure: str = "") -> None:
        """Takes the outcome of a job.

        Args:
            name: Of its folder.
            settings: What it varies, as `lr=0.1`.
            value: Of the monitor; None if there is none.
            failure: Why it failed; "" if it did not.
        """
        self._done += 1
        if failure:
            self._failed += 1
            self._terminal.line(f"{name}  failed: {failure}", "red")
        elif value is not None:
            if math.isfinite(value) and (self._best is None or self._sign * value < self._sign * self._best[0]):
                self._best = (value, " ".join(settings))
            if not self._terminal.live:
                self._terminal.line(f"{name}  {self._monitor} {value:.4g}")
        if self._terminal.live:
            self._terminal.passing(self.text())

    def close(self) -> None:
        """Takes the line away."""
        self._terminal.wipe()

    def say(self, text: str) -> None:
        """A line about the sweep itself."""
        self._terminal.line(text)

    def text(self) -> str:
        """The line: `job 17/60 · best 0.0216 (lr=.01 hidden=[50]) · 2 failed · 40 s left`."""
        parts = [f"job {min(self._done + 1, self._total)}/{self._total}"]
        if self._best is not None:
            where = f" ({clean(self._best[1], 60)})" if self._best[1] else ""
            parts.append(f"best {number(self._best[0], 4)}{where}")
        if self._failed:
            parts.append(f"{self._failed} failed")
        rest = (time.monotonic() - self._began) / max(self._done, 1) * (self._total - self._done)
        parts.append(f"{rest / 60:.0f} min left" if rest >= 600 else f"{rest:.0f} s left")
        return " · ".join(parts)
