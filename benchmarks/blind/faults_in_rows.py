"""Faults in the rows that every split shares: labels, targets, leaks, copies, groups, marks for missing, outliers."""

import numpy as np
import pandas as pd

from blind import measure
from blind.measure import put
from blind.planting import (
    Base,
    Planted,
    fault,
    flatters,
    gives_away,
    knows_nothing,
    loses,
    misses_a_class,
    order_invented,
    squares_harm,
    trains_worse,
)

WEAK = ("overfitting", "too_little_data")  # what may truly be said as well where little can be learned

# --- labels and targets ---


def others(labels: pd.Series, rows: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """These rows with one of the other labels, each as likely."""
    names = labels.unique()
    changed = labels.copy()
    changed.iloc[rows] = [rng.choice(names[names != labels.iloc[row]]) for row in rows]
    return changed


@fault("label_noise", also=WEAK, on="classes", skill=(0.5, 1.0), proof=loses(0.15))
def label_noise_symmetric(base: Base, rng: np.random.Generator) -> Planted:
    """A quarter to two fifths of the labels are replaced by another one."""
    share = rng.choice([0.25, 0.3, 0.35, 0.4])
    rows = rng.choice(len(base.frame), int(share * len(base.frame)), replace=False)
    return Planted(put(base.frame, base.target, others(base.frame[base.target], rows, rng)))


@fault("label_noise", also=(*WEAK, "class_imbalance"), on="classes", skill=(0.5, 1.0), proof=loses(0.12))
def label_noise_asymmetric(base: Base, rng: np.random.Generator) -> Planted:
    """A third or more of the second most frequent class bears the label of the most frequent one."""
    labels = base.frame[base.target].copy()
    most, second = labels.value_counts().index[:2]
    rows = np.flatnonzero(labels == second)
    labels.iloc[rng.choice(rows, int(rng.choice([0.35, 0.4, 0.45]) * len(rows)), replace=False)] = most
    return Planted(put(base.frame, base.target, labels))


@fault("label_noise", also=WEAK, on="numbers", skill=(0.6, 1.0), proof=loses(0.2))
def targets_swapped(base: Base, rng: np.random.Generator) -> Planted:
    """A third of the rows have the target of another row."""
    target = base.frame[base.target].to_numpy().copy()
    rows = rng.choice(len(target), len(target) // 3, replace=False)
    target[rows] = target[rng.permutation(rows)]
    return Planted(put(base.frame, base.target, target))


@fault("no_better_than_baseline", also=(*WEAK, "label_noise", "class_imbalance"), proof=knows_nothing())
def target_shuffled(base: Base, rng: np.random.Generator) -> Planted:
    """The target belongs to other rows: nothing can be learned."""
    return Planted(put(base.frame, base.target, rng.permutation(base.frame[base.target].to_numpy())))


@fault(
    "wrong_loss", also=("label_noise", "unnormalised_target"), on="numbers", skill=(0.5, 1.0), proof=squares_harm(0.1)
)
def few_targets_times_1000(base: Base, rng: np.random.Generator) -> Planted:
    """Two in a hundred targets are in another unit, and the error is squared."""
    target = base.frame[base.target].to_numpy(float).copy()
    rows = rng.choice(len(target), max(6, len(target) // 50), replace=False)
    target[rows] *= 1000
    return Planted(put(base.frame, base.target, target), ["loss=mse"])


@fault(
    "wrong_loss", also=("unnormalised_target", "label_noise"), on="numbers", skill=(0.5, 1.0), proof=squares_harm(0.1)
)
def heavy_tails(base: Base, rng: np.random.Generator) -> Planted:
    """Errors with tails so long that they have no variance stand on the target, and the error is squared."""
    target = base.frame[base.target].to_numpy(float)
    noise = rng.standard_t(1.0, len(target)) * 0.4 * target.std()
    return Planted(put(base.frame, base.target, target + noise), ["loss=mse"])


@fault("wrong_loss", on="classes", skill=(0.2, 1.0), proof=order_invented(0.07))
def codes_as_numbers(base: Base, rng: np.random.Generator) -> Planted | None:
    """Three classes or more, numbered in no order, are predicted as a number."""
    names = rng.permutation(base.frame[base.target].unique())
    if len(names) < 3:
        return None
    codes = base.frame[base.target].map({name: code for code, name in enumerate(names, 1)})
    return Planted(put(base.frame, base.target, codes), ["task=regression"])


@fault("class_imbalance", also=("bad_threshold", "too_little_data"), on="classes", proof=misses_a_class(0.35))
def rare_class_not_found(base: Base, rng: np.random.Generator) -> Planted | None:
    """So few rows of the rarest class are left that a usual network does not find it."""
    labels = base.frame[base.target]
    rare = labels.value_counts().index[-1]
    left = max(15, int(rng.choice([0.02, 0.03]) * len(labels)))
    rows = np.flatnonzero(labels == rare)
    if len(rows) < left:
        return None
    kept = np.sort(np.r_[np.flatnonzero(labels != rare), rng.choice(rows, left, replace=False)])
    return Planted(base.frame.iloc[kept].reset_index(drop=True), kept=kept)


# --- leaks ---


def as_number(base: Base) -> np.ndarray:
    """The target as a number with mean 0 and standard deviation 1."""
    column = base.frame[base.target]
    values = column.astype("category").cat.codes if base.classes else column
    return ((values - values.mean()) / values.std()).to_numpy(float)


@fault("target_leakage", skill=(0.1, 0.85), proof=gives_away())
def leak_alone(base: Base, rng: np.random.Generator) -> Planted:
    """One column is the target in another unit, with a little noise."""
    y = as_number(base)
    column = 40 + 7 * y + rng.normal(0, 0.5, len(y))
    return Planted(base.frame.assign(review=column.round(2)), giveaway=pd.DataFrame({"review": column}))


@fault("target_leakage", skill=(0.1, 0.85), proof=gives_away())
def leak_in_a_pair(base: Base, rng: np.random.Generator) -> Planted:
    """Two columns, neither of which says much, have the target as their sum or difference."""
    y = as_number(base)
    first, sign = rng.normal(0, 3, len(y)), rng.choice([-1, 1])
    second = sign * (y + rng.normal(0, 0.05, len(y)) - first)
    rows = base.frame.assign(opening=(first * 10 + 80).round(2), closing=(second * 10 + 80).round(2))
    return Planted(rows, giveaway=pd.DataFrame({"a": first + sign * second}))


@fault("target_leakage", on="numbers", skill=(0.1, 0.85), proof=gives_away())
def leak_in_logs(base: Base, rng: np.random.Generator) -> Planted:
    """Two columns have the target as their product."""
    y = as_number(base)
    first = rng.normal(0, 2, len(y))
    second = y + rng.normal(0, 0.05, len(y)) - first
    rows = base.frame.assign(quantity=np.exp(first).round(5), rate=np.exp(second).round(5))
    return Planted(rows, giveaway=pd.DataFrame({"a": first + second}))


@fault("target_leakage", on="any", skill=(0.1, 0.8), proof=gives_away())
def two_leaks_at_once(base: Base, rng: np.random.Generator) -> Planted:
    """Two columns tell the target, each by itself, and hide each other."""
    y = as_number(base)
    noisy = [y + rng.normal(0, 0.1, len(y)) for _ in range(2)]
    return Planted(
        base.frame.assign(mark=(100 * noisy[0]).round(1), stage_value=np.expm1(noisy[1]).round(3)),
        giveaway=pd.DataFrame({"a": noisy[0]}),
    )


@fault("target_leakage", also=("not_shuffled",), on="classes", skill=(0.1, 0.85), proof=gives_away())
def ids_follow_classes(base: Base, _: np.random.Generator) -> Planted:
    """Rows were numbered class by class, eight to a number, and the number is an input."""
    order = np.argsort(base.frame[base.target].astype(str).to_numpy(), kind="stable")
    batch = np.empty(len(order), dtype=int)
    batch[order] = np.arange(len(order)) // 8 + 1001
    return Planted(
        base.frame.assign(batch=batch), ["data.kinds={batch: number}"], giveaway=pd.DataFrame({"batch": batch})
    )


@fault("target_leakage", on="classes", skill=(0.1, 0.85), proof=gives_away())
def missing_tells_class(base: Base, rng: np.random.Generator) -> Planted | None:
    """A measurement is missing nearly always in one class and hardly ever in the others."""
    column = base.strongest(numeric=True)
    labels = base.frame[base.target]
    if column is None or labels.nunique() > 2:
        return None
    of_class = (labels == labels.value_counts().index[-1]).to_numpy()
    gone = rng.random(len(labels)) < np.where(of_class, 0.97, 0.02)
    rows = put(base.frame, column, base.frame[column].astype(float).mask(gone))
    return Planted(rows, giveaway=pd.DataFrame({"gone": gone.astype(float)}))


# --- rows that belong together ---


def people(base: Base, rng: np.random.Generator, persons: int, each: tuple[int, int], noise: float) -> Planted:
    """Real rows, each of them measured several times: the numbers vary, the words and the target do not."""
    chosen = rng.choice(len(base.frame), min(persons, len(base.frame)), replace=False)
    kept = np.repeat(chosen, rng.integers(each[0], each[1] + 1, len(chosen)))
    kept = rng.permutation(kept)
    rows = base.frame.iloc[kept].reset_index(drop=True)
    for name in base.inputs:
        column = rows[name]
        if pd.api.types.is_float_dtype(column) or (pd.api.types.is_integer_dtype(column) and column.nunique() > 12):
            values = column.astype(float) + rng.normal(0, noise * column.std(), len(column))
            rows[name] = values.round(4 if pd.api.types.is_float_dtype(column) else 0)
    return Planted(rows, together=pd.Series(kept), kept=kept)


@fault("train_test_leakage", also=("overfitting",), skill=(0.0, 0.85), proof=flatters(0.12))
def persons_named(base: Base, rng: np.random.Generator) -> Planted:
    """Several visits a person, whose outcome is the person's; a column says who it is."""
    planted = people(base, rng, 250, (4, 8), 0.15)
    assert planted.together is not None
    names = rng.permutation(9000)[: len(base.frame)] + 1000
    rows = planted.frame.assign(patient=names[planted.together.to_numpy()])
    return Planted(rows, together=planted.together, kept=planted.kept, hidden=("patient",))


@fault("train_test_leakage", also=("overfitting",), skill=(0.0, 0.85), proof=flatters(0.12))
def persons_unnamed(base: Base, rng: np.random.Generator) -> Planted:
    """The same, and no column says who it is."""
    return people(base, rng, 250, (4, 8), 0.15)


@fault("train_test_leakage", also=("overfitting",), skill=(0.0, 0.85), proof=flatters(0.08))
def near_duplicates(base: Base, rng: np.random.Generator) -> Planted:
    """Most rows stand in the table two or three times, their numbers a hundredth of their spread apart."""
    return people(base, rng, 900, (1, 3), 0.01)


@fault("train_test_leakage", also=("overfitting",), skill=(0.0, 0.85), proof=flatters(0.08))
def exact_duplicates(base: Base, rng: np.random.Generator) -> Planted:
    """Most rows stand in the table two or three times, exactly alike."""
    return people(base, rng, 900, (1, 3), 0.0)


# --- single columns ---


def numeric(base: Base) -> tuple[str, pd.Series] | None:
    name = base.strongest(numeric=True)
    return None if name is None else (name, base.frame[name].astype(float))


@fault("sentinel_values", also=("unnormalised_inputs",), proof=loses(0.03, "linear"))
def sentinel_kept(base: Base, rng: np.random.Generator) -> Planted | None:
    """A fifth of the strongest column is -999 or 9999, and the command line insists that these are numbers."""
    found = numeric(base)
    if found is None or "," in found[0]:
        return None
    name, column = found
    mark = 9999 if column.max() < 2000 else -999
    rows = put(base.frame, name, column.mask(rng.random(len(column)) < 0.2, mark))
    return Planted(rows, [f"data.kinds={{{name}: number}}"])


@fault("sentinel_values", also=("unnormalised_inputs",), proof=loses(0.03, "linear"), mended=True)
def sentinel_of_nines(base: Base, rng: np.random.Generator) -> Planted | None:
    """The same, and nothing on the command line."""
    found = numeric(base)
    if found is None:
        return None
    name, column = found
    mark = 9999 if column.max() < 2000 else -999
    return Planted(put(base.frame, name, column.mask(rng.random(len(column)) < 0.15, mark)))


@fault("sentinel_values", also=("unnormalised_inputs",), proof=loses(0.03, "linear"), mended=True)
def sentinel_plain(base: Base, rng: np.random.Generator) -> Planted | None:
    """A fifth of the strongest column is -1, where all others are positive."""
    found = numeric(base)
    if found is None or found[1].min() <= 0:
        return None
    name, column = found
    return Planted(put(base.frame, name, column.mask(rng.random(len(column)) < 0.2, -1)))


@fault(
    "unnormalised_inputs", "sentinel_values", also=("split_shift", "underfitting"), proof=trains_worse(0.08, rows=True)
)
def outliers_squash(base: Base, rng: np.random.Generator) -> Planted | None:
    """Eight cells of every measured column are 10,000 times too large, and inputs are scaled to [0, 1]."""
    columns = [name for name in base.inputs if pd.api.types.is_numeric_dtype(base.frame[name])]
    columns = [name for name in columns if base.frame[name].nunique() >= 8]
    if not columns:
        return None
    rows = base.frame.copy()
    for name in columns:
        column = rows[name].astype(float)
        cells = rng.choice(len(column), 8, replace=False)
        column.iloc[cells] = 1e4 * (column.abs().max() + 1)
        rows[name] = column
    return Planted(rows, ["data.normalize=minmax"], scaling="minmax")


def random_words(base: Base, rng: np.random.Generator) -> np.ndarray:
    """A split by rows that nothing is wrong with."""
    return measure.split(base.frame, base.target, classes=base.classes, seed=int(rng.integers(1000)))
