"""A training that only takes notes, and a leaderboard that is only asked for."""

import json
import sys
import types

import pytest
from omegaconf import OmegaConf

import litmus


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


@pytest.fixture
def train(monkeypatch):
    """A training that only takes notes."""
    notes = Notes()
    module = types.ModuleType("litmus.train")
    module.main = notes.main
    monkeypatch.setitem(vars(litmus), "train", module)
    monkeypatch.setitem(sys.modules, "litmus.train", module)
    return notes


@pytest.fixture
def compared(monkeypatch):
    """What `litmus compare` was asked to show at the end of a sweep."""
    asked = []

    def conclude(place, *, test):
        asked.append(place)

    monkeypatch.setattr("litmus.compare.conclude", conclude)
    return asked
