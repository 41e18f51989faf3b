from dataclasses import replace

import numpy as np
import pytest
import torch

from litmus.data.tensors import Split
from litmus.data_checks import labels
from litmus.data_checks.labels import label_noise, more_rows, target_order
from litmus.references.reference import fit_references
from litmus.task.binary import Binary
from litmus.task.multiclass import Multiclass
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec


def held(x, y):
    classes = len(np.unique(y)) if np.issubdtype(y.dtype, np.integer) else 0
    kind = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    spec = DataSpec(
        task=kind, input="table", in_shape=(x.shape[1],), target="y", classes=tuple(map(str, range(classes)))
    )
    task = {"regression": Regression, "binary": Binary, "multiclass": Multiclass}[kind](spec=spec)
    target = torch.from_numpy(y) if classes else torch.from_numpy(y).float()
    return task, Split(x=torch.from_numpy(x).float(), y=target, rows=1000 + torch.arange(len(y)))


def noise(x, y):
    task, train = held(x, y)
    return label_noise(task, fit_references(task, {"train": train}, seed=0, seconds=6))


def test_labels_of_val_are_looked_at_where_chance_dealt_the_rows():
    y = np.where(np.random.default_rng(3).random(800) < 0.2, 1 - HEALTHY["clean"], HEALTHY["clean"])
    task, rows = held(X, y)
    train, val = (replace(rows, x=rows.x[part], y=rows.y[part], rows=rows.rows[part]) for part in (PART, ~PART))
    fitted = fit_references(task, {"train": train, "val": val}, seed=0, seconds=6)
    alone, both = (label_noise(task, fitted, train, exchangeable=dealt) for dealt in (False, True))
    assert (alone.n, both.n) == (600, 800)
    assert both.share.high - both.share.low < alone.share.high - alone.share.low
    assert 0.15 < both.share.value < 0.25


RNG = np.random.default_rng(1)
PART = torch.arange(800) % 4 > 0
X = RNG.normal(size=(800, 4))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


HEALTHY = {
    "clean": (X[:, 0] + X[:, 1] > 0).astype(int),
    "graded": (RNG.random(800) < sigmoid(2 * X[:, 0])).astype(int),
    "hard": (RNG.random(800) < sigmoid(0.9 * X[:, 0])).astype(int),
    "rare": (RNG.random(800) < sigmoid(2 * X[:, 0] - 2.5)).astype(int),
}


@pytest.mark.parametrize(
    "name", ["clean", "graded", *(pytest.param(n, marks=pytest.mark.slow) for n in ("hard", "rare"))]
)
def test_labels_that_are_right_are_not_called_wrong(name):
    found = noise(X, HEALTHY[name])
    assert (found.share.low if found else 0.0) <= 0.02


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_the_share_of_flipped_labels_is_told_about_right(share):
    flipped = np.random.default_rng(3).random(800) < share
    found = noise(X, np.where(flipped, 1 - HEALTHY["clean"], HEALTHY["clean"]))
    assert found.share.low > 0.03
    assert found.share.value == pytest.approx(share, abs=0.06)


@pytest.mark.slow
def test_many_flipped_labels_are_told_from_a_signal_that_is_as_weak():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(1500, 4))
    sharp = (x[:, 0] + x[:, 1] > 0).astype(int)
    flipped = noise(x, np.where(rng.random(1500) < 0.33, 1 - sharp, sharp))
    assert flipped.share.low > labels.SURELY
    weak = noise(x, (rng.random(1500) < sigmoid(0.8 * x[:, 0] + 0.3 * x[:, 1])).astype(int))
    assert weak is None


def test_flipped_labels_are_seen_and_the_worst_rows_are_flipped_ones():
    flipped = RNG.random(800) < 0.25
    found = noise(X, np.where(flipped, 1 - HEALTHY["clean"], HEALTHY["clean"]))
    assert found.share.low > 0.1
    assert len(found.rows) == 10
    assert np.mean(flipped[np.array(found.rows) - 1000]) >= 0.8


@pytest.mark.parametrize("limit", [0.0, 0.9])
def test_a_rare_class_that_is_found_in_part_has_no_wrong_labels(monkeypatch, limit):
    """Its predictions err evenly, as with wrong labels, but there would be more predictions than labels then."""
    monkeypatch.setattr(labels, "AS_FREQUENT", limit)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3000, 3))
    y = (rng.random(3000) < np.where(x[:, 0] > 1.0, 0.7, 0.1)).astype(int)
    found = noise(x, y)
    assert (found is not None and found.within is not None) == (limit == 0.0)


def test_a_rare_class_that_is_hardly_found_at_all_has_no_wrong_labels():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(1500, 4))
    y = (rng.random(1500) < 0.05 + 0.5 * (x[:, 0] > 1.4)).astype(int)
    found = noise(x, y)
    assert found is None or (found.share.low == 0 and found.within is None)


def test_what_nobody_can_predict_has_no_wrong_labels():
    assert noise(X[:300], RNG.integers(2, size=300)) is None
    assert noise(X[:300], RNG.normal(size=300)) is None
    assert noise(X[:120], X[:120, 0]).share.value == 0
    assert noise(X[:60], HEALTHY["clean"][:60]) is None


def test_a_class_that_one_level_decides_does_not_make_the_rest_look_wrong():
    rng = np.random.default_rng(5)
    first_year = rng.random(800) < 0.35
    y = (~first_year & (rng.random(800) < 0.75)).astype(int)
    task, train = held(np.column_stack([X, first_year]), y)
    found = label_noise(task, fit_references(task, {"train": train}, seed=0, seconds=6), train)
    assert found is not None
    assert (found.share.low, found.within) == (0.0, None)


def test_more_rows_help_a_rising_curve_and_not_a_flat_one():
    curved = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    rising = more_rows(*held(X[:300], curved[:300]), seed=0, primary="balanced_accuracy", seconds=8)
    assert rising.value > 0.02
    flat = more_rows(*held(X, HEALTHY["hard"]), seed=0, primary="balanced_accuracy", seconds=8)
    assert flat.low < 0.02
    assert more_rows(*held(X[:30], curved[:30]), seed=0, primary="balanced_accuracy", seconds=8) is None
    assert more_rows(*held(X, curved), seed=0, primary="balanced_accuracy", seconds=0.01) is None


def test_grades_and_counts_have_an_order_and_codes_of_classes_have_none():
    code = RNG.integers(6, size=800)
    grades = np.round(2 * X[:, 0] + 0.8 * RNG.normal(size=800)).clip(-3, 3)
    counts = RNG.poisson(np.exp(0.7 * X[:, 0])).astype(float)
    named = RNG.normal(size=(800, 6)) + 1.2 * np.eye(6)[code]
    assert target_order(*held(X, grades), seed=0, seconds=9).by_chance < 0.05
    assert target_order(*held(X, counts), seed=0, seconds=9).by_chance < 0.05
    assert target_order(*held(named, code.astype(float)), seed=0, seconds=9).by_chance > 0.1


def test_the_order_of_many_rows_and_wide_columns_is_told_from_as_many_as_there_is_time_for():
    rng = np.random.default_rng(2)
    code = rng.integers(4, size=2500)
    named = np.column_stack([rng.normal(size=(2500, 4)) + 1.2 * np.eye(4)[code], rng.integers(800, size=2500)])
    task, train = held(named, code.astype(float))
    wide = Regression(spec=replace(task.spec, cardinalities=(800,)))
    order = target_order(wide, train, seed=0, seconds=1.0)
    assert order is not None
    assert order.by_chance > 0.1
    assert target_order(wide, train, seed=0, seconds=0.001) is None


def test_codes_that_are_told_apart_without_an_error_show_by_their_neighbours_whether_they_have_an_order():
    code = RNG.integers(6, size=600)
    places = np.random.default_rng(5).normal(scale=6, size=(6, 3))
    line = np.column_stack([4.0 * code, np.zeros(600), np.zeros(600)])
    noise = RNG.normal(scale=0.3, size=(600, 3))
    assert target_order(*held(places[code] + noise, code.astype(float)), seed=0, seconds=9).by_chance > 0.2
    assert target_order(*held(line + noise, code.astype(float)), seed=0, seconds=9).by_chance < 0.05


def test_other_targets_are_not_asked_for_an_order():
    assert target_order(*held(X, X[:, 0]), seed=0, seconds=9) is None
    assert target_order(*held(X, HEALTHY["clean"]), seed=0, seconds=9) is None
    assert target_order(*held(X, np.round(X[:, 0]).clip(-2, 2)), seed=0, seconds=0.01) is None


@pytest.mark.parametrize("kept", [0, 1])
def test_labels_of_one_class_taken_for_the_other_are_seen_where_classes_lie_apart(kept):
    true = (np.arange(800) % 2 == 0).astype(int)
    flipped = (np.random.default_rng(3).random(800) < 0.3) & (true != kept)
    found = noise(X + np.outer(4 * true, [1, 0, 0, 0]), np.where(flipped, 1 - true, true))
    assert found.within.low > 0.05
    assert found.label == str(1 - kept)
    assert found.share.value == pytest.approx(flipped.mean(), abs=0.07)
    assert np.mean(flipped[np.array(found.rows) - 1000]) >= 0.8


def test_a_class_whose_predictions_are_less_sure_than_the_others_has_no_wrong_labels():
    y = (X[:, 0] > 0) & (RNG.random(800) < sigmoid(2 * X[:, 1] + 1.5))  # never below 0, often above
    found = noise(X, y.astype(int))
    assert ((found.within or found.share).low if found else 0.0) <= 0.05


def test_flipped_labels_of_one_class_among_several_are_seen_though_they_are_few_of_all():
    true = np.arange(1800) % 6
    flipped = (np.random.default_rng(4).random(1800) < 0.35) & (true == 2)
    x = np.random.default_rng(6).normal(size=(1800, 6)) + 5 * np.eye(6)[true]
    found = noise(x, np.where(flipped, 3, true))
    assert (found.label, found.within.low > 0.05) == ("2", True)
    assert found.share.value < 0.1
    assert noise(x, true).share.low <= 0.02
