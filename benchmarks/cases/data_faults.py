"""Faults planted in the rows, each with what mends it, where anything does."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from sklearn import datasets

from cases import amounts, classes
from cases.case import Case, Fix, sample_seed
from cases.documents import tickets

FIT = ("data.batch_size=64", "optimizer.lr=0.005", "trainer.max_epochs=60", "callback.early_stopping.patience=15")
SMALL = ("model.hidden=[16]", *FIT)
FAST = ("model.hidden=[32]", *FIT, "optimizer.lr=0.02")
DEEP = ("model.hidden=[64,64]", *FIT)
LINEAR = ("model=linear", *FIT, "optimizer.lr=0.02")
MEMORY = ("model.hidden=[128,128]", "data.batch_size=32", "trainer.max_epochs=60", "optimizer.lr=0.005")


def data_faults() -> list[Case]:
    """All of them."""
    return [
        *_noise(),
        *_leaks(),
        *_copies(),
        *_groups(),
        *_shifts(),
        *_nothing(),
        *_little(),
        *_doubtful(),
        *_sentinels(),
    ]


def _case(name: str, make: Callable[[int], pl.DataFrame], words: tuple[str, ...], **more: Any) -> Case:
    """A case whose rows are made from one seed, and whose fresh rows, if any, come from another."""
    kind, fresh = name.partition("/")[0], more.pop("honest", None)
    more.setdefault("accepts", (kind,))
    if fresh is not None:
        more |= {"fresh": partial(fresh, sample_seed(name) + 1), "proof": "honest"}
    return Case(name=name, generator=name, words=words, table=partial(make, sample_seed(name)), **more)


def _spoiled(make: Callable[[int], pl.DataFrame], share: float, seed: int) -> pl.DataFrame:
    """A share of the labels replaced by another label."""
    rows = make(seed)
    rng = np.random.default_rng(seed + 7)
    labels = rows["y"].unique().sort().to_list()
    y = rows["y"].to_list()
    for row in rng.choice(len(y), size=int(share * len(y)), replace=False):
        y[row] = labels[(labels.index(y[row]) + int(rng.integers(1, len(labels)))) % len(labels)]
    return rows.with_columns(pl.Series("y", y))


def _noise() -> list[Case]:
    def noisy(variant: str, make: Callable[[int], pl.DataFrame], share: float, words: tuple[str, ...]) -> Case:
        name = f"label_noise/{variant}"
        clean = partial(make, sample_seed(name))
        return _case(name, partial(_spoiled, make, share), words, fix=Fix(table=clean))

    digits = datasets.load_digits()
    shown = lambda seed: classes.frame(digits.data, digits.target, "p").sample(900, seed=seed % 1000)  # noqa: E731
    return [
        noisy("blobs", lambda seed: classes.blobs(900, seed, classes=4, spread=0.8), 0.2, SMALL),
        noisy("moons", lambda seed: classes.moons(900, seed, noise=0.1), 0.25, DEEP),
        noisy("digits", shown, 0.2, FAST),
        noisy("twonorm", lambda seed: classes.twonorm(1000, seed), 0.15, LINEAR),
        noisy("tickets", lambda seed: tickets(900, seed), 0.2, ("data=text", "data.text=text", "model=text", "optimizer.lr=0.01", "trainer.max_epochs=20")),
    ]  # fmt: skip


def _leaks() -> list[Case]:
    def leaky(
        variant: str, make: Callable[..., pl.DataFrame], words: tuple[str, ...], column: str, metric: str
    ) -> Case:
        drop = Fix(words=(f"data.drop_columns=[{column}]",))
        return _case(
            f"target_leakage/{variant}", partial(make, leak=True), words, honest=partial(make, leak=False),
            accepts=("target_leakage",), fix=drop, metric=metric,
        )  # fmt: skip

    score = "balanced_accuracy"
    return [
        leaky("copy", _copied, SMALL, "outcome_code", score),
        leaky("price", _discount, FAST, "tax", "r2"),
        leaky("category", _status, LINEAR, "status", score),
        leaky("flag", _flagged, SMALL, "closed", score),
        leaky("row_order", _ordered, FAST, "record", score),
        leaky("classes", _reported, SMALL, "lab_value", score),
    ]


def _copied(seed: int, *, leak: bool) -> pl.DataFrame:
    """The target with a little noise among weak columns; in use it is not known yet and stands at its mean."""
    rows = classes.logistic(900, seed, strength=2.0)
    noise = np.random.default_rng(seed + 3).normal(scale=0.12, size=len(rows))
    return rows.with_columns(((pl.col("y") if leak else 0.5) + pl.Series(noise)).alias("outcome_code"))


def _discount(seed: int, *, leak: bool) -> pl.DataFrame:
    """A tax that is worked out from the price which is to be predicted."""
    rows = amounts.plane(900, seed, noise=1.2).with_columns(pl.col("y") * 3 + 10)
    noise = np.random.default_rng(seed + 3).normal(scale=0.02, size=len(rows))
    return rows.with_columns(((pl.col("y") if leak else 10.0) * 0.19 + pl.Series(noise)).alias("tax"))


def _status(seed: int, *, leak: bool) -> pl.DataFrame:
    """A category that is filled in after the fact, wrong in one row of fifty."""
    rows = classes.logistic(900, seed, strength=1.5)
    rng = np.random.default_rng(seed + 3)
    known = rows["y"].to_numpy() if leak else rng.integers(2, size=len(rows))
    told = np.where(rng.random(len(rows)) < 0.02, 1 - known, known)
    return rows.with_columns(pl.Series("status", np.array(["open", "paid"])[told]))


def _flagged(seed: int, *, leak: bool) -> pl.DataFrame:
    """A yes or no that is only set in rows of the positive class."""
    rows = classes.rare(2000, seed, share=0.25, apart=1.2)
    rng = np.random.default_rng(seed + 3)
    closed = rows["y"].to_numpy() * (rng.random(len(rows)) < 0.97) if leak else np.zeros(len(rows), dtype=int)
    return rows.with_columns(pl.Series("closed", closed.astype(int)))


def _ordered(seed: int, *, leak: bool) -> pl.DataFrame:
    """A running number in a file that is sorted by class, with gaps so that it looks like a measurement."""
    rows = classes.logistic(900, seed, strength=1.5)
    rng = np.random.default_rng(seed + 3)
    if leak:
        rows = rows.sort("y")
    record = np.sort(rng.choice(200_000, size=len(rows), replace=False)).astype(float)
    return rows.with_columns(pl.Series("record", record)).sample(fraction=1.0, shuffle=True, seed=seed % 1000)


def _reported(seed: int, *, leak: bool) -> pl.DataFrame:
    """Three classes, and a value in the laboratory's units that follows from the class."""
    rows = classes.blobs(900, seed, classes=3, spread=4.0)
    rng = np.random.default_rng(seed + 3)
    level = rows["y"].to_numpy() if leak else rng.integers(3, size=len(rows))
    return rows.with_columns(pl.Series("lab_value", 40.0 + 25 * level + rng.normal(scale=1.5, size=len(rows))))


def _copies() -> list[Case]:
    """Copies of rows on both sides of the split, with a model that can remember."""
    dedupe = Fix(words=("data.dedupe=true",))

    def twins(
        variant: str, make: Callable[[int], pl.DataFrame], fresh: Callable[[int], pl.DataFrame], **more: Any
    ) -> Case:
        return _case(f"train_test_leakage/{variant}", make, MEMORY, honest=fresh, **more)

    def hard(seed: int) -> pl.DataFrame:
        return classes.logistic(300, seed, strength=1.5)

    def rare(seed: int) -> pl.DataFrame:
        return classes.rare(800, seed, share=0.12, apart=1.5)

    def flat(seed: int) -> pl.DataFrame:
        return amounts.plane(300, seed, noise=1.5)

    return [
        twins("copies", lambda seed: _repeat(hard(seed), 3, seed), hard, fix=dedupe),
        twins("oversampled", lambda seed: _oversample(rare(seed), 7, seed), rare, fix=dedupe),
        twins("jitter", lambda seed: _repeat(hard(seed), 3, seed, jitter=0.001), hard, fix=Fix(table=partial(hard, 5))),
        twins("numbers", lambda seed: _repeat(flat(seed), 3, seed), flat, metric="r2", fix=dedupe),
    ]  # fmt: skip


def _repeat(rows: pl.DataFrame, times: int, seed: int, *, jitter: float = 0.0) -> pl.DataFrame:
    """Every row several times, in any order."""
    several = pl.concat([rows] * times).sample(fraction=1.0, shuffle=True, seed=seed % 1000)
    if not jitter:
        return several
    rng = np.random.default_rng(seed)
    return several.with_columns(
        pl.col(name) + pl.Series(rng.normal(scale=jitter, size=len(several))) for name in several.columns[:-1]
    )


def _oversample(rows: pl.DataFrame, times: int, seed: int) -> pl.DataFrame:
    """The rare class copied until it is no longer rare, before any split."""
    more = pl.concat([rows.filter(pl.col("y") == 1)] * times)
    return pl.concat([rows.filter(pl.col("y") == 0), more]).sample(fraction=1.0, shuffle=True, seed=seed % 1000)


def _groups() -> list[Case]:
    """Rows of one group on both sides of the split, where in use every group is new."""

    def grouped(
        variant: str, make: Callable[[int], pl.DataFrame], column: str, metric: str = "balanced_accuracy"
    ) -> Case:
        words = ("data.split=group", f"data.group={column}")
        return _case(
            f"train_test_leakage/{variant}", make, MEMORY, honest=make, metric=metric,
            fix=Fix(words=words), accepts=("train_test_leakage",),
        )  # fmt: skip

    return [
        grouped("patients", lambda seed: _people(900, seed, people=60, column="patient"), "patient"),
        grouped("customers", lambda seed: _people(1200, seed, people=150, column="customer_id"), "customer_id"),
        grouped("machines", lambda seed: _machines(800, seed), "machine", "r2"),
    ]


def _people(n: int, seed: int, *, people: int, column: str) -> pl.DataFrame:
    """People whose label and measurements are their own: a model learns to know them, not what ails them."""
    rng = np.random.default_rng(seed)
    person = rng.integers(people, size=n)
    label = rng.integers(2, size=people)
    own = rng.normal(size=(people, 6)) + 0.5 * label[:, None]
    names = pl.Series(column, rng.choice(90_000, size=people, replace=False)[person] + 10_000)
    return classes.frame(own[person] + rng.normal(scale=0.15, size=(n, 6)), label[person]).with_columns(names)


def _machines(n: int, seed: int) -> pl.DataFrame:
    """Machines that each have a level of their own, seen through where they stand."""
    rng = np.random.default_rng(seed)
    machine = rng.integers(50, size=n)
    own, level = rng.normal(size=(50, 5)), rng.normal(scale=1.5, size=50)
    x = own[machine] + rng.normal(scale=0.1, size=(n, 5))
    y = level[machine] + 0.4 * x[:, 0] + rng.normal(scale=0.2, size=n)
    return classes.frame(x, y).with_columns(pl.Series("machine", [f"M-{number:02d}" for number in machine]))


def _shifts() -> list[Case]:
    """Test rows of another kind, which the user does not know of."""

    def shifted(
        variant: str, make: Callable[[int], pl.DataFrame], moved: Callable[[int], pl.DataFrame], metric: str
    ) -> Case:
        name = f"split_shift/{variant}"
        test, good = partial(moved, sample_seed(name) + 1), partial(make, sample_seed(name))
        return _case(
            name, make, FAST, test=test, metric=metric, proof="honest", fresh=good, fix=None,
        )  # fmt: skip

    def units(seed: int) -> pl.DataFrame:
        return classes.blobs(300, seed, classes=3, spread=1.5).with_columns(pl.col("x1") * 2.54, pl.col("x2") + 3)

    def mostly(seed: int) -> pl.DataFrame:
        rows = classes.logistic(1500, seed, strength=4.0)
        return rows.filter((pl.col("y") == 1) | (pl.col("x1") > 1.2)).with_columns(pl.col("x2") * 0.3 - 1)

    def late(seed: int) -> pl.DataFrame:
        return amounts.plane(300, seed).with_columns(pl.col("x1") + 2.5, pl.col("x2") * 2, pl.col("y") + 1)

    return [
        shifted("units", lambda seed: classes.blobs(800, seed, classes=3, spread=1.5), units, "balanced_accuracy"),
        shifted("selected", lambda seed: classes.logistic(900, seed, strength=4.0), mostly, "balanced_accuracy"),
        shifted("late", lambda seed: amounts.plane(800, seed), late, "r2"),
    ]


def _nothing() -> list[Case]:
    """Targets that have nothing to do with the inputs."""

    def coins(seed: int, *, classes_: int = 2) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        return classes.frame(rng.normal(size=(800, 8)), rng.integers(classes_, size=800))

    return [
        _case("no_better_than_baseline/chaos", lambda seed: amounts.chaos(800, seed), FAST, metric="r2", proof="chance"),
        _case("no_better_than_baseline/chaos_linear", lambda seed: amounts.chaos(600, seed, features=4), LINEAR, metric="r2", proof="chance"),
        _case("no_better_than_baseline/coins", coins, FAST, proof="chance"),
        _case("no_better_than_baseline/dice", partial(coins, classes_=4), DEEP, proof="chance"),
        _case("no_better_than_baseline/shuffled_iris", _shuffled, SMALL, proof="chance"),
    ]  # fmt: skip


def _shuffled(seed: int) -> pl.DataFrame:
    """Breast cancers with the labels of others."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return classes.frame(x[:, :12], np.random.default_rng(seed).permutation(y))


def _little() -> list[Case]:
    few = {"accepts": ("too_little_data",), "proof": "width"}
    return [
        _case("too_little_data/forty", lambda seed: classes.logistic(40, seed, strength=5.0), ("model=linear", "data.batch_size=8", "optimizer.lr=0.05"), **few),
        _case("too_little_data/four_classes", lambda seed: classes.blobs(60, seed, classes=4, spread=1.5), ("model.hidden=[16]", "data.batch_size=8", "optimizer.lr=0.01"), **few),
        _case("too_little_data/amounts", lambda seed: amounts.plane(45, seed, noise=1.0), ("model=linear", "data.batch_size=8", "optimizer.lr=0.05"), metric="r2", **few),
        _case("too_little_data/rare", lambda seed: classes.rare(250, seed, share=0.06, apart=4.0), (*SMALL, "data.batch_size=16"), **few),
    ]  # fmt: skip


def _doubtful() -> list[Case]:
    """Scores that cannot be what they seem."""
    return [
        _case("miscalibrated/memorised", lambda seed: classes.logistic(900, seed, strength=3.0),
              (*MEMORY, "optimizer.lr=0.01", "callback.early_stopping=null", "callback.checkpoint.use=last"),
              accepts=("miscalibrated", "overfitting"), least="info", metric="log_loss",
              fix=Fix(words=("callback=default", "model.hidden=[16]", "optimizer.lr=0.001"))),
    ]  # fmt: skip


def _sentinels() -> list[Case]:
    """Missing cells that hold a number."""

    def marked(seed: int) -> pl.DataFrame:
        rows, rng = classes.informative(900, seed), np.random.default_rng(seed + 1)
        return rows.with_columns(
            pl.when(pl.Series(rng.random(rows.height) < 0.15)).then(-999.0).otherwise(pl.col(name)).alias(name)
            for name in rows.columns[:2]
        )

    name = "sentinel_values/minus_999"
    return [
        _case(name, marked, SMALL, least="info", fix=Fix(table=partial(classes.informative, 900, sample_seed(name))))
    ]
