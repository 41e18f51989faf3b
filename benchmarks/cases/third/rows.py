"""Faults planted in the rows for the held-out half, each with what mends it, where anything does."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from cases.case import Case, Fix, sample_seed
from cases.third import amounts, classes, people, texts
from cases.third.controls import DEEP, GELU, LINEAR, ONE, PLAIN, SCALED, SMALL, TANH, TEXTS, WIDE

Made = Callable[[int], pl.DataFrame]

R2 = "r2"
MEMORY = ("model.hidden=[256,128]", "data.batch_size=16", "optimizer.lr=0.002", "trainer.max_epochs=60")
TINY = ("model.hidden=[8]", "data.batch_size=8", "optimizer.lr=0.01", "trainer.max_epochs=60")


def third_data_faults() -> list[Case]:
    """All of them."""
    return [*_noise(), *_shifts(), *_nothing(), *_little(), *_doubtful()]


def planted_rows(name: str, make: Made, words: tuple[str, ...], *, honest: Made | None = None, **more: Any) -> Case:
    """A case whose rows are made from one seed, and whose fresh rows, if any, come from another."""
    seed = sample_seed(name)
    more.setdefault("accepts", (name.partition("/")[0],))
    if honest is not None:
        more |= {"fresh": partial(honest, seed + 1), "proof": "honest"}
    return Case(name=name, generator=name, words=words, table=partial(make, seed), half="held-out", **more)


def _noise() -> list[Case]:
    """Labels that were typed wrongly, into any other class."""

    def typed(variant: str, make: Made, share: float, words: tuple[str, ...]) -> Case:
        name = f"label_noise/{variant}"
        return planted_rows(name, partial(_typed, make, share), words, fix=Fix(table=partial(make, sample_seed(name))))

    return [
        typed("weeds", lambda seed: classes.weeds(2500, seed, blur=0.1), 0.2, GELU),
        typed("penguins", lambda seed: classes.penguins(900, seed), 0.15, ONE),
        typed("fruit", lambda seed: classes.fruit(1500, seed), 0.2, PLAIN),
        typed("subjects", lambda seed: texts.subjects(1200, seed, kinds=4, clear=0.95), 0.2, TEXTS),
    ]


def _typed(make: Made, share: float, seed: int) -> pl.DataFrame:
    """A share of the labels replaced by another one."""
    rows, rng = make(seed), np.random.default_rng(seed + 9)
    labels = rows["y"].unique().sort().to_list()
    code = np.array([labels.index(one) for one in rows["y"]])
    moved = (rng.random(len(rows)) < share) * rng.integers(1, len(labels), len(rows))
    return rows.with_columns(pl.Series("y", np.array(labels)[(code + moved) % len(labels)]))


def _shifts() -> list[Case]:
    """A test file of another kind than the rows to learn from, which the user does not know of."""

    def shifted(
        variant: str, make: Made, moved: Made, words: tuple[str, ...], metric: str = "balanced_accuracy"
    ) -> Case:
        name = f"split_shift/{variant}"
        return planted_rows(name, make, words, test=partial(moved, sample_seed(name) + 2), honest=make, metric=metric)

    def fahrenheit(seed: int) -> pl.DataFrame:
        return amounts.motor(400, seed).with_columns(pl.col("ambient") * 1.8 + 32, pl.col("rpm") * 0.8)

    def other_scale(seed: int) -> pl.DataFrame:
        return classes.penguins(300, seed).with_columns(pl.col("bill_length") - 5, pl.col("flipper") * 0.93)

    def steerage(seed: int) -> pl.DataFrame:
        rows = people.passengers(1500, seed)
        return rows.filter((pl.col("cabin") == "third") & (pl.col("sex") == "male") | (pl.col("y") == 0)).head(400)

    def new_words(seed: int) -> pl.DataFrame:
        rows = classes.spam(500, seed)
        return rows.select(*(pl.col(f"w{(i + 7) % 24}").alias(f"w{i}") for i in range(24)), pl.col("capitals") * 3, "y")

    def other_city(seed: int) -> pl.DataFrame:
        return amounts.fares(400, seed).with_columns(pl.col("miles") * 1.609, pl.col("minutes") * 1.5)

    return [
        shifted("fahrenheit", lambda seed: amounts.motor(1200, seed), fahrenheit, DEEP, R2),
        shifted("other_callipers", lambda seed: classes.penguins(800, seed), other_scale, ONE),
        shifted("new_words", lambda seed: classes.spam(1500, seed), new_words, LINEAR),
        shifted("kilometres", lambda seed: amounts.fares(1200, seed), other_city, (*SMALL, *SCALED), R2),
        shifted("steerage", lambda seed: people.passengers(1500, seed), steerage, SMALL),
    ]


def _nothing() -> list[Case]:
    """Targets that have nothing to do with the inputs."""

    def chance(variant: str, make: Made, words: tuple[str, ...], metric: str = "balanced_accuracy") -> Case:
        return planted_rows(f"no_better_than_baseline/{variant}", make, words, metric=metric, proof="chance")

    def mixed(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
        return rows.with_columns(rows["y"].shuffle(seed % 1000))

    def dice(seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        rolls = {f"roll_{i}": rng.integers(1, 7, 2000) for i in range(6)}
        return pl.DataFrame(
            {
                **rolls,
                "hand": np.array(["left", "right"])[rng.integers(2, size=2000)],
                "y": [f"side_{one}" for one in rng.integers(1, 7, 2000)],
            }
        )

    return [
        chance("six_sides", dice, ONE),
        chance("census_misjoined", lambda seed: mixed(people.census(2500, seed), seed), DEEP),
        chance("flats_misjoined", lambda seed: mixed(amounts.flats(1500, seed), seed), (*SMALL, *SCALED), R2),
        chance("wards_misjoined", lambda seed: mixed(people.wards(2500, seed), seed), PLAIN),
        chance("spectra_misjoined", lambda seed: mixed(amounts.spectra(1500, seed, columns=12), seed), (*LINEAR, *SCALED), R2),
    ]  # fmt: skip


def _little() -> list[Case]:
    few = {"proof": "width"}
    return [
        planted_rows("too_little_data/penguins", lambda seed: classes.penguins(70, seed), TINY, **few),
        planted_rows("too_little_data/passengers", lambda seed: people.passengers(90, seed, sharp=1.6), TINY, **few),
        planted_rows("too_little_data/fares", lambda seed: amounts.fares(40, seed, blur=4.0), ("model=linear", *TINY[1:], *SCALED), metric=R2, **few),
        planted_rows("too_little_data/cracks", lambda seed: classes.castings(300, seed, share=0.06, apart=2.5), (*SMALL, "task.threshold=tuned"), **few),
        planted_rows("too_little_data/subjects", lambda seed: texts.subjects(60, seed, kinds=3), TEXTS, **few),
    ]  # fmt: skip


def _doubtful() -> list[Case]:
    """Scores that cannot be what they seem."""
    column = ("data.split=column", "data.split_column=part")
    mixed = Fix(words=("data.split=stratified", "data.drop_columns=[part]"))
    shifted = ("train_val_inconsistent", "split_shift")
    return [
        planted_rows("train_val_inconsistent/checked_first", _checked_first, (*WIDE, *column),
              honest=lambda seed: people.hints(1500, seed, sharp=1.2), accepts=shifted, fix=mixed),
        planted_rows("train_val_inconsistent/easy_routes", _easy_routes, (*TANH, *SCALED, *column), metric=R2,
              honest=lambda seed: amounts.rain(1500, seed, blur=0.7), accepts=shifted,
              fix=Fix(words=("data.split=random", "data.drop_columns=[part]"))),
        planted_rows("miscalibrated/sure_of_hints", lambda seed: people.hints(1000, seed, sharp=0.8),
              (*MEMORY[:3], "trainer.max_epochs=80", "callback.early_stopping=null", "callback.checkpoint.use=last"),
              accepts=("miscalibrated", "overfitting"), least="info", metric="log_loss",
              fix=Fix(words=("callback=default", "model.hidden=[8]"))),
        planted_rows("miscalibrated/weighted", lambda seed: classes.castings(5000, seed, share=0.05, apart=0.7),
              (*LINEAR, "loss.class_weight=balanced"), accepts=("miscalibrated",), least="info", metric="log_loss",
              fix=Fix(words=("loss.class_weight=none",))),
    ]  # fmt: skip


def _checked_first(seed: int) -> pl.DataFrame:
    """Validation and test were filled with the buyers of whom the scores leave no doubt."""
    rows = people.hints(3000, seed, sharp=1.2)
    side = rows["score_0"] - 0.7 * rows["score_1"]
    clear = (side.abs() > 1.2).to_numpy() & ((side > 0) == (rows["y"] == "bought")).to_numpy()
    return _parted(rows, clear, seed)


def _easy_routes(seed: int) -> pl.DataFrame:
    """Validation and test were filled with the rivers that did as the rain said."""
    rows = amounts.rain(3000, seed, blur=0.7)
    plain = amounts.rain(3000, seed, blur=0.0)["y"]
    return _parted(rows, ((rows["y"] / plain - 1).abs() < 0.3).to_numpy(), seed)


def _parted(rows: pl.DataFrame, easy: np.ndarray, seed: int) -> pl.DataFrame:
    lot = np.random.default_rng(seed + 3).random(len(rows))
    part = np.where(easy & (lot < 0.4), "val", np.where(easy & (lot < 0.8), "test", "train"))
    return rows.with_columns(pl.Series("part", part))
