import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets

from litmus.data.tensors import Split
from litmus.references.estimator import bag_of_words, one_hot, pooled, recipes
from litmus.references.reference import fit_references, fold_codes, out_of_fold, plan, stratified_sample
from litmus.task.binary import Binary
from litmus.task.multiclass import Multiclass
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

KINDS = {"binary": Binary, "multiclass": Multiclass, "regression": Regression}


def spec(kind, x, classes=0, **more):
    labels = tuple(map(str, range(classes)))
    held = {"task": kind, "input": "table", "in_shape": tuple(x.shape[1:]), "target": "y", "classes": labels}
    return DataSpec(**{**held, **more})


def split(x, y, shares=(0.6, 0.2, 0.2), **more):
    x, y, n = torch.as_tensor(x), torch.as_tensor(y), len(y)
    order = torch.from_numpy(np.random.default_rng(0).permutation(n))
    cuts = np.cumsum([0, *shares]) * n
    parts = [order[int(a) : int(b)] for a, b in itertools.pairwise(cuts)]
    return {
        name: Split(x=x[part], y=y[part], rows=part, **{key: value[part] for key, value in more.items()})
        for name, part in zip(("train", "val", "test"), parts, strict=False)
    }


def circles(n=300):
    x, y = datasets.make_circles(n, noise=0.05, factor=0.7, random_state=0)
    x = torch.from_numpy(x).float()
    return Binary(spec=spec("binary", x, 2)), split(x, torch.from_numpy(y).long())


def by_name(fitted):
    return {one.reference.name: one for one in fitted}


@pytest.fixture(scope="module")
def on_circles():
    return by_name(fit_references(*circles(), seed=0))


def test_the_baseline_comes_first(on_circles):
    assert next(iter(on_circles)) == "majority"
    assert on_circles["majority"].reference.scores["test"]["balanced_accuracy"] == 0.5
    assert on_circles["majority"].reference.gain == {}


def test_on_circles_the_linear_reference_fails_and_the_others_do_not(on_circles):
    assert set(on_circles) == {"majority", "linear", "knn", "boosted_trees"}
    assert on_circles["linear"].reference.out_of_fold < 0.65
    for name in ("knn", "boosted_trees"):
        reference = on_circles[name].reference
        assert reference.out_of_fold > 0.85
        assert reference.scores["val"]["balanced_accuracy"] > 0.8
        assert reference.gain["out_of_fold"].low > 0.25
        assert reference.gain["test"].low > 0.1


def test_references_say_what_they_are(on_circles):
    told = {name: (one.reference.strong, one.reference.linear) for name, one in on_circles.items()}
    assert told == {
        "majority": (False, False),
        "linear": (True, True),
        "knn": (False, False),
        "boosted_trees": (True, False),
    }


def test_predictions_are_of_the_held_out_rows_in_their_order(on_circles):
    _, splits = circles()
    for one in on_circles.values():
        assert set(one.predictions) == {"val", "test"}
        assert torch.equal(one.predictions["val"].rows, splits["val"].rows)
        assert torch.allclose(one.predictions["val"].prob.sum(1), torch.ones(60, dtype=torch.float64))
    assert sorted(on_circles["knn"].out_of_fold.rows.tolist()) == sorted(splits["train"].rows.tolist())


def test_the_same_seed_gives_the_same_references(on_circles):
    again = by_name(fit_references(*circles(), seed=0))
    for name, one in on_circles.items():
        assert torch.equal(one.predictions["test"].prob, again[name].predictions["test"].prob)
        assert one.reference == again[name].reference


def test_nothing_is_found_in_noise():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(200, 5))).float()
    y = torch.from_numpy(rng.normal(size=200)).float()
    fitted = by_name(fit_references(Regression(spec=spec("regression", x)), split(x, y), seed=0))
    assert set(fitted) == {"mean", "linear", "knn", "boosted_trees"}
    assert all(one.reference.gain["test"].low <= 0 for name, one in fitted.items() if name != "mean")
    assert all(one.reference.out_of_fold < 0.05 for name, one in fitted.items() if name != "mean")


def test_regression_is_scored_in_the_targets_unit():
    x, y = datasets.load_diabetes(return_X_y=True)
    x, y = torch.from_numpy(x).float(), torch.from_numpy(y).float()
    task = Regression(spec=spec("regression", x, target_mean=float(y.mean()), target_sd=float(y.std())))
    splits = split(x, (y - y.mean()) / y.std())
    linear = by_name(fit_references(task, splits, seed=0))["linear"]
    assert 0.3 < linear.reference.out_of_fold < 0.6
    assert 40 < linear.reference.scores["test"]["rmse"] < 70


def test_small_grey_images_get_a_kernel_machine_that_is_strong():
    digits = datasets.load_digits()
    x = torch.from_numpy(digits.images * 255 / 16).to(torch.uint8).unsqueeze(1)[:700]
    task = Multiclass(spec=spec("multiclass", x, 10, input="image"))
    fitted = by_name(fit_references(task, split(x, torch.from_numpy(digits.target[:700]).long()), seed=0, seconds=6))
    assert set(fitted) == {"majority", "linear", "svm"}
    assert fitted["svm"].reference.strong
    assert fitted["svm"].reference.scores["test"]["accuracy"] > 0.93
    assert fitted["svm"].reference.scores["test"]["log_loss"] < 0.4
    photos = recipes(spec("multiclass", torch.zeros(1, 3, 64, 64), 3, input="image"), seed=0)
    assert not any(recipe.strong for recipe in photos)


def test_words_and_pairs_of_words_tell_texts_apart():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.integers(2, 400, size=(300, 20)))
    y = torch.from_numpy(rng.integers(2, size=300))
    x[:, 5] = 50 + y
    x[:, 15:] = 0
    task = Binary(spec=spec("binary", x, 2, input="text", vocab_size=400))
    fitted = by_name(fit_references(task, split(x, y), seed=0))
    assert set(fitted) == {"majority", "tfidf_linear"}
    assert fitted["tfidf_linear"].reference.scores["test"]["accuracy"] > 0.8


def test_embedded_categories_are_spread_out_for_those_that_need_it():
    rng = np.random.default_rng(0)
    code = rng.integers(1, 12, size=400)
    y = torch.from_numpy((np.isin(code, [2, 5, 7, 11]) ^ (rng.random(400) < 0.05)).astype(np.int64))
    x = torch.from_numpy(np.column_stack([rng.normal(size=400), code])).float()
    task = Binary(spec=spec("binary", x, 2, cardinalities=(12,)))
    fitted = by_name(fit_references(task, split(x, y), seed=0))
    assert fitted["linear"].reference.scores["test"]["accuracy"] > 0.85
    assert fitted["boosted_trees"].reference.scores["test"]["accuracy"] > 0.85
    assert one_hot(x[:3], (12,)).shape == (3, 13)


def test_a_class_that_a_fold_does_not_see_has_no_probability():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(60, 2))).float()
    y = torch.from_numpy(np.r_[np.zeros(30), np.ones(29), [2]].astype(np.int64))
    task = Multiclass(spec=spec("multiclass", x, 3))
    fitted = by_name(fit_references(task, {"train": Split(x=x, y=y, rows=torch.arange(60))}, seed=0))
    assert float(fitted["linear"].out_of_fold.prob[-1, 2]) == 0


def test_large_tables_are_sampled_and_it_is_said():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(9000, 8))).float()
    y = (x[:, 0] > 0).long()
    fitted = by_name(fit_references(Binary(spec=spec("binary", x, 2)), split(x, y), seed=0, seconds=0.5))
    assert fitted["knn"].rows < 5400
    assert fitted["linear"].rows == 5400


def table(kind, x, y, classes=0, **more):
    x, y = torch.as_tensor(np.asarray(x)).float(), torch.as_tensor(y)
    return KINDS[kind](spec=spec(kind, x, classes, sizes={"train": round(0.6 * len(y))})), split(x, y, **more)


def misleading(rows=160):
    """Pairs of like rows with opposite labels: what resembles a row says the contrary of it."""
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(rows // 2, 3)), 2, axis=0) + rng.normal(size=(rows, 3)) * 1e-3
    return x, np.tile([0, 1], rows // 2)


def weak(rows=120):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 6))
    return x, ((x[:, 0] > 0.8) ^ (rng.random(rows) < 0.35)).astype(np.int64)


def runaway(rows=150):
    """A column with a few values far out, on which a straight line runs away."""
    rng = np.random.default_rng(2)
    x = rng.standard_t(1, size=(rows, 4))
    return x, (np.tanh(x[:, 0]) + rng.normal(size=rows)).astype(np.float32)


CASES = {
    "misleading": ("binary", *misleading(), 2),
    "weak": ("binary", *weak(), 2),
    "several weak": ("multiclass", weak(200)[0], np.arange(200) % 4, 4),
    "noise": ("regression", weak()[0], np.random.default_rng(3).normal(size=120).astype(np.float32), 0),
    "runaway": ("regression", *runaway(), 0),
}


@pytest.mark.parametrize("case", CASES)
def test_no_reference_is_below_the_baseline_on_rows_out_of_fold(case):
    kind, x, y, classes = CASES[case]
    task, splits = table(kind, x, y, classes)
    _, *others = fit_references(task, splits, seed=0)
    level = 0.0 if kind == "regression" else 1 / classes
    for one in others:
        assert one.reference.out_of_fold >= level - 1e-3, one.reference.name
        if kind != "regression":
            rows = one.out_of_fold
            assert int((rows.pred == rows.target).sum()) >= int(torch.bincount(rows.target).max()), one.reference.name


def test_a_reference_that_finds_nothing_says_what_the_baseline_says():
    task, splits = table("binary", *misleading(), 2)
    baseline, *others = fit_references(task, splits, seed=0)
    for one in others:
        assert torch.equal(one.predictions["test"].pred, baseline.predictions["test"].pred), one.reference.name
        assert one.reference.scores["test"] == pytest.approx(baseline.reference.scores["test"])


def test_rows_in_time_order_are_predicted_from_earlier_ones_alone():
    n = 200
    x, y = np.arange(n)[:, None] / n, np.arange(n, dtype=np.float32)
    task, splits = table("regression", x, y, time=torch.arange(n))
    train = splits["train"]
    knn = next(recipe for recipe in recipes(task.spec, seed=0) if recipe.name == "knn")
    unseen = out_of_fold(task, knn, train, folds=5, seed=0)
    first = train.rows[train.time.argsort()[: len(train) // 5]]
    assert sorted([*unseen.rows.tolist(), *first.tolist()]) == sorted(train.rows.tolist())
    assert bool((unseen.pred < unseen.target).all())


def test_people_seen_in_training_are_not_met_again_out_of_fold():
    """Each person has a label of its own and rows that resemble nobody else's: only memory tells it."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(40), 6)
    x = rng.normal(size=(40, 4))[person] + rng.normal(size=(240, 4)) * 0.01
    y = rng.integers(2, size=40)[person]
    alone = by_name(fit_references(*table("binary", x, y, 2), seed=0))
    grouped = by_name(fit_references(*table("binary", x, y, 2, group=torch.from_numpy(person)), seed=0))
    assert alone["forest"].reference.out_of_fold > 0.9
    assert grouped["forest"].reference.out_of_fold < 0.75


@pytest.mark.parametrize(
    ("classes", "trees"), [(3, {"boosted_trees"}), (12, {"forest", "boosted_trees"}), (40, {"forest"})]
)
def test_many_classes_get_trees_that_the_work_allows_for(classes, trees):
    x = torch.zeros(1, 4)
    made = recipes(spec("multiclass", x, classes, sizes={"train": 5000}), seed=0)
    assert {recipe.name for recipe in made} - {"linear", "knn"} == trees
    assert all(recipe.cost(1000) < 3 for recipe in made)


def test_a_dozen_classes_are_told_apart_by_trees():
    rng = np.random.default_rng(0)
    y = np.arange(1200) % 12
    x = rng.normal(size=(12, 4))[y] * 3 + rng.normal(size=(1200, 4)) * 0.4
    fitted = by_name(fit_references(*table("multiclass", x, y, 12), seed=0))
    assert fitted["boosted_trees"].reference.out_of_fold > 0.9
    assert fitted["forest"].reference.out_of_fold > 0.9


def test_what_the_work_does_not_allow_on_a_few_rows_of_each_class_is_left_out():
    (recipe,) = recipes(spec("multiclass", torch.zeros(1, 50), 200, input="text", vocab_size=500), seed=0)
    assert plan(recipe, 5000, least=1000, seconds=1.0) is None
    planned = plan(recipe, 5000, least=1000, seconds=1000.0)
    assert (planned.rows, planned.folds) == (5000, 5)


def test_a_target_with_a_long_tail_is_predicted_by_its_logarithm():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = np.exp(2 + 1.2 * x[:, 0] + 0.1 * rng.normal(size=300)).astype(np.float32)
    assert by_name(fit_references(*table("regression", x, y), seed=0))["linear"].reference.out_of_fold > 0.85


def test_too_few_rows_leave_the_baseline_alone():
    x, y = torch.randn(8, 2), torch.tensor([0, 1] * 4)
    fitted = fit_references(Binary(spec=spec("binary", x, 2)), {"train": Split(x=x, y=y, rows=torch.arange(8))}, seed=0)
    assert [one.reference.name for one in fitted] == ["majority"]


@given(st.integers(10, 80), st.integers(2, 5), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_folds_keep_class_shares(n, folds, seed):
    target = torch.from_numpy(np.random.default_rng(seed).integers(3, size=n))
    fold = fold_codes(target, folds=folds, seed=seed)
    for code in range(3):
        counts = torch.bincount(fold[target == code], minlength=folds)
        assert counts.max() - counts.min() <= 1


def test_folds_keep_groups_and_stretches_of_time_together():
    target = torch.zeros(60, dtype=torch.int64)
    group = torch.arange(60) // 4
    fold = fold_codes(target, folds=3, seed=0, group=group)
    assert all(len(fold[group == code].unique()) == 1 for code in range(15))
    timed = fold_codes(target, folds=3, seed=0, time=torch.arange(60).flip(0))
    assert timed.flip(0).tolist() == sorted(timed.tolist())


@given(st.integers(1, 60), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_a_sample_has_the_rows_asked_for_and_keeps_class_shares(rows, seed):
    target = torch.from_numpy(np.r_[np.zeros(40), np.ones(20)].astype(np.int64))
    kept = stratified_sample(target, rows, seed=seed)
    assert kept.tolist() == sorted(set(kept.tolist()))
    assert len(kept) == rows
    assert abs(float((target[kept] == 0).sum()) - rows * 2 / 3) <= 1


def test_images_shrink_by_whole_factors_and_bags_ignore_padding():
    assert pooled(torch.zeros(2, 1, 28, 28)).shape == (2, 14 * 14)
    assert pooled(torch.full((1, 1, 8, 8), 255, dtype=torch.uint8)).max() == 1
    assert bag_of_words(torch.tensor([[5, 6, 0, 0], [0, 0, 0, 0]])).sum(1).ravel().tolist()[0] == [3.0, 0.0]
