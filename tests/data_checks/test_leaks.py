import numpy as np
import pytest
import torch

from litmus.data_checks.leaks import Feature, class_leak, feature_leaks, one_column_predictions
from litmus.metrics.answers import Predictions
from litmus.task.binary import Binary
from litmus.task.multiclass import Multiclass
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

RNG = np.random.default_rng(0)
N, CUT = 900, 600


def task(kind, k=0):
    spec = DataSpec(task=kind, input="table", in_shape=(1,), target="y", classes=tuple(map(str, range(k))))
    return {"binary": Binary, "multiclass": Multiclass, "regression": Regression}[kind](spec=spec)


def truth(target):
    target = torch.from_numpy(np.asarray(target))
    return tuple(
        Predictions(split=name, rows=torch.arange(len(part)), target=part, pred=part)
        for name, part in (("train", target[:CUT]), ("val", target[CUT:]))
    )


def feature(name, values, ordered=True):
    values = np.asarray(values, dtype=float)
    return Feature(name=name, train=values[:CUT], val=values[CUT:], ordered=ordered)


def found(kind, target, *features, k=0, primary="balanced_accuracy"):
    return feature_leaks(task(kind, k), list(features), *truth(target), primary=primary)


X = RNG.normal(size=N)
YES = (X + RNG.normal(size=N) > 0).astype(np.int64)
NUMBER = 3 * X + RNG.normal(size=N)


@pytest.mark.parametrize(
    "column",
    [
        feature("copy", YES + 0.001 * RNG.normal(size=N)),
        feature("codes", np.where(YES == 1, 7, 3), ordered=False),
        feature("outside a band is yes", np.where(YES == 1, RNG.choice([-1, 1], N), 0.3 * RNG.random(N))),
        feature("missing where yes", np.where(YES == 1, np.nan, RNG.normal(size=N))),
    ],
    ids=lambda column: column.name,
)
def test_a_column_that_gives_the_class_is_found(column):
    leaks = found("binary", YES, feature("x", X), column, k=2)
    assert leaks[0].column == column.name
    assert leaks[0].score > 0.99
    assert leaks[0].next_column == "x"
    assert leaks[0].next_best < 0.85


def test_ids_that_were_given_class_by_class_at_many_sites_are_found():
    site, by_chance = RNG.integers(0, 20, N), RNG.random(N)
    ids = np.empty(N)
    ids[np.lexsort((by_chance, YES, site))] = 10 * np.arange(N) + RNG.integers(0, 10, N)
    (leak,) = found("binary", YES, feature("x", X), feature("ticket", ids), k=2)
    assert leak.column == "ticket"
    assert leak.score > 0.9
    assert found("binary", YES, feature("x", X), feature("ticket", RNG.permutation(ids)), k=2) == ()


def test_values_beside_are_not_looked_at_where_many_rows_share_one():
    level = np.tile(RNG.normal(size=50), N // 50)
    sorted_by_class = np.r_[np.repeat([0, 1], CUT // 2), np.arange(N - CUT) % 2]
    predicted = one_column_predictions(task("binary", 2), feature("level", level), *truth(sorted_by_class))
    assert float(np.abs(predicted.prob[:, 1].numpy() - 0.5).max()) < 0.2


@pytest.mark.parametrize(
    "shape",
    [lambda y: 2 * y + 1, np.exp, lambda y: np.round(y, 1), lambda y: y**3],
    ids=["straight", "exponential", "rounded", "cubed"],
)
def test_a_column_that_gives_the_number_is_found(shape):
    leaks = found("regression", NUMBER, feature("x", X), feature("leak", shape(NUMBER)), primary="r2")
    assert leaks[0].column == "leak"
    assert leaks[0].score > 0.97


def test_strong_and_honest_columns_stay_below():
    assert found("binary", YES, feature("x", X), feature("noise", RNG.normal(size=N)), k=2) == ()
    assert found("regression", NUMBER, feature("noise", RNG.normal(size=N)), primary="r2") == ()


def test_rare_categories_are_no_proof():
    names = RNG.integers(400, size=N)
    assert found("binary", YES, feature("name", names, ordered=False), feature("x", X), k=2) == ()


def test_several_equally_strong_columns_name_each_other():
    leaks = found("binary", YES, feature("a", YES), feature("b", 1 - YES), k=2)
    assert {leak.column for leak in leaks} == {"a", "b"}
    assert all(leak.next_best == 1 for leak in leaks)


def test_a_lone_column_is_compared_with_chance():
    (leak,) = found("binary", YES, feature("a", YES), k=2)
    assert leak.next_column is None
    assert leak.next_best == pytest.approx(0.5)


def test_imbalanced_classes_are_scored_by_average_precision():
    rare = (RNG.random(N) < 0.05).astype(np.int64)
    leaks = found("binary", rare, feature("leak", rare), feature("x", X), k=2, primary="average_precision")
    assert leaks[0].score == pytest.approx(1.0)
    assert leaks[0].next_best < 0.3


def test_several_classes_are_told_by_their_bins():
    three = RNG.integers(3, size=N)
    leaks = found("multiclass", three, feature("leak", three + 0.1 * RNG.normal(size=N)), feature("x", X), k=3)
    assert [leak.column for leak in leaks] == ["leak"]


def test_values_never_seen_in_train_get_the_overall_shares():
    values = np.r_[np.zeros(CUT // 2), np.ones(CUT // 2), np.full(N - CUT, 5.0)]
    train, val = truth(YES)
    predicted = one_column_predictions(task("binary", 2), feature("x", values, ordered=False), train, val)
    assert predicted.prob.std(0).max() < 1e-9


def test_no_columns_give_no_leaks():
    assert found("binary", YES, k=2) == ()


def test_several_strong_columns_are_compared_with_the_rest_and_not_with_each_other():
    others = [feature(f"x{j}", RNG.normal(size=N)) for j in range(3)]
    copies = [feature(f"copy{j}", NUMBER + 0.1 * RNG.normal(size=N)) for j in range(2)]
    leaks = found("regression", NUMBER, feature("noise", RNG.normal(size=N)), *others, *copies, primary="r2")
    assert [set(leak.together) for leak in leaks] == [{"copy0", "copy1"}] * 2
    assert all(leak.next_best < 0.2 for leak in leaks)


def test_strong_columns_that_are_most_of_the_table_are_compared_with_each_other():
    copies = [feature(f"copy{j}", NUMBER + 0.1 * RNG.normal(size=N)) for j in range(2)]
    leaks = found("regression", NUMBER, feature("noise", RNG.normal(size=N)), *copies, primary="r2")
    assert [leak.together for leak in leaks] == [(), ()]
    assert all(leak.next_best > 0.9 for leak in leaks)


def test_a_column_worked_out_from_a_target_with_a_long_tail_is_found_whatever_the_formula():
    long = np.exp(2 * NUMBER / NUMBER.std())
    (leak,) = found("regression", long, feature("x", X), feature("index", np.log(long + 0.1)), primary="r2")
    assert leak.column == "index"
    assert leak.score > 0.97


def test_neighbouring_values_of_noise_are_no_leak():
    (honest,) = found("regression", NUMBER, feature("x", X), feature("noise", RNG.normal(size=N)), primary="r2")
    assert honest.column == "x"
    assert honest.score < 0.92
    assert honest.next_best < 0.05


def test_missing_cells_that_tell_most_of_a_class_are_found_and_those_of_chance_are_not():
    mostly = np.where((YES == 1) & (RNG.random(N) < 0.85), np.nan, RNG.normal(size=N))
    by_chance = np.where(RNG.random(N) < 0.2, np.nan, X)
    (leak,) = (
        entry for entry in found("binary", YES, feature("mostly", mostly), feature("x", by_chance), k=2) if entry.blank
    )
    assert leak.column == "mostly"
    assert 0.85 < leak.score < 0.97


def test_missing_cells_of_a_category_count_as_well():
    levels = np.where((YES == 1) & (RNG.random(N) < 0.85), np.nan, RNG.integers(4, size=N))
    leaks = found("binary", YES, feature("level", levels, ordered=False), feature("x", X), k=2)
    assert [entry.column for entry in leaks if entry.blank] == ["level"]


def test_missing_cells_may_tell_much_of_a_number():
    income = np.where(NUMBER < 0, np.nan, RNG.normal(size=N))
    assert not any(
        entry.blank for entry in found("regression", NUMBER, feature("income", income), feature("x", X), primary="r2")
    )


@pytest.mark.parametrize("metric", ["balanced_accuracy", "average_precision"])
@pytest.mark.parametrize("share", [0.1, 0.2])
def test_a_class_cut_from_a_column_is_told_wherever_the_threshold_lies(metric, share):
    for seed in range(4):
        weight = 60 * np.round(np.random.default_rng(seed).normal(55, 8, N))
        low = (weight < np.quantile(weight, share)).astype(np.int64)
        leaks = found("binary", low, feature("weight", weight), feature("x", X), k=2, primary=metric)
        assert leaks[0].score > 0.99


def test_out_of_fold_a_column_has_one_score_whatever_the_split():
    order, folds, scores = np.random.default_rng(1).permutation(N), np.arange(N) % 4, []
    for at in (np.arange(N), order):
        column = feature("sharp", (YES + 0.4 * X)[at])
        (leak,) = feature_leaks(
            task("binary", 2), [column], *truth(YES[at]), primary="balanced_accuracy", folds=folds[at]
        )
        scores.append(leak.score)
        assert leak.rows == N
    assert scores[0] == pytest.approx(scores[1])


def test_a_column_that_tells_one_of_three_classes_is_found():
    three = np.where(X > 0.8, 2, (X + RNG.normal(size=N) > 0).astype(np.int64))
    columns = [feature("x", X + RNG.normal(size=N)), feature("z", RNG.normal(size=N))]
    kind, rows = task("multiclass", 3), truth(three)
    found = class_leak(kind, [*columns, feature("is 2", three == 2)], *rows)
    assert found is not None
    assert (found.columns, found.label, found.next_column) == (("is 2",), "2", "x")
    assert found.score > 0.99
    assert class_leak(kind, columns, *rows) is None
    assert class_leak(kind, [*columns, *(feature(name, three == 2) for name in "ab")], *rows) is None  # two know it


def test_cells_that_are_missing_by_the_outcome_are_left_out_together_however_many_columns_they_are_in():
    weeks = [feature(f"week {k}", np.where((YES == 1) & (RNG.random(N) < 0.95), np.nan, X)) for k in range(8)]
    others = [feature(f"x{k}", X + RNG.normal(size=N)) for k in range(12)]
    leaks = [leak for leak in found("binary", YES, *weeks, *others, k=2) if leak.blank]
    assert {leak.column for leak in leaks} == {week.name for week in weeks}
    assert all(set(leak.together) == {week.name for week in weeks} for leak in leaks)
    assert leaks[0].next_column.startswith("x")


def test_a_coarser_grade_follows_from_a_finer_one():
    fine = np.round(NUMBER)
    coarse, noisy = np.floor(fine / 2), np.floor(fine / 2 + 0.2 * RNG.normal(size=N))
    first, *others = found(
        "regression",
        NUMBER,
        *(feature(name, values) for name, values in (("fine", fine), ("coarse", coarse), ("noisy", noisy), ("x", X))),
        primary="r2",
    )
    assert (first.column, first.decides) == ("fine", ("coarse",))
    assert all(other.decides == () for other in others)
