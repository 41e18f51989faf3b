"""What a sweep's processes are given before they are forked, and how many there are."""

import importlib.util
import os
import signal
import time

import pytest
from omegaconf import OmegaConf

from litmus.sweeps.launching import EARLY, processes, run_apart
from litmus.sweeps.settings import Settings


def test_what_is_loaded_early_exists():
    assert [name for name in EARLY if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize(
    ("parallel", "gpu", "accelerator", "count"),
    [(3, True, "auto", 3), ("auto", True, "auto", 1), ("auto", True, "cpu", None), ("auto", False, "auto", None)],
)
def test_jobs_share_cores_and_no_gpu_unless_they_are_asked_to(monkeypatch, parallel, gpu, accelerator, count):
    monkeypatch.setattr("litmus.sweeps.launching._has_gpu", lambda: gpu)
    config = OmegaConf.create({"trainer": {"accelerator": accelerator}})
    assert processes(Settings(parallel=parallel), config) == (count or len(os.sched_getaffinity(0)))


@pytest.fixture
def _own_processes(monkeypatch):
    """Processes forked for the test: those kept of other tests may load anew, and do not know its classes."""
    monkeypatch.setattr("litmus.sweeps.launching._prepare", lambda: "")
    monkeypatch.setattr("litmus.sweeps.launching._kept", {})


@pytest.mark.usefixtures("_own_processes")
def test_a_job_of_another_launcher_runs_in_another_process_and_its_death_is_its_own(tmp_path):
    killed = run_apart(Begun(tmp_path / "a", death=signal.SIGKILL), None)
    assert killed == "noted: its process was killed (SIGKILL): by hand, or by the system because memory ran out"
    assert run_apart(Begun(tmp_path / "b"), None) not in {os.getpid(), None}
    assert (
        run_apart(Begun(tmp_path / "c", seconds=60), 0.5) == "noted: it had not ended after 0.5 s (sweep.job_timeout)"
    )


@pytest.mark.usefixtures("_own_processes")
def test_a_job_of_another_launcher_that_is_to_stop_saves_before_it_ends(tmp_path):
    job = Begun(tmp_path / "a", seconds=60)

    def look():
        if (tmp_path / "a" / "begun").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_apart(job, None, look)
    assert (tmp_path / "a" / "saved").exists()


class Begun:
    """Stands for a BegunJob, and for its function."""

    def __init__(self, directory, *, death=None, seconds=0.0):
        self.directory, self.death, self.seconds = directory, death, seconds
        self.cfg = None
        directory.mkdir()

    @property
    def function(self):
        return self

    def __call__(self):
        if self.death:
            os.kill(os.getpid(), self.death)
        (self.directory / "begun").touch()
        try:
            time.sleep(self.seconds)
        except KeyboardInterrupt:
            (self.directory / "saved").touch()
            raise
        return os.getpid()

    def lost(self, cfg, directory, reason):
        return f"noted: {reason}"
