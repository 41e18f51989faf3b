"""A training that only takes notes, and a leaderboard that is only asked for."""

import importlib
import json
import sys
import types

import pytest
from omegaconf import OmegaConf

from litmus import commands


class Notes:
    """Stands in for `litmus.train`: remembers what it was given, and does what a test tells it to."""

    def __init__(self):
        self.seen = []
        self.act = lambda cfg: None

    def main(self, cfg, *, directory, command=(), job=False):
        self.seen.append(
            types.SimpleNamespace(
                cfg=OmegaConf.create(OmegaConf.to_container(cfg)), directory=directory, command=command, job=job
            )
        )
        self.act(cfg)
        OmegaConf.save(cfg, directory / "config.yaml")
        (directory / "status.json").write_text(json.dumps({"status": "finished"}))
        return 0.25


class JobsHere:
    """Stands in for `litmus.sweeps.launching.Jobs`: runs them in this process, one after another."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, jobs):
        return [job() for job in jobs]


@pytest.fixture
def train(monkeypatch):
    """A training that only takes notes."""
    importlib.import_module("litmus.commands.compare")  # which takes more of litmus.train than the notes have

    def run_here(job, *_):
        with monkeypatch.context() as inside:
            inside.setattr("litmus.cli.job.is_worker", lambda: True)
            return job.function(job.cfg)

    # or the jobs of sweeps would be noted in other processes
    monkeypatch.setattr("litmus.sweeps.launching.run_apart", run_here)
    monkeypatch.setattr("litmus.cli.resume.Jobs", JobsHere)
    notes = Notes()
    module = types.ModuleType("litmus.commands.train")
    module.main = notes.main
    monkeypatch.setattr(commands, "train", module, raising=False)
    monkeypatch.setitem(sys.modules, "litmus.commands.train", module)
    return notes


@pytest.fixture
def compared(monkeypatch):
    """What `litmus compare` was asked to show at the end of a sweep."""
    asked = []

    def conclude(place, *, test):
        asked.append(place)

    monkeypatch.setattr("litmus.commands.compare.conclude", conclude)
    return asked
