"""Figures and names as people read them."""

import pytest

from litmus.evidence import Score
from litmus.verdict import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.931, "93 %"),
        (0.9949, "99.5 %"),
        (1.0, "100 %"),
        (0.004, "0.4 %"),
        (0.0, "0 %"),
        (-0.03, "-3 %"),
        (None, "unknown"),
    ],
)
def test_shares_are_percent_with_a_decimal_near_the_ends(value, text):
    assert words.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.123"), (1234.5, "1,234"), (1e-7, "1e-07"), (0, "0"), (2.5e9, "2.5e+09"), (None, "unknown")],
)
def test_numbers_have_three_digits(value, text):
    assert words.figure(value) == text


def test_a_share_out_of_all_bounds_is_no_percentage():
    assert words.points("r2", -9e30) == "-9e+30"
    assert words.points("rmse", 0.5) == "0.5"


def test_an_interval_stands_beside_its_value_where_there_is_one():
    assert words.interval("accuracy", Score(value=0.85, low=0.767, high=0.907)) == "85 % (95 % interval 77 to 91 %)"
    assert words.interval("rmse", Score(value=3.0, low=2.5, high=3.5)) == "3 (95 % interval 2.5 to 3.5)"
    assert words.interval("accuracy", Score(value=0.85)) == "85 %"


def test_names_are_words():
    assert words.metric("r2") == "explained variation"
    assert words.metric("recall[b]") == "recall of class b"
    assert words.reference("boosted_trees") == "boosted trees"
    assert words.reference("my_model") == "my model"


def test_of_many_names_a_few_are_listed():
    assert words.listing("abcde") == "a, b, c and 2 more"
    assert words.a_or_b("a") == "a"
    assert words.a_or_b("abc") == "a, b or c"


def test_only_a_name_from_the_data_is_ever_shortened():
    assert words.sentence("word " * 60).lower().count("word") == 60
    assert words.sentence("it is") == "It is."
    assert words.name_from_data("x" * 41) == "x" * 39 + "…"
