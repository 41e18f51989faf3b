"""Processes that work through a list of tasks; the death of one is an outcome like any other.

A process is forked from a parent that has loaded everything and computed nothing, or spawned where that cannot be. It
takes task after task until it dies, hangs or is no longer needed; another one takes its place. Each is the leader of a
process group of its own, so that Ctrl-C reaches the parent alone, which then asks them to save what they have.
"""

import ctypes
import faulthandler
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, final

GRACE = 20.0  # seconds for saving after a signal
TICK = 1.0  # seconds of waiting at a time: what interrupts a worker of Ray wakes no system call
DUMP = 1.0  # seconds between the traceback of a job that hangs and its end
BEGUN = b""  # what a worker sends before a task's outcome, once it has loaded what it needs
EXPENDABLE = "500"  # what the kernel adds to a worker's claim to be ended first where memory is short
PR_SET_PDEATHSIG = 1
_worker = False  # whether this process is one


class Task(Protocol):
    """One piece of work, which can be pickled."""

    @property
    def directory(self) -> Path:
        """Where its log.txt is."""
        ...

    def __call__(self) -> Any: ...


@final
@dataclass(frozen=True)
class Lost:
    """The outcome of a task whose process did not live to tell it: why."""

    reason: str


class Workers(Protocol):
    """What runs tasks, within its block."""

    @property
    def width(self) -> int:
        """Tasks at a time, within the block."""
        ...

    def __enter__(self) -> Any: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[int, Any]]:
        """Each task's place and outcome, as they end; Lost where its process died."""
        ...


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    place: int = -1
    deadline: float | None = None


def is_worker() -> bool:
    """Whether this process is one of a pool's."""
    return _worker


def unforkable() -> str:
    """Why this process cannot be forked safely; "" if it can."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return "this system does not fork safely"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA is initialised already"
    ray = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        return "Ray runs in this process"
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        return f"a module has started threads ({', '.join(others[:3])})"
    if any(name.startswith("polars-") and name[7:].isdigit() for name in _native_threads()):
        return "a module has used polars, whose threads a fork would lose"
    return ""


def _native_threads() -> list[str]:
    names = []
    for file in Path("/proc/self/task").glob("*/comm"):
        with suppress(OSError):  # it has ended meanwhile
            names.append(file.read_text(encoding="utf-8").strip())
    return names


@final
class Pool:
    """Processes that work; leave its block to end them.

    Args:
        size: How many at most.
        forks: Whether they are forked; else spawned.
        timeout: Seconds that a task may take; None: any.
        prepare: Called in each process before its first task.
    """

    def __init__(
        self, size: int, *, forks: bool, timeout: float | None = None, prepare: Callable[[], None] | None = None
    ) -> None:
        self.width, self._timeout, self._prepare = size, timeout, prepare
        self._context = multiprocessing.get_context("fork" if forks else "spawn")
        self._workers: list[_Worker] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        grace = GRACE if isinstance(error, KeyboardInterrupt) else 0.0
        for worker in self._workers:
            if grace and worker.place >= 0:
                worker.process.terminate()
            elif worker.place >= 0:
                worker.process.kill()
            worker.connection.close()  # whoever waits for a task ends by itself
        end = time.monotonic() + grace
        try:
            for worker in self._workers:
                worker.process.join(max(0.0, end - time.monotonic()) + DUMP)
        finally:  # a second signal wants no further waiting
            for worker in self._workers:
                if worker.process.is_alive():
                    worker.process.kill()
                worker.process.join()
            self._workers.clear()

    def run(self, tasks: Iterable[Task], look: Callable[[], None] = lambda: None) -> Iterator[tuple[int, Any]]:
        """Each task's place and outcome, as they end; Lost where its process died. A task is made at its turn.

        `look` is called at least every TICK seconds; what it raises ends this.
        """
        source = iter(enumerate(tasks))
        over = False
        while True:
            while not over and self._busy() < self.width:
                following = next(source, None)
                if following is None:
                    over = True
                    break
                self._give(*following)
            if over and not self._busy():
                return
            look()
            yield from self._ended()

    def _busy(self) -> int:
        return sum(worker.place >= 0 for worker in self._workers)

    def _give(self, place: int, task: Task) -> None:
        while True:
            worker = next((worker for worker in self._workers if worker.place < 0), None) or self._start()
            try:
                worker.connection.send((task, self._timeout))
            except OSError:  # it has died since its last task: another one takes this one
                self._bury(worker)
                continue
            worker.place = place
            return

    def _start(self) -> _Worker:
        here, there = self._context.Pipe()
        parents = [worker.connection for worker in self._workers] + [here]
        inherited = parents if self._context.get_start_method() == "fork" else []
        process = self._context.Process(  # type: ignore[attr-defined]  # both contexts have it
            target=_work, args=(there, inherited, os.getpid(), self._prepare), daemon=False
        )
        process.start()
        there.close()
        worker = _Worker(process, here)
        self._workers.append(worker)
        return worker

    def _ended(self) -> Iterator[tuple[int, Any]]:
        """Outcomes that have come, after waiting for one, for a deadline, or for a moment."""
        busy = [worker for worker in self._workers if worker.place >= 0]
        deadlines = [worker.deadline for worker in busy if worker.deadline is not None]
        patience = min([TICK, *(max(0.0, deadline - time.monotonic()) for deadline in deadlines)])
        ready = wait([worker.connection for worker in busy], patience)
        for worker in busy:
            place = worker.place
            if worker.connection in ready:
                try:
                    message = worker.connection.recv_bytes()
                    if message == BEGUN:
                        worker.deadline = None if self._timeout is None else time.monotonic() + self._timeout + DUMP
                        continue
                    outcome = pickle.loads(message)  # noqa: S301  # our own child's
                except (EOFError, OSError):
                    outcome = Lost(self._bury(worker))
                worker.place, worker.deadline = -1, None
                yield place, outcome
            elif worker.deadline is not None and time.monotonic() >= worker.deadline:
                worker.process.kill()
                self._bury(worker)
                yield place, Lost(f"it had not ended after {self._timeout:g} s (sweep.job_timeout)")

    def _bury(self, worker: _Worker) -> str:
        """Forgets a worker that is dead; says how it died."""
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)
        return ended_by(worker.process.exitcode)


def ended_by(status: int | None) -> str:
    """How a process ended, in words."""
    if status is None or status >= 0:
        return f"its process ended itself with status {status}"
    if status == -signal.SIGKILL:
        return "its process was killed (SIGKILL): by hand, or by the system because memory ran out"
    with suppress(ValueError):
        return f"its process crashed ({signal.Signals(-status).name})"
    return f"its process was ended by signal {-status}"


def _work(connection: Connection, inherited: list[Connection], parent: int, prepare: Callable[[], None] | None) -> None:
    """A worker's life."""
    for other in inherited:  # whose ends would otherwise stay open when the parent has gone
        other.close()
    with suppress(KeyboardInterrupt, EOFError, OSError):
        _stand_apart(parent)
        if prepare is not None:
            prepare()
        while True:
            task, timeout = connection.recv()
            connection.send_bytes(BEGUN)
            with _into(task.directory / "log.txt"):
                if timeout is not None:
                    faulthandler.dump_traceback_later(timeout, file=2)
                try:
                    outcome = pickle.dumps(task())
                except (Exception, SystemExit) as error:  # noqa: BLE001  # a task reports its own failures: this one is in reporting
                    traceback.print_exc()
                    outcome = pickle.dumps(Lost(f"{type(error).__name__}: {error}"))
                finally:
                    faulthandler.cancel_dump_traceback_later()
            connection.send_bytes(outcome)
    connection.close()
    os._exit(0)  # what the parent had registered for its own end is none of ours


def _stand_apart(parent: int) -> None:
    """Leaves the terminal to the parent, and ends with it."""
    global _worker  # noqa: PLW0603  # true of the process
    _worker = True
    with suppress(OSError):
        os.setpgid(0, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(EXPENDABLE, encoding="utf-8")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it has died meanwhile
        os._exit(1)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what the parent does at a signal is none of ours
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    sys.stdout, sys.stderr = (open(number, "w", buffering=1, encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115


class _into:  # noqa: N801  # a block, as in contextlib
    """All that is printed goes into a file, the traceback of a crash in C too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        _point_at(file)
        os.close(file)
        faulthandler.disable()  # Lightning takes its handlers away at the end of a fit, which it does not notice
        faulthandler.enable(file=2)

    def __exit__(self, *_: object) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        _point_at(nowhere)
        os.close(nowhere)


def _point_at(file: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
