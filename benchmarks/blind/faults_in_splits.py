"""Faults that make val or test another world than train."""

import numpy as np
import pandas as pd

from blind.faults_in_rows import others, random_words
from blind.measure import TEST, TRAIN, VAL, put, thirds
from blind.planting import Base, Planted, drifts, fault, loses

BESIDE = ("train_val_inconsistent",)


@fault("split_shift", also=BESIDE, proof=loses(0.15))
def unit_in_test_file(base: Base, rng: np.random.Generator) -> Planted | None:
    """The strongest number is in another unit (x10 or x1000) in the test file."""
    name, words = base.strongest(numeric=True), random_words(base, rng)
    if name is None:
        return None
    column = base.frame[name].astype(float)
    changed = column.where(words != TEST, column * rng.choice([10, 1000]))
    return Planted(put(base.frame, name, changed), words=words, way="file")


@fault("split_shift", also=BESIDE, proof=loses(0.15))
def unit_in_later_part(base: Base, rng: np.random.Generator) -> Planted | None:
    """The strongest number is in another unit in val and test, as a given split has it."""
    name, words = base.strongest(numeric=True), random_words(base, rng)
    if name is None:
        return None
    column = base.frame[name].astype(float)
    changed = column.where(words == TRAIN, column * rng.choice([10, 100]))
    return Planted(put(base.frame, name, changed), words=words, way="column")


@fault("split_shift", also=BESIDE, proof=loses(0.1))
def category_renamed_in_test(base: Base, rng: np.random.Generator) -> Planted | None:
    """The names of the strongest category's levels change places in the test file."""
    name, words = base.strongest(numeric=False), random_words(base, rng)
    if name is None:
        return None
    levels = base.frame[name].value_counts().index.to_numpy()
    meaning = dict(zip(levels, np.roll(levels, 1), strict=True))
    column = base.frame[name]
    changed = column.where(words != TEST, column.map(meaning))
    return Planted(put(base.frame, name, changed), words=words, way="file")


@fault("split_shift", "label_noise", also=BESIDE, on="classes", skill=(0.4, 1.0), proof=loses(0.3))
def wrong_labels_in_test(base: Base, rng: np.random.Generator) -> Planted:
    """Half of the labels of test are those of other classes; the labels of train and val are right."""
    words = random_words(base, rng)
    rows = np.flatnonzero(words == TEST)
    rows = rng.choice(rows, len(rows) // 2, replace=False)
    changed = others(base.frame[base.target], rows, rng)
    return Planted(put(base.frame, base.target, changed), words=words, way="column")


@fault("split_shift", also=(*BESIDE, "no_better_than_baseline"), on="numbers", proof=loses(0.2))
def drift_of_the_target(base: Base, rng: np.random.Generator) -> Planted:
    """The target grows by and by after the first half of a given order of dates; the split is by time."""
    target = base.frame[base.target].to_numpy(float)
    rows, late = np.arange(len(target)), np.clip(np.linspace(-1, 1, len(target)), 0, None)
    day = pd.Timestamp("2019-01-01") + pd.to_timedelta(rows * 900 // len(rows), unit="D")
    kept = rng.permutation(len(rows))
    frame = base.frame.iloc[kept].reset_index(drop=True)
    frame[base.target] = frame[base.target].astype(float) + 3 * target.std() * late
    frame["day"] = day.strftime("%Y-%m-%d")
    overrides = ["data.split=time", "data.time=day"]
    return Planted(frame, overrides, words=thirds(len(rows)), kept=kept, hidden=("day",))


@fault("split_shift", also=BESIDE, skill=(0.4, 1.0), proof=drifts(0.12))
def drift_of_an_input(base: Base, rng: np.random.Generator) -> Planted | None:
    """A given split puts the highest values of the strongest number into test, and the next ones into val."""
    name = base.strongest(numeric=True)
    if name is None:
        return None
    column = base.frame[name].astype(float)
    rank = (column.fillna(column.median()).rank(method="first") / len(column)).to_numpy()
    rank = rank + rng.normal(0, 0.08, len(rank))
    words = np.empty(len(rank), dtype=object)
    words[np.argsort(rank)] = thirds(len(rank))
    in_part = [base.frame.loc[words == part, base.target].nunique() for part in (TRAIN, VAL, TEST)]
    if base.classes and min(in_part) < base.frame[base.target].nunique():
        return None
    return Planted(base.frame, words=words, way="column")


@fault("split_shift", also=BESIDE, proof=loses(0.1))
def constant_in_train(base: Base, rng: np.random.Generator) -> Planted | None:
    """The strongest number was not measured for the training rows: it has one value there, and its own ones in test."""
    name, words = base.strongest(numeric=True), random_words(base, rng)
    if name is None:
        return None
    column = base.frame[name].astype(float)
    return Planted(put(base.frame, name, column.where(words == TEST, column.median())), words=words, way="column")


@fault("split_shift", also=BESIDE, skill=(0.4, 1.0), proof=loses(0.1))
def gone_in_test(base: Base, rng: np.random.Generator) -> Planted | None:
    """Where the strongest number is above its median, it is missing in test (not at random)."""
    name, words = base.strongest(numeric=True), random_words(base, rng)
    if name is None:
        return None
    column = base.frame[name].astype(float)
    gone = (words == TEST) & (column > column.median()).to_numpy()
    return Planted(put(base.frame, name, column.mask(gone)), words=words, way="file")


@fault("label_noise", "split_shift", also=(*BESIDE, "overfitting"), on="classes", skill=(0.5, 1.0), proof=loses(0.08))
def noisy_labels_in_train(base: Base, rng: np.random.Generator) -> Planted:
    """Two fifths of the labels of train are wrong; those of val and test are not."""
    words = random_words(base, rng)
    rows = np.flatnonzero(words == TRAIN)
    rows = rng.choice(rows, int(0.4 * len(rows)), replace=False)
    changed = others(base.frame[base.target], rows, rng)
    return Planted(put(base.frame, base.target, changed), words=words, way="column")
