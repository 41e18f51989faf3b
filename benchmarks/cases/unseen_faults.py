"""Faults planted in the settings, each with what mends it."""
# ruff: noqa: E501  # a case a line reads as a table

import polars as pl

from cases import unseen_amounts as amounts
from cases import unseen_classes as classes
from cases.case import Case
from cases.faults import planted
from cases.unseen_controls import (
    DECAYED,
    DROPPED,
    FUNNEL,
    LITTLE,
    LOGIT,
    MOMENTUM,
    NET,
    PICTURE,
    RMS,
    SCALED,
    SMOOTH,
    TANH,
)

R2 = "r2"
STEEP = ("lr_too_high", "exploding_gradients", "non_finite", "dead_relu")
SHORT = ("too_few_epochs", "lr_too_low")
UNSTOPPED = ("callback.early_stopping=null", "callback.checkpoint.use=last")

unseen = planted


def unseen_setting_faults() -> list[Case]:
    """All of them."""
    return [
        *_rates(),
        *_lengths(),
        *_shapes(),
        *_signals(),
        *_brakes(),
        *_losses(),
        *_scales(),
        *_fits(),
        *_decisions(),
    ]


def _rates() -> list[Case]:
    plain_sgd = ("optimizer=sgd",)
    deep = ("model.hidden=[128,128,128,128,128]", *MOMENTUM[1:], "optimizer.lr=0.01", *SCALED)
    return [
        unseen("lr_too_high/adam_churn", classes.churn, 1500, DROPPED, ("optimizer.lr=5",), mend=("optimizer.lr=0.004",), also=STEEP),
        unseen("lr_too_high/sgd_concrete", amounts.concrete, 1000, (*MOMENTUM, *SCALED, "model.activation=tanh"), ("optimizer.lr=1",), mend=("optimizer.lr=0.01",), also=STEEP, metric=R2),
        unseen("lr_too_high/rmsprop_ten", classes.stretched, 2500, (*RMS, "model.hidden=[64,32]"), ("optimizer.lr=1",), mend=("optimizer.lr=0.002",), also=STEEP, options={"features": 8, "classes": 10, "apart": 3.0}),
        unseen("lr_too_high/tanh_seedlings", classes.seedlings, 1000, TANH, ("optimizer.lr=5",), mend=("optimizer.lr=0.005",), also=STEEP),
        unseen("lr_too_high/linear_stars", amounts.stars, 800, (*LOGIT, "task=regression", *SCALED, "optimizer=sgd"), ("optimizer.lr=0.9",), mend=("optimizer.lr=0.01",), also=STEEP, metric=R2),
        unseen("lr_too_low/sgd_agreement", classes.agreement, 900, NET, (*plain_sgd, "optimizer.lr=0.0003", "trainer.max_epochs=40"), mend=("optimizer.lr=0.1",), also=SHORT),
        unseen("lr_too_low/adam_homes", amounts.homes, 1200, (*FUNNEL, *SCALED), ("optimizer.lr=0.000005", "trainer.max_epochs=30"), mend=("optimizer.lr=0.003",), also=SHORT, metric=R2),
        unseen("lr_too_low/gelu_shells", classes.shells, 1500, SMOOTH, ("optimizer.lr=0.000004", "trainer.max_epochs=60"), mend=("optimizer.lr=0.003",), also=SHORT),
        unseen("lr_too_low/wide_batches", classes.splices, 1200, LITTLE, (*plain_sgd, "optimizer.lr=0.001", "data.batch_size=256", "trainer.max_epochs=50"), mend=("optimizer=adam", "optimizer.lr=0.01"), also=SHORT),
        unseen("non_finite/euros", amounts.homes, 900, (*NET, *plain_sgd, "optimizer.lr=0.02"), (), mend=SCALED, also=("unnormalised_target", *STEEP), metric=R2, options={"euros": True}),
        unseen("non_finite/overstepped", amounts.crops, 1000, (*MOMENTUM, *SCALED), ("optimizer.lr=80",), mend=("optimizer.lr=0.01",), also=STEEP, metric=R2),
        unseen("exploding_gradients/five_wide", amounts.turbine, 1200, deep, ("model.init=normal", "model.init_std=0.6"), mend=("model.init=default",), also=("bad_init", *STEEP), metric=R2),
    ]  # fmt: skip


def _lengths() -> list[Case]:
    short = {"also": SHORT}
    return [
        unseen("too_few_epochs/two_parity", classes.parity, 2500, FUNNEL, ("trainer.max_epochs=2", "optimizer.lr=0.001"), mend=("trainer.max_epochs=100",), **short),
        unseen("too_few_epochs/rentals", amounts.rentals, 2000, (*FUNNEL, *SCALED), ("trainer.max_epochs=3", "optimizer.lr=0.001", "data.batch_size=128"), mend=("trainer.max_epochs=100",), metric=R2, **short),
        unseen("too_few_epochs/noughts", classes.noughts, 958, (*SMOOTH, "model.hidden=[64]"), ("trainer.accumulate_grad_batches=12", "trainer.max_epochs=25"), mend=("trainer.accumulate_grad_batches=1",), **short),
        unseen("too_few_epochs/one_batch", classes.shells, 1200, SMOOTH, ("data.batch_size=null", "trainer.max_epochs=15", "optimizer.lr=0.001"), mend=("data.batch_size=32", "trainer.max_epochs=60"), **short),
        unseen("too_few_epochs/scans", None, 0, PICTURE, ("trainer.max_epochs=1", "data.batch_size=256", "optimizer.lr=0.001"), mend=("trainer.max_epochs=25",), **short),
        unseen("not_shuffled/by_species", _by_species, 1200, MOMENTUM, ("data.shuffle=false", "data.split=random", "trainer.max_epochs=6", *UNSTOPPED), mend=("data.shuffle=true",)),
    ]  # fmt: skip


def _by_species(n: int, seed: int) -> pl.DataFrame:
    """A herbarium that is kept species by species."""
    return classes.seedlings(n, seed, blur=0.2).sort("y")


def _shapes() -> list[Case]:
    none = ("model.activation=none",)
    linear = {"also": ("underfitting",), "first": ("model_is_linear",)}
    narrow = {"also": ("model_is_linear",), "first": ("underfitting",)}
    mlp = ("model=mlp", "model.hidden=[48]", "optimizer.lr=0.005")
    ten = {"features": 8, "classes": 10, "apart": 3.0}
    return [
        unseen("model_is_linear/shells", classes.shells, 1200, FUNNEL, none, mend=("model.activation=relu",), **linear),
        unseen("model_is_linear/gauges", classes.agreement, 1000, LOGIT, (), mend=mlp, **linear),
        unseen("model_is_linear/doses", classes.doses, 2000, (*NET, "optimizer.lr=0.01"), none, mend=("model.activation=relu",), **linear),
        unseen("model_is_linear/crops", amounts.crops, 1500, (*LOGIT, *SCALED), (), mend=mlp, metric=R2, **linear),
        unseen("model_is_linear/deep_turbine", amounts.turbine, 1500, ("model.hidden=[64,64,64]", *SMOOTH[2:], *SCALED), none, mend=("model.activation=gelu",), metric=R2, **linear),
        unseen("underfitting/one_unit", classes.vibration, 1500, (*NET, "optimizer.lr=0.01"), ("model.hidden=[1]",), mend=("model.hidden=[32]",), **narrow),
        unseen("underfitting/ten_through_two", classes.stretched, 2500, (*NET, "optimizer.lr=0.01"), ("model.hidden=[2]",), mend=("model.hidden=[64]",), options=ten, **narrow),
        unseen("seed_unstable/parity", classes.parity, 1500, (*NET, "optimizer.lr=0.01", "verdict.seeds=3"), ("model.hidden=[6]",), mend=("model.hidden=[64,64]",), also=("underfitting", "dead_relu", "too_few_epochs"), options={"useless": 1}),
    ]  # fmt: skip


def _signals() -> list[Case]:
    """Layers through which nothing comes."""
    started = ("model.init=default", "model.init_std=null")
    slow = {"also": ("lr_too_low", "bad_init"), "first": ("vanishing_gradients",)}
    return [
        unseen("vanishing_gradients/agreement", classes.agreement, 900, ("model.hidden=[20,20,20,20,20,20]", *NET[1:]), ("model.activation=sigmoid", "optimizer.lr=0.001", "trainer.max_epochs=60"), mend=("model.activation=relu", "optimizer.lr=0.004"), **slow),
        unseen("vanishing_gradients/turbine", amounts.turbine, 1200, ("model.hidden=[16,16,16,16,16,16,16,16]", *MOMENTUM[1:], *SCALED), ("model.activation=sigmoid",), mend=("model.activation=relu",), metric=R2, **slow),
        unseen("dead_relu/pendulum", amounts.pendulum, 600, (*SMOOTH, *SCALED, "model.activation=relu"), ("model.init_bias=-8",), mend=("model.init_bias=null",), also=("bad_init",), metric=R2),
        unseen("dead_relu/leap", classes.vibration, 1200, ("model.hidden=[24,24,24]", *MOMENTUM[1:]), ("optimizer.lr=4",), mend=("optimizer.lr=0.02",), also=STEEP),
        unseen("bad_init/zeros_seedlings", classes.seedlings, 900, ("model.hidden=[48,24]", *NET[1:]), ("model.init=zeros",), mend=started),
        unseen("bad_init/faint", amounts.demand, 1500, ("model.hidden=[32,32,32,32]", *MOMENTUM[1:], "data.drop_columns=[when]", *SCALED, "model.activation=tanh"), ("model.init=normal", "model.init_std=0.0001"), mend=started, also=("vanishing_gradients", "lr_too_low"), metric=R2),
    ]  # fmt: skip


def _brakes() -> list[Case]:
    free = {"also": ("underfitting",), "first": ("over_regularised",)}
    return [
        unseen("over_regularised/decayed_pendulum", amounts.pendulum, 600, (*TANH, *SCALED), ("optimizer.weight_decay=1",), mend=("optimizer.weight_decay=0",), metric=R2, **free),
        unseen("over_regularised/adamw_shells", classes.shells, 1200, DECAYED, ("optimizer.weight_decay=60",), mend=("optimizer.weight_decay=0.01",), **free),
        unseen("over_regularised/sgd_concrete", amounts.concrete, 1000, (*MOMENTUM, *SCALED, "optimizer.lr=0.01"), ("optimizer.weight_decay=0.4",), mend=("optimizer.weight_decay=0",), metric=R2, **free),
    ]  # fmt: skip


def _losses() -> list[Case]:
    none = ("model.output_activation=none",)
    return [
        unseen("wrong_loss/twice_sigmoid", classes.policy, 2000, NET, ("model.output_activation=sigmoid",), mend=none),
        unseen("wrong_loss/squashed_yield", amounts.crops, 1200, NET, ("model.output_activation=sigmoid",), mend=none, metric=R2),
        unseen("wrong_loss/lost_orders", amounts.deliveries, 1000, NET, ("loss=mse", "criteria.mae=1.5"), mend=("loss=huber",), metric="mae", options={"lost": 0.08, "late": 60.0}),
    ]  # fmt: skip


def _scales() -> list[Case]:
    raw, scale = ("data.normalize=none",), ("data.normalize=standard",)
    inputs = {"also": STEEP, "first": ("unnormalised_inputs", "non_finite")}  # non_finite names the cause below it
    target = {"also": (*STEEP, *SHORT), "first": ("unnormalised_target", "non_finite"), "metric": R2}
    return [
        unseen("unnormalised_inputs/credit", classes.credit, 1500, MOMENTUM, raw, mend=scale, **inputs, options={"missing": 0.0}),
        unseen("unnormalised_inputs/concrete", amounts.concrete, 1000, (*MOMENTUM, *SCALED, "optimizer.lr=0.01"), raw, mend=scale, metric=R2, **inputs),
        unseen("unnormalised_inputs/tumours", classes.tumours, 569, ("model.hidden=[16]", *MOMENTUM[1:]), raw, mend=scale, **inputs, options={"part": "worst"}),
        unseen("unnormalised_target/euros", amounts.homes, 1500, NET, (), mend=SCALED, **target, options={"euros": True}),
        unseen("unnormalised_target/strength", amounts.concrete, 1000, ("model.hidden=[24]", *NET[1:], "optimizer.lr=0.0005"), ("trainer.max_epochs=40",), mend=(*SCALED, "optimizer.lr=0.005"), **target),
        unseen("unnormalised_target/clinic", amounts.progression, 442, (*LOGIT, "optimizer.lr=0.005"), (), mend=SCALED, **target),
    ]  # fmt: skip


def _fits() -> list[Case]:
    over = {"also": ("too_little_data",), "first": ("overfitting",)}
    large = ("model.hidden=[256,256]", "data.batch_size=16", "optimizer.lr=0.002", "trainer.max_epochs=120", *UNSTOPPED)
    stopped = (
        "callback=default",
        "callback.early_stopping.patience=5",
        "callback.checkpoint.use=best",
        "model.hidden=[8]",
        "optimizer.weight_decay=0.01",
    )
    return [
        unseen("overfitting/credit", classes.credit, 500, large, (), mend=stopped, options={"sharp": 1.2}, **over),
        unseen("overfitting/progression", amounts.progression, 442, (*large, "model.hidden=[200,100]", *SCALED), (), mend=stopped, metric=R2, **over),
        unseen("overfitting/genes", classes.genes, 350, (*large, "model.hidden=[512]"), (), mend=stopped, options={"blur": 1.2}, **over),
        unseen("overfitting/gauge", amounts.gauge, 120, (*large, "model.hidden=[128,128,128]", "optimizer.lr=0.004", "trainer.max_epochs=400"), (), mend=("callback=default", "callback.early_stopping.patience=15", "callback.checkpoint.use=best"), metric=R2, options={"blur": 1.6}, **over),
    ]  # fmt: skip


def _decisions() -> list[Case]:
    missed = {"metric": "f1", "also": ("bad_threshold",)}
    tuned = {"mend": ("task.threshold=tuned",)}
    uneven = {"shares": (0.88, 0.07, 0.05), "blur": 0.75}
    return [
        unseen("class_imbalance/card_fraud", classes.payments, 4000, LOGIT, (), options={"share": 0.03, "apart": 1.0}, **tuned, **missed),
        unseen("class_imbalance/card_fraud_mlp", classes.payments, 5000, LITTLE, (), options={"share": 0.06, "apart": 0.8}, **tuned, **missed),
        unseen("class_imbalance/species", classes.seedlings, 2000, NET, (), mend=("loss.class_weight=balanced",), options=uneven),
        unseen("bad_threshold/cautious", classes.credit, 1500, LOGIT, ("task.threshold=0.95",), mend=("task.threshold=0.5",), metric="f1"),
        unseen("bad_threshold/eager", classes.sessions, 2000, LITTLE, ("task.threshold=0.03",), mend=("task.threshold=0.5",)),
        unseen("bad_threshold/stated_recall", classes.payments, 4000, NET, ("task.threshold_goal=recall@0.9",), mend=("task.threshold=tuned",), metric="recall", options={"share": 0.2, "apart": 1.2}, also=("class_imbalance",)),
    ]  # fmt: skip
