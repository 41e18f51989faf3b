"""Figures and names as people read them."""

import pytest

from litmus.evidence import Score
from litmus.verdict import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.931, "93 %"),
        (0.9949, "99.5 %"),
        (1.0, "100 %"),
        (0.004, "0.4 %"),
        (0.0, "0 %"),
        (-0.03, "-3 %"),
        (-0.0002, "0 %"),
        (None, "unknown"),
    ],
)
def test_shares_are_percent_with_a_decimal_near_the_ends(value, text):
    assert wording.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.123"), (1234.5, "1,234"), (1e-7, "1e-07"), (0, "0"), (2.5e9, "2.5e+09"), (None, "unknown")],
)
def test_numbers_have_three_digits(value, text):
    assert wording.figure(value) == text


def test_a_share_out_of_all_bounds_is_no_percentage():
    assert wording.points("r2", -9e30) == "-9e+30"
    assert wording.points("rmse", 0.5) == "0.5"


def test_an_interval_stands_beside_its_value_where_there_is_one():
    assert wording.interval("accuracy", Score(value=0.85, low=0.767, high=0.907)) == "85 % (95 % interval 77 to 91 %)"
    assert wording.interval("rmse", Score(value=3.0, low=2.5, high=3.5)) == "3 (95 % interval 2.5 to 3.5)"
    assert wording.interval("accuracy", Score(value=0.85)) == "85 %"


def test_names_are_words():
    assert wording.metric("r2") == "explained variation"
    assert wording.metric("recall[b]") == "recall of class b"
    assert wording.reference("boosted_trees") == "boosted trees"
    assert wording.reference("my_model") == "my model"


def test_of_many_names_a_few_are_listed():
    assert wording.listing("abcde") == "a, b, c and 2 more"
    assert wording.a_or_b("a") == "a"
    assert wording.a_or_b("abc") == "a, b or c"


def test_only_a_name_from_the_data_is_ever_shortened():
    assert wording.sentence("word " * 60).lower().count("word") == 60
    assert wording.sentence("it is") == "It is."
    assert wording.name_from_data("x" * 41) == "x" * 39 + "…"


def test_shares_differ_by_points_and_amounts_by_their_own_unit():
    assert wording.difference("balanced_accuracy", 0.25) == "25 points of balanced accuracy"
    assert wording.difference("recall", 0.01) == "1 point of recall"
    assert wording.difference("rmse", 0.5) == "0.5 of root mean squared error"
