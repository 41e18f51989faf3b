import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.statistics import class_recalls, holm, wilson, worst_class_recall


def test_holms_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_tests_that_could_not_be_made_are_not_counted():
    adjusted = holm([0.01, math.nan, 0.2])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.2])
    assert math.isnan(adjusted[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusting_keeps_the_order_between_plain_and_bonferroni(p_values):
    p, adjusted = np.array(p_values), holm(p_values)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(len(p) * p, 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_no_test_adjusts_to_nothing():
    assert holm([]).size == 0


@pytest.mark.slow
def test_a_family_without_effects_rejects_in_5_percent_of_cases():
    p_values = np.random.default_rng(0).random((4000, 12))
    assert 0.04 < np.mean([holm(p).min() <= 0.05 for p in p_values]) < 0.06


def test_recalls_of_many_classes_are_wider_than_of_one():
    first = class_recalls(np.diag([8, 10, 9]) + np.eye(3, k=1))[0]
    assert first.value == 8 / 9
    assert first.high > wilson(8, 9).high


def test_the_worst_class_is_the_one_most_surely_poor():
    index, recall = worst_class_recall([[0, 1, 0, 0], [0, 200, 300, 0], [1, 2, 90, 0], [0, 0, 0, 0]])
    assert (index, recall.value) == (1, 0.4)
    assert recall.high < 0.5


def test_a_class_without_rows_is_undefined_and_never_the_worst():
    recalls = class_recalls([[5, 5], [0, 0]])
    assert math.isnan(recalls[1].value)
    assert worst_class_recall([[5, 5], [0, 0]])[0] == 0


def test_no_rows_have_no_worst_class():
    with pytest.raises(ValueError, match="without rows has no worst class"):
        worst_class_recall([[0, 0], [0, 0]])


@pytest.mark.slow
def test_classes_that_all_recall_half_are_rarely_called_poor():
    rng = np.random.default_rng(0)
    hits = rng.binomial(40, 0.5, size=(2000, 8))
    poor = [worst_class_recall(np.diag(h) + np.roll(np.diag(40 - h), 1, axis=1))[1].high < 0.5 for h in hits]
    assert np.mean(poor) < 0.035
