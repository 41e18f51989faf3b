"""Stacked trainings against lone ones: the same weights, curves and ends, whatever the settings."""

import re
import time

import pytest
import torch

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.engine.stacked import FitResult, Stack
from litmus.engine.stacked_layers import NotStackable
from litmus.probe.arms import Builder
from litmus.run import Run, prepare_data

CIRCLES = ("data=circles", "data.n_samples=120", "model.hidden=[8,6]")
DIGITS = ("data=iris", "model.hidden=[8]")
LINE = ("data=linear", "data.n_samples=90", "model.hidden=[6]")
FEW = ("trainer.max_epochs=7",)

VARIANTS = {
    "full batch": (*CIRCLES, "data.batch_size=null", "optimizer=sgd", "optimizer.lr=0.3"),
    "ragged batches": (*CIRCLES, "data.batch_size=16"),
    "unshuffled": (*CIRCLES, "data.batch_size=16", "data.shuffle=false"),
    "momentum": (*CIRCLES, "optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9"),
    "nesterov": (*CIRCLES, "optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9", "+optimizer.nesterov=true"),
    "damped": (*CIRCLES, "optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.5", "+optimizer.dampening=0.3"),
    "weight decay": (*CIRCLES, "optimizer.weight_decay=0.01"),
    "adamw": (*CIRCLES, "optimizer=adamw", "optimizer.weight_decay=0.1", "optimizer.lr=0.01"),
    "rmsprop": (*CIRCLES, "optimizer=rmsprop", "optimizer.momentum=0.5", "optimizer.weight_decay=0.01"),
    "multiclass": DIGITS,
    "regression": LINE,
    "class weights": (*DIGITS, "loss.class_weight=balanced", "loss.label_smoothing=0.1"),
    "focal": (*CIRCLES, "loss=focal", "loss.class_weight=balanced"),
    "huber": (*LINE, "loss=huber", "data.normalize_target=true"),
    "clipped norm": (*LINE, "trainer.gradient_clip_val=0.1"),
    "clipped values": (*LINE, "trainer.gradient_clip_val=0.01", "trainer.gradient_clip_algorithm=value"),
    "accumulation": (*CIRCLES, "data.batch_size=16", "trainer.accumulate_grad_batches=3"),
    "accumulated class weights": (
        *DIGITS,
        "data.batch_size=16",
        "trainer.accumulate_grad_batches=2",
        "loss.class_weight=balanced",
    ),
    "dropout": (*DIGITS, "model.dropout=0.4"),
    # Adam would blow up the rounding of gradients that batch norm makes 0
    "batch norm": (*DIGITS, "model.norm=batch", "data.batch_size=31", "optimizer=sgd", "optimizer.lr=0.1"),
    "layer norm": (*DIGITS, "model.norm=layer"),
    "tanh": (*CIRCLES, "model.activation=tanh"),
    "no hidden layer": ("data=iris", "model=linear", "optimizer=sgd"),
    "squashed output": (*CIRCLES, "model.output_activation=sigmoid"),
    "last weights": (*CIRCLES, "callback.checkpoint.use=last"),
    "early stopping": (*CIRCLES, "callback.early_stopping.patience=2", "trainer.max_epochs=60", "optimizer.lr=0.05"),
    "monitored metric": (*CIRCLES, "monitor=val/f1"),
    "monitored in train": (*CIRCLES, "monitor=train/loss"),
    "cosine": (*CIRCLES, "scheduler=cosine"),
    "steps": (*CIRCLES, "scheduler=step", "scheduler.step_size=2"),
    "one cycle": (*CIRCLES, "scheduler=onecycle"),
    "plateau": (*CIRCLES, "scheduler=plateau", "scheduler.patience=1", "optimizer.lr=0.1"),
}


def config(*words: str) -> RunConfig:
    given = {word.partition("=")[0] for word in words}
    few = [word for word in FEW if word.partition("=")[0] not in given]
    return RunConfig(to_plain(compose([*words, *few, "logger=null", "verdict.probes=off"])))


def lone(settings: dict, data, seed: int, place) -> Run:
    return Run.build(settings.having(seed=seed), place / str(seed), data=data.reseeded(seed)).fit()


def stacked(settings: list[dict], data, seeds: list[int]):
    arms = [Builder(one, data).arm(seed) for one, seed in zip(settings, seeds, strict=True)]
    return arms, train_stacked([arm.member for arm in arms], arms[0].recipe)


def train_stacked(members: list, recipe, **limits) -> list[FitResult]:
    stack = Stack(members, recipe)
    stack.advance(**limits)
    return stack.finish()


def weights(predictor) -> dict:
    """All but the counter of batches, which nothing reads."""
    state = predictor.model.state_dict()
    return {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}


def same_as(run: Run, arm, learned, *, tolerance: float = 1e-4) -> None:
    torch.testing.assert_close(weights(arm.predictor), weights(run.predictor), rtol=tolerance, atol=tolerance)
    table = run.learner.curves.table()
    assert learned.losses == pytest.approx([row["train/loss"] for row in table], rel=1e-4, abs=1e-5)
    assert learned.best_epoch == run.checkpoint.best_epoch
    assert learned.monitored == pytest.approx(run.monitored, rel=1e-4, abs=1e-5)
    assert learned.finished


@pytest.mark.parametrize("words", VARIANTS.values(), ids=VARIANTS.keys())
def test_members_learn_what_lone_runs_learn(tmp_path, words):
    settings = config(*words)
    data = prepare_data(settings)
    seeds = [3, 4]
    arms, learned = stacked([settings] * 2, data, seeds)
    for seed, arm, one in zip(seeds, arms, learned, strict=True):
        same_as(lone(settings, data, seed, tmp_path), arm, one)


def test_members_may_differ_in_all_that_leaves_the_shape(tmp_path):
    base = config(*CIRCLES, "optimizer=sgd", "optimizer.lr=0.1", "data.batch_size=20")
    changes = [
        {},
        {"optimizer": {"lr": 0.5, "momentum": 0.9}},
        {"optimizer": {"weight_decay": 0.1}},
        {"model": {"activation": "none"}},
        {"model": {"activation": "tanh", "dropout": 0.2}},
        {"trainer": {"max_epochs": 3, "gradient_clip_val": 0.05}},
        {"callback": {"early_stopping": {**base.early_stopping.node, "patience": 1}}},
    ]
    settings = [base.having(**{key: {**base.tree[key], **new} for key, new in change.items()}) for change in changes]
    data = prepare_data(base)
    seeds = [1, 2, 1, 2, 5, 6, 7]
    arms, learned = stacked(settings, data, seeds)
    assert len({arm.shape for arm in arms}) == 1
    assert [len(one.losses) for one in learned][5] == 3
    for number, (one, seed) in enumerate(zip(settings, seeds, strict=True)):
        same_as(lone(one, data, seed, tmp_path / str(number)), arms[number], learned[number])


def test_members_may_read_rows_scaled_in_other_ways(tmp_path):
    plain, scaled = (config("data=wine", "model.hidden=[5]", f"data.normalize={how}") for how in ("minmax", "standard"))
    rows = [prepare_data(plain), prepare_data(scaled)]
    arms = [Builder(one, data).arm(8) for one, data in zip((plain, scaled), rows, strict=True)]
    assert arms[0].shape == arms[1].shape
    learned = train_stacked([arm.member for arm in arms], arms[0].recipe)
    for place, one in enumerate((plain, scaled)):
        same_as(lone(one, rows[place], 8, tmp_path / str(place)), arms[place], learned[place])


def test_categories_are_embedded_as_alone(tmp_path):
    lines = [f"{number % 7},c{number % 23},d{number % 29},{(number * number) % 3 % 2}" for number in range(150)]
    (tmp_path / "t.csv").write_text("n,c,d,y\n" + "\n".join(lines))
    words = ("data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y", "data.categories=embed")
    settings = config(*words, "model.hidden=[6]", "model.ensemble_size=1")
    data = prepare_data(settings)
    assert data.spec.cardinalities
    arms, learned = stacked([settings] * 2, data, [1, 2])
    for seed, arm, one in zip([1, 2], arms, learned, strict=True):
        same_as(lone(settings, data, seed, tmp_path), arm, one)


def test_rows_weigh_as_alone(tmp_path):
    lines = [f"{number % 7},{(number * number) % 5},{1 + number % 3},{number % 2}" for number in range(80)]
    (tmp_path / "t.csv").write_text("a,b,w,y\n" + "\n".join(lines))
    words = ("data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y", "data.weight=w", "model.hidden=[6]")
    settings = config(*words, "model.ensemble_size=1", "trainer.accumulate_grad_batches=2")
    data = prepare_data(settings)
    arms, learned = stacked([settings] * 2, data, [1, 2])
    for seed, arm, one in zip([1, 2], arms, learned, strict=True):
        same_as(lone(settings, data, seed, tmp_path), arm, one)


def test_one_that_breaks_leaves_the_others_alone(tmp_path):
    base = config(*LINE, "optimizer=sgd", "optimizer.lr=0.01")
    broken = base.having(optimizer={**base.optimizer.node, "lr": 1e6})
    data = prepare_data(base)
    arms, learned = stacked([broken, base], data, [1, 2])
    run = lone(broken, data, 1, tmp_path)
    assert learned[0].non_finite_epoch == run.non_finite.epoch
    assert not learned[0].finished
    same_as(lone(base, data, 2, tmp_path), arms[1], learned[1])


def test_a_training_that_is_cut_keeps_its_best_weights():
    settings = config(*CIRCLES, "trainer.max_epochs=100000", "callback.early_stopping=null")
    data = prepare_data(settings)
    arms, learned = stacked_for(settings, data, seconds=0.3)
    assert not learned[0].finished
    assert 0 < len(learned[0].losses) < 100000
    assert learned[0].monitored == min(learned[0].monitors)
    outputs = arms[0].predictor.outputs(data.splits["val"].x)
    loss = arms[0].recipe.loss(outputs, data.splits["val"].y)
    assert float(loss) == pytest.approx(learned[0].monitored, rel=1e-5)


def stacked_for(settings: dict, data, *, seconds: float):
    arms = [Builder(settings, data).arm(seed) for seed in (1, 2)]
    end = time.thread_time() + seconds
    return arms, train_stacked([arm.member for arm in arms], arms[0].recipe, allowed=lambda: time.thread_time() < end)


def test_members_of_different_shapes_are_refused():
    narrow, wide = config(*CIRCLES), config(*CIRCLES[:2], "model.hidden=[9,6]")
    data = prepare_data(narrow)
    arms = [Builder(one, data).arm(1) for one in (narrow, wide)]
    with pytest.raises(ValueError, match="one shape"):
        train_stacked([arm.member for arm in arms], arms[0].recipe)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("data=digits", "data.augmentation=flip", "model=cnn"), "augmented"),
        (("data=digits", "model=cnn"), "CNN does not start with a linear layer"),
        (("trainer.max_steps=5",), "max_steps"),
        (("trainer.check_val_every_n_epoch=2",), "check_val_every_n_epoch"),
        (("trainer.loop=stock",), "own loop"),
        (("trainer.precision=bf16-true",), "precision"),
        (("monitor=train/f1",), "train/f1"),
        (("optimizer._target_=torch.optim.Adagrad",), "Adagrad"),
        (("+optimizer.amsgrad=true",), "amsgrad"),
        (("model.hidden=[2000,2000]",), "large"),
    ],
)
def test_the_reason_why_a_config_cannot_be_stacked_is_given(words, reason):
    settings = config(*([] if "data=digits" in words else CIRCLES[:2]), *words)
    with pytest.raises(NotStackable, match=re.escape(reason)):
        Builder(settings, prepare_data(settings))
