"""Interleaved measurements: A B A B ..., processor and wall time, medians with their range."""

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final


@final
@dataclass(frozen=True)
class Once:
    """One measurement.

    Args:
        cpu: Processor seconds, of all threads.
        wall: Seconds.
        peak: Largest resident memory in MB, of a process; 0 inside this one.
        result: What the measured function gave.
    """

    cpu: float
    wall: float
    peak: float = 0.0
    result: Any = None


@final
@dataclass(frozen=True)
class Span:
    """Median, least and largest of several values."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> "Span":
        return Span(statistics.median(values), min(values), max(values))


Contender = Callable[[], Once]
Runs = dict[str, list[Once]]


def inside(function: Callable[[], Any], *, threads: int | None = None) -> Contender:
    """Measures a function in this process, after collecting garbage; `threads` as torch is told before each call."""

    def measure() -> Once:
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        result = function()
        return Once(time.process_time() - cpu, time.perf_counter() - wall, result=result)

    return measure


def process(*words: str, directory: Path) -> Contender:
    """Measures a whole process of this Python, started in `directory`; its output goes to a file there.

    Raises:
        RuntimeError: It did not end with status 0.
    """

    def measure() -> Once:
        log = directory / "process.log"
        mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 1, str(log), mode, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        here = Path.cwd()
        os.chdir(directory)
        wall = time.perf_counter()
        try:
            number = os.posix_spawn(sys.executable, [sys.executable, *words], os.environ, file_actions=actions)
        finally:
            os.chdir(here)
        _, status, used = os.wait4(number, 0)
        wall = time.perf_counter() - wall
        text = log.read_text(encoding="utf-8", errors="replace")
        if status:
            raise RuntimeError(f"{' '.join(words)[:100]} failed:\n{text[-2000:]}")
        return Once(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, text)

    return measure


def interleave(contenders: Mapping[str, Contender], *, rounds: int, warm: bool = True) -> Runs:
    """Every contender once a round, in turn; `warm` adds a first round that does not count."""
    runs: Runs = {name: [] for name in contenders}
    for turn in range(-1 if warm else 0, rounds):
        for name, measure in contenders.items():
            once = measure()
            if turn >= 0:
                runs[name].append(once)
    return runs


def ratio(runs: Runs, name: str, to: str, *, of: str = "cpu") -> Span:
    """`name` divided by `to` in each round."""
    return Span.of([getattr(a, of) / getattr(b, of) for a, b in zip(runs[name], runs[to], strict=True)])


def span(runs: Runs, name: str, *, of: str = "cpu") -> Span:
    return Span.of([getattr(one, of) for one in runs[name]])
