"""The covering array of the flow tests: what it claims to cover stands in its rows."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "pairs"))

from covering import clashes, covering_array, tuples_of
from settings import CONFLICTS, FACTORS, neutral, values_of, words_of

SMALL = {"a": ["1", "2", "3"], "b": ["1", "2"], "c": ["1", "2", "3"], "d": ["1", "2"]}
CLASH = [{"a": frozenset({"1"}), "b": frozenset({"2"})}, {"a": frozenset({"2", "3"}), "c": frozenset({"3"})}]


def missing(rows, wanted):
    return [one for one in wanted if not any(one.items() <= row.items() for row in rows)]


@pytest.mark.parametrize("seed", range(20))
def test_every_pair_stands_in_a_row(seed):
    rows = covering_array(SMALL, seed=seed)
    assert missing(rows, tuples_of(SMALL, 2)) == []
    assert len(rows) < 3 * 2 * 3 * 2 / 2


@pytest.mark.parametrize("seed", range(20))
def test_no_row_holds_a_conflict_and_only_what_must_be_is_left_out(seed):
    rows = covering_array(SMALL, CLASH, seed=seed)
    assert not any(clashes(row, CLASH) for row in rows)
    # c=3 needs a=1, which b=2 does not go with: nobody wrote that c=3 and b=2 clash, and no row can hold them
    assert missing(rows, tuples_of(SMALL, 2)) == [
        {"a": "1", "b": "2"},
        {"a": "2", "c": "3"},
        {"a": "3", "c": "3"},
        {"b": "2", "c": "3"},
    ]


def test_triples_are_covered_where_they_are_wanted():
    rows = covering_array(SMALL, wanted=list(tuples_of(SMALL, 3)))
    assert missing(rows, tuples_of(SMALL, 3)) == []


def test_equal_seeds_give_equal_rows():
    assert covering_array(SMALL, seed=3) == covering_array(SMALL, seed=3)


def test_a_row_is_a_line_whose_words_hold_brackets_and_blanks_together():
    words = words_of(neutral(columns="kinds", data="multiclass", class_weight="listed"))
    assert "data.kinds={z: category, colour: category}" in words
    assert "loss.class_weight=[2,1,1]" in words


def test_every_pair_of_settings_is_in_a_conflict_or_in_the_array():
    factors = {name: values_of()[name] for name in ("data", "model", "task", "norm", "loss", "split", "batch_size")}
    conflicts = [conflict for _, conflict in CONFLICTS]
    rows = covering_array(factors, conflicts)
    left = missing(rows, [pair for pair in tuples_of(factors, 2) if not clashes(pair, conflicts)])
    possible = [row for row in tuples_of(factors, 4) if {"data", "model"} <= row.keys()]
    whole = [row for row in possible if not clashes(row, conflicts)]
    assert missing(whole, left) == left  # no data and model go with both
    assert set(FACTORS) >= set(factors)


def test_single_values_that_are_wanted_share_rows():
    rows = covering_array(SMALL, wanted=list(tuples_of(SMALL, 1)))
    assert missing(rows, tuples_of(SMALL, 1)) == []
    assert len(rows) == max(len(values) for values in SMALL.values())
