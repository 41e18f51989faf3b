"""The lean loop against Lightning's own: the same parameters to the bit, whatever the settings."""

import math
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
import torch
from lightning.fabric.utilities import registry
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from lightning.pytorch.loops import fit_loop
from lightning.pytorch.loops import progress as counters
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook

from litmus.config import RunConfig
from litmus.data.encoding.base import Preprocess
from litmus.data.module import DataModule
from litmus.data.rows import Origin, Rows
from litmus.data.sources.base import Source
from litmus.engine.checkpoint import digest, load
from litmus.engine.lean import PRIVATE, LeanFitLoop, look_once
from litmus.engine.trainer import Trainer
from litmus.errors import ConfigError, InterruptedRun
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


@dataclass(frozen=True, kw_only=True)
class Shaken(Made):
    """The same, its training inputs varied at random."""

    def augment(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x) / 4


def config(loop: str, **changes) -> dict:
    """A config of plain types; `changes` are group names with keys to set."""
    base = {
        "seed": 3,
        "monitor": "val/loss",
        "model": {"_target_": "litmus.model.mlp.MLP", "hidden": [8]},
        "task": {"_target_": "litmus.task.auto"},
        "loss": {"_target_": "litmus.loss.auto"},
        "optimizer": {"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.02},
        "scheduler": {},
        "callback": {
            "early_stopping": {"_target_": "litmus.engine.callbacks.EarlyStopping", "patience": 50},
            "checkpoint": {"_target_": "litmus.engine.callbacks.Checkpoint", "use": "last"},
        },
        "trainer": {
            "_target_": "litmus.engine.trainer.Trainer",
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
    data = DataModule(settings.pop("of", Made)(**settings), seed=3)
    return Run.build(RunConfig(config(loop, **changes)), directory, data=data, callbacks=callbacks)


def state(run: Run) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in run.learner.state_dict().items()}


SCHEDULE = "litmus.engine.schedule."
TORCHS = "torch.optim.lr_scheduler."
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
        "callback": {"early_stopping": {"_target_": "litmus.engine.callbacks.EarlyStopping", "patience": 2}},
        "optimizer": {"lr": 0.5},
        "trainer": {"max_epochs": 60},
    },
    "best weights": {"callback": {"checkpoint": {"_target_": "litmus.engine.callbacks.Checkpoint", "use": "best"}}},
    "monitored metric": {"monitor": "val/f1"},
    "monitored in train": {"monitor": "train/loss"},
    "most steps, in mid-epoch": {"trainer": {"max_steps": 12}},
    "least epochs": {"trainer": {"min_epochs": 5}},
    "few batches": {"trainer": {"limit_train_batches": 2, "limit_val_batches": 1}},
    "share of the batches": {"trainer": {"limit_train_batches": 0.5}},
    "validation every other epoch": {"trainer": {"check_val_every_n_epoch": 2}},
    "no validation": {"trainer": {"limit_val_batches": 0}},
    "plateau, validation every other epoch": {
        "scheduler": {"_target_": SCHEDULE + "plateau", "patience": 0, "factor": 0.5},
        "optimizer": {"lr": 0.5},
        "trainer": {"check_val_every_n_epoch": 2},
    },
    "patience, validation every other epoch": {
        "callback": {"early_stopping": {"_target_": "litmus.engine.callbacks.EarlyStopping", "patience": 2}},
        "optimizer": {"lr": 0.5},
        "trainer": {"check_val_every_n_epoch": 2, "max_epochs": 20},
    },
    "least steps after an early stop": {
        "callback": {"early_stopping": {"_target_": "litmus.engine.callbacks.EarlyStopping", "patience": 1}},
        "optimizer": {"lr": 0.5},
        "trainer": {"min_steps": 23, "max_epochs": 20},
    },
    "cosine": {"scheduler": {"_target_": SCHEDULE + "cosine"}},
    "torch's exponential schedule": {"scheduler": {"_target_": TORCHS + "ExponentialLR", "gamma": 0.7}},
    "torch's exponential schedule per batch": {
        "scheduler": {"_target_": TORCHS + "ExponentialLR", "gamma": 0.95, "interval": "step"}
    },
    "torch's cyclic schedule per batch": {
        "scheduler": {
            "_target_": TORCHS + "CyclicLR",
            "base_lr": 0.01,
            "max_lr": 0.1,
            "step_size_up": 3,
            "mode": "exp_range",
            "gamma": 0.9,
            "interval": "step",
        }
    },
    "torch's milestones": {"scheduler": {"_target_": TORCHS + "MultiStepLR", "milestones": [2, 4]}},
    "torch's plateau": {
        "scheduler": {"_target_": TORCHS + "ReduceLROnPlateau", "patience": 0, "factor": 0.5},
        "optimizer": {"lr": 0.5},
    },
    "torch's schedules one after the other": {
        "scheduler": {
            "_target_": TORCHS + "SequentialLR",
            "milestones": [2],
            "schedulers": [
                {"_target_": TORCHS + "LinearLR", "total_iters": 2},
                {"_target_": TORCHS + "ExponentialLR", "gamma": 0.5},
            ],
        }
    },
    "NAdam": {"optimizer": {"_target_": "torch.optim.NAdam", "_partial_": False}},
    "class weights of cross entropy": {
        "source": {"kind": "multiclass"},
        "loss": {"_target_": "litmus.loss.auto", "class_weight": "balanced", "label_smoothing": 0.1},
    },
    "layer norm": {"model": {"hidden": [8], "norm": "layer"}},
    "momentum and decay": {
        "optimizer": {"_target_": "torch.optim.SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    },
    "varied inputs": {"source": {"of": Shaken}},
    "varied inputs and dropout": {"source": {"of": Shaken}, "model": {"hidden": [8], "dropout": 0.4}},
    "class weights": {"loss": {"_target_": "litmus.loss.classes.Focal", "class_weight": "balanced"}},
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
    same(lean, stock)
    assert lean.trainer.callback_metrics == stock.trainer.callback_metrics


class Killed(BaseException):
    """As by kill -9: nothing of ours runs after it."""


def fit(run: Run, ending: tuple[str, int] = ("", 0)) -> Run:
    """Trains on from last.ckpt if there is one; an ending is `signal` or `kill` in that training or validation step."""
    end, at = ending
    name = "validation_step" if end.endswith("val") else "training_step"
    step, count = getattr(run.learner, name), 0

    def counted(batch, index=0):
        nonlocal count
        count += 1
        if count == at and end.startswith("signal"):
            run.checkpoint.signal = 15
        elif count == at and end.startswith("kill"):
            raise Killed
        return step(batch, index)

    setattr(run.learner, name, counted)
    resume = run.paths.last if run.paths.last.is_file() else None
    if end.startswith("signal"):
        with pytest.raises(InterruptedRun, match="resume"):
            run.fit(resume=resume)
    elif end.startswith("kill"):
        run.trainer.callbacks[1].on_exception = lambda *_: None
        with pytest.raises(Killed):
            run.fit(resume=resume)
    else:
        return run.fit(resume=resume)
    return run


def same(one: Run, two: Run) -> None:
    """Whether two runs came to the same, to the bit and in every record."""
    torch.testing.assert_close(state(one), state(two), rtol=0, atol=0)
    assert one.learner.curves.table() == two.learner.curves.table()
    assert one.learner.lrs == two.learner.lrs
    assert one.trainer.global_step == two.trainer.global_step
    assert one.checkpoint.best_value == two.checkpoint.best_value
    assert one.checkpoint.best_epoch == two.checkpoint.best_epoch
    for name in ("epochs", "gradient", "update"):
        assert getattr(one.trace, name) == getattr(two.trace, name)
    assert one.paths.history.read_text() == two.paths.history.read_text()
    first, second = (load(run.paths.last) for run in (one, two))
    for part in ("state_dict", "optimizer_states", "lr_schedulers", "callbacks"):
        assert digest(first[part]) == digest(second[part]), part


LAST = {"_target_": "litmus.engine.callbacks.Checkpoint", "use": "last"}
# 78 rows are 5 batches of 16; an ending ("steps", n) is by trainer.max_steps
MOMENTS = {
    "mid-epoch": [("signal", 12)],
    "an epoch's last batch": [("signal", 10)],
    "validation": [("signal val", 2)],
    "the last epoch": [("signal", 30)],
    "twice in one epoch": [("signal", 11), ("signal", 2)],
    "killed": [("kill", 12), ("kill", 3), ("kill val", 2)],
    "most steps, mid-epoch": [("steps", 12)],
    "most steps, at an epoch's end": [("steps", 10)],
    "most steps, in the first epoch": [("steps", 2), ("steps", 3)],
    "most steps, and asked for no more": [("steps", 13), ("steps", 13)],
    "one after the other": [("signal", 3), ("steps", 8), ("kill", 4), ("steps", 17), ("signal", 1)],
}
# of the short runs, and those whose schedule depends on how long they were to be
NOT_BY_STEPS = (
    *("accumulation", "most steps", "few batches", "share of", "cosine", "schedule per batch", "early stopping"),
    "least steps",
)


def resumed(place: Path, loop: str, variant: dict, endings: list[tuple[str, int]]) -> Run:
    """A run that ended in all these ways, one after the other, and went on each time."""
    for end, at in endings:
        callback = {"checkpoint": LAST} | variant.get("callback", {})
        if end.startswith("kill"):
            callback["checkpoint"] = callback["checkpoint"] | {"every_seconds": 1e-9}
        trainer = variant.get("trainer", {}) | ({"max_steps": at} if end == "steps" else {})
        fit(build(place, loop, **{**variant, "callback": callback, "trainer": trainer}), (end, at))
    return fit(build(place, loop, **variant))


@pytest.mark.parametrize("loop", ["lean", "stock"])
@pytest.mark.parametrize("endings", MOMENTS.values(), ids=MOMENTS.keys())
@pytest.mark.parametrize("use", ["best", "last"])
def test_a_resumed_run_equals_an_uninterrupted_one_wherever_it_ended(tmp_path, endings, use, loop):
    variant = {
        "callback": {"checkpoint": LAST | {"use": use}},
        "model": {"hidden": [8], "dropout": 0.4},
        "monitor": "val/rmse",
    }
    variant |= {"source": {"kind": "regression"}, "optimizer": {"lr": 0.2}}
    same(resumed(tmp_path / "cut", loop, variant, endings), fit(build(tmp_path / "whole", loop, **variant)))


@pytest.mark.parametrize("loop", ["lean", "stock"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_resumes_to_the_same(tmp_path, name, loop):
    endings = MOMENTS["one after the other"] if not name.startswith(NOT_BY_STEPS) else [("signal", 3), ("kill", 2)]
    if name == "full batch":
        endings = [("signal", 2), ("steps", 3), ("kill", 2)]
    variant = VARIANTS[name]
    same(resumed(tmp_path / "cut", loop, variant, endings), fit(build(tmp_path / "whole", loop, **variant)))


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
    assert run.trainer.stock_reason == "callback Mine is not ours"
    assert build(tmp_path, "auto").trainer.lean


def test_a_time_limit_ends_a_fit_in_our_loop(tmp_path):
    run = build(
        tmp_path,
        "auto",
        trainer={"max_time": {"seconds": 1}, "max_epochs": 10**6},
        callback={"early_stopping": None, "checkpoint": LAST},
    )
    assert run.trainer.lean
    run.fit()
    assert 0 < run.trainer.current_epoch < 10**5


def test_a_schedule_of_accumulation_brings_lightnings_own_loop(tmp_path):
    run = build(tmp_path, "auto", callbacks=[GradientAccumulationScheduler({0: 1, 2: 3})])
    assert run.trainer.stock_reason == "accumulation that changes"
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
    assert run.trainer.stock_reason == "an optimizer that computes the loss several times a step"
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


@pytest.mark.parametrize("loop", ["lean", "stock"])
def test_a_resumed_run_with_nothing_left_to_do_uses_its_best_weights(tmp_path, loop):
    variant = {
        "callback": {"checkpoint": LAST | {"use": "best"}},
        "trainer": {"max_epochs": 40},
        "optimizer": {"lr": 0.5},
    }
    whole = fit(build(tmp_path, loop, **variant))
    again = fit(build(tmp_path, loop, **variant))
    assert whole.checkpoint.best_epoch < 39
    same(whole, again)


def test_a_signal_in_a_fits_last_moments_is_not_lost(tmp_path):
    run = build(tmp_path)
    run.checkpoint.on_fit_end = lambda *_: setattr(run.checkpoint, "signal", 15)
    with pytest.raises(InterruptedRun, match="resume"):
        run.fit()


def test_epochs_without_validation_do_not_count_against_patience(tmp_path):
    run = fit(build(tmp_path, **VARIANTS["patience, validation every other epoch"]))
    losses = list(run.learner.curves.values["val/loss"].values())
    assert len(losses) - 1 - losses.index(min(losses)) == 2


@pytest.mark.parametrize("loop", ["lean", "stock"])
def test_a_loss_that_breaks_in_an_epoch_cut_by_most_steps_is_found_and_not_saved(tmp_path, loop):
    optimizer = {"_target_": "torch.optim.SGD", "lr": 1e12}
    run = fit(build(tmp_path, loop, {"kind": "regression"}, optimizer=optimizer, trainer={"max_steps": 3}))
    assert run.non_finite is not None
    assert run.non_finite.step <= 3
    assert not run.paths.last.exists()


@pytest.mark.parametrize("name", ["onecycle", "cosine"])
def test_a_run_resumed_to_be_longer_follows_the_longer_schedule(tmp_path, name):
    schedule = {"_target_": SCHEDULE + name}
    fit(build(tmp_path / "more", scheduler=schedule, trainer={"max_epochs": 4}))
    more = fit(build(tmp_path / "more", scheduler=schedule, trainer={"max_epochs": 8}))
    whole = fit(build(tmp_path / "whole", scheduler=schedule, trainer={"max_epochs": 8}))
    assert more.learner.lrs[4:] == pytest.approx(whole.learner.lrs[4:])


@pytest.mark.parametrize(
    ("optimizer", "trainer", "message"),
    [
        ({"_target_": "torch.optim.SGD", "nesterov": True}, {}, "optimizer: refused: Nesterov momentum requires"),
        (
            {"fused": True},
            {"precision": "bf16-mixed", "gradient_clip_val": 1.0},
            r"optimizer\.fused: true leaves no gradients to clip in precision bf16-mixed",
        ),
    ],
)
def test_settings_of_the_optimizer_that_clash_are_refused_before_anything_is_written(
    optimizer, trainer, message, tmp_path
):
    with pytest.raises(ConfigError, match=message):
        build(tmp_path, optimizer=optimizer, trainer=trainer)
    assert list(tmp_path.iterdir()) == []


def test_half_precision_on_the_processor_is_said_to_be_another_one(tmp_path):
    notes = build(tmp_path, trainer={"precision": "16-mixed"}).trainer.notes
    assert notes == ("precision: 16-mixed needs a GPU; bf16-mixed is used on the processor",)


def test_a_batch_of_one_row_under_batch_norm_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"data\.batch_size.*batch norm"):
        build(tmp_path, source={"batch_size": 77}, model={"hidden": [8], "norm": "batch"})


def test_what_lightning_refuses_is_an_error_of_the_config(tmp_path):
    with pytest.raises(ConfigError, match="limit_val_batches"):
        build(tmp_path, trainer={"limit_val_batches": 0.5}).fit()


def watch(monkeypatch, kind: type, seen) -> None:
    """Has `seen(name)` called before code of ours reads an attribute of that class's instances."""
    read = kind.__getattribute__

    def watched(self, name):
        if sys._getframe(1).f_globals.get("__name__", "").startswith("litmus."):
            seen(name)
        return read(self, name)

    monkeypatch.setattr(kind, "__getattribute__", watched)


def gone(hidden: str, name: str) -> None:
    if name == hidden:
        raise AttributeError(f"no attribute {name!r}")


def hide(monkeypatch, private: str) -> None:
    """Takes a private name away from us, and from nobody else, as if another release had renamed it."""
    root, _, path = private.partition(".")
    owners = {
        "fit_loop": fit_loop,
        "optim": sys.modules[torch.optim.Optimizer.__module__],
        "optimizer": torch.optim.SGD([torch.zeros(1)]),
        "trainer": build(Path("hidden"), "stock").trainer,
    }
    parent, _, name = path.rpartition(".")
    owner = attrgetter(parent)(owners[root]) if parent else owners[root]
    if isinstance(owner, ModuleType):
        monkeypatch.setattr(owner, "__class__", type("Module", (ModuleType,), {}))
    watch(monkeypatch, type(owner), partial(gone, name))
    monkeypatch.delitem(sys.modules, LeanFitLoop.__module__)  # so that it is imported without that name
    monkeypatch.delattr(LeanFitLoop.__module__)


@pytest.mark.parametrize("private", PRIVATE)
def test_without_any_one_private_name_lightnings_own_loop_gives_the_same_parameters(tmp_path, monkeypatch, private):
    variant = {"source": {"of": Shaken}, "model": {"hidden": [8], "dropout": 0.4}, "trainer": {"max_epochs": 2}}
    stock = fit(build(tmp_path / "stock", "stock", **variant))
    hide(monkeypatch, private)
    run = fit(build(tmp_path / "auto", "auto", **variant))
    assert not isinstance(run.trainer.fit_loop, LeanFitLoop)
    assert private.rpartition(".")[2] in run.trainer.summary
    assert run.trainer.summary.startswith("loop: stock (")
    same(stock, run)


def test_every_private_name_that_is_used_is_listed(tmp_path, monkeypatch):
    used = set()
    loop = build(tmp_path, "stock").trainer.fit_loop
    parts = [loop, loop.epoch_loop, loop.epoch_loop.val_loop, loop.epoch_loop.automatic_optimization]
    progress = [
        kind for kind in vars(counters).values() if isinstance(kind, type) and kind.__module__ == counters.__name__
    ]
    for kind in [*map(type, parts), *progress]:
        watch(monkeypatch, kind, used.add)
    fit(build(tmp_path, **VARIANTS["accumulation"]), ("signal", 7))
    fit(build(tmp_path, **VARIANTS["accumulation"]))
    ours = vars(LeanFitLoop).keys() | {"learner", "train_loader", "val_loader", "prepare", "optimizer", "update"}
    ours |= {"parameters", "modal", "val_every", "batch_starts", "batch_ends", "epoch_starts", "epoch_ends"}
    ours |= {"validation_ends", "monitored_epoch_ends"}
    assert used - ours <= {part for name in PRIVATE for part in name.split(".")}


def test_a_renamed_class_of_lightning_costs_a_training_one_line_in_its_log(tmp_path):
    words = ["data=circles", "trainer.max_epochs=1", "verdict.probes=off", "logger=null"]
    script = (
        "import sys, lightning.pytorch\n"
        "from lightning.pytorch.loops import fit_loop\n"
        "fit_loop._FitLoop2 = fit_loop._FitLoop\n"
        "del fit_loop._FitLoop\n"
        "from litmus.cli import main\n"
        f"sys.exit(main(['train', *{words!r}]))\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    [log] = tmp_path.rglob("log.txt")
    lines = [line for line in log.read_text().splitlines() if "loop: stock" in line]
    assert len(lines) == 1
    assert "_FitLoop" in lines[0]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("limit_train_batches", 0.1, r"0\.1 of 5 train batches is less than one batch; use 1\.0, or"),
        ("limit_val_batches", 0.1, r"0\.1 of the only val batch is less than one batch; use 1\.0, or"),
        ("overfit_batches", 0.3, r"0\.3 of the only val batch is less than one batch"),
        ("val_check_interval", 6, "6 is more than the 5 train batches of an epoch, .*; leave it out"),
    ],
)
def test_batches_that_there_are_not_are_refused_before_anything_is_written(key, value, message, tmp_path):
    with pytest.raises(ConfigError, match=rf"trainer\.{key}: {message}"):
        build(tmp_path, trainer={key: value})
    assert list(tmp_path.iterdir()) == []


def test_packages_are_asked_for_callbacks_once_in_a_process_that_fits_often(monkeypatch):
    asked = []
    monkeypatch.setattr(registry, "entry_points", lambda **words: asked.append(words) or ())
    Trainer()
    before = len(asked)
    assert before > 0
    look_once()
    look_once()
    for _ in range(3):
        Trainer()
    assert len(asked) == 2 * before
