"""Jobs that no signal reaches are asked to stop, waited for, and what their launcher started is ended."""

import subprocess
import sys
import time

import pytest

from litmus.disk import locked
from litmus.sweeps import orphans
from litmus.sweeps.orphans import ask_jobs, asked, take_back

# works in a run's folder until its sweep is to stop
JOB = """
import sys, time
from pathlib import Path
from litmus.disk import locked
from litmus.sweeps import orphans
from litmus.sweeps.orphans import asked
run = Path(sys.argv[1])
with locked(run):
    (run / "config.yaml").touch()
    while not asked(run.parent):
        time.sleep(0.02)
    (run / "saved").touch()
"""
MAIN = """
import subprocess, sys
from litmus.sweeps.orphans import end_descendants
inner = "import time; print('begun', flush=True); time.sleep(100)"
outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
with subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE) as launcher:
    assert launcher.stdout.readline() == b"begun\\n"
    end_descendants()
    assert launcher.wait(timeout=50) == -9
    assert launcher.stdout.read() == b""  # which waits for the one below it, too
"""


@pytest.fixture
def run(tmp_path):
    place = tmp_path / "0_seed=1"
    place.mkdir()
    return place


def test_a_job_is_asked_and_waited_for(run):
    with subprocess.Popen([sys.executable, "-c", JOB, str(run)]) as job:
        while not (run / "config.yaml").exists():
            assert job.poll() is None
            time.sleep(0.02)
        assert not asked(run.parent)
        ask_jobs(run.parent, grace=60)
        assert (run / "saved").exists()
        assert asked(run.parent)
    take_back(run.parent)
    take_back(run.parent)
    assert not asked(run.parent)


def test_a_job_that_does_not_end_is_not_waited_for_for_ever(run):
    (run / "config.yaml").touch()
    began = time.monotonic()
    with locked(run):
        ask_jobs(run.parent, grace=0.3)
    assert 0.3 <= time.monotonic() - began < 300


def test_what_a_launcher_has_started_is_killed_with_it():
    subprocess.run([sys.executable, "-c", MAIN], check=True, timeout=60)


def test_what_starts_another_process_while_it_is_looked_for_is_killed_with_that_one(monkeypatch):
    seen = iter([[10, 11], [10, 11, 12], [10, 11, 12]])
    sent = []
    monkeypatch.setattr(orphans, "_descendants", lambda: iter(next(seen)))
    monkeypatch.setattr(orphans.os, "kill", lambda process, number: sent.append((number.name, process)))
    orphans.end_descendants()
    assert [process for name, process in sent if name == "SIGKILL"] == [10, 11, 12]
    halted = [process for name, process in sent if name == "SIGSTOP"]
    assert sorted(halted) == [10, 11, 12]
    assert sent[: len(halted)] == [("SIGSTOP", process) for process in halted]  # before any is killed
