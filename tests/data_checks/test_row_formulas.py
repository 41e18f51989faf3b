"""Formulas that the target meets row by row."""

import numpy as np
import pytest

from litmus.data_checks.leaks import Feature
from litmus.data_checks.row_formulas import between, row_formulas

RNG = np.random.default_rng(0)
N, CUT = 600, 480
A, B = RNG.gamma(4, size=N), RNG.gamma(3, size=N) + 1
OTHER = {f"x{j}": RNG.normal(size=N) for j in range(3)}


def features(**columns):
    return [Feature(name=name, train=x[:CUT], val=x[CUT:], ordered=True) for name, x in {**OTHER, **columns}.items()]


@pytest.mark.parametrize(
    ("target", "kind"),
    [(A + B, "sum"), (A - B, "difference"), (A * B, "product"), (A / B, "quotient"), (100 * (A / B - 1), "quotient")],
)
def test_each_kind_of_formula_is_found(target, kind):
    found = row_formulas(features(a=A, b=B), target)
    assert set(found.columns) == {"a", "b"}
    assert found.kind == kind
    assert found.met > 0.99


def test_rows_that_are_capped_rounded_or_wrong_do_not_hide_it():
    target = np.minimum(np.round(100 * A / B, 1), 200)
    target[::20] = 1000
    found = row_formulas(features(a=A, b=B), target)
    assert (set(found.columns), found.kind) == ({"a", "b"}, "quotient")
    assert 0.9 <= found.met < 1


def test_a_second_formula_of_other_columns_is_named_too():
    c = RNG.gamma(3, size=N) + 1
    found = row_formulas(features(a=A, b=B, c=c, per_c=A * B / c), A * B)
    assert set(found.columns) | set(found.also) == {"a", "b", "c", "per_c"}


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_what_columns_give_with_noise_is_no_formula(noise):
    target = A + B
    assert row_formulas(features(a=A, b=B), target + noise * target.std() * RNG.normal(size=N)) is None


def test_a_copy_is_no_formula_of_two_columns():
    assert row_formulas(features(a=2 * A, b=0.001 * B), A) is None


def test_counts_that_are_mostly_zero_meet_no_formula():
    assert row_formulas(features(a=A, b=B), RNG.poisson(0.1, size=N).astype(float)) is None


def test_a_target_between_two_columns_is_found():
    close = np.cumsum(RNG.normal(size=N)) + 50
    low, high = close - RNG.gamma(2, size=N) / 3, close + RNG.gamma(2, size=N) / 3
    found = between(features(low=low, high=high, wide=high + 1), close)
    assert found.columns == ("low", "high")
    assert found.met == 1


def test_a_quantity_between_a_small_and_a_large_one_is_not():
    height = 170 + 8 * RNG.normal(size=N)
    weight = 0.9 * (height - 100) + 8 * RNG.normal(size=N)
    assert between(features(height=height, age=RNG.uniform(18, 30, size=N)), weight) is None
    scores = {name: weight + 10 * RNG.normal(size=N) for name in ("reading", "writing")}
    assert between(features(**scores), weight) is None
