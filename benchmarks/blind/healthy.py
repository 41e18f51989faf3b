"""Healthy cases: real tables as they are, and twins of the faults that nothing is wrong with."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from blind.faults_in_rows import numeric, people, random_words
from blind.measure import TEST, put
from blind.planting import Base, Planted

HEALTHY: dict[str, Callable[[Base, np.random.Generator], Planted | None]] = {}


def healthy(plant: Callable[[Base, np.random.Generator], Planted | None]) -> Callable:
    """Declares a kind of healthy case; its name is the function's."""
    HEALTHY[plant.__name__] = plant
    return plant


@healthy
def as_it_is(base: Base, _: np.random.Generator) -> Planted:
    """Path and target; where rows belong together, the split by group."""
    group = base.table.group
    return Planted(base.frame, [] if group is None else ["data.split=group", f"data.group={group}"])


@healthy
def row_names(base: Base, rng: np.random.Generator) -> Planted:
    """A nameless first column counts the rows, and another one names them by numbers in no order."""
    rows = base.frame.copy()
    rows.insert(0, "", np.arange(1, len(rows) + 1))
    rows.insert(1, "reference", rng.permutation(len(rows)) + 20_000)
    return Planted(rows, hidden=("", "reference"))


@healthy
def cells_missing_at_random(base: Base, rng: np.random.Generator) -> Planted:
    """Six in a hundred cells of every input are empty, whatever they were."""
    rows = base.frame.copy()
    for name in base.inputs:
        gone = rng.random(len(rows)) < 0.06
        column = rows[name].astype(float) if pd.api.types.is_numeric_dtype(rows[name]) else rows[name].astype(object)
        rows[name] = column.mask(gone)
    return Planted(rows)


@healthy
def idle_columns(base: Base, rng: np.random.Generator) -> Planted:
    """Four columns have nothing to do with the target."""
    n = len(base.frame)
    return Planted(
        base.frame.assign(
            wind=rng.normal(20, 5, n).round(1),
            ticket=rng.integers(1, 200, n),
            office=rng.choice(["north", "south", "west"], n),
            weight_kg=rng.lognormal(4, 0.3, n).round(1),
        )
    )


@healthy
def unit_changed_everywhere(base: Base, _: np.random.Generator) -> Planted | None:
    """The strongest number is in another unit in all rows."""
    found = numeric(base)
    return None if found is None else Planted(put(base.frame, found[0], found[1] * 1000))


@healthy
def categories_renamed_everywhere(base: Base, rng: np.random.Generator) -> Planted | None:
    """The strongest category's levels have other names in all rows."""
    name = base.strongest(numeric=False)
    if name is None:
        return None
    levels = base.frame[name].dropna().unique()
    letters = {level: f"level {number}" for level, number in zip(levels, rng.permutation(len(levels)), strict=True)}
    return Planted(put(base.frame, name, base.frame[name].map(letters)))


@healthy
def split_given_at_random(base: Base, rng: np.random.Generator) -> Planted:
    """A column says train, val and test, and chance wrote it."""
    return Planted(base.frame, words=random_words(base, rng), way="column")


@healthy
def test_file_at_random(base: Base, rng: np.random.Generator) -> Planted:
    """Test is a file of its own, whose rows chance chose."""
    words = random_words(base, rng)
    assert (words == TEST).any()
    return Planted(base.frame, words=words, way="file")


@healthy
def days_without_drift(base: Base, rng: np.random.Generator) -> Planted | None:
    """Rows have dates that mean nothing, and the split is by time."""
    n = len(base.frame)
    day = pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.permutation(n) * 700 // n, unit="D")
    return Planted(
        base.frame.assign(day=day.strftime("%Y-%m-%d")), ["data.split=time", "data.time=day"], hidden=("day",)
    )


@healthy
def shared_ids_without_effect(base: Base, rng: np.random.Generator) -> Planted:
    """Four rows each share a clerk who has nothing to do with them."""
    n = len(base.frame)
    return Planted(base.frame.assign(clerk=rng.permutation(n) // 4 + 300), hidden=("clerk",))


@healthy
def persons_split_by_person(base: Base, rng: np.random.Generator) -> Planted | None:
    """Several visits a person, and no person is in two splits."""
    if len(base.frame) < 900:
        return None
    planted = people(base, rng, 900, (2, 4), 0.05)
    assert planted.together is not None
    names = rng.permutation(9000)[: len(base.frame)] + 1000
    rows = planted.frame.assign(patient=names[planted.together.to_numpy()])
    overrides = ["data.split=group", "data.group=patient"]
    return Planted(rows, overrides, together=planted.together, kept=planted.kept, hidden=("patient",))


@healthy
def coarse_columns(base: Base, _: np.random.Generator) -> Planted | None:
    """Every number is cut to five levels, so that rows of different people are equal."""
    measured = [name for name in base.inputs if pd.api.types.is_numeric_dtype(base.frame[name])]
    if not measured or len(base.inputs.columns) > 9:
        return None
    rows = base.frame.copy()
    for name in measured:
        if rows[name].nunique() > 5:
            rows[name] = pd.qcut(rows[name].rank(method="first"), 5, labels=False)
    return Planted(rows)


@healthy
def target_in_a_small_unit(base: Base, _: np.random.Generator) -> Planted | None:
    """A number is counted in thousandths; the defaults take care of it."""
    if base.classes:
        return None
    return Planted(put(base.frame, base.target, (base.frame[base.target].astype(float) * 1000).round(3)))


@healthy
def long_tails_robust_loss(base: Base, _: np.random.Generator) -> Planted | None:
    """A number is learned by Huber's loss."""
    return None if base.classes else Planted(base.frame, ["loss=huber"])


@healthy
def classes_weighted(base: Base, _: np.random.Generator) -> Planted | None:
    """Uneven classes are weighted."""
    if not base.classes or base.frame[base.target].value_counts(normalize=True).iloc[-1] > 0.35:
        return None
    return Planted(base.frame, ["loss.class_weight=balanced"])


@healthy
def threshold_tuned(base: Base, _: np.random.Generator) -> Planted | None:
    """Uneven classes, and the threshold is chosen on val."""
    shares = base.frame[base.target].value_counts(normalize=True)
    if not base.classes or len(shares) > 2 or shares.iloc[-1] > 0.4:
        return None
    return Planted(base.frame, ["task.threshold=tuned"])


@healthy
def a_little_regularised(base: Base, _: np.random.Generator) -> Planted:
    """AdamW, a little weight decay and dropout."""
    return Planted(base.frame, ["optimizer=adamw", "optimizer.weight_decay=0.01", "model.dropout=0.1"])


@healthy
def tanh_and_a_schedule(base: Base, _: np.random.Generator) -> Planted:
    """A smaller network with tanh, and the learning rate follows a cosine."""
    return Planted(base.frame, ["model.hidden=[48,24]", "model.activation=tanh", "scheduler=cosine"])
