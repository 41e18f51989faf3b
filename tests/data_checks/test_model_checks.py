from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from litmus.data.tensors import Split
from litmus.data_checks.column_facts import belongs, plain_facts
from litmus.data_checks.model_checks import look_back, try_leaks
from litmus.evidence import FeatureLeak
from litmus.references.estimator import recipes
from litmus.references.reference import fit_references
from litmus.task.binary import Binary
from litmus.task.spec import DataSpec

RNG = np.random.default_rng(0)
N = 300
X = RNG.normal(size=(N, 4))
Y = (X[:, 0] + RNG.normal(size=N) > 0).astype(np.int64)


def held(x):
    names = tuple("abcd"[: x.shape[1]])
    spec = DataSpec(
        task="binary", input="table", in_shape=(x.shape[1],), target="y", classes=("0", "1"), features=names
    )
    cuts = {"train": slice(0, 200), "val": slice(200, 250), "test": slice(250, N)}
    splits = {
        name: Split(x=torch.from_numpy(x[part]).float(), y=torch.from_numpy(Y[part]), rows=torch.arange(N)[part])
        for name, part in cuts.items()
    }
    return Binary(spec=spec), splits


def test_a_reference_collapses_without_a_leaking_column_and_not_without_a_fair_one():
    x = X.copy()
    x[:, 3] = Y + 0.05 * RNG.normal(size=N)
    task, splits = held(x)
    facts = plain_facts(task, splits)
    leaks = (FeatureLeak(column="d", score=1.0, next_best=0.75), FeatureLeak(column="b", score=0.9, next_best=0.5))
    facts = facts.__class__(**{**vars(facts), "leaks": leaks})
    leak, fair = try_leaks(facts, task, splits["train"], primary="balanced_accuracy", seed=0, seconds=20).leaks
    assert leak.full > 0.95
    assert leak.without < 0.85
    assert fair.without == pytest.approx(fair.full, abs=0.03)


def test_looking_back_fills_in_what_needs_models():
    task, splits = held(X)
    fitted = fit_references(task, splits, seed=0, seconds=3)
    facts = look_back(
        plain_facts(task, splits),
        task,
        splits,
        fitted,
        primary="balanced_accuracy",
        seed=0,
        exchangeable=False,
        seconds=8,
    )
    assert {shift.split for shift in facts.shifts} == {"val", "test"}
    assert all(shift.auroc.low < 0.6 for shift in facts.shifts)
    assert facts.noise.n == 200
    assert facts.more_rows.low < facts.more_rows.high
    assert facts.target_order is None


def test_rows_dealt_at_random_are_not_searched_for_a_shift():
    task, splits = held(X)
    facts = look_back(
        plain_facts(task, splits),
        task,
        splits,
        [],
        primary="balanced_accuracy",
        seed=0,
        exchangeable=True,
        seconds=0.01,
    )
    assert facts.shifts == ()
    assert facts.noise is None
    assert facts.more_rows is None


@pytest.mark.parametrize(
    ("feature", "column", "inside"),
    [("age", "age", True), ("city=Rome", "city", True), ("day month", "day", True), ("age group", "age", False)],
)
def test_features_belong_to_their_column(feature, column, inside):
    assert belongs(feature, column) is inside


def test_strong_columns_are_left_out_together_lest_they_hide_each_other():
    x = X.copy()
    x[:, 1] = Y + 0.05 * RNG.normal(size=N)
    x[:, 3] = 2 - Y + 0.05 * RNG.normal(size=N)
    task, splits = held(x)
    pair = {"score": 1.0, "next_best": 0.75, "together": ("b", "d")}
    facts = plain_facts(task, splits)
    facts = facts.__class__(**{**vars(facts), "leaks": tuple(FeatureLeak(column=name, **pair) for name in "bd")})
    for leak in try_leaks(facts, task, splits["train"], primary="balanced_accuracy", seed=0, seconds=20).leaks:
        assert leak.full > 0.97
        assert leak.without < 0.9


def test_where_the_time_is_too_short_for_all_rows_a_leak_is_tried_on_fewer():
    x, y = np.tile(X, (20, 1)), np.tile(Y, 20)
    x[:, 3] = y
    task, _ = held(x)
    train = Split(x=torch.from_numpy(x).float(), y=torch.from_numpy(y), rows=torch.arange(len(x)))
    facts = plain_facts(task, {"train": train})
    facts = replace(facts, leaks=(FeatureLeak(column="d", score=1.0, next_best=0.75),))
    cheapest = min(6 * recipe.cost(5000) for recipe in recipes(task.spec, seed=0))
    tried = partial(try_leaks, facts, task, train, primary="balanced_accuracy", seed=0)
    assert tried(seconds=0.9 * cheapest).leaks[0].full is not None
    assert tried(seconds=0.0).leaks[0].full is None
