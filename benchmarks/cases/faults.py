"""Faults planted in the settings, each with what mends it."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from cases import amounts, classes
from cases.case import Case, Fix, sample_seed

FIT = ("data.batch_size=64", "optimizer.lr=0.005", "trainer.max_epochs=60", "callback.early_stopping.patience=15")
FAST = ("model.hidden=[32]", *FIT, "optimizer.lr=0.02")
DEEP = ("model.hidden=[64,64]", *FIT)
LINEAR = ("model=linear", *FIT, "optimizer.lr=0.02")
SGD = ("model.hidden=[32]", *FIT, "optimizer=sgd", "optimizer.momentum=0.9", "optimizer.lr=0.05")
SCALED = (*DEEP, "data.normalize_target=true")
PICTURES = ("data=digits", "model=cnn", "trainer.max_epochs=12", "optimizer.lr=0.003", "data.batch_size=64")
UNSTOPPED = ("callback.early_stopping=null", "callback.checkpoint.use=last")
HIGH = ("lr_too_high", "exploding_gradients", "non_finite", "dead_relu")
SHORT = ("too_few_epochs", "lr_too_low")


def planted(
    name: str,
    make: Callable[..., pl.DataFrame] | None,
    rows: int,
    good: tuple[str, ...],
    bad: tuple[str, ...],
    *,
    mend: tuple[str, ...],
    also: tuple[str, ...] = (),
    metric: str = "balanced_accuracy",
    options: dict[str, Any] | None = None,
    **more: Any,
) -> Case:
    """Settings that work (`good`), what spoils them (`bad`) and what mends that; the kind is the name's first part.

    Args:
        name: `<kind>/<variant>`; the kind is the finding that is right.
        make: What makes the rows; None: bundled data that `good` names.
        rows: How many.
        good: Words that work.
        bad: Words that spoil them.
        mend: Words that make it good again.
        also: Names that are as right as the kind's own.
        metric: As in `Case`.
        options: Of `make`.
        more: Further arguments of `Case`.
    """
    kind, _, variant = name.partition("/")
    table = None if make is None else partial(make, rows, sample_seed(name), **(options or {}))
    accepts = (kind, *(other for other in also if other != kind))
    generator = variant if make is None else make.__name__
    return Case(
        name=name, generator=generator, words=(*good, *bad), table=table, accepts=accepts, fix=Fix(words=mend),
        metric=metric, **more,
    )  # fmt: skip


def setting_faults() -> list[Case]:
    """All of them."""
    return [*_rates(), *_lengths(), *_shapes(), *_starts(), *_brakes(), *_losses(), *_scales(), *_fits(), *_decisions()]


def _rates() -> list[Case]:
    five, r2 = {"classes": 5, "spread": 0.9}, "r2"
    low = {"also": SHORT}
    return [
        planted("lr_too_high/sgd_blobs", classes.blobs, 800, SGD, ("optimizer.lr=10",), mend=("optimizer.lr=0.05",), also=HIGH, options=five),
        planted("lr_too_high/adam_moons", classes.moons, 800, DEEP, ("optimizer.lr=20",), mend=("optimizer.lr=0.005",), also=HIGH),
        planted("lr_too_high/adam_friedman", amounts.friedman, 900, SCALED, ("optimizer.lr=0.8",), mend=("optimizer.lr=0.005",), also=HIGH, metric=r2),
        planted("lr_too_high/sgd_plane", amounts.plane, 800, ("model=linear", *SGD[1:]), ("optimizer.lr=2",), mend=("optimizer.lr=0.02",), also=HIGH, metric=r2),
        planted("lr_too_high/adam_digits", None, 0, PICTURES, ("optimizer.lr=0.5",), mend=("optimizer.lr=0.003",), also=HIGH),
        planted("lr_too_high/sgd_spirals", classes.spirals, 1000, ("model.hidden=[64,64]", *SGD[1:], "optimizer.lr=0.1"), ("optimizer.lr=8",), mend=("optimizer.lr=0.1",), also=HIGH),
        planted("lr_too_high/rmsprop_circles", classes.circles, 900, (*FAST, "optimizer=rmsprop"), ("optimizer.lr=50",), mend=("optimizer.lr=0.003",), also=HIGH),
        planted("lr_too_low/sgd_moons", classes.moons, 800, SGD, ("optimizer.lr=0.00001",), mend=("optimizer.lr=0.1",), **low),
        planted("lr_too_low/adam_blobs", classes.blobs, 800, DEEP, ("optimizer.lr=0.000001",), mend=("optimizer.lr=0.005",), options=five, **low),
        planted("lr_too_low/adam_friedman", amounts.friedman, 900, SCALED, ("optimizer.lr=0.000003",), mend=("optimizer.lr=0.005",), metric=r2, **low),
        planted("lr_too_low/sgd_digits", None, 0, ("data=digits", *SGD), ("optimizer.lr=0.00005",), mend=("optimizer.lr=0.05",), **low),
        planted("lr_too_low/sgd_wave", amounts.wave, 600, SGD, ("optimizer.lr=0.00002",), mend=("optimizer.lr=0.05",), metric=r2, **low),
        planted("lr_too_low/adam_images", None, 0, PICTURES, ("optimizer.lr=0.000003",), mend=("optimizer.lr=0.003",), **low),
        planted("non_finite/sgd_friedman_two", amounts.friedman, 800, ("model.hidden=[32]", *FIT, "optimizer=sgd", "optimizer.lr=0.01"), (), mend=("data.normalize_target=true",), also=("unnormalised_target", *HIGH), metric=r2, options={"number": 2}),
        planted("exploding_gradients/deep_sgd", classes.quantiles, 1000, ("model.hidden=[64,64,64,64]", *SGD[1:]), ("model.init=normal", "model.init_std=1"), mend=("model.init=default",), also=("bad_init", *HIGH), options={"classes": 3}),
    ]  # fmt: skip


def _lengths() -> list[Case]:
    more = {"also": SHORT}
    return [
        planted("too_few_epochs/two_friedman", amounts.friedman, 800, SCALED, ("trainer.max_epochs=2", "optimizer.lr=0.001"), mend=("trainer.max_epochs=80",), metric="r2", **more),
        planted("too_few_epochs/one_digits", None, 0, ("data=digits", "model.hidden=[64]", *FIT), ("trainer.max_epochs=1", "optimizer.lr=0.001"), mend=("trainer.max_epochs=20",), **more),
        planted("too_few_epochs/three_spirals", classes.spirals, 1000, DEEP, ("trainer.max_epochs=4",), mend=("trainer.max_epochs=100",), **more),
        planted("too_few_epochs/accumulated", classes.blobs, 800, FAST, ("trainer.accumulate_grad_batches=16", "trainer.max_epochs=8", "optimizer.lr=0.003"), mend=("trainer.accumulate_grad_batches=1", "trainer.max_epochs=60"), options={"classes": 5}, **more),
        planted("too_few_epochs/full_batch", classes.moons, 800, DEEP, ("data.batch_size=null", "trainer.max_epochs=10", "optimizer.lr=0.001"), mend=("data.batch_size=32", "trainer.max_epochs=60"), **more),
        planted("too_few_epochs/sgd_quantiles", classes.quantiles, 1000, SGD, ("trainer.max_epochs=3", "optimizer.lr=0.02"), mend=("trainer.max_epochs=80",), **more),
        planted("not_shuffled/sorted_blobs", classes_sorted, 900, (*SGD, "data.batch_size=16", "optimizer.lr=0.1"), ("data.shuffle=false", "data.split=random", "trainer.max_epochs=6", *UNSTOPPED), mend=("data.shuffle=true",)),
    ]  # fmt: skip


def classes_sorted(n: int, seed: int) -> pl.DataFrame:
    """Clouds, class after class."""
    return classes.blobs(n, seed, classes=5, spread=1.2).sort("y")


def _shapes() -> list[Case]:
    none, relu = ("model.activation=none",), ("model.activation=relu",)
    mlp = ("model=mlp", "model.hidden=[64,64]")
    linear = {"also": ("underfitting",), "first": ("model_is_linear",)}
    return [
        planted("model_is_linear/circles", classes.circles, 800, FAST, none, mend=relu, **linear),
        planted("model_is_linear/checker", classes.checker, 1200, ("model.hidden=[64,64]", *FIT, "optimizer.lr=0.01"), none, mend=relu, **linear),
        planted("model_is_linear/moons", classes.moons, 1000, FAST, none, mend=relu, options={"noise": 0.1}, **linear),
        planted("model_is_linear/friedman", amounts.friedman, 1200, SCALED, none, mend=relu, metric="r2", **linear),
        planted("model_is_linear/quantiles", classes.quantiles, 1200, LINEAR, (), mend=mlp, **linear),
        planted("model_is_linear/product", amounts.product, 900, LINEAR, (), mend=mlp, metric="r2", **linear),
        planted("model_is_linear/roll", classes.roll, 1200, DEEP, none, mend=relu, **linear),
        planted("vanishing_gradients/sigmoid_stack", classes.moons, 800, (*FIT, "model.hidden=[32,32,32,32,32,32]"), ("model.activation=sigmoid", "optimizer=sgd", "optimizer.lr=0.05"), mend=("model.activation=relu", "optimizer=adam", "optimizer.lr=0.005"), also=("lr_too_low", "bad_init"), first=("vanishing_gradients",)),
        planted("vanishing_gradients/sigmoid_friedman", amounts.friedman, 900, (*SCALED, "model.hidden=[32,32,32,32,32,32,32]"), ("model.activation=sigmoid",), mend=("model.activation=relu",), metric="r2", also=("bad_init",)),
        planted("vanishing_gradients/sigmoid_blobs", classes.blobs, 900, (*FIT, "model.hidden=[32,32,32,32,32]"), ("model.activation=sigmoid", "optimizer=sgd", "optimizer.lr=0.05"), mend=("model.activation=relu", "optimizer=adam", "optimizer.lr=0.005"), options={"classes": 4}, also=("lr_too_low", "bad_init"), first=("vanishing_gradients",)),
        planted("dead_relu/bias_moons", classes.moons, 800, DEEP, ("model.init_bias=-20",), mend=("model.init_bias=null",), also=("bad_init",)),
        planted("dead_relu/bias_friedman", amounts.friedman, 900, SCALED, ("model.init_bias=-10",), mend=("model.init_bias=null",), metric="r2", also=("bad_init",)),
        planted("dead_relu/shock", classes.blobs, 800, ("model.hidden=[32,32]", *SGD[1:]), ("optimizer.lr=5",), mend=("optimizer.lr=0.02",), options={"classes": 4}, also=HIGH),
    ]  # fmt: skip


def _starts() -> list[Case]:
    init = ("model.init=default", "model.init_std=null")
    slow = ("model.init=normal", "model.init_std=0.0000001")
    return [
        planted("bad_init/zeros_moons", classes.moons, 800, DEEP, ("model.init=zeros",), mend=init),
        planted("bad_init/zeros_friedman", amounts.friedman, 900, SCALED, ("model.init=zeros",), mend=init, metric="r2"),
        planted("bad_init/huge_hastie", classes.hastie, 1500, DEEP, ("model.init=normal", "model.init_std=10"), mend=init, also=("exploding_gradients",)),
        planted("bad_init/tiny_digits", None, 0, ("data=digits", "model.hidden=[32,32,32]", *FIT, "optimizer=sgd", "optimizer.lr=0.05"), slow, mend=init, also=("vanishing_gradients", "lr_too_low")),
        planted("bad_init/huge_wave", amounts.wave, 600, DEEP, ("model.init=normal", "model.init_std=15", "trainer.max_epochs=40"), mend=init, metric="r2", also=("exploding_gradients", "lr_too_low")),
    ]  # fmt: skip


def _brakes() -> list[Case]:
    free = {"also": ("underfitting",)}
    return [
        planted("over_regularised/dropout_digits", None, 0, ("data=digits", "model.hidden=[32,32]", *FIT), ("model.dropout=0.9",), mend=("model.dropout=0",), **free),
        planted("over_regularised/decay_moons", classes.moons, 800, DEEP, ("optimizer.weight_decay=0.5",), mend=("optimizer.weight_decay=0",), **free),
        planted("over_regularised/decay_friedman", amounts.friedman, 900, SCALED, ("optimizer.weight_decay=1",), mend=("optimizer.weight_decay=0",), metric="r2", **free),
        planted("over_regularised/dropout_friedman", amounts.friedman, 900, SCALED, ("model.dropout=0.9",), mend=("model.dropout=0",), metric="r2", **free),
        planted("over_regularised/decay_sgd", classes.blobs, 800, SGD, ("optimizer.weight_decay=0.5",), mend=("optimizer.weight_decay=0",), options={"classes": 6, "spread": 0.9}, **free),
        planted("over_regularised/adamw_quantiles", classes.quantiles, 1000, (*DEEP, "optimizer=adamw", "optimizer.lr=0.005"), ("optimizer.weight_decay=40",), mend=("optimizer.weight_decay=0.01",), **free),
    ]  # fmt: skip


def _losses() -> list[Case]:
    none = ("model.output_activation=none",)
    return [
        planted("wrong_loss/double_sigmoid", classes.mixed, 900, FAST, ("model.output_activation=sigmoid",), mend=none),
        planted("wrong_loss/double_sigmoid_moons", classes.moons, 800, DEEP, ("model.output_activation=sigmoid",), mend=none),
        planted("wrong_loss/double_softmax", classes.blobs, 900, SGD, ("model.output_activation=softmax", "trainer.max_epochs=12", "optimizer.lr=0.01"), mend=none, options={"classes": 8, "spread": 0.7}, also=("too_few_epochs",), first=("wrong_loss",)),
        planted("wrong_loss/bounded", amounts.plane, 800, FAST, ("model.output_activation=sigmoid",), mend=none, metric="r2"),
        planted("wrong_loss/bounded_wave", amounts.wave, 600, (*DEEP, "optimizer.lr=0.01"), ("model.output_activation=sigmoid",), mend=none, metric="r2"),
        planted("wrong_loss/codes", classes.blobs, 900, FAST, ("task=regression",), mend=("task=multiclass",), options={"classes": 6, "spread": 0.8}),
        planted("wrong_loss/outliers", amounts.tails, 800, FAST, ("loss=mse", "criteria.mae=1.0"), mend=("loss=huber",), metric="mae", options={"share": 0.12}),
    ]  # fmt: skip


def _scales() -> list[Case]:
    raw, scale = ("data.normalize=none",), ("data.normalize=standard",)
    inputs = {"also": HIGH, "first": ("unnormalised_inputs", "non_finite")}  # non_finite names the cause below it
    target = {
        "also": (*HIGH, "lr_too_low", "too_few_epochs"),
        "first": ("unnormalised_target", "non_finite"),
        "metric": "r2",
    }
    scaled = ("data.normalize_target=true",)
    return [
        planted("unnormalised_inputs/wild_blobs", wild, 800, SGD, raw, mend=scale, **inputs),
        planted("unnormalised_inputs/offset_moons", offset, 800, DEEP, raw, mend=scale, **inputs),
        planted("unnormalised_inputs/wine", None, 0, ("data=wine", *SGD), raw, mend=scale, **inputs),
        planted("unnormalised_inputs/breast_cancer", None, 0, ("data=breast_cancer", *SGD), (*raw, "optimizer.lr=0.01"), mend=scale, **inputs),
        planted("unnormalised_inputs/friedman_two", amounts.friedman, 900, SCALED, (*raw, "optimizer=sgd", "optimizer.lr=0.01"), mend=scale, metric="r2", options={"number": 2}, also=HIGH, first=("unnormalised_inputs", "non_finite")),
        planted("unnormalised_target/diabetes", None, 0, ("data=diabetes", "model.hidden=[16]", *FIT), ("optimizer.lr=0.001", "trainer.max_epochs=30"), mend=(*scaled, "optimizer.lr=0.005"), **target),
        planted("unnormalised_target/friedman_two", amounts.friedman, 900, DEEP, ("optimizer.lr=0.001", "trainer.max_epochs=40"), mend=scaled, options={"number": 2}, **target),
        planted("unnormalised_target/prices", amounts.prices, 900, FAST, (), mend=scaled, options={"logged": False}, **target),
        planted("unnormalised_target/offset", far, 800, SGD, (), mend=scaled, **target),
    ]  # fmt: skip


def wild(n: int, seed: int) -> pl.DataFrame:
    """Clouds in columns of very different units."""
    units = (0.001, 1.0, 1000.0, 100_000.0)
    return classes.blobs(n, seed, classes=4, spread=1.0).with_columns(
        pl.col(f"x{i + 1}") * unit for i, unit in enumerate(units)
    )


def offset(n: int, seed: int) -> pl.DataFrame:
    """Moons far from the origin."""
    return classes.moons(n, seed, noise=0.1).with_columns(pl.col("x1") + 1000, pl.col("x2") - 5000)


def far(n: int, seed: int) -> pl.DataFrame:
    """A plane whose values are far from 0."""
    return amounts.plane(n, seed).with_columns(pl.col("y") * 40 + 5000)


def _fits() -> list[Case]:
    few = {"also": ("model_is_linear",), "first": ("underfitting",)}
    over = {"also": ("too_little_data",), "first": ("overfitting",)}
    large = ("data.batch_size=32", "model.hidden=[256,256]", "trainer.max_epochs=80", "optimizer.lr=0.003", *UNSTOPPED)
    stop = (
        "callback.early_stopping.patience=5",
        "callback.checkpoint.use=best",
        "optimizer.weight_decay=0.01",
        "model.hidden=[16]",
        "optimizer.lr=0.001",
    )
    restored = ("callback=default", *stop)
    return [
        planted("underfitting/two_digits", None, 0, ("data=digits", *FIT, "trainer.max_epochs=100"), ("model.hidden=[2]",), mend=("model.hidden=[64]",), **few),
        planted("underfitting/two_checker", classes.checker, 1500, (*FIT, "optimizer.lr=0.02", "trainer.max_epochs=120"), ("model.hidden=[2]",), mend=("model.hidden=[64,64]",), options={"cells": 3}, **few),
        planted("underfitting/one_friedman", amounts.friedman, 1200, (*FIT, "data.normalize_target=true", "optimizer.lr=0.01"), ("model.hidden=[1]",), mend=("model.hidden=[64,64]",), metric="r2", **few),
        planted("underfitting/two_wave", amounts.wave, 800, (*FIT, "optimizer.lr=0.01", "trainer.max_epochs=100"), ("model.hidden=[1]",), mend=("model.hidden=[64,64]",), metric="r2", **few),
        planted("overfitting/plane", amounts.plane, 300, large, (), mend=restored, metric="r2", options={"noise": 1.0}, **over),
        planted("overfitting/diabetes", None, 0, ("data=diabetes", "data.normalize_target=true", *large), (), mend=restored, metric="r2", **over),
        planted("seed_unstable/checker", classes.checker, 800, (*FIT, "optimizer.lr=0.02", "verdict.seeds=3"), ("model.hidden=[3]",), mend=("model.hidden=[64,64]",), also=("underfitting", "dead_relu", "too_few_epochs")),
    ]  # fmt: skip


def _decisions() -> list[Case]:
    missed = {"metric": "f1", "also": ("bad_threshold",)}
    tuned = {"mend": ("task.threshold=tuned",)}
    weak = {"share": 0.03, "apart": 2.4}
    return [
        planted("class_imbalance/fraud", None, 0, ("data=imbalanced", *FAST, "trainer.max_epochs=20"), (), **tuned, **missed),
        planted("class_imbalance/rare", classes.rare, 3000, LINEAR, (), options=weak, **tuned, **missed),
        planted("class_imbalance/rare_mlp", classes.rare, 3000, FAST, ("trainer.max_epochs=30",), options={"share": 0.06, "apart": 2.2}, **tuned, **missed),
        planted("class_imbalance/uneven", classes.uneven, 1500, LINEAR, (), mend=("loss.class_weight=balanced",), options={"shares": (0.85, 0.09, 0.06), "spread": 2.6}),
        planted("bad_threshold/high", classes.logistic, 1200, LINEAR, ("task.threshold=0.95",), mend=("task.threshold=0.5",), metric="f1", options={"strength": 3.0}),
        planted("bad_threshold/low", classes.mixed, 1200, FAST, ("task.threshold=0.02",), mend=("task.threshold=0.5",)),
        planted("bad_threshold/goal", classes.rare, 3000, LINEAR, ("task.threshold_goal=recall@0.9",), mend=("task.threshold=tuned",), metric="recall", options={"share": 0.15, "apart": 3.0}, also=("class_imbalance",)),
    ]  # fmt: skip
