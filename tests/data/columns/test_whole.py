"""Whole numbers are counts, scores, codes or a numbering by their shape, not by how many there are."""

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine

from litmus.data.columns.whole import are_codes, are_input_codes, follow_an_order, is_numbering


def column(counts: Mapping[int, int], name: str = "y") -> pl.Series:
    """Each value as often as it says."""
    return pl.Series(name, [value for value, count in counts.items() for _ in range(count)])


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (column({0: 60, 1: 40}), True),
        (column({2: 60, 4: 40}), True),
        (column({-1: 50, 0: 299, 1: 80}), True),
        (column({1: 59, 2: 71, 3: 48}), True),
        (column({1: 70, 2: 76, 3: 17, 5: 13, 6: 9, 7: 29}), True),
        (column({1: 72, 2: 22, 3: 36, 4: 25, 5: 43}), True),
        (column({1: 112, 2: 61, 3: 72, 4: 49, 5: 52, 6: 20}), True),
        (column(dict.fromkeys(range(15), 20)), True),
        (column({level: 40 + 13 * (level * 7 % 26) for level in range(26)}, "letter class"), True),
        (column({0: 1801, 1: 1156, 2: 383, 3: 100, 4: 22, 5: 7, 6: 1}), False),
        (column({0: 201, 1: 204, 2: 110, 3: 33, 4: 7}), False),
        (column({3: 10, 4: 53, 5: 681, 6: 638, 7: 199, 8: 18}), False),
        (column({1: 16, 2: 66, 3: 93, 4: 194, 5: 232}), False),
        (column({1: 746, 2: 883, 3: 526, 4: 364, 5: 191, 6: 70}), False),
        (column({4: 300, 6: 200, 8: 100}), False),
        (column({0: 451, 1: 34, 2: 17, 3: 19, 7: 42, 12: 38}), False),
        (column({1: 40, 2: 45, 3: 60, 4: 44}, "rating"), False),
        (column({1980 + year: 50 for year in range(8)}), False),
        (column(dict.fromkeys(range(1, 36), 30)), False),
        (column(dict.fromkeys(range(12), 1)), False),
    ],
)
def test_codes_run_from_0_or_1_and_have_neither_a_counts_nor_a_scores_shape(values: pl.Series, *, codes: bool) -> None:
    assert are_codes(values)[0] == codes


def test_the_classes_of_well_known_sets_are_codes() -> None:
    for load in (load_iris, load_wine, load_digits):
        assert are_codes(pl.Series("target", load().target))[0]


def test_even_codes_stay_codes_however_chance_draws_them() -> None:
    rng = np.random.default_rng(3)
    drawn = [
        are_codes(pl.Series("y", low + rng.integers(0, k, 60 * k)))[0] for k in (3, 5, 8, 20) for low in (0, 1) * 20
    ]
    assert np.mean(drawn) > 0.95


def test_counts_are_numbers_however_chance_draws_them() -> None:
    rng = np.random.default_rng(3)
    drawn = [are_codes(pl.Series("y", rng.poisson(mean, 500)))[0] for mean in (0.7, 1.5, 3, 6) for _ in range(20)]
    assert np.mean(drawn) < 0.1


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (column(dict.fromkeys(range(1, 11), 20), "sector"), True),
        (column({1: 59, 2: 71, 3: 48}), True),
        (column(dict.fromkeys(range(1, 13), 20), "week"), False),
        (column(dict.fromkeys(range(1, 11), 5), "sector"), False),
        (column({0: 60, 1: 40}), False),
        (column({0: 201, 1: 204, 2: 110, 3: 33, 4: 7}), False),
    ],
)
def test_codes_among_inputs_need_rows_enough_and_no_name_of_a_time(values: pl.Series, *, codes: bool) -> None:
    assert are_input_codes(values.cast(pl.Float64)) == codes


def numbered(values: object, name: str = "x") -> bool:
    return is_numbering(pl.Series(name, values, dtype=pl.Float64))


def test_things_that_are_numbered_as_they_appear_are_a_numbering() -> None:
    assert numbered(np.arange(1, 200))
    assert numbered(np.delete(np.arange(200), [17, 90, 91]))  # a few rows are gone
    assert numbered(np.repeat(np.arange(1, 80), 5))  # five visits each
    assert numbered(np.tile(np.arange(1, 182), 9))  # nine years, each of all firms
    uneven = np.random.default_rng(0).integers(1, 9, 60)
    assert numbered(np.repeat(np.arange(60), uneven))


def test_quantities_in_rising_order_are_none() -> None:
    assert not numbered(np.repeat(np.arange(1, 31), 40))  # more rows than values
    assert not numbered(np.tile(np.arange(1, 53), 9), "week")
    assert not numbered(np.arange(0, 400, 4))
    assert not numbered(np.arange(1, 200)[::-1])
    assert not numbered(np.arange(1950, 2020))
    thinning = (400 * 0.82 ** np.arange(40)).astype(int).clip(1)
    assert not numbered(np.repeat(np.arange(40), thinning))


@pytest.mark.parametrize(("effect", "found"), [(0.3, "verbal"), (0.0, "")])
def test_whole_numbers_that_an_input_rises_with_are_a_quantity(effect, found):
    rng = np.random.default_rng(0)
    grade = rng.choice(10, 2000, p=[0.03, 0.19, 0.13, 0.09, 0.08, 0.07, 0.07, 0.07, 0.08, 0.19]) + 1
    inputs = pl.DataFrame({"age": rng.normal(size=2000), "verbal": effect * grade + rng.normal(size=2000)})
    values = pl.Series("attain", grade)
    assert are_codes(values)[0]
    assert follow_an_order(values, inputs) == found


def test_the_classes_of_well_known_sets_follow_no_order():
    for load in (load_digits, load_wine, load_iris):
        table = load(as_frame=True)
        assert follow_an_order(pl.Series("y", table.target.to_numpy()), pl.from_pandas(table.data)) == ""
