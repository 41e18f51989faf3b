"""Totals of many columns, and a column in another unit."""

import numpy as np
import polars as pl
import pytest

from litmus.data_checks.identities import identity, numbers_of, target_numbers

RNG = np.random.default_rng(0)
N = 600
ITEMS = {f"item {k}": RNG.integers(0, 3, N).astype(float) for k in range(6)}
YEAR = RNG.choice([1951.0, 1967.0, 1983.0, 2003.0, 2011.0], N)
PRICE = np.exp(RNG.normal(3, 2, N))
OTHER = {"other": RNG.normal(size=N), "code": RNG.integers(0, 4, N).astype(float)}


def test_an_item_is_what_a_total_leaves_when_all_others_are_taken_away():
    total = sum(ITEMS.values())
    rest = {name: values for name, values in ITEMS.items() if name != "item 0"}
    found = identity({**OTHER, **rest, "total": total}, ITEMS["item 0"], numeric=False)
    assert found is not None
    assert (found.kind, found.columns) == ("rest", ("total",))
    assert set(found.beside) == set(rest)


def test_a_total_is_the_sum_of_its_items_with_some_cells_empty():
    gaps = {name: np.where(RNG.random(N) < 0.02, np.nan, values) for name, values in ITEMS.items()}
    found = identity({**OTHER, **gaps}, sum(ITEMS.values()), numeric=True)
    assert found is not None
    assert (found.kind, set(found.columns)) == ("total", set(ITEMS))


@pytest.mark.parametrize("in_order", [False, True])
def test_an_amount_in_other_prices_is_the_same_times_a_factor_of_its_year(in_order):
    order = np.argsort(YEAR) if in_order else np.arange(N)
    now = np.where(RNG.random(N) < 0.3, 0.0, PRICE)
    real = now * (2015 - YEAR) / 10
    found = identity({**OTHER, "now": now[order], "year": YEAR[order]}, real[order], numeric=True)
    assert found is not None
    assert (found.kind, found.columns, found.beside) == ("rescaled", ("now",), ("year",))


@pytest.mark.parametrize(
    "target",
    [
        sum(ITEMS.values()) + RNG.normal(scale=0.3, size=N),
        sum((k + 1) * values for k, values in enumerate(ITEMS.values())),  # weights of a model, not of a total
        RNG.integers(0, 3, N).astype(float),
        PRICE * (2015 - YEAR) / 10 * np.exp(0.05 * RNG.normal(size=N)),
        2.54 * PRICE,  # one column alone, which is looked for elsewhere
    ],
    ids=["noise", "weights", "apart", "estimate", "alone"],
)
def test_what_is_no_plain_identity_is_none(target):
    assert identity({**OTHER, **ITEMS, "now": PRICE, "year": YEAR}, target, numeric=True) is None


def test_codes_are_numbers_and_names_are_none():
    assert numbers_of(pl.Series(["2", "0", None], dtype=pl.Categorical)).tolist()[:2] == [2.0, 0.0]
    assert numbers_of(pl.Series(["a", "0"])) is None
    assert target_numbers(("0", "5", "10"), np.array([2, 0, 1])).tolist() == [10.0, 0.0, 5.0]
    assert target_numbers(("low", "mid", "high"), np.array([2, 0, 1])) is None


def test_columns_that_are_never_filled_together_are_no_total():
    columns = {}
    for k in range(6):
        values = RNG.normal(size=N)
        values[k * 100 : (k + 1) * 100] = np.nan
        columns[f"c{k}"] = values
    assert identity(columns, RNG.normal(size=N), numeric=True) is None


@pytest.mark.parametrize(("inputs", "target"), [(1e200, 1e200), (1e-300, 1e200), (1e-200, 1e-200)])
def test_values_whose_squares_leave_the_range_of_a_double_are_no_total(inputs, target):
    columns = {f"c{k}": inputs * RNG.normal(size=N) for k in range(4)}
    assert identity(columns, target * RNG.normal(size=N), numeric=True) is None
