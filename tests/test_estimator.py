"""The scikit-learn estimators: scikit-learn's own checks, its tools around them, and nothing left on disk."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import litmus
from litmus.errors import CheckpointError, InputError
from litmus.estimator import Classifier, Regressor

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
QUICK = {"lr": 0.05, "max_epochs": 10, "random_state": 0}
EXPECTED_FAILURES: dict[str, str] = {}  # of scikit-learn's checks, each with its reason: there are none


@pytest.mark.slow
@parametrize_with_checks([Classifier(), Regressor()], expected_failed_checks=lambda _: EXPECTED_FAILURES)
@pytest.mark.filterwarnings("ignore")
def test_an_estimator_passes_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def shopping() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(40, 10, 200), "colour": rng.choice(["red", "blue"], 200)})
    frame.loc[::17, "age"] = np.nan
    frame["bought"] = np.where((frame["colour"] == "red") ^ (rng.random(200) < 0.05), "yes", "no")
    return frame


def test_it_works_in_cross_validation_pipelines_and_searches_and_writes_nothing(tmp_path):
    scores = cross_val_score(Classifier(**QUICK), X, NAMES, cv=3)
    assert scores.mean() > 0.85
    search = GridSearchCV(make_pipeline(StandardScaler(), Classifier(**QUICK)), {"classifier__lr": [1e-6, 0.05]}, cv=2)
    assert search.fit(X, NAMES).best_params_ == {"classifier__lr": 0.05}
    assert list(tmp_path.iterdir()) == []


def test_categories_and_missing_cells_of_a_frame_are_taken_as_they_are(shopping):
    rows, labels = shopping[["age", "colour"]], shopping["bought"]
    model = Classifier(**QUICK).fit(rows, labels)
    assert model.score(rows, labels) > 0.9
    assert_array_equal(model.feature_names_in_, ["age", "colour"])
    assert_array_equal(model.predict(pl.from_dicts(rows.to_dict("records"))), model.predict(rows))


def test_labels_and_probabilities_keep_their_type_and_their_order():
    for labels in (Y, Y - 1, NAMES, NAMES.astype(object), Y.astype(float), Y == 2):
        model = Classifier(**QUICK).fit(X, labels)
        assert_array_equal(model.classes_, np.unique(labels))
        assert model.predict(X).dtype == np.asarray(labels).dtype
        prob = model.predict_proba(X)
        assert_allclose(prob.sum(1), 1)
        assert_array_equal(model.classes_[prob.argmax(1)], model.predict(X))


def test_a_fit_leaves_torch_as_it_was():
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    Classifier(**QUICK).fit(X, Y)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_a_clone_with_the_same_seed_learns_the_same():
    model = Classifier(**QUICK).fit(X, Y)
    assert_array_equal(clone(model).fit(X, Y).predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("estimator", [Classifier(**QUICK), Regressor(**QUICK)])
def test_it_comes_back_from_pickle_and_from_its_own_file(tmp_path, estimator):
    rows, target = (X, NAMES) if isinstance(estimator, Classifier) else make_regression(80, 3, random_state=0)
    model = estimator.fit(rows, target)
    saved = type(model).load(model.save(tmp_path / "model.ckpt"))
    for other in (pickle.loads(pickle.dumps(model)), saved):
        assert_array_equal(other.predict(rows), model.predict(rows))
        assert other.get_params() == model.get_params()
        assert other.verdict_ == model.verdict_
    torch.load(tmp_path / "model.ckpt", weights_only=True)  # nothing in it is code
    with pytest.raises(CheckpointError, match="holds no"):
        ({Classifier, Regressor} - {type(model)}).pop().load(tmp_path / "model.ckpt")


def test_it_carries_a_verdict_on_the_rows_that_chose_its_epoch():
    verdict = Classifier(lr=0.05, random_state=0, overrides={"criteria.accuracy": 0.5}).fit(X, NAMES).verdict_
    assert verdict.verdict in {"adequate", "undetermined"}
    assert verdict.split == "val"
    assert verdict.criteria[0].n == 30
    assert "setosa" in repr(verdict) or "virginica" in repr(verdict) or "versicolor" in repr(verdict)
    assert {one.name: one.threshold for one in verdict.criteria}["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -1.0}, "optimizer.lr: must be a number > 0"),
        ({"model": "mpl"}, "did you mean model=mlp"),
        ({"overrides": {"trainer.max_epoch": 3}}, "did you mean trainer.max_epochs"),
    ],
)
def test_a_wrong_setting_is_a_value_error_that_names_it(settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        Classifier(**settings).fit(X, Y)
    assert isinstance(caught.value, InputError)


def test_few_rows_are_both_trained_on_and_chosen_by():
    model = Classifier(**QUICK).fit([[0.0], [1.0], [0.1], [0.9]], [0, 1, 0, 1])
    assert_array_equal(model.predict([[0.05], [0.95]]), [0, 1])
    lone = np.append(NAMES, "rare")
    model = Classifier(**QUICK).fit(np.vstack([X, [[50.0] * 4]]), lone)
    assert model.predict_proba(X).shape == (150, 4)
    assert model.predict([[50.0] * 4]) == ["rare"]


def test_scikit_learn_is_loaded_only_with_an_estimator():
    code = "import sys, litmus; a = 'sklearn' in sys.modules; litmus.Classifier; print(a, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    assert Path(litmus.estimator.__file__).name == "estimator.py"
