"""Processes that work through tasks, some of which are their end."""

import ctypes
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from litmus.sweeps.pool import Lost, Pool, ended_by, unforkable


@dataclass(frozen=True)
class Work:
    directory: Path
    kind: str = "answer"

    def __call__(self):
        return getattr(self, self.kind)()

    def answer(self):
        os.write(1, b"said on the way\n")
        return self.directory.name

    def process(self):
        return os.getpid()

    def fail(self):
        raise ZeroDivisionError("in the reporting")

    def unpicklable(self):
        return threading.Lock()

    def gone(self):
        os._exit(7)

    def segfault(self):
        ctypes.string_at(0)

    def kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def hang(self):
        time.sleep(600)

    def save(self):
        (self.directory / "begun").touch()
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            (self.directory / "saved").touch()
            raise


def outcomes(place: Path, kinds: list[str], size: int = 2, **arguments):
    tasks = [Work(place / str(i), kind) for i, kind in enumerate(kinds)]
    with Pool(size, forks=True, **arguments) as pool:
        found = dict(pool.run(tasks))
    return [found[i] for i in range(len(kinds))]


def test_every_task_has_its_outcome_in_its_place(tmp_path):
    assert outcomes(tmp_path, ["answer"] * 7) == [str(i) for i in range(7)]
    assert (tmp_path / "3" / "log.txt").read_text() == "said on the way\n"


def test_a_process_takes_task_after_task(tmp_path):
    assert len({*outcomes(tmp_path, ["process"] * 5, size=1)}) == 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("gone", "its process ended itself with status 7"),
        ("segfault", "its process crashed (SIGSEGV)"),
        ("kill", "its process was killed (SIGKILL): by hand, or by the system because memory ran out"),
        ("fail", "ZeroDivisionError: in the reporting"),
    ],
)
def test_the_death_of_one_is_an_outcome_and_the_others_end_well(tmp_path, kind, reason):
    assert outcomes(tmp_path, ["answer", kind, "answer", "answer"]) == ["0", Lost(reason), "2", "3"]


def test_what_cannot_be_handed_over_is_lost_and_not_waited_for(tmp_path):
    assert "cannot pickle" in outcomes(tmp_path, ["unpicklable"])[0].reason


@pytest.mark.parametrize("before", [[], ["answer"]])
def test_a_crash_leaves_its_traceback_in_the_log(tmp_path, before):
    outcomes(tmp_path, [*before, "segfault"], size=1)
    text = (tmp_path / str(len(before)) / "log.txt").read_text()
    assert "Fatal Python error: Segmentation fault" in text
    assert "in segfault" in text


def test_what_hangs_is_ended_and_its_log_says_where_it_hung(tmp_path):
    found = outcomes(tmp_path, ["hang", "answer"], timeout=0.5)
    assert found == [Lost("it had not ended after 0.5 s (sweep.job_timeout)"), "1"]
    assert "in hang" in (tmp_path / "0" / "log.txt").read_text()


def test_a_signal_lets_what_runs_save_before_it_ends(tmp_path):
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), Pool(1, forks=True) as pool:  # noqa: PT012
            pool._give(0, Work(tmp_path, "save"))
            while not (tmp_path / "begun").exists():
                time.sleep(0.01)
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (tmp_path / "saved").exists()


def test_tasks_are_made_when_it_is_their_turn(tmp_path):
    made = []

    def tasks():
        for i in range(4):
            made.append(i)
            yield Work(tmp_path / str(i))

    with Pool(1, forks=True) as pool:
        seen = [(place, len(made)) for place, _ in pool.run(tasks())]
    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_no_process_outlives_the_pool(tmp_path):
    with Pool(2, forks=True) as pool:
        list(pool.run([Work(tmp_path / str(i)) for i in range(2)]))
        processes = [worker.process for worker in pool._workers]
        assert processes
    assert not any(process.is_alive() for process in processes)


def test_a_process_with_threads_is_not_forked():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="busy")
    thread.start()
    try:
        assert "a module has started threads (" in unforkable()
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(("status", "words"), [(0, "status 0"), (-6, "SIGABRT"), (-64, "signal 64"), (None, "None")])
def test_how_a_process_ended_is_said(status, words):
    assert words in ended_by(status).replace("SIGRTMAX", "signal 64")
