"""Columns that give the target together."""

import numpy as np
import pytest
import torch

from litmus.data_checks.joint_leaks import joint_leak
from litmus.data_checks.leaks import Feature
from litmus.metrics.answers import Predictions
from litmus.task.binary import Binary
from litmus.task.multiclass import Multiclass
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

RNG = np.random.default_rng(0)
N, CUT = 900, 600
HONEST = {f"x{j}": RNG.normal(size=N) for j in range(4)}
Y = HONEST["x0"] + HONEST["x1"] + 2 * RNG.normal(size=N) + 20
PART = RNG.gamma(4, size=N)


def found(target, columns, kind="regression"):
    classes = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}[kind]
    make = {"binary": Binary, "multiclass": Multiclass, "regression": Regression}[kind]
    task = make(spec=DataSpec(task=kind, input="table", in_shape=(len(columns),), target="y", classes=classes))
    features = [
        Feature(name=name, train=values[:CUT], val=values[CUT:], ordered=True) for name, values in columns.items()
    ]
    y = torch.from_numpy(np.asarray(target))
    train, val = (
        Predictions(split=name, rows=torch.arange(len(part)), target=part, pred=part)
        for name, part in (("train", y[:CUT]), ("val", y[CUT:]))
    )
    primary = "balanced_accuracy" if classes else "r2"
    return joint_leak(task, features, train, val, primary=primary)


@pytest.mark.parametrize(
    ("columns", "product"),
    [
        ({"before": PART, "after": PART + Y}, False),
        ({"casual": Y * PART / 9, "registered": Y - Y * PART / 9}, False),
        ({"width": PART, "per_width": Y / PART}, True),
    ],
)
def test_a_difference_a_sum_and_a_product_that_give_the_target_are_found(columns, product):
    leak = found(Y, {**HONEST, **columns})
    assert set(leak.columns) == set(columns)
    assert leak.product == product
    assert leak.score > 0.98
    assert leak.alone < 0.8


def test_logarithms_that_add_up_to_a_target_of_any_sign_are_found():
    first, z = 2 * RNG.normal(size=N), (Y - Y.mean()) / Y.std()
    leak = found(z, {**HONEST, "quantity": np.exp(first), "rate": np.exp(z - first)})
    assert set(leak.columns) == {"quantity", "rate"}
    assert leak.product
    assert leak.score > 0.98


def test_a_target_that_rises_with_a_difference_in_any_way_is_found():
    part, z = 5 * RNG.normal(size=N), (Y - Y.mean()) / Y.std()
    leak = found(np.tanh(z), {**HONEST, "opening": part, "closing": part + z})
    assert set(leak.columns) == {"opening", "closing"}
    assert leak.score > 0.98


def test_logarithms_of_the_factors_and_of_the_parts_of_a_target_are_found():
    log_part = RNG.normal(size=N)
    factors = found(Y, {**HONEST, "log_units": log_part, "log_price": np.log(Y) - log_part})
    assert set(factors.columns) == {"log_units", "log_price"}
    share = RNG.uniform(0.02, 0.98, size=N)
    parts = found(Y, {**HONEST, "log_casual": np.log(share * Y), "log_registered": np.log(Y - share * Y)})
    assert set(parts.columns) == {"log_casual", "log_registered"}
    assert parts.exponential
    assert not factors.exponential


def test_columns_that_cancel_each_other_are_found_in_a_narrow_table_too():
    accounts = {"opening": 8 * PART, "closing": 8 * PART + Y}
    assert found(Y, {"x0": HONEST["x0"], **accounts}).opposed
    parts = {"casual": RNG.normal(size=N), "registered": RNG.normal(size=N)}  # each its share, as nature has it
    assert found(sum(parts.values()), {"x0": HONEST["x0"], **parts}) is None
    assert not found(sum(parts.values()), {**HONEST, **parts}).opposed


def test_a_pair_is_found_beside_columns_that_tell_a_little_more():
    part = 10 * PART
    noisy = {"opening": part, "closing": part + Y + 0.1 * Y.std() * RNG.normal(size=N)}
    helpers = {f"h{j}": Y + 2 * RNG.normal(size=N) for j in range(9)}
    assert set(found(Y, {**helpers, **noisy}).columns) == set(noisy)


def test_a_difference_that_decides_the_class_is_found():
    paid, due = 10 * PART, 10 * PART + RNG.normal(size=N)
    leak = found((due > paid).astype(np.int64), {**HONEST, "paid": paid, "due": due}, kind="binary")
    assert set(leak.columns) == {"paid", "due"}


def test_names_are_given_by_no_formula():
    paid, due = 10 * PART, 10 * PART + RNG.normal(size=N)
    kinds = np.digitize(due - paid, (-0.5, 0.5))
    assert found(kinds, {**HONEST, "paid": paid, "due": due}, kind="multiclass") is None


def test_an_honest_formula_of_many_columns_with_noise_is_none():
    assert found(Y, HONEST) is None
    assert found(sum(HONEST.values()), HONEST) is None  # what the table is about


def test_empty_cells_and_constant_columns_do_no_harm():
    gaps = np.where(RNG.random(N) < 0.3, np.nan, PART)
    assert found(Y, {**HONEST, "gaps": gaps, "constant": np.ones(N)}) is None


def test_a_contrast_of_lengths_that_other_lengths_foresee_is_what_tells_kinds_apart():
    rng = np.random.default_rng(1)
    size, kind = rng.normal(30, 8, size=N), rng.integers(0, 2, size=N)
    slopes = {"front": 0.5, "rear": 0.4, "length": 1.0, "width": 1.1, "depth": 0.45, "tail": 0.3}
    shape = {"front": 0.4 * kind, "width": -0.4 * kind}
    lengths = {name: slope * size + shape.get(name, 0.0) + 0.05 * rng.normal(size=N) for name, slope in slopes.items()}
    assert found(kind, lengths, kind="binary") is None
    alone = {name: lengths[name] for name in shape}
    assert set(found(kind, {**HONEST, **alone}, kind="binary").columns) == set(shape)


def test_two_dates_that_are_equal_where_nothing_happened_are_found_with_all_that_repeat_them():
    event = RNG.random(N) < 0.4
    begin = RNG.integers(0, 2000, size=N).astype(np.float64)
    last = begin + RNG.integers(10, 3000, size=N)
    seen = np.where(event, begin + (last - begin) // 2, last)
    dates = {"recurred on": seen, "died on": last, "free of it": seen - begin, "lived": last - begin}
    leak = found(event.astype(np.int64), {**HONEST, **dates}, kind="binary")
    assert set(leak.columns) == set(dates)
    assert leak.equal
    assert leak.score > 0.95
    three = found(np.where(event, RNG.integers(1, 3, size=N), 0), {**HONEST, **dates}, kind="multiclass")
    assert three is None  # two of three classes are beyond it


def test_columns_whose_equality_tells_nothing_are_not_named():
    twice = np.where(RNG.random(N) < 0.5, HONEST["x0"], HONEST["x1"])
    columns = {**HONEST, "first": HONEST["x0"], "second": twice}
    assert found((Y.mean() < Y).astype(np.int64), columns, kind="binary") is None
