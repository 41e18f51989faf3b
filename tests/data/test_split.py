"""Splits are disjoint and exhaustive, keep groups and moments together, and follow from the seed."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmus.data.rows import Origin, Rows
from litmus.data.split import TEST, TRAIN, UNUSED, VAL, assign
from litmus.errors import DataError

FRACTIONS = {"val_fraction": 0.2, "test_fraction": 0.2}


def rows_of(n: int, *, seed: int = 0, classes: int = 3, **fields: Any) -> Rows:
    labels = np.random.default_rng(seed).integers(0, classes, n)
    target = pl.Series("y", [f"c{label}" for label in labels])
    origin = Origin(path="made", sha256="", rows=n)
    return Rows(inputs=np.zeros((n, 1)), target=target, numbers=np.arange(n), origin=origin, **fields)


def split(rows: Rows, **keys: Any) -> np.ndarray:
    return assign(rows, **{"rule": "stratified", "seed": 1, "numeric": False, **FRACTIONS, **keys})


def groups_of(n: int, count: int, seed: int = 0) -> pl.Series:
    return pl.Series("g", np.random.default_rng(seed).integers(0, count, n))


@given(
    n=st.integers(10, 300),
    classes=st.integers(2, 6),
    seed=st.integers(0, 99),
    rule=st.sampled_from(["stratified", "random", "time"]),
    shares=st.tuples(st.floats(0.05, 0.45), st.floats(0.0, 0.45)),
)
def test_every_row_is_in_one_split_and_the_shares_are_met(n, classes, seed, rule, shares) -> None:
    val, test = shares
    codes = split(rows_of(n, classes=classes), rule=rule, seed=seed, val_fraction=val, test_fraction=test)
    assert set(np.unique(codes)) <= {TRAIN, VAL, TEST}
    slack = classes if rule == "stratified" else 1
    assert abs((codes == VAL).sum() - val * n) <= slack + 0.5
    assert abs((codes == TEST).sum() - test * n) <= slack + 0.5


@given(n=st.integers(20, 300), seed=st.integers(0, 99))
def test_equal_seeds_give_equal_splits_and_others_differ(n, seed) -> None:
    rows = rows_of(n)
    assert (split(rows, seed=seed) == split(rows, seed=seed)).all()
    assert any((split(rows, seed=seed) != split(rows, seed=seed + k)).any() for k in (1, 2, 3))


@given(n=st.integers(30, 300), classes=st.integers(2, 6), seed=st.integers(0, 99))
def test_stratified_keeps_each_class_in_its_share_and_always_in_train(n, classes, seed) -> None:
    rows = rows_of(n, classes=classes, seed=seed)
    codes = split(rows)
    assert rows.target is not None
    for label in rows.target.unique():
        mine = codes[(rows.target == label).to_numpy()]
        assert (mine == TRAIN).any()
        assert abs((mine == TEST).mean() - 0.2) <= 1.5 / len(mine) + 0.01
        assert len(mine) < 3 or set(np.unique(mine)) == {TRAIN, VAL, TEST}


def test_stratified_counts_are_exact_where_the_shares_are_whole() -> None:
    codes = split(rows_of(1000))
    assert np.bincount(codes).tolist() == [600, 200, 200]


@given(n=st.integers(30, 300), count=st.integers(3, 40), seed=st.integers(0, 99))
@pytest.mark.parametrize("rule", ["group", "stratified_group"])
def test_groups_never_straddle_splits(rule, n, count, seed) -> None:
    group = groups_of(n, count, seed)
    if group.n_unique() < 3:
        return
    codes = split(rows_of(n, group=group), rule=rule, seed=seed)
    assert set(np.unique(codes)) == {TRAIN, VAL, TEST}
    for value in group.unique():
        assert len(np.unique(codes[(group == value).to_numpy()])) == 1


def test_groups_meet_the_shares_as_well_as_they_can() -> None:
    codes = split(rows_of(1000, group=groups_of(1000, 60)), rule="group")
    assert np.bincount(codes).tolist() == pytest.approx([600, 200, 200], abs=12)


def test_stratified_groups_meet_the_shares_of_classes_better_than_groups_alone() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(50), 20)
    target = pl.Series("y", np.where(rng.random(1000) < np.repeat(rng.random(50), 20), "a", "b"))
    origin = Origin(path="made", sha256="", rows=1000)
    rows = Rows(
        inputs=np.zeros((1000, 1)), target=target, numbers=np.arange(1000), origin=origin, group=pl.Series(group)
    )
    spread = {}
    for rule in ("group", "stratified_group"):
        codes = split(rows, rule=rule)
        spread[rule] = np.ptp([(target == "a").to_numpy()[codes == code].mean() for code in (TRAIN, VAL, TEST)])
    assert spread["stratified_group"] < 0.03 < spread["group"]


@given(n=st.integers(30, 300), moments=st.integers(6, 200), gap=st.integers(0, 3), seed=st.integers(0, 99))
def test_time_is_in_order_and_moments_never_straddle(n, moments, gap, seed) -> None:
    time = pl.Series("t", np.random.default_rng(seed).integers(0, moments, n))
    codes = split(rows_of(n, time=time), rule="time", gap=gap)
    values = time.to_numpy()
    assert values[codes == TRAIN].max() < values[codes == VAL].min()
    assert values[codes == VAL].max() < values[codes == TEST].min()
    assert (codes == UNUSED).sum() == 2 * gap


def test_time_without_a_column_takes_rows_as_they_stand() -> None:
    codes = split(rows_of(50), rule="time")
    assert (codes == np.repeat([TRAIN, VAL, TEST], [30, 10, 10])).all()


@settings(max_examples=30)
@given(n=st.integers(30, 200), folds=st.integers(2, 6), seed=st.integers(0, 20))
@pytest.mark.parametrize("rule", ["stratified", "random", "group"])
def test_each_row_is_held_out_in_exactly_one_fold(rule, n, folds, seed) -> None:
    group = pl.Series(np.arange(n) % 25) if rule == "group" else None
    rows = rows_of(n, group=group)
    parts = [split(rows, rule=rule, folds=folds, fold=fold, seed=seed) for fold in range(folds)]
    assert (np.sum([part == TEST for part in parts], axis=0) == 1).all()
    assert all(set(np.unique(part)) == {TRAIN, VAL, TEST} for part in parts)


def test_fixed_rows_stay_and_val_is_taken_from_free_rows_alone() -> None:
    fixed = np.array([""] * 80 + ["test"] * 20)
    codes = split(rows_of(100, split=fixed))
    assert (codes[80:] == TEST).all()
    assert not (codes[:80] == TEST).any()
    assert (codes == VAL).sum() == 16


def test_folds_leave_an_official_test_split_out() -> None:
    fixed = np.array([""] * 80 + ["test"] * 20)
    codes = split(rows_of(100, split=fixed), folds=4)
    assert (codes[80:] == UNUSED).all()
    assert (codes[:80] == TEST).sum() == 20


def test_folds_of_rows_that_all_have_a_split_of_their_own_are_refused() -> None:
    fixed = np.repeat(np.array(["train", "val", "test"]), [60, 20, 20])
    with pytest.raises(DataError, match=r"data\.folds=4 shares out free rows, .*; use data\.folds=null"):
        split(rows_of(100, split=fixed), folds=4)


def test_a_class_of_two_rows_goes_to_train_first() -> None:
    labels = pl.Series("y", ["a"] * 50 + ["b"] * 48 + ["c"] * 2)
    origin = Origin(path="made", sha256="", rows=100)
    rows = Rows(inputs=np.zeros((100, 1)), target=labels, numbers=np.arange(100), origin=origin)
    for seed in range(10):
        assert TRAIN in split(rows, seed=seed)[98:]


def test_a_large_gap_that_eats_a_split_is_refused() -> None:
    with pytest.raises(DataError, match="no row is left for train"):
        split(rows_of(50), rule="time", gap=20)


def test_one_moment_cannot_be_split() -> None:
    with pytest.raises(DataError, match="too few distinct times"):
        split(rows_of(50, time=pl.Series([1] * 50)), rule="time")
