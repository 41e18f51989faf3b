"""Generators of numbers and of texts: `(rows, seed, ...)` to a frame whose target is `y`."""

import numpy as np
import polars as pl
from sklearn import datasets

from cases.unseen_classes import without


def concrete(n: int, seed: int, *, blur: float = 4.0) -> pl.DataFrame:
    """Strength of concrete in MPa: more cement and age help, water does not."""
    rng = np.random.default_rng(seed)
    cement, water, slag = rng.uniform(120, 540, n), rng.uniform(120, 240, n), rng.uniform(0, 300, n)
    age = rng.choice([3, 7, 14, 28, 56, 90], size=n)
    strength = 28 * ((cement + 0.5 * slag) / water) ** 0.9 * np.log1p(age) / np.log(29) / 2
    return pl.DataFrame(
        {"cement": cement, "water": water, "slag": slag, "age": age, "y": strength + rng.normal(scale=blur, size=n)}
    )


def rentals(n: int, seed: int) -> pl.DataFrame:
    """Bicycles let in an hour, some hundreds of them."""
    rng = np.random.default_rng(seed)
    hour, warm, free = rng.integers(24, size=n), rng.normal(14, 8, n), rng.integers(2, size=n)
    rush = np.where(free == 1, np.exp(-(((hour - 14) / 4) ** 2)), np.exp(-(((hour - 17) / 3) ** 2)) + 0.5 * (hour == 8))
    level = np.exp(3.2 + 1.8 * rush + 0.04 * warm)
    sky = rng.integers(3, size=n)
    level *= np.array([1.0, 0.9, 0.6])[sky]
    return pl.DataFrame({"hour": hour, "warm": warm, "free_day": free, "sky": np.array(["clear", "cloud", "rain"])[sky],
                         "y": rng.poisson(level).astype(float)})  # fmt: skip


def claims(n: int, seed: int, *, level: float = 0.6) -> pl.DataFrame:
    """Claims of a fleet in a year: small counts, the larger part of which is chance."""
    rng = np.random.default_rng(seed)
    age, cars, town = rng.uniform(18, 70, n), rng.integers(1, 9, n), rng.integers(3, size=n)
    mean = np.exp(level - 0.02 * (age - 40) + 0.5 * np.log(cars / 3) + np.array([-0.6, 0.0, 0.5])[town])
    return pl.DataFrame({"age": age, "cars": cars, "town": np.array(["rural", "small", "large"])[town],
                         "y": rng.poisson(mean)})  # fmt: skip


def pendulum(n: int, seed: int) -> pl.DataFrame:
    """Periods of pendulums, with hardly any noise."""
    rng = np.random.default_rng(seed)
    length, swing = rng.uniform(0.1, 3, n), rng.uniform(0, 1.5, n)
    period = 2 * np.pi * np.sqrt(length / 9.81) * (1 + swing**2 / 16 + 11 * swing**4 / 3072)
    return pl.DataFrame({"length": length, "swing": swing, "y": period + rng.normal(scale=0.02, size=n)})


def homes(n: int, seed: int, *, missing: float = 0.07, euros: bool = False) -> pl.DataFrame:
    """Asking prices as logarithms, or in euros; rooms and year are not always given."""
    rng = np.random.default_rng(seed)
    area, rooms, year = rng.gamma(8, 12, n), rng.integers(1, 8, n), rng.integers(1900, 2024, n)
    part, heat = rng.integers(5, size=n), rng.integers(3, size=n)
    value = 11.2 + 0.6 * np.log(area / 90) + 0.05 * rooms + 0.004 * (year - 1960)
    value += np.array([-0.4, -0.1, 0.0, 0.3, 0.7])[part] + 0.1 * (heat == 1) + rng.normal(scale=0.12, size=n)
    made = pl.DataFrame(
        {
            "area": area,
            "rooms": rooms,
            "built": year,
            "quarter": np.array(["dock", "mill", "hill", "park", "old"])[part],
            "heating": np.array(["gas", "pump", "oil"])[heat],
            "y": np.exp(value) if euros else value,
        }
    )
    return without(made, ("rooms", "built", "heating"), missing, seed + 1)


def gauge(n: int, seed: int, *, blur: float = 0.4) -> pl.DataFrame:
    """The curve of a gauge, by one column."""
    rng = np.random.default_rng(seed)
    volts = rng.uniform(0, 5, n)
    return pl.DataFrame({"volts": volts, "y": 0.6 * (volts - 1.5) ** 2 - 2 + rng.normal(scale=blur, size=n)})


def stars(n: int, seed: int, *, blur: float = 0.9) -> pl.DataFrame:
    """Marks from 1 to 10 for hotels."""
    rng = np.random.default_rng(seed)
    clean, near, quiet = rng.normal(size=n), rng.exponential(3, n), rng.normal(size=n)
    kind = rng.integers(3, size=n)
    mark = 6.5 + 1.2 * clean - 0.35 * (near - 3) + 0.7 * quiet + np.array([-0.8, 0, 0.9])[kind]
    mark = np.clip(np.round(mark + rng.normal(scale=blur, size=n)), 1, 10).astype(int)
    return pl.DataFrame({"clean": clean, "km_centre": near, "quiet": quiet,
                         "kind": np.array(["hostel", "inn", "hotel"])[kind], "y": mark})  # fmt: skip


def deliveries(n: int, seed: int, *, lost: float = 0.04, late: float = 30.0) -> pl.DataFrame:
    """Minutes (in tens) to deliver: a few orders are lost for hours."""
    rng = np.random.default_rng(seed)
    way, stops, rain = rng.exponential(3, n), rng.poisson(2, n), rng.integers(2, size=n)
    minutes = 1 + 0.5 * way + 0.4 * stops + 0.8 * rain + 0.35 * rng.normal(size=n)
    minutes += (rng.random(n) < lost) * rng.exponential(late, n)
    return pl.DataFrame({"km": way, "stops": stops, "rain": rain, "y": minutes})


def crops(n: int, seed: int, *, blur: float = 0.5) -> pl.DataFrame:
    """Tons per hectare: too little rain is as bad as too much, and soils differ."""
    rng = np.random.default_rng(seed)
    rain, nitrogen, soil = rng.normal(500, 120, n), rng.uniform(0, 200, n), rng.integers(4, size=n)
    best = np.array([420, 500, 560, 620])[soil]
    yields = 8 - 3 * ((rain - best) / 150) ** 2 / 2 + 3 * (1 - np.exp(-nitrogen / 60))
    return pl.DataFrame({"rain": rain, "nitrogen": nitrogen, "soil": np.array(["sand", "loam", "silt", "clay"])[soil],
                         "y": yields + rng.normal(scale=blur, size=n)})  # fmt: skip


def shellfish(n: int, seed: int) -> pl.DataFrame:
    """Rings of shellfish by their measures, which say the same thing several times; age varies on its own as well."""
    rng = np.random.default_rng(seed)
    age = rng.gamma(9, 1.1, n)
    size = 1 - np.exp(-age / 9)
    x = size[:, None] ** np.array([1, 1, 1, 2.5, 2.6, 2.4]) * np.exp(rng.normal(scale=0.1, size=(n, 6)))
    names = ("length", "width", "height", "whole", "meat", "shell")
    return pl.DataFrame({**{name: x[:, i] for i, name in enumerate(names)}, "y": age.round() + 1.0})


def pupils(n: int, seed: int, *, schools: int = 45, own: float = 0.25) -> pl.DataFrame:
    """Marks of pupils, school by school; each school is a little better or worse than its pupils."""
    rng = np.random.default_rng(seed)
    school = rng.integers(schools, size=n)
    before, hours, home = rng.normal(size=n), rng.gamma(4, 2, n), rng.integers(1, 6, n)
    mark = 0.8 * before + 0.12 * (hours - 8) + 0.15 * (home - 3) + rng.normal(scale=own, size=schools)[school]
    return pl.DataFrame({"school": [f"school {one}" for one in school], "before": before, "hours": hours, "home": home,
                         "y": mark + rng.normal(scale=0.4, size=n)})  # fmt: skip


def demand(n: int, seed: int) -> pl.DataFrame:
    """Power used hour by hour, in order of time."""
    rng = np.random.default_rng(seed)
    time = np.arange(n)
    warm = 12 + 9 * np.sin(2 * np.pi * time / 500) + 3 * np.sin(2 * np.pi * time / 24) + rng.normal(scale=1.5, size=n)
    hour = time % 24
    used = 4 + 0.01 * (warm - 16) ** 2 + 1.2 * np.sin(2 * np.pi * (hour - 8) / 24) + rng.normal(scale=0.3, size=n)
    when = (np.datetime64("2022-01-03T00:00:00") + time.astype("timedelta64[h]")).astype("datetime64[us]")
    return pl.DataFrame({"when": when, "warm": warm, "hour_sin": np.sin(2 * np.pi * hour / 24),
                         "hour_cos": np.cos(2 * np.pi * hour / 24), "y": used})  # fmt: skip


def turbine(n: int, seed: int, *, blur: float = 0.15) -> pl.DataFrame:
    """Power of a turbine: nothing, a cube, then full, less where the air is thin."""
    rng = np.random.default_rng(seed)
    wind, air, tilt, wear = rng.weibull(2, n) * 8, rng.normal(1.2, 0.05, n), rng.uniform(0, 10, n), rng.random(n)
    power = 3 * np.clip((wind - 3) / 9, 0, 1) ** 2 * air / 1.2 * np.cos(np.radians(4 * tilt)) * (1 - 0.15 * wear)
    return pl.DataFrame(
        {"wind": wind, "air": air, "tilt": tilt, "wear": wear, "y": power + rng.normal(scale=blur, size=n)}
    )


def progression(n: int, seed: int) -> pl.DataFrame:
    """scikit-learn's diabetes in the units of the clinic."""
    data = datasets.load_diabetes(scaled=False)
    columns = {name: data.data[:, i] for i, name in enumerate(data.feature_names)}
    return pl.DataFrame({**columns, "y": data.target}).sample(min(n, 442), shuffle=True, seed=seed % 1000)


def alcohol(n: int, seed: int) -> pl.DataFrame:
    """scikit-learn's wines: how strong they are, by everything else that was measured."""
    data = datasets.load_wine()
    columns = {f"m{i}": data.data[:, i] for i in range(1, 13)}
    made = pl.DataFrame({**columns, "grower": [f"g{one}" for one in data.target], "y": data.data[:, 0]})
    return made.sample(min(n, 178), shuffle=True, seed=seed % 1000)


def letters(
    n: int, seed: int, *, kinds: int = 2, words: int = 240, sharp: float = 0.6, length: float = 25.0
) -> pl.DataFrame:
    """Letters in an invented tongue: every kind has its own frequencies of the same words, as topic models have it."""
    rule = np.random.default_rng(75)
    parts = [first + second for first in "bdfgklmnprst" for second in ("a", "e", "i", "o", "u")]
    tongue = np.array(["".join(rule.choice(parts, size=rule.integers(2, 4))) for _ in range(words)])
    base = 1 / np.arange(1, words + 1) ** 0.8
    tables = base * np.exp(rule.normal(scale=sharp * 1.5, size=(kinds, words)))
    tables /= tables.sum(1, keepdims=True)
    rng = np.random.default_rng(seed)
    kind = rng.integers(kinds, size=n)
    texts = [" ".join(rng.choice(tongue, p=tables[one], size=max(5, rng.poisson(length)))) for one in kind]
    names = np.array(["order", "complaint", "question", "praise", "notice", "offer"])
    return pl.DataFrame({"text": texts, "y": names[kind]})
