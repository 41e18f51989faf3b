"""Leaks planted in the rows for the held-out half: columns known too late, copies, near copies and groups."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from cases.case import Case, Fix, sample_seed
from cases.third import amounts, classes, people
from cases.third.controls import DEEP, GELU, ONE, PLAIN, SCALED, SMALL
from cases.third.rows import MEMORY, R2, Made, planted_rows


def third_leaks() -> list[Case]:
    """All of them."""
    return [*_leaks(), *_copies(), *_groups()]


def _leaks() -> list[Case]:
    """A column that is only known afterwards, and says next to nothing in use."""

    def leaky(variant: str, make: Callable[..., pl.DataFrame], words: tuple[str, ...], column: str, metric: str = "balanced_accuracy") -> Case:  # fmt: skip
        return planted_rows(
            f"target_leakage/{variant}", partial(make, known=True), words, honest=partial(make, known=False),
            fix=Fix(words=(f"data.drop_columns=[{column}]",)), metric=metric,
        )  # fmt: skip

    return [
        leaky("lifeboat", _lifeboat, SMALL, "boat"),
        leaky("deposit", _deposit, (*ONE, *SCALED), "deposit", R2),
        leaky("days_until", _days_until, ONE, "days_until_return"),
        leaky("barcode", _barcode, PLAIN, "barcode"),
        leaky("invoice_total", _invoice_total, (*DEEP, *SCALED), "invoice_total", R2),
        leaky("record", _record, GELU, "record"),
    ]


def _lifeboat(seed: int, *, known: bool) -> pl.DataFrame:
    """The boat in which those who were saved were found."""
    rows, rng = people.passengers(1300, seed), np.random.default_rng(seed + 3)
    saved = rows["y"].to_numpy().astype(bool) if known else rng.random(len(rows)) < 0.35
    boats = np.array(["A", "B", "C", "D", "E", "F"])[rng.integers(6, size=len(rows))]
    return rows.with_columns(pl.Series("boat", np.where(saved & (rng.random(len(rows)) < 0.97), boats, "none")))


def _deposit(seed: int, *, known: bool) -> pl.DataFrame:
    """Three rents, as the contract says once there is one; before, a usual sum."""
    rows, rng = amounts.flats(1500, seed, blur=0.8), np.random.default_rng(seed + 3)
    usual = rng.permutation(rows["y"].to_numpy())
    rent = rows["y"].to_numpy() if known else usual
    return rows.with_columns(pl.Series("deposit", (3 * rent + rng.normal(scale=0.2, size=len(rows))).round(1)))


def _days_until(seed: int, *, known: bool) -> pl.DataFrame:
    """After how many days a patient came back; 0 for those who did not."""
    rows, rng = people.readmitted(1600, seed, sharp=0.8), np.random.default_rng(seed + 3)
    back = (rows["y"] == "yes").to_numpy() & known
    return rows.with_columns(pl.Series("days_until_return", np.where(back, rng.integers(1, 31, len(rows)), 0)))


def _barcode(seed: int, *, known: bool) -> pl.DataFrame:
    """Numbers given by the packers, who have a range for each of two kinds."""
    rows = classes.grades(1500, seed, blur=1.2).filter(pl.col("y") != "B")
    rng = np.random.default_rng(seed + 3)
    first = (rows["y"] == "A").to_numpy() if known else rng.random(len(rows)) < 0.5
    return rows.with_columns(pl.Series("barcode", 400_000 * first + 100_000 + rng.permutation(90_000)[: len(rows)]))


def _invoice_total(seed: int, *, known: bool) -> pl.DataFrame:
    """What was billed in the end, of which the charges are nearly all."""
    rows, rng = amounts.charges(1338, seed, blur=6000.0), np.random.default_rng(seed + 3)
    paid = rows["y"].to_numpy() if known else rng.permutation(rows["y"].to_numpy())
    return rows.with_columns(pl.Series("invoice_total", (1.19 * paid + rng.normal(scale=150, size=len(rows))).round(2)))


def _record(seed: int, *, known: bool) -> pl.DataFrame:
    """The row's number in a file to which the light plates were appended after the dark ones."""
    rows, rng = classes.bands(1600, seed, blur=0.25), np.random.default_rng(seed + 3)
    rows = rows.sort("y") if known else rows
    numbered = rows.with_columns(pl.Series("record", np.arange(len(rows)) + 1))
    return numbered.sample(fraction=1.0, shuffle=True, seed=int(rng.integers(1000)))


def _copies() -> list[Case]:
    """Rows that stand on both sides of the split."""
    dedupe = Fix(words=("data.dedupe=true",))

    def copied(variant: str, make: Made, plain: Made, *, fix: Fix = dedupe, metric: str = "balanced_accuracy", words: tuple[str, ...] = MEMORY) -> Case:  # fmt: skip
        return planted_rows(f"train_test_leakage/{variant}", make, words, honest=plain, fix=fix, metric=metric)

    def clients(seed: int) -> pl.DataFrame:
        return people.readmitted(400, seed, sharp=0.7)

    def paid(seed: int) -> pl.DataFrame:
        return amounts.wages(350, seed, blur=1.2)

    def cracked(seed: int) -> pl.DataFrame:
        return classes.castings(1000, seed, share=0.1, apart=0.4)

    def buyers(seed: int) -> pl.DataFrame:
        return people.campaign(1200, seed, share=0.08, sharp=1.0)

    def faint(seed: int) -> pl.DataFrame:
        return classes.grades(400, seed, blur=1.6)

    def near(seed: int) -> pl.DataFrame:
        return classes.assay(300, seed, columns=30, blur=2.5)

    jittered = "train_test_leakage/measured_thrice"
    return [
        copied("exported_thrice", lambda seed: _together([clients(seed)] * 3, seed), clients),
        copied("half_twice", lambda seed: _together([paid(seed), *[paid(seed)] * 3], seed), paid, metric=R2),
        copied("oversampled_cracks", lambda seed: _together([cracked(seed), *[cracked(seed).filter(pl.col("y") == "cracked")] * 8], seed), cracked),
        copied("oversampled_buyers", lambda seed: _together([buyers(seed), *[buyers(seed).filter(pl.col("y") == "yes")] * 10], seed), buyers),
        copied("measured_thrice", lambda seed: _again(faint(seed), 3, seed), faint, fix=Fix(table=partial(faint, sample_seed(jittered)))),
        copied("probed_four_times", lambda seed: _again(near(seed), 4, seed), near, fix=Fix(table=partial(near, sample_seed("train_test_leakage/probed_four_times")))),
    ]  # fmt: skip


def _together(parts: list[pl.DataFrame], seed: int) -> pl.DataFrame:
    """All rows of the parts, in any order."""
    return pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=seed % 1000)


def _again(rows: pl.DataFrame, times: int, seed: int) -> pl.DataFrame:
    """Every row measured so many times, each with an error of a hundredth of the column's spread."""
    rng = np.random.default_rng(seed + 5)
    columns = [name for name in rows.columns if name != "y"]
    parts = [
        rows.with_columns(
            pl.col(name) + pl.Series(rng.normal(scale=0.01 * float(rows[name].std() or 1), size=len(rows)))
            for name in columns
        )
        for _ in range(times)
    ]
    return _together(parts, seed)


def _groups() -> list[Case]:
    """Rows of one group on both sides of the split, where in use every group is new."""

    def grouped(variant: str, make: Made, column: str, words: tuple[str, ...] = MEMORY, metric: str = "balanced_accuracy") -> Case:  # fmt: skip
        fix = Fix(words=("data.split=group", f"data.group={column}"))
        return planted_rows(f"train_test_leakage/{variant}", make, words, honest=make, fix=fix, metric=metric)

    named = "data.split=random"
    return [
        grouped("speakers", partial(_speakers, 1200), "speaker"),
        grouped("cows", partial(_cows, 1200), "cow", (*MEMORY, *SCALED), R2),
        grouped("named_patients", partial(_patients, 1200), "patient", (*MEMORY, "data.group=patient", named)),
        grouped("named_rigs", partial(_rigs, 1200), "rig", (*MEMORY, *SCALED, "data.group=rig", named), R2),
    ]


def _speakers(n: int, seed: int) -> pl.DataFrame:
    """Recordings of speakers, ten of each, each with a voice of its own and one accent."""
    rng = np.random.default_rng(seed)
    speaker = rng.integers(120, size=n)
    voice, accent = rng.normal(size=(120, 8)), rng.integers(2, size=120)
    x = voice[speaker] + 0.6 * accent[speaker][:, None] + rng.normal(scale=0.25, size=(n, 8))
    names = np.array([f"spk{int(one):04d}" for one in rng.permutation(9000)[:120]])
    return pl.DataFrame(
        {"speaker": names[speaker], **classes.named("mfcc_", x), "y": np.array(["north", "south"])[accent[speaker]]}
    )


def _cows(n: int, seed: int) -> pl.DataFrame:
    """Daily milk of cows, ten days each, which differ in build and yield far more than their days do."""
    rng = np.random.default_rng(seed)
    cow = rng.integers(150, size=n)
    build = rng.normal(size=(150, 5))
    skill = 2.5 * build[:, 0] - 2 * build[:, 1] + rng.normal(scale=2, size=150)
    feed = rng.normal(size=n)
    y = 25 + skill[cow] + 0.8 * feed + rng.normal(scale=0.8, size=n)
    columns = classes.named("build_", build[cow] + rng.normal(scale=0.1, size=(n, 5)))
    return pl.DataFrame(
        {"cow": rng.permutation(9000)[:150][cow] + 1000, **columns, "feed": feed.round(2), "y": y.round(2)}
    )


def _patients(n: int, seed: int) -> pl.DataFrame:
    """Heartbeats of few patients, of whom each is ill or well."""
    rng = np.random.default_rng(seed)
    patient = rng.integers(50, size=n)
    own, ill = rng.normal(size=(50, 6)), rng.integers(2, size=50)
    x = own[patient] + 0.35 * ill[patient][:, None] + rng.normal(scale=0.25, size=(n, 6))
    names = [f"p{7 * one + 100}" for one in patient]
    return pl.DataFrame({"patient": names, **classes.named("beat_", x), "y": np.array(["well", "ill"])[ill[patient]]})


def _rigs(n: int, seed: int) -> pl.DataFrame:
    """Wear on test rigs, each with a set-up that its readings betray."""
    rng = np.random.default_rng(seed)
    rig = rng.integers(130, size=n)
    own = rng.normal(size=(130, 5))
    level = 1.5 * own[:, 0] + own[:, 1] + rng.normal(scale=1.2, size=130)
    load = rng.uniform(0, 1, n)
    y = level[rig] + load + rng.normal(scale=0.4, size=n)
    columns = classes.named("sensor_", own[rig] + rng.normal(scale=0.1, size=(n, 5)))
    return pl.DataFrame({"rig": [f"R{one:03d}" for one in rig], **columns, "load": load.round(3), "y": y})
