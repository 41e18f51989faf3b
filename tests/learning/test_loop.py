"""The lean loop against Lightning's own: the same parameters to the bit, whatever the settings."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook

from litmus.data.base import Origin, Preprocess, Rows, Source
from litmus.data.module import DataModule
from litmus.errors import InterruptedRun
from litmus.learning.loop import LeanFitLoop
from litmus.run import Run

ROWS = 130  # 78 for training: batches of 16 leave a ragged one of 14


class Numbers(Preprocess):
    """Columns as they are."""

    input = "table"
    features = ("a", "b", "c")
    cardinalities = ()
    vocab_size = None

    def encode(self, rows: Rows) -> Tensor:
        return torch.tensor(rows.inputs.to_numpy(), dtype=torch.float32)

    def read(self, path: str, *, labelled: bool) -> Rows:
        raise NotImplementedError

    def state(self) -> dict:
        return {"kind": "numbers"}

    @classmethod
    def restore(cls, state) -> "Numbers":
        return cls()


@dataclass(frozen=True, kw_only=True)
class Made(Source):
    """Three numbers and a target that depends on them."""

    kind: str = "binary"
    weighted: bool = False

    def read(self) -> Rows:
        draw = np.random.default_rng(0)
        x = draw.normal(size=(ROWS, 3))
        score = x @ [1.0, -2.0, 0.5] + draw.normal(size=ROWS)
        target = {"binary": (score > 0).astype(int), "multiclass": np.digitize(score, [-1, 1]), "regression": score}
        return Rows(
            inputs=pl.DataFrame(x, schema=list("abc")),
            target=pl.Series("y", target[self.kind]),
            numbers=np.arange(ROWS),
            origin=Origin(path="made", sha256="0", rows=ROWS),
            weight=draw.uniform(0.5, 2, ROWS) if self.weighted else None,
        )

    def fit(self, train: Rows) -> Preprocess:
        return Numbers()


def config(loop: str, **changes) -> dict:
    """A config of plain types; `changes` are group names with keys to set."""
    base = {
        "seed": 3,
        "monitor": "val/loss",
        "model": {"_target_": "litmus.model.mlp.MLP", "hidden": [8]},
        "task": {"_target_": "litmus.task.auto"},
        "loss": {"_target_": "litmus.task.loss.auto"},
        "optimizer": {"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.02},
        "scheduler": {},
        "callback": {
            "early_stopping": {"_target_": "litmus.learning.callbacks.EarlyStopping", "patience": 50},
            "checkpoint": {"_target_": "litmus.learning.callbacks.Checkpoint", "use": "last"},
        },
        "trainer": {
            "_target_": "litmus.learning.trainer.Trainer",
            "loop": loop,
            "max_epochs": 6,
            "accelerator": "cpu",
            "devices": 1,
            "num_sanity_val_steps": 0,
        },
    }
    for group, keys in changes.items():
        base[group] = keys if not isinstance(base.get(group), dict) else {**base[group], **keys}
    return base


def build(directory: Path, loop: str = "lean", source: dict | None = None, callbacks=(), **changes) -> Run:
    settings = {"batch_size": 16, **(source or {})}
    data = DataModule(Made(**settings), seed=3)
    return Run.build(config(loop, **changes), directory, data=data, callbacks=callbacks)


def state(run: Run) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in run.learner.state_dict().items()}


SCHEDULE = "litmus.learning.schedule."
VARIANTS = {
    "ragged last batch": {},
    "full batch": {"source": {"batch_size": None}},
    "unshuffled": {"source": {"shuffle": False}},
    "multiclass": {"source": {"kind": "multiclass"}},
    "regression": {"source": {"kind": "regression"}},
    "row weights": {"source": {"weighted": True}},
    "dropout": {"model": {"hidden": [8], "dropout": 0.4}},
    "batch norm": {"model": {"hidden": [8], "norm": "batch"}},
    "accumulation": {"trainer": {"accumulate_grad_batches": 2}},
    "accumulation with weights": {"trainer": {"accumulate_grad_batches": 3}, "source": {"weighted": True}},
    "clipped norm": {"trainer": {"gradient_clip_val": 0.1}},
    "clipped values": {"trainer": {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"}},
    "schedule per batch": {"scheduler": {"_target_": SCHEDULE + "onecycle"}},
    "schedule per epoch": {"scheduler": {"_target_": SCHEDULE + "step", "step_size": 2}},
    "plateau": {"scheduler": {"_target_": SCHEDULE + "plateau", "patience": 1, "factor": 0.5}},
    "early stopping": {
        "callback": {"early_stopping": {"_target_": "litmus.learning.callbacks.EarlyStopping", "patience": 2}},
        "optimizer": {"lr": 0.5},
        "trainer": {"max_epochs": 60},
    },
    "best weights": {"callback": {"checkpoint": {"_target_": "litmus.learning.callbacks.Checkpoint", "use": "best"}}},
    "monitored metric": {"monitor": "val/f1"},
    "monitored in train": {"monitor": "train/loss"},
    "most steps, in mid-epoch": {"trainer": {"max_steps": 12}},
    "least epochs": {"trainer": {"min_epochs": 5}},
    "few batches": {"trainer": {"limit_train_batches": 2, "limit_val_batches": 1}},
    "validation every other epoch": {"trainer": {"check_val_every_n_epoch": 2}},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_lean_and_stock_give_the_same_parameters_and_curves(tmp_path, variant):
    runs = {}
    for loop in ("lean", "stock"):
        runs[loop] = run = build(tmp_path / loop, loop, **variant)
        run.fit()
    lean, stock = runs["lean"], runs["stock"]
    assert isinstance(lean.trainer.fit_loop, LeanFitLoop)
    assert not isinstance(stock.trainer.fit_loop, LeanFitLoop)
    torch.testing.assert_close(state(lean), state(stock), rtol=0, atol=0)
    assert lean.learner.curves.table() == stock.learner.curves.table()
    assert lean.trainer.global_step == stock.trainer.global_step
    assert lean.learner.lrs == stock.learner.lrs


@pytest.mark.parametrize("loop", ["lean", "stock"])
@pytest.mark.parametrize("batch", [1, 4], ids=["mid-epoch", "epoch's end"])
@pytest.mark.parametrize(
    "name",
    ["ragged last batch", "dropout", "batch norm", "accumulation", "schedule per batch", "best weights", "regression"],
)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, monkeypatch, name, batch, loop):
    variant = VARIANTS[name]
    whole = build(tmp_path / "whole", loop, **variant)
    whole.fit()
    first = build(tmp_path / "cut", loop, **variant)
    step = type(first.learner).training_step

    def interrupted(learner, given, index=0):
        if learner.trainer.current_epoch == 2 and index == batch:
            first.checkpoint.signal = 15
        return step(learner, given, index)

    with monkeypatch.context() as patch:
        patch.setattr(type(first.learner), "training_step", interrupted)
        with pytest.raises(InterruptedRun, match="resume"):
            first.fit()
    second = build(tmp_path / "cut", loop, **variant)
    second.fit(resume=second.paths.last)
    torch.testing.assert_close(state(second), state(whole), rtol=0, atol=0)
    assert second.learner.curves.table() == whole.learner.curves.table()
    assert second.learner.lrs == whole.learner.lrs
    assert second.checkpoint.best_value == whole.checkpoint.best_value
    assert (tmp_path / "cut/history.csv").read_text() == (tmp_path / "whole/history.csv").read_text()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_accumulated_steps_equal_the_large_batches(tmp_path, weighted):
    source = {"shuffle": False, "weighted": weighted}
    optimizer = {"_target_": "torch.optim.SGD", "lr": 0.5}
    large = build(tmp_path / "large", source={**source, "batch_size": 48}, optimizer=optimizer)
    small = build(
        tmp_path / "small",
        source={**source, "batch_size": 16},
        optimizer=optimizer,
        trainer={"accumulate_grad_batches": 3},
    )
    large.fit()
    small.fit()
    assert small.trainer.global_step == large.trainer.global_step == 6 * math.ceil(78 / 48)
    torch.testing.assert_close(state(small), state(large), rtol=1e-4, atol=1e-6)


def test_a_users_callback_brings_lightnings_own_loop(tmp_path):
    class Mine(Callback):
        pass

    run = build(tmp_path, "auto", callbacks=[Mine()])
    assert not run.trainer.lean
    assert run.trainer.loop_reason == "callback Mine is not ours"
    assert build(tmp_path, "auto").trainer.lean


def test_a_schedule_of_accumulation_brings_lightnings_own_loop(tmp_path):
    run = build(tmp_path, "auto", callbacks=[GradientAccumulationScheduler({0: 1, 2: 3})])
    assert run.trainer.loop_reason == "accumulation that changes"
    assert build(tmp_path, "auto", trainer={"accumulate_grad_batches": 3}).trainer.lean


OPTIMIZERS = [
    name
    for name, kind in vars(torch.optim).items()
    if isinstance(kind, type) and name not in {"Optimizer", "SparseAdam", "LBFGS", "Muon"}  # other kinds of parameters
]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_torch_steps_alike_in_both_loops(tmp_path, name):
    optimizer = {"_target_": f"torch.optim.{name}"}
    runs = [build(tmp_path / loop, loop, optimizer=optimizer) for loop in ("lean", "stock")]
    for run in runs:
        run.fit()
    torch.testing.assert_close(state(runs[0]), state(runs[1]), rtol=0, atol=0)


def test_an_optimizer_that_wants_a_closure_brings_lightnings_own_loop(tmp_path):
    run = build(tmp_path, "auto", optimizer={"_target_": "torch.optim.LBFGS", "lr": 0.1}, source={"batch_size": None})
    assert run.trainer.loop_reason == "an optimizer that computes the loss several times a step"
    run.fit()
    losses = [row["train/loss"] for row in run.learner.curves.table()]
    assert losses[-1] < losses[0]


def test_hooks_of_optimizers_are_called(tmp_path):
    called = []
    handle = register_optimizer_step_post_hook(lambda *_: called.append(1))
    try:
        build(tmp_path, trainer={"max_epochs": 1}).fit()
    finally:
        handle.remove()
    assert len(called) == math.ceil(78 / 16)
