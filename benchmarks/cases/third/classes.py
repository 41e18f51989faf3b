"""Generators of labelled measurements: `(rows, seed, ...)` to a frame whose target is `y`."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn import datasets

Array = NDArray[np.float64]


def yes(rng: np.random.Generator, logit: Array) -> NDArray[np.int64]:
    """1 with the logistic probability, else 0."""
    return (rng.random(len(logit)) < 1 / (1 + np.exp(-logit))).astype(np.int64)


def chosen(rng: np.random.Generator, scores: Array) -> NDArray[np.int64]:
    """A class a row, drawn by the softmax of its scores."""
    return (scores + rng.gumbel(size=scores.shape)).argmax(1)


def named(prefix: str, x: Array, digits: int = 3) -> dict[str, Array]:
    """Columns of a matrix under numbered names."""
    return {f"{prefix}{i}": x[:, i].round(digits) for i in range(x.shape[1])}


def fruit(n: int, seed: int, *, kinds: int = 6, spread: float = 0.5) -> pl.DataFrame:
    """Kinds of fruit by size, weight and colour, each with a scatter of its own."""
    rule, rng = np.random.default_rng(301), np.random.default_rng(seed)
    centres, mixing = rule.normal(scale=1.4, size=(kinds, 6)), rule.normal(size=(kinds, 6, 6)) * spread
    kind = rng.integers(kinds, size=n)
    x = centres[kind] + np.einsum("nij,nj->ni", mixing[kind], rng.normal(size=(n, 6)))
    x = x * [8, 30, 0.1, 1, 20, 3] + [70, 150, 0.9, 5, 120, 12]
    columns = dict(zip(("width_mm", "grams", "roundness", "stem", "hue", "sugar"), x.T.round(3), strict=True))
    names = np.array(["apple", "pear", "plum", "quince", "peach", "fig", "lemon", "kiwi"])
    return pl.DataFrame({**columns, "y": names[kind]})


def pulses(n: int, seed: int, *, blur: float = 0.5) -> pl.DataFrame:
    """Sine, square and sawtooth at 24 moments, in any phase and near one frequency."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=n)
    turn = np.linspace(0, 2, 24) * rng.normal(1, 0.05, (n, 1)) + rng.uniform(0, 0.25, (n, 1))
    shapes = np.stack([np.sin(2 * np.pi * turn), np.sign(np.sin(2 * np.pi * turn)), 2 * (turn % 1) - 1])
    x = shapes[kind, np.arange(n)] + rng.normal(scale=blur, size=(n, 24))
    return pl.DataFrame({**named("t", x), "y": np.array(["sine", "square", "saw"])[kind]})


def grades(n: int, seed: int, *, blur: float = 0.8) -> pl.DataFrame:
    """Three grades of timber, cut from one latent score that the measurements only partly show."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 7))
    score = x @ [1.0, -0.8, 0.6, 0.4, 0, 0, 0] + rng.normal(scale=blur, size=n)
    x = x * [1, 40, 5, 0.2, 3, 1, 12] + [0, 450, 12, 1, 8, 3, 90]
    return pl.DataFrame({**named("gauge_", x), "y": np.array(["A", "B", "C"])[np.digitize(score, [-0.7, 0.7])]})


def flags(n: int, seed: int, *, sharp: float = 1.3) -> pl.DataFrame:
    """Six checkboxes and a yes or no; most rows have many natural twins."""
    rng = np.random.default_rng(seed)
    boxes = rng.random((n, 6)) < [0.5, 0.3, 0.6, 0.4, 0.5, 0.2]
    logit = sharp * (boxes @ [1.6, -1.8, 1.2, -1.0, 0.5, 2.0] - 0.8)
    return pl.DataFrame({**{f"box_{i}": boxes[:, i] for i in range(6)}, "y": np.array(["no", "yes"])[yes(rng, logit)]})


def connections(n: int, seed: int, *, shares: tuple[float, ...] = (0.6, 0.25, 0.15)) -> pl.DataFrame:
    """Network connections with heavy tails: normal use, scans and floods."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(len(shares), size=n, p=shares)
    duration, sent = rng.normal([3, 0.8, 1.5][0], 1, n), rng.normal(6, 1.2, n)
    duration = duration - np.array([0, 1.8, 1.2])[kind]
    sent = sent + np.array([0, -2.2, 1.5])[kind]
    tries = rng.poisson(np.array([2, 7, 16])[kind])
    protocol = chosen(rng, np.array([[1.5, 0.5, -1], [0.5, 0.5, 0.8], [0, 1.2, -1]])[kind])
    return pl.DataFrame(
        {
            "duration": np.exp(duration).round(2),
            "bytes": np.exp(sent).round(),
            "tries": tries,
            "protocol": np.array(["tcp", "udp", "icmp"])[protocol],
            "load": rng.gamma(2, 0.5, n).round(3),
            "y": np.array(["normal", "scan", "flood"])[kind],
        }
    )


def vowels(n: int, seed: int, *, kinds: int = 15, blur: float = 0.6) -> pl.DataFrame:
    """Spoken sounds by ten coefficients."""
    rule, rng = np.random.default_rng(306), np.random.default_rng(seed)
    centres = rule.normal(size=(kinds, 10))
    kind = rng.integers(kinds, size=n)
    x = centres[kind] + rng.normal(scale=blur, size=(n, 10))
    return pl.DataFrame({**named("c", x), "y": [f"v{one:02d}" for one in kind]})


def assay(n: int, seed: int, *, columns: int = 90, blur: float = 0.5) -> pl.DataFrame:
    """Many readings of few underlying processes, two of which decide."""
    rule, rng = np.random.default_rng(307), np.random.default_rng(seed)
    loads = rule.normal(size=(5, columns))
    process = rng.normal(size=(n, 5))
    x = process @ loads + rng.normal(scale=1.0, size=(n, columns))
    score = 2 * process[:, 0] - 1.5 * process[:, 1] + rng.normal(scale=blur, size=n)
    return pl.DataFrame({**named("probe_", x), "y": np.array(["negative", "positive"])[(score > 0).astype(int)]})


def thaw(n: int, seed: int, *, blur: float = 0.6) -> pl.DataFrame:
    """Whether a road was icy: the temperature decides nearly alone, as it should."""
    rng = np.random.default_rng(seed)
    celsius, wet, wind = rng.normal(1, 6, n), rng.random(n), rng.gamma(2, 2, n)
    icy = yes(rng, (0.4 - celsius + 0.8 * (wet - 0.5) + 0.1 * (wind - 4)) / blur)
    columns = {"celsius": celsius.round(2), "humidity": (100 * wet).round(), "wind": wind.round(1)}
    return pl.DataFrame({**columns, "altitude": rng.integers(20, 900, n), "y": np.array(["clear", "icy"])[icy]})


def castings(n: int, seed: int, *, share: float = 0.05, apart: float = 1.0) -> pl.DataFrame:
    """Castings, few of them cracked, with readings that tell most of those apart."""
    rng = np.random.default_rng(seed)
    bad = rng.random(n) < share
    x = rng.normal(size=(n, 5)) + bad[:, None] * np.array([1.6, -1.3, 1.2, 0.6, 0.0]) * apart
    x[:, 2] = np.exp(0.4 * x[:, 2])
    columns = dict(zip(("pitch", "damping", "echo", "mass", "batch_age"), x.T.round(4), strict=True))
    return pl.DataFrame({**columns, "y": np.array(["clean", "cracked"])[bad.astype(int)]})


def weeds(n: int, seed: int, *, blur: float = 0.3) -> pl.DataFrame:
    """Four kinds of leaf, told apart by ratios and products of their measures."""
    rng = np.random.default_rng(seed)
    length, width, lobes, hair = (rng.uniform(-1, 1, n) for _ in range(4))
    first = 3 * (length * width + 0.5 * lobes) + rng.normal(scale=blur, size=n)
    second = 3 * (length**2 - width**2 + 0.4 * hair) + rng.normal(scale=blur, size=n)
    kind = 2 * (first > 0) + (second > 0)
    x = np.stack([40 + 20 * length, 15 + 6 * width, 5 + 2 * lobes, hair, rng.normal(size=n)], axis=1)
    columns = dict(zip(("length", "width", "lobes", "hair", "moisture"), x.T.round(3), strict=True))
    return pl.DataFrame({**columns, "y": np.array(["dock", "nettle", "thistle", "vetch"])[kind]})


def bands(n: int, seed: int, *, stripes: float = 2.2, blur: float = 0.08) -> pl.DataFrame:
    """Bands across a plate, seen from an angle: two classes that no straight line parts."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    along = 0.8 * x[:, 0] + 0.6 * x[:, 1] + rng.normal(scale=blur, size=n)
    return pl.DataFrame({**named("p", x), "y": np.array(["dark", "light"])[(np.sin(np.pi * stripes * along) > 0) * 1]})


def glass(n: int, seed: int, *, blur: float = 1.0) -> pl.DataFrame:
    """Four kinds of glass by the shares of six oxides, which add up to one."""
    rule, rng = np.random.default_rng(312), np.random.default_rng(seed)
    kind = rng.choice(4, size=n, p=[0.35, 0.3, 0.2, 0.15])
    logs = rule.normal(scale=0.8, size=(4, 6))[kind] + rng.normal(scale=0.35 * blur, size=(n, 6)) + [3, 1, 1, 0, 0, -1]
    shares = 100 * np.exp(logs) / np.exp(logs).sum(1, keepdims=True)
    oxides = ("SiO2", "Na2O", "CaO", "MgO", "Al2O3", "K2O")
    columns = dict(zip(oxides, shares.T.round(2), strict=True))
    return pl.DataFrame({**columns, "y": np.array(["window", "bottle", "bulb", "lens"])[kind]})


def penguins(n: int, seed: int) -> pl.DataFrame:
    """Three kinds of bird on three islands, with some measurements and sexes missing."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, size=n, p=[0.44, 0.2, 0.36])
    sex = rng.integers(2, size=n)
    means = np.array([[38.8, 18.3, 190, 3700], [48.8, 18.4, 196, 3730], [47.5, 15.0, 217, 5070]])
    x = means[kind] + sex[:, None] * [3.0, 1.2, 6, 650] + rng.normal(size=(n, 4)) * [2.4, 0.9, 5.5, 330]
    island = chosen(rng, np.array([[0.2, 0.3, 0.3], [-9, 2, -9], [2, -9, -9]], dtype=float)[kind])
    columns = dict(zip(("bill_length", "bill_depth", "flipper", "mass"), x.T.round(1), strict=True))
    columns |= {"island": np.array(["Biscoe", "Dream", "Torgersen"])[island], "sex": np.array(["female", "male"])[sex]}
    made = pl.DataFrame({**columns, "y": np.array(["Adelie", "Chinstrap", "Gentoo"])[kind]})
    return empty(made, ("sex", "mass"), 0.04, seed)


def forest(n: int, seed: int) -> pl.DataFrame:
    """Five covers of a slope by height, aspect, soil and distance to water, of unequal shares."""
    rng = np.random.default_rng(seed)
    height, steep, soil = rng.normal(2800, 300, n), rng.gamma(3, 5, n), rng.integers(8, size=n)
    aspect, water = rng.uniform(0, 360, n), rng.exponential(250, n)
    h, sunny = (height - 2800) / 300, np.cos(np.deg2rad(aspect - 180))
    rule = np.random.default_rng(314).normal(scale=1.2, size=(8, 5))
    levels = np.array([1.2, 0.5, -0.6, -1.8, 2.2])
    scores = -2.2 * (h[:, None] - levels) ** 2 + rule[soil] + np.outer(sunny, [1, -1, 0.5, 0, -0.5])
    scores[:, 3] += 1.5 * (water < 120)
    columns = {"height": height.round(), "steepness": steep.round(1), "aspect": aspect.round(), "water": water.round()}
    kinds = np.array(["spruce", "pine", "fir", "willow", "alpine"])
    return pl.DataFrame({**columns, "soil": [f"type_{one}" for one in soil], "y": kinds[chosen(rng, 2 * scores)]})


def spam(n: int, seed: int, *, columns: int = 24) -> pl.DataFrame:
    """Shares of words in a mail, most of them zero, and the longest run of capitals."""
    rule, rng = np.random.default_rng(315), np.random.default_rng(seed)
    effect = rule.normal(size=columns)
    junk = rng.random(n) < 0.4
    rate = np.exp(-1.0 + 0.6 * effect[None, :] * np.where(junk, 1, -1)[:, None])
    x = rng.poisson(rate) * rng.gamma(2, 0.3, (n, columns))
    run = np.exp(rng.normal(1.5 + 0.9 * junk, 0.8))
    return pl.DataFrame({**named("w", x), "capitals": run.round(), "y": np.array(["mail", "spam"])[junk.astype(int)]})


def empty(frame: pl.DataFrame, columns: tuple[str, ...], share: float, seed: int) -> pl.DataFrame:
    """The same table with a share of the cells of some columns missing."""
    rng = np.random.default_rng(seed + 17)
    return frame.with_columns(
        pl.when(pl.Series(rng.random(len(frame)) < share)).then(None).otherwise(pl.col(one)).alias(one)
        for one in columns
    )


def high_digits(n: int, seed: int) -> pl.DataFrame:
    """Whether a handwritten digit is five or more, from its 64 pixels as a table."""
    x, y = datasets.load_digits(return_X_y=True)
    made = pl.DataFrame({**named("px_", x, 0), "y": np.array(["low", "high"])[(y > 4).astype(int)]})
    return made.sample(n, shuffle=True, seed=seed % 1000)


def large_cells(n: int, seed: int) -> pl.DataFrame:
    """Whether a biopsy is malignant, from the spread of the measurements alone."""
    data = datasets.load_breast_cancer()
    keep = [i for i, one in enumerate(data.feature_names) if "error" in one or "smooth" in one or "texture" in one]
    names = [str(data.feature_names[i]).replace(" ", "_") for i in keep]
    columns = dict(zip(names, data.data[:, keep].T, strict=True))
    made = pl.DataFrame({**columns, "y": np.array(["malignant", "benign"])[data.target]})
    return made.sample(n, shuffle=True, seed=seed % 1000)
