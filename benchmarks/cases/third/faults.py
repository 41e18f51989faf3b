"""Faults planted in the settings for the held-out half, each with what mends it."""
# ruff: noqa: E501  # a case a line reads as a table

from functools import partial

import numpy as np
import polars as pl

from cases.case import Case
from cases.faults import planted
from cases.third import amounts, classes, people
from cases.third.controls import (
    ADAMW,
    DEEP,
    DROP,
    GELU,
    LINEAR,
    LINEAR_SGD,
    LONG,
    ONE,
    PLAIN,
    RMS,
    SCALED,
    SGD,
    SMALL,
    TANH,
    WIDE,
)

R2 = "r2"
STEEP = ("lr_too_high", "exploding_gradients", "non_finite", "dead_relu")
SHORT = ("too_few_epochs", "lr_too_low")
LAST = ("callback.early_stopping=null", "callback.checkpoint.use=last")
LEVELS = {"kinds": 8, "spread": 0.4}

broken = partial(planted, half="held-out")


def third_setting_faults() -> list[Case]:
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
    sgd = ("optimizer=sgd",)
    six = ("model.hidden=[96,96,96,96,96,96]", *SGD[1:], "optimizer.lr=0.01")
    return [
        broken("lr_too_high/adam_penguins", classes.penguins, 700, DEEP, ("optimizer.lr=3",), mend=("optimizer.lr=0.003",), also=STEEP),
        broken("lr_too_high/sgd_flats", amounts.flats, 1500, (*SGD, *SCALED), ("optimizer.lr=1.5",), mend=("optimizer.lr=0.01",), also=STEEP, metric=R2),
        broken("lr_too_high/rmsprop_fruit", classes.fruit, 1500, RMS, ("optimizer.lr=1",), mend=("optimizer.lr=0.002",), also=STEEP, options=LEVELS),
        broken("lr_too_high/gelu_weeds", classes.weeds, 2000, GELU, ("optimizer.lr=1.5",), mend=("optimizer.lr=0.003",), also=STEEP),
        broken("lr_too_high/adamw_triage", people.triage, 2000, ADAMW, ("optimizer.lr=5", "scheduler=none"), mend=("optimizer.lr=0.003",), also=STEEP),
        broken("lr_too_high/linear_plant", amounts.plant, 1200, (*LINEAR_SGD, *SCALED), ("optimizer.lr=0.8",), mend=("optimizer.lr=0.01",), also=STEEP, metric=R2),
        broken("lr_too_low/sgd_glass", classes.glass, 900, SGD, ("optimizer.lr=0.0001", "trainer.max_epochs=60"), mend=("optimizer.lr=0.05",), also=SHORT),
        broken("lr_too_low/adam_charges", amounts.charges, 1000, (*DEEP, *SCALED), ("optimizer.lr=0.000002", "trainer.max_epochs=40"), mend=("optimizer.lr=0.002",), also=SHORT, metric=R2),
        broken("lr_too_low/tanh_vowels", classes.vowels, 2000, TANH, ("optimizer.lr=0.000003", "trainer.max_epochs=50"), mend=("optimizer.lr=0.005",), also=SHORT),
        broken("lr_too_low/linear_ballots", people.ballots, 1200, LINEAR, (*sgd, "optimizer.lr=0.0001", "trainer.max_epochs=40"), mend=("optimizer.lr=0.05",), also=SHORT),
        broken("lr_too_low/rmsprop_motor", amounts.motor, 1200, RMS, ("optimizer.lr=0.000003", "trainer.max_epochs=60"), mend=("optimizer.lr=0.003",), also=SHORT, metric=R2),
        broken("non_finite/dollars", amounts.charges, 1338, ("model.hidden=[32]", *SGD[1:], "optimizer.lr=0.01"), (), mend=SCALED, also=("unnormalised_target", *STEEP), metric=R2),
        broken("non_finite/raw_plant", amounts.plant, 1500, (*SGD, *SCALED, "optimizer.lr=0.02"), ("data.normalize=none",), mend=("data.normalize=standard",), also=("unnormalised_inputs", *STEEP), metric=R2),
        broken("non_finite/leap", amounts.rain, 1200, (*SGD, *SCALED), ("optimizer.lr=60",), mend=("optimizer.lr=0.005",), also=STEEP, metric=R2),
        broken("exploding_gradients/six_wide", amounts.motor, 1200, six, ("model.init=normal", "model.init_std=0.5"), mend=("model.init=default", "model.init_std=null"), also=("bad_init", *STEEP), metric=R2),
        broken("exploding_gradients/salaries", amounts.salaries, 1500, (*six, *SCALED), ("model.init=normal", "model.init_std=0.45"), mend=("model.init=default", "model.init_std=null"), also=("bad_init", *STEEP), metric=R2),
    ]  # fmt: skip


def _lengths() -> list[Case]:
    short = {"also": SHORT}
    return [
        broken("too_few_epochs/weeds", classes.weeds, 2000, GELU, ("trainer.max_epochs=2", "optimizer.lr=0.001"), mend=("trainer.max_epochs=120",), **short),
        broken("too_few_epochs/bikes", amounts.bikes, 3000, (*DEEP, *SCALED, "task=regression"), ("trainer.max_epochs=2", "optimizer.lr=0.001"), mend=("trainer.max_epochs=120",), metric=R2, **short),
        broken("too_few_epochs/gathered_passengers", people.passengers, 900, SMALL, ("trainer.accumulate_grad_batches=32", "trainer.max_epochs=6", "optimizer.lr=0.003"), mend=("trainer.accumulate_grad_batches=1", "trainer.max_epochs=40"), **short),
        broken("too_few_epochs/whole_batch", classes.vowels, 2500, WIDE, ("data.batch_size=null", "trainer.max_epochs=12"), mend=("trainer.max_epochs=300",), **short),
        broken("too_few_epochs/sgd_reaction", amounts.reaction, 900, ("model.hidden=[32]", *SGD[1:], *SCALED), ("optimizer.momentum=0", "optimizer.lr=0.01", "trainer.max_epochs=4"), mend=("trainer.max_epochs=200",), metric=R2, **short),
        broken("too_few_epochs/digits", classes.high_digits, 1500, PLAIN, ("trainer.max_epochs=1", "data.batch_size=128"), mend=("trainer.max_epochs=60",), **short),
        broken("not_shuffled/triage", _in_order, 1500, (*SGD, "data.batch_size=16", "trainer.max_epochs=50"), ("data.shuffle=false", "data.split=random", "callback.checkpoint.use=last"), mend=("data.shuffle=true",), options={"make": "triage"}),
        broken("not_shuffled/plant", _in_order, 1500, (*SMALL, *SCALED, "optimizer.lr=0.03"), ("data.shuffle=false", "data.split=random", "callback.checkpoint.use=last"), mend=("data.shuffle=true",), metric=R2, options={"make": "plant"}),
        broken("not_shuffled/glass", _in_order, 1200, (*SGD, "data.batch_size=16"), ("data.shuffle=false", "data.split=random", "callback.checkpoint.use=last"), mend=("data.shuffle=true",), options={"make": "glass"}),
    ]  # fmt: skip


def _in_order(n: int, seed: int, *, make: str) -> pl.DataFrame:
    """A table that was exported sorted by its target."""
    maker = {"triage": people.triage, "plant": amounts.plant, "glass": classes.glass}[make]
    return maker(n, seed).sort("y")


def _shapes() -> list[Case]:
    none = ("model.activation=none",)
    linear = {"also": ("underfitting",), "first": ("model_is_linear",)}
    narrow = {"also": ("model_is_linear",), "first": ("underfitting",)}
    mlp = ("model=mlp", "model.hidden=[64,64]", "optimizer.lr=0.003")
    unsure = {"also": ("underfitting", "dead_relu", "too_few_epochs", "lr_too_high")}
    return [
        broken("model_is_linear/weeds", classes.weeds, 2000, GELU, none, mend=("model.activation=gelu",), **linear),
        broken("model_is_linear/bands", classes.bands, 2000, LINEAR, (), mend=("model=mlp", "model.hidden=[64,64]", "optimizer.lr=0.01"), **linear),
        broken("model_is_linear/motor", amounts.motor, 1500, (*LINEAR, *SCALED), (), mend=mlp, metric=R2, **linear),
        broken("model_is_linear/bikes", amounts.bikes, 3000, (*DEEP, *SCALED, "task=regression"), none, mend=("model.activation=relu",), metric=R2, **linear),
        broken("model_is_linear/forest", _slopes, 3000, LINEAR, (), mend=mlp, **linear),
        broken("model_is_linear/deep_charges", amounts.charges, 1338, (*ADAMW, *SCALED), none, mend=("model.activation=relu",), metric=R2, **linear),
        broken("underfitting/fruit_through_one", classes.fruit, 1500, ONE, ("model.hidden=[1]",), mend=("model.hidden=[48]",), **narrow),
        broken("underfitting/fifteen_through_two", classes.vowels, 2500, SMALL, ("model.hidden=[2]",), mend=("model.hidden=[64]",), **narrow),
        broken("underfitting/bikes", amounts.bikes, 3000, (*SMALL, *SCALED, "task=regression"), ("model.hidden=[2]",), mend=("model.hidden=[64,64]",), metric=R2, **narrow),
        broken("seed_unstable/bands", classes.bands, 1500, ("optimizer.lr=0.01", "verdict.seeds=3"), ("model.hidden=[5]",), mend=("model.hidden=[64,64]",), **unsure),
        broken("seed_unstable/motor", amounts.motor, 900, (*SGD, "verdict.seeds=3"), ("model.hidden=[3]", "optimizer.lr=0.2"), mend=("model.hidden=[64]", "optimizer.lr=0.02"), metric=R2, **unsure),
    ]  # fmt: skip


def _slopes(n: int, seed: int) -> pl.DataFrame:
    """The slopes without what only trees would need: the commonest soils."""
    rows = classes.forest(2 * n, seed)
    return rows.filter(pl.col("soil").is_in([f"type_{one}" for one in range(5)])).head(n)


def _signals() -> list[Case]:
    """Layers through which nothing comes."""
    started = ("model.init=default", "model.init_std=null")
    slow = {"also": ("lr_too_low", "bad_init"), "first": ("vanishing_gradients",)}
    return [
        broken("vanishing_gradients/weeds", classes.weeds, 1500, ("model.hidden=[24,24,24,24,24,24,24]", *GELU[1:]), ("model.activation=sigmoid", "optimizer.lr=0.001", "trainer.max_epochs=50"), mend=("model.activation=relu", "optimizer.lr=0.003"), **slow),
        broken("vanishing_gradients/reaction", amounts.reaction, 900, ("model.hidden=[20,20,20,20,20,20]", *SGD[1:], *SCALED, "trainer.max_epochs=80"), ("model.activation=sigmoid",), mend=("model.activation=relu",), metric=R2, **slow),
        broken("dead_relu/fruit", classes.fruit, 1200, ("model.hidden=[32,32]", *ONE[1:]), ("model.init_bias=-7",), mend=("model.init_bias=null",), also=("bad_init",)),
        broken("dead_relu/glass", classes.glass, 1000, ("model.hidden=[24,24,24]", *SGD[1:]), ("optimizer.lr=5",), mend=("optimizer.lr=0.03",), also=STEEP),
        broken("bad_init/zeros_penguins", classes.penguins, 700, ("model.hidden=[32,16]", *ONE[1:]), ("model.init=zeros",), mend=started, also=("vanishing_gradients",)),
        broken("bad_init/faint_fares", amounts.fares, 1000, ("model.hidden=[32,32,32,32]", *SGD[1:], *SCALED, "model.activation=tanh", "trainer.max_epochs=60"), ("model.init=normal", "model.init_std=0.0001"), mend=started, also=("vanishing_gradients", "lr_too_low"), metric=R2),
        broken("bad_init/loud", classes.vowels, 2000, ("model.hidden=[64,64,64]", *WIDE[1:], "trainer.max_epochs=20"), ("model.init=normal", "model.init_std=3"), mend=started, also=("exploding_gradients",)),
    ]  # fmt: skip


def _brakes() -> list[Case]:
    free = {"also": ("underfitting",), "first": ("over_regularised",)}
    return [
        broken("over_regularised/dropped_vowels", classes.vowels, 2000, ("model.hidden=[64,64]", *DROP[2:]), ("model.dropout=0.85",), mend=("model.dropout=0",), **free),
        broken("over_regularised/decayed_salaries", amounts.salaries, 1500, (*TANH, *SCALED), ("optimizer.weight_decay=0.5",), mend=("optimizer.weight_decay=0",), metric=R2, **free),
        broken("over_regularised/adamw_wards", people.wards, 2000, (*ADAMW, "scheduler=none"), ("optimizer.weight_decay=80",), mend=("optimizer.weight_decay=0.01",), **free),
        broken("over_regularised/sgd_weeds", classes.weeds, 2000, (*SGD, "optimizer.lr=0.02"), ("optimizer.weight_decay=0.15",), mend=("optimizer.weight_decay=0",), **free),
    ]  # fmt: skip


def _losses() -> list[Case]:
    none = ("model.output_activation=none",)
    return [
        broken("wrong_loss/twice_softmax", classes.vowels, 2500, ("model.hidden=[32]", *SGD[1:]), ("model.output_activation=softmax", "trainer.max_epochs=20"), mend=none, also=SHORT, first=("wrong_loss",)),
        broken("wrong_loss/squashed_fares", amounts.fares, 1200, (*ONE, *SCALED), ("model.output_activation=sigmoid",), mend=none, metric=R2),
        broken("wrong_loss/fruit_codes", _coded, 1500, WIDE, ("task=regression",), mend=("task=auto",)),
        broken("wrong_loss/mistyped", _mistyped, 1500, (*ONE, "optimizer.lr=0.01"), ("loss=mse", "criteria.mae=1.5"), mend=("loss=huber",), metric="mae"),
    ]  # fmt: skip


def _coded(n: int, seed: int) -> pl.DataFrame:
    """Kinds of fruit under the numbers of a code table, in no order."""
    rows = classes.fruit(n, seed, kinds=8)
    codes = {
        name: code for code, name in enumerate(("fig", "apple", "quince", "kiwi", "pear", "lemon", "plum", "peach"))
    }
    return rows.with_columns(pl.Series("y", [codes[name] for name in rows["y"]]))


def _mistyped(n: int, seed: int) -> pl.DataFrame:
    """Fares of which some lost their decimal point."""
    rows = amounts.fares(n, seed)
    lost = np.random.default_rng(seed + 1).random(n) < 0.05
    return rows.with_columns(pl.Series("y", np.where(lost, rows["y"] * 10, rows["y"])))


def _scales() -> list[Case]:
    raw, scale = ("data.normalize=none",), ("data.normalize=standard",)
    inputs = {"also": STEEP, "first": ("unnormalised_inputs", "non_finite")}  # non_finite names the cause below it
    target = {"also": (*STEEP, *SHORT), "first": ("unnormalised_target", "non_finite"), "metric": R2}
    return [
        broken("unnormalised_inputs/connections", classes.connections, 3000, ("model.hidden=[32]", *SGD[1:]), raw, mend=scale, **inputs),
        broken("unnormalised_inputs/motor", amounts.motor, 1200, (*DEEP, "optimizer.lr=0.005"), raw, mend=scale, metric=R2, **inputs),
        broken("unnormalised_inputs/cells", classes.large_cells, 569, (*SMALL, "optimizer=sgd", "optimizer.lr=0.03"), raw, mend=scale, **inputs),
        broken("unnormalised_inputs/penguins", classes.penguins, 800, ("model.hidden=[16]", *SGD[1:], "optimizer.lr=0.01"), raw, mend=scale, **inputs),
        broken("unnormalised_inputs/census", people.census, 2500, (*LINEAR, "optimizer=sgd", "optimizer.lr=0.02"), raw, mend=scale, **inputs),
        broken("unnormalised_target/charges", amounts.charges, 1338, ONE, (), mend=SCALED, **target),
        broken("unnormalised_target/paid", amounts.salaries, 1500, ONE, (), mend=SCALED, options={"logged": False}, **target),
        broken("unnormalised_target/plant", amounts.plant, 1500, ONE, ("trainer.max_epochs=60",), mend=SCALED, **target),
        broken("unnormalised_target/hardness", amounts.alloy, 900, ("model.hidden=[16]", "optimizer.lr=0.001", "trainer.max_epochs=100"), (), mend=(*SCALED, "optimizer.lr=0.01"), **target),
    ]  # fmt: skip


def _fits() -> list[Case]:
    over = {"also": ("too_little_data",), "first": ("overfitting",)}
    large = ("model.hidden=[256,128]", "data.batch_size=16", "optimizer.lr=0.002", "trainer.max_epochs=100", *LAST)
    stopped = (
        "callback=default",
        "callback.early_stopping.patience=5",
        "callback.checkpoint.use=best",
        "model.hidden=[8]",
        "optimizer.weight_decay=0.01",
    )
    return [
        broken("overfitting/hints", people.hints, 400, large, (), mend=stopped, options={"sharp": 0.6}, **over),
        broken("overfitting/wages", amounts.wages, 700, large, (), mend=stopped, metric=R2, **over),
        broken("overfitting/readmitted", people.readmitted, 600, large, (), mend=stopped, options={"sharp": 0.8}, **over),
        broken("overfitting/rain", amounts.rain, 500, (*large, *SCALED), (), mend=stopped, metric=R2, options={"blur": 0.7}, **over),
        broken("overfitting/long", amounts.marks, 400, (*LONG, *SCALED, "task=regression", *LAST), ("model.hidden=[200]", "optimizer.lr=0.01", "trainer.max_epochs=250"), mend=stopped, metric=R2, options={"blur": 2.5}, **over),
    ]  # fmt: skip


def _decisions() -> list[Case]:
    missed = {"metric": "f1", "also": ("bad_threshold",)}
    tuned = {"mend": ("task.threshold=tuned",)}
    floods = {"shares": (0.9, 0.05, 0.05)}
    return [
        broken("class_imbalance/castings", classes.castings, 5000, LINEAR, (), options={"share": 0.03, "apart": 0.8}, **tuned, **missed),
        broken("class_imbalance/campaign", people.campaign, 5000, SMALL, (), options={"share": 0.03, "sharp": 1.4}, **tuned, **missed),
        broken("class_imbalance/castings_net", classes.castings, 5000, ONE, (), options={"share": 0.03, "apart": 0.7}, **tuned, **missed),
        broken("class_imbalance/uneven_grades", _mostly_middling, 2500, ONE, (), mend=("loss.class_weight=balanced",)),
        broken("class_imbalance/scans", _faint_scans, 4000, LINEAR, (), mend=("loss.class_weight=balanced",), options=floods),
        broken("bad_threshold/passengers", people.passengers, 1500, SMALL, ("task.threshold=0.93",), mend=("task.threshold=0.5",), metric="f1"),
        broken("bad_threshold/readmitted", people.readmitted, 1500, LINEAR, ("task.threshold=0.04",), mend=("task.threshold=0.5",)),
        broken("bad_threshold/campaign_recall", people.campaign, 4000, SMALL, ("task.threshold_goal=recall@0.9",), mend=("task.threshold=tuned",), metric="recall", options={"share": 0.2, "sharp": 1.5}, also=("class_imbalance",)),
        broken("bad_threshold/spam", classes.spam, 1500, LINEAR, ("task.threshold=0.999",), mend=("task.threshold=tuned",), metric="f1"),
    ]  # fmt: skip


def _mostly_middling(n: int, seed: int) -> pl.DataFrame:
    """Timber of which nearly all is of grade B."""
    rows = classes.grades(4 * n, seed, blur=0.9)
    keep = np.random.default_rng(seed + 1).random(len(rows)) < np.where(rows["y"] == "B", 1.0, 0.06)
    return rows.filter(pl.Series(keep)).head(n)


def _faint_scans(n: int, seed: int, *, shares: tuple[float, ...]) -> pl.DataFrame:
    """Connections without the two columns that tell attacks best."""
    return classes.connections(n, seed, shares=shares).drop("tries", "bytes")
