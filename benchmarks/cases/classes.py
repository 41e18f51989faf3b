"""Generators of labelled tables: `(rows, seed, ...)` to a frame whose target is the column `y`."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn import datasets

Array = NDArray[np.float64]


def frame(x: Array, y: NDArray, name: str = "x") -> pl.DataFrame:
    """Columns x1, x2, ... and y."""
    columns = {f"{name}{i + 1}": np.asarray(x[:, i], dtype=np.float64) for i in range(x.shape[1])}
    return pl.DataFrame({**columns, "y": y})


def structure(name: str) -> np.random.Generator:
    """What all samples of a generator share: coefficients and centres."""
    return np.random.default_rng(sum(ord(letter) * (i + 1) for i, letter in enumerate(name)))


def blobs(n: int, seed: int, *, classes: int = 2, spread: float = 1.0, features: int = 4) -> pl.DataFrame:
    """Gaussian clouds around fixed centres."""
    centres = structure(f"blobs{classes}{features}").normal(scale=2.5, size=(classes, features))
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    return frame(centres[y] + rng.normal(scale=spread, size=(n, features)), y)


def moons(n: int, seed: int, *, noise: float = 0.2) -> pl.DataFrame:
    return frame(*datasets.make_moons(n, noise=noise, random_state=seed))


def circles(n: int, seed: int, *, noise: float = 0.08, factor: float = 0.5) -> pl.DataFrame:
    return frame(*datasets.make_circles(n, noise=noise, factor=factor, random_state=seed))


def checker(n: int, seed: int, *, cells: int = 2, noise: float = 0.0) -> pl.DataFrame:
    """A chessboard, `noise` of whose labels are drawn anew."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, size=(n, 2))
    y = np.floor((x + 1) / 2 * cells).astype(int).clip(0, cells - 1).sum(1) % 2
    drawn = rng.random(n) < noise
    return frame(x, np.where(drawn, rng.integers(2, size=n), y))


def logistic(n: int, seed: int, *, features: int = 8, strength: float = 2.0, shift: float = 0.0) -> pl.DataFrame:
    """Labels drawn with logistic probabilities: `strength` sets how far the best model can come."""
    weights = structure(f"logistic{features}").normal(size=features)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    logit = strength * (x @ weights) / np.linalg.norm(weights) + shift
    return frame(x, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int))


def informative(
    n: int, seed: int, *, features: int = 12, good: int = 6, classes: int = 2, sep: float = 1.5, flip: float = 0.0
) -> pl.DataFrame:
    """scikit-learn's clusters on the corners of a hypercube, some columns of no use."""
    x, y = datasets.make_classification(
        n,
        features,
        n_informative=good,
        n_redundant=1,
        n_classes=classes,
        n_clusters_per_class=1,
        class_sep=sep,
        flip_y=flip,
        random_state=seed % 1000,
    )
    return frame(x, y)


def hastie(n: int, seed: int) -> pl.DataFrame:
    """Whether ten normals lie outside a sphere: needs a bend in every column."""
    x, y = datasets.make_hastie_10_2(n, random_state=seed)
    return frame(x, (y > 0).astype(int))


def quantiles(n: int, seed: int, *, classes: int = 2, features: int = 4) -> pl.DataFrame:
    x, y = datasets.make_gaussian_quantiles(n_samples=n, n_features=features, n_classes=classes, random_state=seed)
    return frame(x, y)


def roll(n: int, seed: int) -> pl.DataFrame:
    """Four stretches of a rolled-up sheet."""
    x, t = datasets.make_swiss_roll(n, noise=0.3, random_state=seed)
    return frame(x, np.digitize(t, np.quantile(t, [0.25, 0.5, 0.75])))


def spirals(n: int, seed: int, *, turns: float = 1.0, noise: float = 0.08) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    radius = np.sqrt(rng.uniform(0.05, 1, size=n))
    angle = 2 * np.pi * turns * radius + np.pi * y
    x = np.column_stack((radius * np.cos(angle), radius * np.sin(angle))) * 2
    return frame(x + rng.normal(scale=noise, size=x.shape), y)


def rare(n: int, seed: int, *, share: float = 0.1, apart: float = 3.0, features: int = 6) -> pl.DataFrame:
    """A rare class, `apart` SDs from the other along a diagonal."""
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < round(share * n)).astype(int)
    x = rng.normal(size=(n, features)) + apart / np.sqrt(features) * y[:, None]
    return frame(x, y)


def uneven(n: int, seed: int, *, shares: tuple[float, ...] = (0.7, 0.2, 0.1), spread: float = 0.8) -> pl.DataFrame:
    """Clouds of unequal size."""
    centres = structure("uneven").normal(scale=2.5, size=(len(shares), 4))
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), p=shares, size=n)
    return frame(centres[y] + rng.normal(scale=spread, size=(n, 4)), y)


def answers(n: int, seed: int, *, items: int = 7) -> pl.DataFrame:
    """A questionnaire of yes and no: many rows are alike by nature."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    chance = np.where(y[:, None] == 1, np.linspace(0.65, 0.9, items), np.linspace(0.35, 0.1, items))
    return frame((rng.random((n, items)) < chance).astype(float), y, "item")


def mixed(n: int, seed: int) -> pl.DataFrame:
    """Categories and numbers that both say something."""
    rng = np.random.default_rng(seed)
    places, kinds = np.array(["north", "south", "east", "west"]), np.array(["a", "b", "c"])
    place, kind = rng.integers(4, size=n), rng.integers(3, size=n)
    size, age = rng.normal(50, 12, n), rng.gamma(3, 4, n)
    logit = 2.5 * (place - 1.5) + 1.6 * (kind - 1) + 0.12 * (size - 50) - 0.1 * (age - 12)
    y = np.where(rng.random(n) < 1 / (1 + np.exp(-1.5 * logit)), "yes", "no")
    return pl.DataFrame({"place": places[place], "kind": kinds[kind], "size": size, "age": age, "y": y})


def gaps(n: int, seed: int) -> pl.DataFrame:
    """Clouds with one cell in ten missing."""
    whole = blobs(n, seed, classes=2, features=6)
    rng = np.random.default_rng(seed + 1)
    return whole.with_columns(
        pl.when(pl.Series(rng.random(n) < 0.1)).then(None).otherwise(pl.col(name)).alias(name)
        for name in whole.columns[:-1]
    )


def strong(n: int, seed: int, *, features: int = 1) -> pl.DataFrame:
    """One column (or several alike) that says nearly everything, as honest measurements sometimes do."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    x = rng.normal(size=(n, features + 5))
    x[:, :features] += 3.0 * y[:, None] - 1.5
    x[:, features : features + 3] += 1.2 * y[:, None]
    return frame(x, y)


def visits(n: int, seed: int, *, patients: int = 60, effect: float = 0.3) -> pl.DataFrame:
    """Rows of patients who came several times; `effect` is what a patient's rows share beyond the labels."""
    rng = np.random.default_rng(seed)
    patient = rng.integers(patients, size=n)
    own = rng.normal(scale=effect, size=(patients, 5))
    y = rng.integers(2, size=n)
    x = rng.normal(size=(n, 5)) + 1.6 * y[:, None] * np.array([1, -1, 1, 0, 0.5]) + own[patient]
    return frame(x, y).with_columns(pl.Series("patient", [f"P{number:03d}" for number in patient]))


def days(n: int, seed: int, *, drift: float = 0.0) -> pl.DataFrame:
    """Rows in order of time; the inputs drift by `drift` SDs from first to last."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    time = np.arange(n)
    x = rng.normal(size=(n, 4)) + 1.5 * y[:, None] * np.array([1, -1, 0.5, 0]) + drift * (time / n)[:, None]
    start = np.datetime64("2020-01-01")
    return frame(x, y).with_columns(pl.Series("day", start + time.astype("timedelta64[D]")).cast(pl.Date))


def wide(n: int, seed: int, *, features: int = 40) -> pl.DataFrame:
    """Many columns, eight of which matter."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    y = (x[:, :8].sum(1) + rng.normal(scale=0.7, size=n) > 0).astype(int)
    return frame(x, y)


def twonorm(n: int, seed: int, *, features: int = 15) -> pl.DataFrame:
    """Breiman's two normals, whose best rule is linear."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    x = rng.normal(size=(n, features)) + (2 * y - 1)[:, None] * 2 / np.sqrt(features)
    return frame(x, y)


def ringnorm(n: int, seed: int, *, features: int = 10) -> pl.DataFrame:
    """Breiman's ring: one class lies inside the other's spread."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    x = rng.normal(size=(n, features)) * np.where(y, 1.0, 2.0)[:, None] + (y * 2 / np.sqrt(features))[:, None]
    return frame(x, y)


def waves(n: int, seed: int) -> pl.DataFrame:
    """Breiman's three waveforms of 21 points with noise: no model comes much above 86 %."""
    rng = np.random.default_rng(seed)
    grid = np.arange(1, 22)
    bumps = np.stack([np.clip(6 - abs(grid - centre), 0, None) for centre in (7, 15, 11)])
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    y = rng.integers(3, size=n)
    share = rng.random((n, 1))
    first, second = bumps[pairs[y, 0]], bumps[pairs[y, 1]]
    return frame(share * first + (1 - share) * second + rng.normal(size=(n, 21)), y)
