"""Configs of earlier releases name classes where they stood then."""

import pytest

from litmus.config import make, read, target
from litmus.config.moved import MOVED
from litmus.data.sources.bundled import Iris
from litmus.data.sources.table_files import CSV

STORED = """
seed: 42
data:
  _target_: litmus.data.csv.CSV
  path: flowers.csv
  target: species
  batch_size: 16
model:
  _target_: litmus.model.mlp.MLP
"""


@pytest.mark.parametrize("name", MOVED)
def test_every_released_name_still_means_its_class(name):
    found = target(name)
    assert f"{found.__module__}.{found.__qualname__}" == MOVED[name]


def test_a_stored_config_of_the_last_release_builds_its_source(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(STORED)
    assert make(read(file)["data"]) == CSV(path="flowers.csv", target="species", batch_size=16)


def test_a_config_in_a_checkpoint_of_the_last_release_builds_its_source():
    assert make({"_target_": "litmus.data.iris.Iris", "val_fraction": 0.3}, "data") == Iris(val_fraction=0.3)
