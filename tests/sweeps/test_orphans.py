"""Jobs that outlive their launcher are asked to save, and ended."""

import subprocess
import sys
import time

# a process that has started another one, which works in a run's folder and saves when it is asked to
JOB = """
import signal, sys, time
from pathlib import Path
from litmus.disk import locked
run = Path(sys.argv[1])
with locked(run):
    (run / "config.yaml").touch()
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        (run / "begun").touch()
        time.sleep(100)
    except KeyboardInterrupt:
        (run / "saved").touch()
"""
LAUNCHER = "import subprocess, sys, time; subprocess.run([sys.executable, '-c', *sys.argv[1:]]); time.sleep(100)"
MAIN = """
import subprocess, sys, time
from pathlib import Path
from litmus.sweeps.orphans import end_jobs
run = Path(sys.argv[3])
end_jobs(run.parent, grace=60)  # nothing runs, so nobody waits
with subprocess.Popen([sys.executable, "-c", *sys.argv[1:]]) as launcher:
    while not (run / "begun").exists():
        assert launcher.poll() is None
        time.sleep(0.02)
    end_jobs(run.parent, grace=2)
    assert launcher.wait(timeout=5) == -9
"""


def test_a_job_saves_and_what_started_it_is_killed(tmp_path):
    run = tmp_path / "0_seed=1"
    run.mkdir()
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", MAIN, LAUNCHER, JOB, str(run)], check=True)
    assert (run / "saved").exists()
    assert time.monotonic() - began < 40
