"""Generators of labelled tables: `(rows, seed, ...)` to a frame whose target is `y`."""

from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn import datasets

Array = NDArray[np.float64]


def drawn(rng: np.random.Generator, logit: Array) -> NDArray[np.int64]:
    """Labels of 0 and 1 with logistic probabilities."""
    return (rng.random(len(logit)) < 1 / (1 + np.exp(-logit))).astype(np.int64)


def without(frame: pl.DataFrame, columns: tuple[str, ...], share: float, seed: int) -> pl.DataFrame:
    """The same table with a share of the cells of some columns empty."""
    rng = np.random.default_rng(seed)
    return frame.with_columns(
        pl.when(pl.Series(rng.random(len(frame)) < share)).then(None).otherwise(pl.col(name)).alias(name)
        for name in columns
    )


def churn(n: int, seed: int, *, sharp: float = 1.6) -> pl.DataFrame:
    """Subscribers who leave or stay: amounts, counts, two categories, and payments that are not always known."""
    rng = np.random.default_rng(seed)
    tenure, charge, calls = rng.exponential(24, n), rng.normal(65, 20, n), rng.poisson(1.5, n)
    contract, payment = rng.integers(3, size=n), rng.integers(4, size=n)
    logit = -0.06 * (tenure - 20) + 0.03 * (charge - 65) + 0.6 * (calls - 1.5) + np.array([1.6, -0.4, -2.0])[contract]
    made = pl.DataFrame(
        {
            "tenure_months": tenure.round(1),
            "charge": charge.round(2),
            "calls": calls,
            "contract": np.array(["monthly", "one_year", "two_years"])[contract],
            "payment": np.array(["card", "transfer", "cheque", "cash"])[payment],
            "y": np.array(["stayed", "left"])[drawn(rng, sharp * (logit - 0.3 * (payment == 0)))],
        }
    )
    return without(made, ("payment",), 0.08, seed + 1)


def credit(n: int, seed: int, *, sharp: float = 3.0, missing: float = 0.06) -> pl.DataFrame:
    """Applicants in their own units, some cells empty; three of ten default."""
    rng = np.random.default_rng(seed)
    income, debt, age = rng.normal(size=n), rng.beta(2, 5, n), rng.integers(19, 75, n)
    job, logit = rng.integers(4, size=n), -0.6 - 1.2 * income
    logit += 6 * (debt - 0.28) - 0.02 * (age - 45) + np.array([-0.5, 0.0, 0.2, 0.9])[job]
    made = pl.DataFrame(
        {
            "income": np.exp(10.4 + 0.5 * income).round(),
            "debt_ratio": debt,
            "age": age,
            "job": np.array(["civil", "private", "self", "none"])[job],
            "y": np.array(["good", "bad"])[drawn(rng, sharp * logit)],
        }
    )
    return without(made, ("debt_ratio", "job"), missing, seed + 1)


def seedlings(
    n: int, seed: int, *, shares: tuple[float, ...] = (0.3, 0.25, 0.2, 0.15, 0.1), blur: float = 0.12
) -> pl.DataFrame:
    """Species that differ in proportions while every plant has a size of its own; columns go together closely."""
    shape = np.random.default_rng(71).normal(scale=0.5, size=(len(shares), 6))
    rng = np.random.default_rng(seed)
    kind = rng.choice(len(shares), p=shares, size=n)
    logs = shape[kind] + rng.normal(scale=0.3, size=(n, 1)) + rng.normal(scale=blur, size=(n, 6))
    names = ("height", "stem", "leaf_length", "leaf_width", "root", "mass")
    species = np.array(["alder", "birch", "cedar", "elder", "fir", "gorse", "hazel", "ivy"])[kind]
    return pl.DataFrame({**{name: 10 * np.exp(logs[:, i]) for i, name in enumerate(names)}, "y": species})


def vibration(n: int, seed: int, *, states: int = 4, blur: float = 0.5) -> pl.DataFrame:
    """Energies of a machine's vibration in twelve bands; each fault of the machine has its own harmonics."""
    rng = np.random.default_rng(seed)
    state, speed = rng.integers(states, size=n), rng.uniform(-0.5, 0.5, n)
    bands = np.arange(12)
    peaks = np.exp(-0.5 * ((bands - (2 + 2.5 * state)[:, None] - speed[:, None]) / 1.2) ** 2)
    energy = 0.3 + 2 * peaks + 0.4 * rng.gamma(2, blur, size=(n, 12))
    return pl.DataFrame({**{f"band_{i}": energy[:, i] for i in bands}, "y": state})


def parity(n: int, seed: int, *, useless: int = 2) -> pl.DataFrame:
    """The sign of a product of three columns: one or two of them say nothing."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.15, 1, size=(n, 3 + useless)) * rng.choice([-1, 1], size=(n, 3 + useless))
    return pl.DataFrame({**{f"s{i}": x[:, i] for i in range(x.shape[1])}, "y": (x[:, :3].prod(1) > 0).astype(int)})


def shells(n: int, seed: int, *, classes: int = 3, blur: float = 0.12) -> pl.DataFrame:
    """Shells around one centre, in three dimensions."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    way = rng.normal(size=(n, 3))
    x = way / np.linalg.norm(way, axis=1, keepdims=True) * (1 + y + rng.normal(scale=blur, size=n))[:, None]
    return pl.DataFrame({"east": x[:, 0], "north": x[:, 1], "up": x[:, 2], "y": y})


def agreement(n: int, seed: int, *, width: float = 0.8) -> pl.DataFrame:
    """Whether two gauges agree: neither reading alone says anything."""
    rng = np.random.default_rng(seed)
    left = rng.uniform(10, 20, n)
    agrees = rng.random(n) < 0.5
    apart = np.where(agrees, rng.normal(scale=0.5 * width, size=n), rng.choice([-1, 1], n) * rng.uniform(2, 5, n))
    return pl.DataFrame(
        {"gauge_a": left, "gauge_b": left + apart, "temperature": rng.normal(20, 4, n), "y": agrees.astype(int)}
    )


def policy(n: int, seed: int, *, slips: float = 0.04) -> pl.DataFrame:
    """Applications granted by written rules, with a few slips of the clerk."""
    rng = np.random.default_rng(seed)
    income, debt, years = rng.uniform(10, 90, n), rng.uniform(0, 60, n), rng.integers(0, 15, n)
    backed = rng.random(n) < 0.3
    granted = ((income > 45) & (debt < 30)) | (backed & (years >= 3) & (debt < 45))
    return pl.DataFrame(
        {
            "income": income,
            "debt": debt,
            "years": years,
            "guarantor": np.where(backed, "yes", "no"),
            "y": np.where(granted ^ (rng.random(n) < slips), "granted", "refused"),
        }
    )


def genes(n: int, seed: int, *, columns: int = 40, blur: float = 0.6) -> pl.DataFrame:
    """Expression levels in blocks that go together; three blocks of eight matter."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 8))
    block = np.arange(columns) % 8
    x = factors[:, block] + rng.normal(scale=0.7, size=(n, columns))
    score = factors @ np.array([1.5, -1.2, 1.0, 0, 0, 0, 0, 0]) + rng.normal(scale=blur, size=n)
    return pl.DataFrame({**{f"gene_{i:02d}": x[:, i] for i in range(columns)}, "y": (score > 0).astype(int)})


def sessions(n: int, seed: int, *, sharp: float = 1.5) -> pl.DataFrame:
    """Visits to a shop in small counts: many are alike by nature."""
    rng = np.random.default_rng(seed)
    pages, carts, back = rng.poisson(3, n), rng.poisson(0.8, n), rng.integers(2, size=n)
    device = rng.integers(3, size=n)
    logit = sharp * (0.4 * (pages - 3) + 2.0 * (carts - 0.8) + 1.2 * (back - 0.5) - 0.6 * (device == 0))
    return pl.DataFrame(
        {"pages": pages, "carts": carts, "returning": back, "device": np.array(["phone", "tablet", "desk"])[device],
         "y": np.where(drawn(rng, logit) == 1, "yes", "no")}
    )  # fmt: skip


def segments(n: int, seed: int, *, items: int = 8) -> pl.DataFrame:
    """Three kinds of customers by their answers from 1 to 5."""
    levels = np.array([[4.3, 1.8, 3.0], [1.7, 4.2, 3.0], [3.0, 2.0, 4.4], [2.0, 3.9, 1.8]])
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, p=(0.5, 0.3, 0.2), size=n)
    said = np.clip(np.round(levels[np.arange(items) % 4][:, kind].T + rng.normal(scale=1.0, size=(n, items))), 1, 5)
    names = np.array(["loyal", "bargain", "trial"])
    return pl.DataFrame({**{f"q{i + 1}": said[:, i].astype(int) for i in range(items)}, "y": names[kind]})


def fungi(n: int, seed: int) -> pl.DataFrame:
    """Categories only; smell says most, the other columns some."""
    rng = np.random.default_rng(seed)
    bad = rng.integers(2, size=n)
    columns = {}
    for name, levels, tilt in (
        ("smell", 5, 1.1),
        ("cap", 4, 0.8),
        ("gills", 3, 1.0),
        ("ring", 3, 0.8),
        ("place", 6, 0.5),
        ("spores", 4, 0.9),
    ):
        weights = np.exp(tilt * np.outer([-1, 1], np.linspace(-1, 1, levels)))
        chance = (weights / weights.sum(1, keepdims=True)).cumsum(1)[bad]
        columns[name] = [f"{name[0]}{code}" for code in (rng.random((n, 1)) > chance).sum(1)]
    return pl.DataFrame({**columns, "y": np.array(["edible", "poisonous"])[bad]})


def noughts(n: int, seed: int) -> pl.DataFrame:
    """Every final board of noughts and crosses: whether the crosses won; at most 958 rows."""
    lines = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
    rows = []
    for board in product("xob", repeat=9):
        x, o, empty = (board.count(mark) for mark in "xob")
        won = {mark: any(all(board[i] == mark for i in line) for line in lines) for mark in "xo"}
        ended = (won["x"] and not won["o"] and x == o + 1) or (won["o"] and not won["x"] and x == o)
        if ended or (not empty and x == 5 and not any(won.values())):
            rows.append((*board, "won" if won["x"] else "not"))
    made = pl.DataFrame(rows, schema=[*(f"square_{i}" for i in range(9)), "y"], orient="row")
    return made.sample(min(n, len(made)), shuffle=True, seed=seed % 1000)


def scales(n: int, seed: int) -> pl.DataFrame:
    """To which side a balance tips; every case once, at most 1,200 rows."""
    rows = np.array(list(product(range(1, 7), repeat=4)))
    turn = rows[:, 0] * rows[:, 1] - rows[:, 2] * rows[:, 3]
    made = pl.DataFrame({**{name: rows[:, i] for i, name in enumerate(("left", "left_arm", "right", "right_arm"))},
                         "y": np.where(turn > 0, "left", "right")}).filter(pl.Series(turn != 0))  # fmt: skip
    return made.sample(min(n, len(made)), shuffle=True, seed=seed % 1000)


def display(n: int, seed: int, *, broken: float = 0.1) -> pl.DataFrame:
    """Breiman's digits on seven segments, each of which fails at times: at most 74 % can be told, rows repeat."""
    lit = ["1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"]
    segments_ = np.array([[int(one) for one in digit] for digit in lit])
    rng = np.random.default_rng(seed)
    y = rng.integers(10, size=n)
    seen = segments_[y] ^ (rng.random((n, 7)) < broken)
    return pl.DataFrame({**{f"segment_{i}": seen[:, i].astype(int) for i in range(7)}, "y": y})


def activity(n: int, seed: int, *, people: int = 30, own: float = 0.35) -> pl.DataFrame:
    """What people do by a sensor they wear, each in their own manner."""
    centres = np.random.default_rng(72).normal(scale=1.6, size=(4, 7))
    rng = np.random.default_rng(seed)
    person, y = rng.integers(people, size=n), rng.integers(4, size=n)
    x = centres[y] + rng.normal(scale=own, size=(people, 7))[person] + rng.normal(size=(n, 7))
    names = {f"axis_{i}": x[:, i] for i in range(7)}
    done = np.array(["sit", "walk", "run", "climb"])[y]
    return pl.DataFrame({"person": [f"p{number:02d}" for number in person], **names, "y": done})


def stoppages(n: int, seed: int, *, trend: float = 0.0) -> pl.DataFrame:
    """Hourly readings of a plant in order of time, with whether it stops within the day."""
    rng = np.random.default_rng(seed)
    hour = np.arange(n)
    load = 60 + 15 * np.sin(2 * np.pi * hour / 24) + rng.normal(scale=6, size=n)
    heat, oil = rng.normal(70, 8, n) + trend * 8 * hour / n, rng.normal(4, 0.6, n)
    y = drawn(rng, 3.0 * (0.06 * (load - 63) + 0.15 * (heat - 72) - 1.6 * (oil - 4) - 0.3))
    begin = np.datetime64("2023-03-01T00:00:00")
    when = (begin + hour.astype("timedelta64[h]")).astype("datetime64[us]")
    return pl.DataFrame({"hour": when, "load": load, "heat": heat, "oil": oil, "y": y})


def splices(n: int, seed: int, *, places: int = 10) -> pl.DataFrame:
    """Ten places of a strand of DNA; the borders have preferred letters."""
    likes = np.random.default_rng(73).dirichlet(np.full(4, 0.5), size=(3, places))
    rng = np.random.default_rng(seed)
    y = rng.choice(3, p=(0.5, 0.25, 0.25), size=n)
    letters = (rng.random((n, places, 1)) > likes[y].cumsum(2)).sum(2).clip(0, 3)
    strand = np.array(list("ACGT"))[letters]
    return pl.DataFrame(
        {**{f"base_{i}": strand[:, i] for i in range(places)}, "y": np.array(["none", "donor", "acceptor"])[y]}
    )


def doses(n: int, seed: int, *, sharp: float = 8.0) -> pl.DataFrame:
    """A drug that helps within a window of dose by weight; the edges are blurred, so that no model is always right."""
    rng = np.random.default_rng(seed)
    dose, weight = rng.uniform(20, 200, n), rng.uniform(45, 110, n)
    y = drawn(rng, sharp * (0.45 - np.abs(dose / weight - 1.4)))
    return pl.DataFrame({"dose": dose, "weight": weight, "age": rng.integers(18, 90, n), "y": y})


def payments(n: int, seed: int, *, share: float = 0.08, apart: float = 1.6) -> pl.DataFrame:
    """Card payments, a few of them fraud: larger, at night, far away."""
    rng = np.random.default_rng(seed)
    fraud = (rng.permutation(n) < round(share * n)).astype(int)
    lift = apart * fraud
    return pl.DataFrame(
        {
            "amount": np.exp(3 + rng.normal(scale=0.9, size=n) + 0.9 * lift),
            "distance": np.exp(1 + rng.normal(size=n) + lift),
            "hour": (14 + rng.normal(scale=4, size=n) + 4 * lift).round(1) % 24,
            "risk": rng.normal(size=n) + lift,
            "country": np.where(rng.random(n) < 0.1 + 0.25 * lift.clip(0, 2), "abroad", "home"),
            "y": np.where(fraud == 1, "fraud", "fine"),
        }
    )


def stretched(n: int, seed: int, *, features: int = 5, classes: int = 2, apart: float = 2.0) -> pl.DataFrame:
    """Clouds that are long and thin, at an angle to every column."""
    rule = np.random.default_rng(74)
    turn = np.linalg.qr(rule.normal(size=(features, features)))[0]
    lengths = np.geomspace(3, 0.5, features)
    centres = rule.normal(scale=apart, size=(classes, features))
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    x = centres[y] + rng.normal(size=(n, features)) * lengths @ turn.T
    return pl.DataFrame({**{f"v{i}": x[:, i] for i in range(features)}, "y": y})


def strokes(
    n: int, seed: int, *, digits: tuple[int, ...] = tuple(range(10)), parity_only: bool = False
) -> pl.DataFrame:
    """scikit-learn's handwritten digits as a table of 64 columns; some of them, or even against odd."""
    data = datasets.load_digits()
    kept = np.isin(data.target, digits)
    x, y = data.data[kept], data.target[kept]
    made = pl.DataFrame({**{f"ink_{i}": x[:, i] for i in range(64)}, "y": y % 2 if parity_only else y})
    return made.sample(min(n, len(made)), shuffle=True, seed=seed % 1000)


def tumours(n: int, seed: int, *, part: str = "mean") -> pl.DataFrame:
    """scikit-learn's tumours by the mean, or the worst, of their cells alone."""
    data = datasets.load_breast_cancer()
    kept = [i for i, name in enumerate(data.feature_names) if name.startswith(part)]
    columns = {data.feature_names[i].replace(" ", "_"): data.data[:, i] for i in kept}
    made = pl.DataFrame({**columns, "y": data.target_names[data.target]})
    return made.sample(min(n, len(made)), shuffle=True, seed=seed % 1000)
