"""What is added by one file, and a YAML where a config names it, is there for every command: CONTRIBUTING's table.

The files are added to a copy of the tree, and commands are run there.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
ADDED = {
    "src/litmus/model/wide.py": '''
"""One wide hidden layer."""
from typing import Annotated, final
from annotated_types import Ge
from torch import Tensor, nn

@final
class Wide(nn.Module):
    """One wide hidden layer.

    Args:
        in_features: Values in one row; from the data.
        out_features: Outputs; from the loss.
        width: Units.
    """

    def __init__(
        self,
        *,
        in_features: Annotated[int, Ge(1)],
        out_features: Annotated[int, Ge(1)],
        width: Annotated[int, Ge(1)] = 50,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(in_features, width), nn.ReLU(), nn.Linear(width, out_features))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
''',
    "conf/model/wide.yaml": "# Wide. litmus train model=wide\n_target_: litmus.model.wide.Wide\nwidth: 40\n",
    "src/litmus/data/sources/rings.py": '''
"""Two rings."""
from dataclasses import dataclass
from typing import final
import numpy as np
import polars as pl
from litmus.data.sources.synthetic import SyntheticTable

@final
@dataclass(frozen=True, kw_only=True)
class Rings(SyntheticTable):
    """Points on one of two rings, counted by how far out they are."""

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        x1, x2 = rng.normal(size=(2, n))
        return pl.DataFrame({"x1": x1, "x2": x2, "y": rng.poisson(np.exp(0.5 + x1))})
''',
    "conf/data/rings.yaml": "# Counts. litmus train data=rings\n_target_: litmus.data.sources.rings.Rings\n",
    "src/litmus/task/count.py": '''
"""A count for each row."""
from dataclasses import dataclass
from typing import ClassVar, final
from litmus.metrics import measures
from litmus.task.base import Task

@final
@dataclass(frozen=True, kw_only=True)
class Count(Task):
    """How often something happens."""

    kind: ClassVar[str] = "count"
    order: ClassVar[int] = 45
    by_itself: ClassVar[bool] = False
    numeric: ClassVar[bool] = True
    usual_loss: ClassVar[str] = "capped"
    baseline: ClassVar[str] = "mean"
    borrowed: ClassVar[frozenset[str]] = frozenset({"mse", "rmse", "mae", "r2", "loss", "gain"})

    @classmethod
    def primary(cls, majority_share):
        return "r2"

    def decide(self, activated, threshold):
        return self.in_unit(activated), None

    def in_unit(self, target):
        return target.double() * self.spec.target_sd + self.spec.target_mean

    def prior(self, target):
        return target.double().mean().reshape(1)

    def constant(self, prior):
        return prior.double().squeeze(-1)
''',
    "conf/task/count.yaml": "# Counts. litmus train task=count\n_target_: litmus.task.count.Count\n",
    "src/litmus/loss/capped.py": '''
"""Squared error that a far row cannot rule."""
from typing import final
import torch
from litmus.loss.base import Reduction, ValueLoss

@final
class Capped(ValueLoss):
    """Squared error up to 9."""

    name = "capped"

    def compute(self, output, target, reduction):
        rows = (output.squeeze(-1) - target).square().clamp(max=9)
        return rows.mean() if reduction == "mean" else rows
''',
    "conf/loss/capped.yaml": "# Capped squared error. litmus train loss=capped\n_target_: litmus.loss.capped.Capped\n",
    "src/litmus/metrics/catalogue/markedness.py": '''
"""Markedness: how far both kinds of predictions can be relied on."""
from litmus.metrics.counts import ratio
from litmus.metrics.declaration import CLASSES, LabelMetric

MARKEDNESS = LabelMetric(
    name="markedness",
    order=17,
    label="markedness",
    meaning="Precision of either class, less the chance that they sum to.",
    tasks=CLASSES,
    low=-1.0,
    formula=lambda counts: ratio(counts.hits, counts.predicted).sum(-1) - 1,
)
''',
    "src/litmus/verdict/findings/named_rings.py": '''
"""A finding for the test."""
from litmus.verdict.context import make_finding
from litmus.verdict.diagnosis import Diagnosis

def judge(evidence, context):
    if evidence.settings.model.class_name != "Wide":
        return None
    return make_finding("named_rings", "info", "The model is wide.", overrides=("model.width=80",))

NAMED_RINGS = Diagnosis(
    name="named_rings",
    stage=70,
    about="data",
    headline="the model is wide",
    remedy="a still wider one",
    says="the model is the wide one",
    suggests="`model.width=80`",
    judge=judge,
)
''',
    "src/litmus/report/figures/width.py": '''
"""A figure for the test."""
from litmus.report import canvas
from litmus.report.plot import Plot

def draw(scene):
    host = canvas.figure(3.0, 3.0)
    canvas.axes(host, "width", "x", "y").plot([0, 1], [0, 1])
    return host

def takeaway(scene):
    return "It is wide."

PLOT = Plot(name="width", title="Width", order=999, draw=draw, applies=bool, takeaway=takeaway)
''',
    "src/litmus/commands/width.py": '''
"""`litmus width <run>`: how wide a run's model is."""
from litmus.config import RunConfig, read, to_plain
from litmus.run import Paths
from litmus.sweeps.places import find_run

def main(run: str, *, output_dir: str = "outputs") -> None:
    directory = find_run(run, output_dir=output_dir, tell=print)
    print("width", RunConfig(to_plain(read(Paths(directory).config))).value("model.width"))
''',
    "src/hydra_plugins/backward.py": '''
"""The pool's jobs, the last one first."""
from hydra_plugins.litmus_launchers import PoolLauncher

class BackwardLauncher(PoolLauncher):
    """Hands the jobs over from the last to the first."""

    def launch(self, job_overrides, initial_job_idx):
        numbers = range(initial_job_idx, initial_job_idx + len(job_overrides))
        return self.launching.launch(list(job_overrides)[::-1], list(numbers)[::-1])[::-1]
''',
    "conf/hydra/launcher/backward.yaml": "# Last first.\n_target_: hydra_plugins.backward.BackwardLauncher\n",
    "conf/experiment/wide_rings.yaml": """# @package _global_
# A wide layer counts.
# litmus train experiment=wide_rings
# expect: r2 0 to 1
# verdict: any
# time: 5 s on 2 cores
defaults:
  - override /data: rings
  - override /model: wide
  - override /task: count
trainer:
  max_epochs: 30
verdict:
  probes: "off"
""",
}
CARD = '    "card": Command('
WIDTH = '    "width": Command("<run>", "how wide", most=1, least=1, words="run"),\n'


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of the tree with one more of everything."""
    root = tmp_path_factory.mktemp("extending") / "tree"
    for folder in ("src", "conf"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in ADDED.items():
        assert not (root / name).exists()
        (root / name).write_text(text.lstrip("\n"))
    commands = root / "src/litmus/cli/commands.py"  # help reads this table without importing any command
    assert CARD in commands.read_text()
    commands.write_text(commands.read_text().replace(CARD, WIDTH + CARD, 1))
    return root


@pytest.fixture
def litmus(tree, tmp_path):
    """Runs a command of that tree; gives what it printed."""

    def run(*words: str) -> str:
        env = {**os.environ, "PYTHONPATH": str(tree / "src")}
        line = [sys.executable, "-m", "litmus", *words]
        done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_every_row_of_the_table_of_contributing_has_its_addition():
    table = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where a line belongs")[2].partition("##")[0]
    rows = re.findall(r"^\| (?:a|an) ([a-z ]+?) \|", table, re.MULTILINE)
    places = {
        "model": "src/litmus/model/",
        "data source": "src/litmus/data/sources/",
        "kind of target": "src/litmus/task/",
        "loss": "src/litmus/loss/",
        "metric": "src/litmus/metrics/catalogue/",
        "finding": "src/litmus/verdict/findings/",
        "figure": "src/litmus/report/figures/",
        "command": "src/litmus/commands/",
        "launcher": "src/hydra_plugins/",
        "experiment": "conf/experiment/",
    }
    assert rows == list(places)
    assert all(any(name.startswith(place) for name in ADDED) for place in places.values())


def test_a_model_source_kind_loss_finding_figure_experiment_and_command_are_one_file_each(litmus, tmp_path):
    out = litmus("train", "experiment=wide_rings")
    assert "-> count" in out
    (run,) = (tmp_path / "outputs" / "wide_rings").iterdir()
    evidence = json.loads((run / "evidence.json").read_text())
    assert evidence["task"]["kind"] == "count"
    assert evidence["task"]["loss"].lower() == "capped"
    assert evidence["model"]["name"] == "Wide"
    assert json.loads((run / "metrics.json").read_text())["test"]["r2"]["value"] > 0
    verdict = json.loads((run / "verdict.json").read_text())
    assert "named_rings" in [finding["name"] for finding in verdict["findings"]]
    assert "It is wide." in (run / "report.html").read_text()
    assert "width 40" in litmus("width", "last")
    assert "how wide" in litmus("--help")
    everything = litmus("train", "--help", "all")
    assert all(word in everything for word in ("model.width", "rings", "count", "capped", "wide_rings"))
    out = litmus(
        "train",
        "-m",
        "hydra/launcher=backward",
        "data=rings",
        "task=count",
        "model.hidden=[3],[4]",
        "trainer.max_epochs=1",
    )
    assert "2" in out
    (board,) = (tmp_path / "outputs").rglob("leaderboard.csv")
    assert len(board.read_text().splitlines()) == 3


def test_a_metric_is_one_file(litmus, tmp_path):
    words = ["data=breast_cancer", "trainer.max_epochs=3", "verdict.probes=off", "criteria.markedness=0.6"]
    out = litmus("train", *words, "monitor=val/markedness")
    assert "markedness" in out
    (run,) = (tmp_path / "outputs" / "breast_cancer_mlp").iterdir()
    score = json.loads((run / "metrics.json").read_text())["test"]["markedness"]
    assert score["low"] < score["value"] < score["high"]
    with (run / "history.csv").open() as file:
        assert {"train/markedness", "val/markedness"} <= set(next(csv.reader(file)))
    criteria = {one["name"]: one for one in json.loads((run / "verdict.json").read_text())["criteria"]}
    assert criteria["markedness"]["votes"]
    assert "markedness" in litmus("judge", "last", "criteria.markedness=0.9")
    assert "markedness" in litmus("compare", "outputs")  # by which it was monitored
