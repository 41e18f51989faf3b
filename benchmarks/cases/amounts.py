"""Generators of tables whose target is a number: `(rows, seed, ...)` to a frame whose target is the column `y`."""

import numpy as np
import polars as pl
from sklearn import datasets

from cases.classes import frame, structure


def line(n: int, seed: int, *, noise: float = 0.3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, size=(n, 1))
    return frame(x, 2 * x[:, 0] + 1 + rng.normal(scale=noise, size=n))


def plane(n: int, seed: int, *, features: int = 6, noise: float = 0.5) -> pl.DataFrame:
    """A linear sum of columns."""
    weights = structure(f"plane{features}").normal(size=features)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    return frame(x, x @ weights / np.linalg.norm(weights) + rng.normal(scale=noise, size=n))


def friedman(n: int, seed: int, *, number: int = 1, noise: float | None = None) -> pl.DataFrame:
    """Friedman's functions; the second one's target runs to 1,800, the third's is an angle."""
    make = {1: datasets.make_friedman1, 2: datasets.make_friedman2, 3: datasets.make_friedman3}[number]
    default = {1: 1.0, 2: 60.0, 3: 0.05}[number]
    return frame(*make(n, noise=default if noise is None else noise, random_state=seed))


def wave(n: int, seed: int, *, noise: float = 0.15) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, size=(n, 1))
    return frame(x, np.sin(1.5 * x[:, 0]) + rng.normal(scale=noise, size=n))


def product(n: int, seed: int, *, noise: float = 0.1) -> pl.DataFrame:
    """The product of two columns: no column alone says anything."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.7, 1.7, size=(n, 3))
    return frame(x, x[:, 0] * x[:, 1] + rng.normal(scale=noise, size=n))


def steps(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return frame(x, np.where(x[:, 0] > 0, 1.0, -1.0) + 0.5 * (x[:, 1] > 0.5) + rng.normal(scale=0.3, size=n))


def tails(n: int, seed: int, *, share: float = 0.0) -> pl.DataFrame:
    """A plane with heavy-tailed noise, and `share` of gross errors."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    gross = rng.random(n) < share
    noise = 0.3 * rng.standard_t(3, size=n) + gross * rng.normal(scale=60, size=n)
    return frame(x, x @ np.array([1.0, -0.7, 0.5, 0.0]) + noise)


def counts(n: int, seed: int, *, level: float = 1.0) -> pl.DataFrame:
    """Poisson counts."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    return frame(x, rng.poisson(np.exp(level + x @ np.array([0.7, -0.5, 0.0]))).astype(float))


def ratings(n: int, seed: int, *, noise: float = 0.6) -> pl.DataFrame:
    """Grades from 1 to 5, in order."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    return frame(x, np.clip(np.round(3 + x @ np.array([0.9, -0.5, 0.3, 0]) + rng.normal(scale=noise, size=n)), 1, 5))


def prices(n: int, seed: int, *, logged: bool = True) -> pl.DataFrame:
    """Skewed amounts, as logarithms or as they are."""
    rng = np.random.default_rng(seed)
    area, age, town = rng.gamma(9, 12, n), rng.uniform(0, 60, n), rng.integers(3, size=n)
    value = 11 + 0.008 * area - 0.01 * age + 0.3 * town + rng.normal(scale=0.15, size=n)
    names = np.array(["village", "town", "city"])
    return pl.DataFrame({"area": area, "age": age, "town": names[town], "y": value if logged else np.exp(value)})


def seasons(n: int, seed: int) -> pl.DataFrame:
    """Daily readings that follow temperature and weekday, in order of time."""
    rng = np.random.default_rng(seed)
    time = np.arange(n)
    warm = 10 + 8 * np.sin(2 * np.pi * time / 90) + rng.normal(scale=2, size=n)
    weekend = (time % 7 >= 5).astype(float)
    y = 3 - 0.12 * warm + 0.8 * weekend + rng.normal(scale=0.3, size=n)
    day = np.datetime64("2021-01-01") + time.astype("timedelta64[D]")
    return pl.DataFrame({"day": pl.Series(day).cast(pl.Date), "warm": warm, "weekend": weekend, "y": y})


def sites(n: int, seed: int, *, places: int = 40) -> pl.DataFrame:
    """Measurements at places, each a little off in its own way."""
    rng = np.random.default_rng(seed)
    place = rng.integers(places, size=n)
    own = rng.normal(scale=0.2, size=places)
    x = rng.normal(size=(n, 4))
    y = x @ np.array([1.0, 0.5, -0.5, 0.0]) + own[place] + rng.normal(scale=0.3, size=n)
    return frame(x, y).with_columns(pl.Series("site", [f"S{number:02d}" for number in place]))


def chaos(n: int, seed: int, *, features: int = 8) -> pl.DataFrame:
    """A number that has nothing to do with the inputs."""
    rng = np.random.default_rng(seed)
    return frame(rng.normal(size=(n, features)), rng.normal(size=n))
