import numpy as np
import pytest

from litmus.statistics import corrected_best


def of_hits(hits):
    return lambda rows: hits[:, rows].mean(1)


def test_the_best_of_many_that_only_guess_is_seen_to_guess():
    tables = [np.random.default_rng(seed).random((100, 100)) < 0.5 for seed in range(8)]
    found = [corrected_best(of_hits(hits), of_hits(hits), 100, draws=100) for hits in tables]
    assert np.mean([hits.mean(1).max() for hits in tables]) > 0.6
    assert np.mean([one.value for one in found]) == pytest.approx(0.5, abs=0.06)
    assert all(one.low < 0.5 < one.high for one in found)


def test_one_that_is_far_better_than_the_others_loses_nothing():
    hits = np.random.default_rng(0).random((20, 400)) < np.array([0.9, *[0.6] * 19])[:, None]
    found = corrected_best(of_hits(hits), of_hits(hits), 400)
    assert found.value == pytest.approx(hits[0].mean(), abs=0.01)


def test_what_is_undefined_is_never_chosen_and_without_any_value_there_is_none():
    values = np.array([np.nan, 1.0])
    assert corrected_best(lambda rows: values, lambda rows: np.array([9.0, 2.0]), 10).value == 2
    assert np.isnan(corrected_best(lambda rows: values * np.nan, lambda rows: values, 10).value)


def test_the_same_rows_give_the_same_estimate():
    hits = np.random.default_rng(1).random((5, 50)) < 0.7
    assert corrected_best(of_hits(hits), of_hits(hits), 50) == corrected_best(of_hits(hits), of_hits(hits), 50)
