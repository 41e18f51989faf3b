"""Faults planted in the rows, each with what mends it, where anything does."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from cases import unseen_amounts as amounts
from cases import unseen_classes as classes
from cases.case import Case, Fix, sample_seed
from cases.unseen_controls import FUNNEL, LITTLE, LOGIT, MOMENTUM, NET, RMS, SCALED, SMOOTH, TEXTS

Made = Callable[[int], pl.DataFrame]

R2 = "r2"
MEMORY = (
    "model.hidden=[160,80]",
    "data.batch_size=16",
    "optimizer.lr=0.002",
    "trainer.max_epochs=50",
    "callback.early_stopping.patience=20",
)
SMALL = ("model.hidden=[8]", "data.batch_size=8", "optimizer.lr=0.01", "trainer.max_epochs=80")


def unseen_data_faults() -> list[Case]:
    """All of them."""
    return [*_noise(), *_leaks(), *_copies(), *_groups(), *_shifts(), *_nothing(), *_little(), *_doubtful()]


def _case(name: str, make: Made, words: tuple[str, ...], *, honest: Made | None = None, **more: Any) -> Case:
    """A case whose rows are made from one seed, and whose fresh rows, if any, come from another."""
    seed = sample_seed(name)
    more.setdefault("accepts", (name.partition("/")[0],))
    if honest is not None:
        more |= {"fresh": partial(honest, seed + 1), "proof": "honest"}
    return Case(name=name, generator=name, words=words, table=partial(make, seed), **more)


def _noise() -> list[Case]:
    """Labels that slipped while rows were annotated."""

    def slipped(variant: str, make: Made, share: float, words: tuple[str, ...]) -> Case:
        name = f"label_noise/{variant}"
        clean = partial(make, sample_seed(name))
        return _case(name, lambda seed: _slip(make(seed), share, seed), words, fix=Fix(table=clean))

    return [
        slipped("vibration", lambda seed: classes.vibration(1500, seed), 0.18, NET),
        slipped("shells", lambda seed: classes.shells(1400, seed), 0.15, FUNNEL),
        slipped("tumours", lambda seed: classes.tumours(569, seed, part="worst"), 0.2, LITTLE),
        slipped("letters", lambda seed: amounts.letters(1200, seed, kinds=3), 0.2, TEXTS),
    ]  # fmt: skip


def _slip(rows: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    """A share of the labels moved to the next class."""
    labels = rows["y"].unique().sort().to_list()
    moved = np.random.default_rng(seed + 5).random(len(rows)) < share
    y = [
        labels[(labels.index(one) + slip) % len(labels)] for one, slip in zip(rows["y"], moved.astype(int), strict=True)
    ]
    return rows.with_columns(pl.Series("y", y))


def _leaks() -> list[Case]:
    """A column that is only known afterwards, and says next to nothing in use."""

    def leaky(variant: str, make: Callable[..., pl.DataFrame], words: tuple[str, ...], column: str, metric: str = "balanced_accuracy") -> Case:  # fmt: skip
        return _case(
            f"target_leakage/{variant}", partial(make, known=True), words, honest=partial(make, known=False),
            fix=Fix(words=(f"data.drop_columns=[{column}]",)), metric=metric,
        )  # fmt: skip

    return [
        leaky("final_bill", _final_bill, LITTLE, "final_bill"),
        leaky("commission", _commission, (*NET, *SCALED), "commission", R2),
        leaky("lab_code", _lab_code, RMS, "lab_code"),
        leaky("repair_minutes", _repair_minutes, LOGIT, "repair_minutes"),
        leaky("case_number", _case_number, FUNNEL, "case_number"),
    ]


def _final_bill(seed: int, *, known: bool) -> pl.DataFrame:
    """The bill that those who leave are sent, kept as 0 for those who stay."""
    rows = classes.churn(1500, seed, sharp=1.0)
    rng = np.random.default_rng(seed + 3)
    left = (rows["y"] == "left").to_numpy() & known & (rng.random(len(rows)) < 0.98)
    return rows.with_columns(pl.Series("final_bill", np.where(left, rng.gamma(9, 8, len(rows)), 0.0).round(2)))


def _commission(seed: int, *, known: bool) -> pl.DataFrame:
    """The logarithm of what the agent got, a share of the price; before the sale it is guessed."""
    rows = amounts.homes(1200, seed)
    noise = np.random.default_rng(seed + 3).normal(scale=0.02 if known else 0.3, size=len(rows))
    return rows.with_columns(((pl.col("y") if known else 11.5) - 3.5 + pl.Series(noise)).alias("commission"))


def _lab_code(seed: int, *, known: bool) -> pl.DataFrame:
    """The shelf that a plant is put on once it was named."""
    rows = classes.seedlings(1200, seed, blur=0.6)
    rng = np.random.default_rng(seed + 3)
    shelves = {name: f"S{number}" for number, name in enumerate(rows["y"].unique().sort())}
    drawn = rng.choice(list(shelves.values()), size=len(rows))
    slips = rng.random(len(rows)) < (0.02 if known else 1.0)
    return rows.with_columns(pl.Series("lab_code", np.where(slips, drawn, [shelves[name] for name in rows["y"]])))


def _repair_minutes(seed: int, *, known: bool) -> pl.DataFrame:
    """How long it took to get the plant going again, which is written down after it stopped."""
    rows = classes.stoppages(1600, seed).drop("hour")
    rng = np.random.default_rng(seed + 3)
    stopped = (rows["y"].to_numpy() if known else rng.integers(2, size=len(rows))) * rng.normal(6, 1, len(rows))
    return rows.with_columns(pl.Series("repair_minutes", stopped + rng.normal(scale=0.5, size=len(rows))))


def _case_number(seed: int, *, known: bool) -> pl.DataFrame:
    """Numbers that the refused were given from a range of their own, as two offices filed the cases."""
    rows = classes.credit(1500, seed, sharp=1.0)
    rng = np.random.default_rng(seed + 3)
    bad = (rows["y"] == "bad").to_numpy() if known else rng.integers(2, size=len(rows)).astype(bool)
    return rows.with_columns(pl.Series("case_number", rng.permutation(20_000)[: len(rows)] + 30_000 * bad))


def _copies() -> list[Case]:
    """Rows that stand on both sides of the split."""
    dedupe = Fix(words=("data.dedupe=true",))

    def copied(variant: str, make: Made, plain: Made, **more: Any) -> Case:
        return _case(f"train_test_leakage/{variant}", make, MEMORY, honest=plain, **more)

    def applicants(seed: int) -> pl.DataFrame:
        return classes.credit(350, seed, sharp=0.8, missing=0.0)

    def fraud(seed: int) -> pl.DataFrame:
        return classes.payments(900, seed, share=0.1, apart=0.6)

    def sold(seed: int) -> pl.DataFrame:
        noise = np.random.default_rng(seed).normal(scale=0.5, size=250)
        return amounts.homes(250, seed).with_columns(pl.col("y") + pl.Series(noise))

    return [
        copied("merged_twice", lambda seed: _mixed([applicants(seed)] * 3, seed), applicants, fix=dedupe),
        copied("balanced_before", lambda seed: _mixed([fraud(seed), *[fraud(seed).filter(pl.col("y") == "fraud")] * 7], seed), fraud, fix=dedupe),
        copied("relisted", lambda seed: _mixed([sold(seed)] * 3, seed), sold, metric=R2, fix=dedupe),
    ]  # fmt: skip


def _mixed(parts: list[pl.DataFrame], seed: int) -> pl.DataFrame:
    """All rows of the parts, in any order."""
    return pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=seed % 1000)


def _groups() -> list[Case]:
    """Rows of one group on both sides of the split, where in use every group is new."""

    def grouped(variant: str, make: Made, column: str, metric: str = "balanced_accuracy") -> Case:
        words = ("data.split=group", f"data.group={column}")
        return _case(f"train_test_leakage/{variant}", make, MEMORY, honest=make, metric=metric, fix=Fix(words=words))

    return [
        grouped("wearers", lambda seed: _gaits(1400, seed), "person"),
        grouped("farms", lambda seed: _farms(1000, seed), "farm", R2),
    ]


def _gaits(n: int, seed: int) -> pl.DataFrame:
    """Recordings of people who fell, or did not: the sensor knows the person by their gait."""
    rng = np.random.default_rng(seed)
    person, fell = rng.integers(70, size=n), rng.integers(2, size=70)
    gait = rng.normal(size=(70, 8)) + 0.3 * fell[:, None]
    x = gait[person] + rng.normal(scale=0.2, size=(n, 8))
    return pl.DataFrame({"person": [f"wearer {one:03d}" for one in person], **{f"gait_{i}": x[:, i] for i in range(8)},
                         "y": np.array(["steady", "fell"])[fell[person]]})  # fmt: skip


def _farms(n: int, seed: int) -> pl.DataFrame:
    """Fields of farms: soil and place are the farm's, and so is most of the yield."""
    rng = np.random.default_rng(seed)
    farm = rng.integers(60, size=n)
    soil, skill = rng.normal(size=(60, 4)), rng.normal(scale=1.5, size=60)
    x = soil[farm] + rng.normal(scale=0.1, size=(n, 4))
    rain = rng.normal(size=n)
    y = 6 + skill[farm] + 0.5 * rain + rng.normal(scale=0.3, size=n)
    return pl.DataFrame({"farm": farm + 4100, **{f"soil_{i}": x[:, i] for i in range(4)}, "rain": rain, "y": y})


def _shifts() -> list[Case]:
    """A test file of another kind than the rows to learn from, which the user does not know of."""

    def shifted(
        variant: str, make: Made, moved: Made, words: tuple[str, ...], metric: str = "balanced_accuracy"
    ) -> Case:
        name = f"split_shift/{variant}"
        return _case(name, make, words, test=partial(moved, sample_seed(name) + 2), honest=make, metric=metric)

    def other_lab(seed: int) -> pl.DataFrame:
        return amounts.concrete(300, seed).with_columns(pl.col("cement") * 0.6, pl.col("water") * 1.35)

    def faster(seed: int) -> pl.DataFrame:
        rows = classes.vibration(400, seed)
        return rows.select(*(pl.col(f"band_{(i - 1) % 12}").alias(f"band_{i}") * 1.5 for i in range(12)), pl.col("y"))

    def new_offer(seed: int) -> pl.DataFrame:
        rows = classes.churn(1500, seed)
        return rows.filter(pl.col("contract") == "monthly").with_columns(
            pl.col("charge") + 45, pl.col("tenure_months") * 0.3
        )

    def young(seed: int) -> pl.DataFrame:
        return classes.doses(500, seed).with_columns(pl.col("dose") * 0.75, pl.col("weight") * 0.5)

    return [
        shifted("other_lab", lambda seed: amounts.concrete(900, seed), other_lab, (*FUNNEL, *SCALED), R2),
        shifted("faster_machine", lambda seed: classes.vibration(1000, seed), faster, NET),
        shifted("new_offer", lambda seed: classes.churn(2000, seed), new_offer, LITTLE),
        shifted("children", lambda seed: classes.doses(1500, seed), young, SMOOTH),
    ]


def _nothing() -> list[Case]:
    """Targets that have nothing to do with the inputs."""

    def chance(variant: str, make: Made, words: tuple[str, ...], metric: str = "balanced_accuracy") -> Case:
        return _case(f"no_better_than_baseline/{variant}", make, words, metric=metric, proof="chance")

    def lottery(seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        return classes.churn(1200, seed).with_columns(pl.Series("y", np.where(rng.random(1200) < 0.4, "won", "lost")))

    def returns(seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        names = {f"lag_{i}": rng.standard_t(5, 1500) for i in range(5)}
        return pl.DataFrame({**names, "weekday": rng.integers(1, 6, 1500), "y": rng.standard_t(5, 1500)})

    return [
        chance("lottery", lottery, NET),
        chance("returns", returns, (*FUNNEL, *SCALED), R2),
        chance("misjoined", lambda seed: _misjoined(classes.strokes(900, seed), seed), FUNNEL),
        chance("misjoined_prices", lambda seed: _misjoined(amounts.homes(800, seed), seed), (*LITTLE, *SCALED), R2),
    ]  # fmt: skip


def _misjoined(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Inputs and targets of different rows, as after a join by the wrong key."""
    return rows.with_columns(rows["y"].shuffle(seed % 1000))


def _little() -> list[Case]:
    few = {"proof": "width"}
    return [
        _case("too_little_data/churn", lambda seed: classes.churn(60, seed, sharp=3.0), SMALL, **few),
        _case("too_little_data/species", lambda seed: classes.seedlings(80, seed), SMALL, **few),
        _case("too_little_data/clinic", lambda seed: amounts.progression(50, seed), ("model=linear", *SMALL[1:], *SCALED), metric=R2, **few),
        _case("too_little_data/frauds", lambda seed: classes.payments(350, seed, share=0.06, apart=3.0), (*LITTLE, "task.threshold=tuned"), **few),
    ]  # fmt: skip


def _doubtful() -> list[Case]:
    """Scores that cannot be what they seem."""

    def visits(seed: int) -> pl.DataFrame:
        return classes.churn(1000, seed, sharp=0.8)

    return [
        _case("train_val_inconsistent/clear_cut", _clear_cut, (*MOMENTUM, "data.split=column", "data.split_column=part"),
              honest=lambda seed: classes.doses(1200, seed, sharp=4.0), accepts=("train_val_inconsistent", "split_shift"),
              fix=Fix(words=("data.split=stratified", "data.drop_columns=[part]"))),
        _case("miscalibrated/churn", visits, (*MEMORY[:-1], "callback.early_stopping=null", "callback.checkpoint.use=last"),
              accepts=("miscalibrated", "overfitting"), least="info", metric="log_loss",
              fix=Fix(words=("callback=default", "model.hidden=[8]"))),
    ]  # fmt: skip


def _clear_cut(seed: int) -> pl.DataFrame:
    """Validation and test were filled with the patients whose dose leaves no doubt."""
    rows = classes.doses(2000, seed, sharp=4.0)
    clear = (rows["dose"] / rows["weight"] - 1.4).abs()
    sure = ((clear < 0.15) | (clear > 0.9)).to_numpy()
    lot = np.random.default_rng(seed + 3).random(len(rows))
    part = np.where(sure & (lot < 0.4), "val", np.where(sure & (lot < 0.8), "test", "train"))
    return rows.with_columns(pl.Series("part", part))
