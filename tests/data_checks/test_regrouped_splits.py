"""Splits by chance beside honest ones."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
import torch

from litmus.data.rows import Origin, Rows
from litmus.data.tensors import Split
from litmus.data_checks import regrouped_splits
from litmus.data_checks.regrouped_splits import Candidate, candidates, honest_splits, near_groups
from litmus.evidence import Estimate, HonestSplit
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

NAMES = ("a", "b", "c", "d")
RNG = np.random.default_rng(0)


def table(x, y, **more):
    spec = DataSpec(task="regression", input="table", in_shape=(x.shape[1],), target="y", features=NAMES)
    numbers = np.arange(len(y))
    frame = pl.DataFrame({**dict(zip(NAMES, x.T, strict=False)), **more})
    rows = Rows(inputs=frame, target=None, numbers=numbers, origin=Origin(path="x", sha256="0", rows=len(y)))
    train = Split(x=torch.from_numpy(x).float(), y=torch.from_numpy(y).float(), rows=torch.from_numpy(numbers))
    return Regression(spec=spec), rows, train


def tried(task, rows, train, groups=(), **more):
    found = list(candidates(task, rows, np.arange(len(train)), train, groups=groups, **more, seed=0))
    return honest_splits(task, train, found, primary="r2", seed=0, seconds=60)


def visits(persons=100, each=6, effect=1.0, order=None):
    """Persons with traits that hardly change from visit to visit, and an effect of their own."""
    traits = np.repeat(RNG.normal(size=(persons, 4)), each, axis=0) + 0.02 * RNG.normal(size=(persons * each, 4))
    own = np.repeat(RNG.normal(size=persons), each)
    y = traits[:, 0] + effect * own + 0.3 * RNG.normal(size=persons * each)
    order = np.arange(len(y)) if order is None else order
    return traits[order], y[order], np.repeat(np.arange(persons), each)[order]


def test_groups_that_a_model_can_learn_by_heart_flatter():
    x, y, person = visits()
    (found,) = [one for one in tried(*table(x, y, person=person), groups=["person"]) if one.kind == "group"]
    assert found.lost.low > 0.1
    assert found.by_chance > found.honest


def test_groups_without_an_effect_of_their_own_do_not():
    x, y, person = visits(effect=0.0)
    (found,) = [one for one in tried(*table(x, y, person=person), groups=["person"]) if one.kind == "group"]
    assert found.lost.value < 0.04


@pytest.mark.parametrize("shuffled", [False, True])
def test_persons_without_an_id_are_found_by_what_they_have_in_common(shuffled):
    x, y, _ = visits(order=np.random.default_rng(1).permutation(600) if shuffled else None)
    assert max(one.lost.low for one in tried(*table(x, y))) > 0.1


@pytest.mark.parametrize("each", [6, 13])
def test_many_rows_of_each_person_do_not_hide_that_they_are_of_persons(each):
    persons = 1000 // each
    rng = np.random.default_rng(3)
    order, traits = rng.permutation(persons * each), rng.normal(size=(persons, 4))
    person = np.repeat(np.arange(persons), each)[order]
    x = torch.from_numpy(traits[person] + 0.05 * rng.normal(size=(len(person), 4))).float()
    found = near_groups(Split(x=x, y=torch.zeros(len(x)), rows=torch.arange(len(x))), (), seed=0)
    assert found is not None
    pairs = np.unique(np.stack([found, person]), axis=1).shape[1]
    assert pairs <= 1.05 * len(np.unique(found))  # hardly any of two persons
    assert len(np.unique(found)) < 2 * persons


@pytest.mark.parametrize("shape", ["product", "wave", "plane"])
def test_independent_rows_are_not_even_tried_whatever_the_function(shape):
    x = RNG.normal(size=(600, 4))
    shapes = {"product": x[:, 0] * x[:, 1], "wave": np.sin(3 * x[:, 0]), "plane": x @ np.ones(4)}
    y = shapes[shape] + 0.3 * RNG.normal(size=600)
    assert tried(*table(x, y)) == ()
    order = np.argsort(y)
    for one in tried(*table(x[order], y[order])):  # a file that is sorted by its target
        assert one.lost.value < 0.04 or one.lost.low < 0


def test_what_drifts_over_time_scores_lower_on_later_rows():
    x = RNG.normal(size=(600, 4))
    drift = np.cumsum(RNG.normal(size=600)) * 0.3
    x[:, 3] = np.arange(600) / 100
    days = pl.date_range(date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=599), eager=True)
    (found,) = [one for one in tried(*table(x, x[:, 0] + drift, when=days)) if one.kind == "time"]
    assert found.lost.value > 0.1
    (steady,) = [one for one in tried(*table(x, x[:, 0] + x[:, 1], when=days)) if one.kind == "time"]
    assert steady.lost.value < 0.1


@pytest.mark.parametrize(("name", "times"), [("year", 1), ("date", 1), ("days", 0), ("birth year", 0)])
def test_numbers_called_a_date_say_when_a_row_was_observed(name, times):
    x = RNG.normal(size=(200, 4))
    task, rows, train = table(x, x[:, 0], **{name: 1990 + np.arange(200) / 12})
    found = [one.column for one in candidates(task, rows, np.arange(200), train, groups=(), seed=0)]
    assert found.count(name) == times


def test_years_that_the_file_does_not_follow_are_a_trait_of_its_rows():
    x = RNG.normal(size=(300, 4))
    for years, times in ((np.tile(np.arange(12), 25), 1), (RNG.integers(1960, 2000, size=300), 0)):
        task, rows, train = table(x, x[:, 0], year=years)
        found = [one.column for one in candidates(task, rows, np.arange(300), train, groups=(), seed=0)]
        assert found.count("year") == times


@pytest.mark.parametrize(
    ("lost", "told"), [((0.01,), 0.01), ((0.1, 0.1, 0.1), 0.1), ((0.3, 0.0, 0.0), 0.1), ((0.03, 0.15, 0.12), 0.1)]
)
def test_what_one_assignment_to_folds_leaves_open_three_decide_by_their_mean(monkeypatch, lost, told):
    left = iter(lost)

    def compared(*_, seed, primary):
        value = next(left)
        estimate = Estimate(value=value, low=value - 0.05, high=value + 0.05)
        return HonestSplit(kind="group", column="a", groups=9, by_chance=0.9, honest=0.9 - value, lost=estimate)

    monkeypatch.setattr(regrouped_splits, "_compared", compared)
    x, y, person = visits(persons=30)
    task, _, train = table(x, y)
    (found,) = honest_splits(
        task, train, [Candidate(kind="group", column="a", codes=person)], primary="r2", seed=0, seconds=60
    )
    assert found.lost.low == pytest.approx(told - 0.05)
    assert found.honest == pytest.approx(0.9 - told)
    assert next(left, None) is None


def test_blocks_begin_elsewhere_in_every_trial():
    x = RNG.normal(size=(600, 4))
    drift = np.cumsum(RNG.normal(size=600))
    task, rows, train = table(x, x[:, 0] + drift)
    (block,) = [one for one in candidates(task, rows, np.arange(600), train, groups=(), seed=0) if one.kind == "block"]
    starts = [tuple(np.flatnonzero(np.diff(codes))[:5]) for codes in (block.codes, *block.others)]
    assert len(set(starts)) == len(starts) == 3


def test_the_sample_of_a_large_file_has_as_many_blocks_as_a_small_one():
    x = np.random.default_rng(1).normal(size=(8000, 4))
    drift = np.cumsum(np.random.default_rng(2).normal(size=8000))
    (found,) = [one for one in tried(*table(x, x[:, 0] + drift)) if one.kind == "block"]
    assert 45 <= found.groups <= 55


def test_a_file_of_numbers_that_go_on_from_row_to_row_is_tried_as_a_series():
    x = RNG.normal(size=(600, 4))
    level = np.cumsum(RNG.normal(size=600))
    (found,) = [one for one in tried(*table(x, level)) if one.kind == "time"]
    assert (found.column, found.groups) == ("", 600)
    shuffled = RNG.permutation(600)
    assert not [one for one in tried(*table(x[shuffled], level[shuffled])) if one.kind == "time"]


def test_a_file_sorted_by_its_target_is_not_cut_into_its_levels():
    x = RNG.normal(size=(600, 4))
    y = np.sort(RNG.gamma(2, size=600))
    assert [one for one in tried(*table(x, y)) if one.kind == "block"] == []


def test_a_file_sorted_by_one_of_its_columns_is_not_cut_into_its_levels():
    site = np.repeat(np.arange(10), 60)
    own = np.random.default_rng(2).normal(size=10)[site]
    x = RNG.normal(size=(600, 4))
    x[:, 3] = site
    y = x[:, 0] + 3 * own + 0.3 * RNG.normal(size=600)
    assert [one for one in tried(*table(x, y)) if one.kind == "block"] == []


def test_copies_flatter_and_rows_that_are_alike_by_nature_do_not():
    def lost(x, y):
        (found,) = [one for one in tried(*table(x, y), copies=True) if one.kind == "copy"]
        return found.lost

    x = RNG.integers(6, size=(300, 4)).astype(float)
    y = x[:, 0] + 2 * RNG.normal(size=300)
    twice = np.repeat(np.arange(300), 2)
    assert lost(x[twice], y[twice]).low > 0.04
    assert lost(x[twice], x[twice, 0] + 2 * RNG.normal(size=600)).low < 0


def test_persons_whose_visits_follow_each_other_are_kept_together():
    x, y, person = visits()
    order = np.random.default_rng(2).permutation(600)
    task, rows, train = table(x[order], y[order], wave=np.tile(np.arange(6), 100)[order])
    rows = replace(rows, numbers=order)
    kinds = [one.kind for one in candidates(task, rows, np.arange(600), train, groups=(), seed=0)]
    assert kinds.count("stretch") == 1
    (found,) = [one for one in tried(task, rows, train) if one.kind == "stretch"]
    assert found.groups == 100
    assert found.lost.low > 0.1
    assert person.max() == 99
