"""Made tables: equal to scikit-learn's where they say so, and otherwise what their formula promises."""

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import make_circles, make_moons
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split

from litmus.data.preparation import prepare
from litmus.data.sources.synthetic import (
    Blobs,
    Circles,
    Imbalanced,
    Line,
    Linear,
    Moons,
    Noise,
    Spirals,
    SyntheticTable,
)

MADE = [Circles, Moons, Blobs, Spirals, Line, Linear, Noise, Imbalanced]


def parts(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame[:, :-1].to_numpy(), frame[:, -1].to_numpy()


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_every_made_table_prepares_with_a_digest_that_follows_its_seed(made: type[SyntheticTable]) -> None:
    data = prepare(made(n_samples=200))
    assert data.rows.origin.path == made.stem()
    assert prepare(made(n_samples=200)).rows.origin == data.rows.origin
    assert made is Line or prepare(made(n_samples=200, seed=1)).rows.origin != data.rows.origin


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_fresh_rows_are_all_of_val_and_none_of_the_others(made: type[SyntheticTable]) -> None:
    data = prepare(made(n_samples=200, fresh_val=50))
    assert dict(data.spec.sizes) == {"train": 160, "val": 50, "test": 40}
    assert data.splits["val"].rows.tolist() == list(range(200, 250))
    assert data.spec.in_shape == prepare(made(n_samples=200)).spec.in_shape


@pytest.mark.parametrize("seed", [0, 42])
def test_circles_and_moons_are_those_of_scikit_learn(seed: int) -> None:
    for ours, theirs in (
        (Circles(n_samples=101, seed=seed), make_circles(101, noise=0.03, factor=0.8, random_state=seed)),
        (Moons(n_samples=101, seed=seed), make_moons(101, noise=0.1, random_state=seed)),
    ):
        x, y = parts(ours.frame())
        assert np.array_equal(x, theirs[0])
        assert np.array_equal(y, theirs[1])


def test_circles_with_fresh_val_are_split_as_scikit_learn_splits_them() -> None:
    data = prepare(Circles(fresh_val=200))
    _, test = train_test_split(np.arange(1000), test_size=0.2, random_state=42)
    assert sorted(data.splits["test"].rows.tolist()) == sorted(test.tolist())
    assert dict(data.spec.sizes) == {"train": 800, "val": 200, "test": 200}


def test_the_line_is_straight_and_held_out_in_order() -> None:
    data = prepare(Line(fresh_val=10, normalize="none"))
    train, test = data.splits["train"], data.splits["test"]
    assert train.x[:, 0].tolist() == pytest.approx([i * 0.02 for i in range(40)])
    assert test.x[:, 0].tolist() == pytest.approx([i * 0.02 for i in range(40, 50)])
    assert test.y.tolist() == pytest.approx([0.7 * i * 0.02 + 0.3 for i in range(40, 50)])


def test_a_linear_regression_finds_slope_and_intercept() -> None:
    model = LinearRegression().fit(*parts(Linear(n_samples=5000).frame()))
    assert model.coef_[0] == pytest.approx(2, abs=0.05)
    assert model.intercept_ == pytest.approx(1, abs=0.1)


def test_noise_says_nothing_of_its_target() -> None:
    x, y = parts(Noise(n_samples=5000).frame())
    assert LinearRegression().fit(x, y).score(x, y) < 0.01
    assert prepare(Noise(classes=3)).spec.task == "multiclass"


def test_imbalanced_has_the_share_asked_for_and_the_separation_tells() -> None:
    assert prepare(Imbalanced(positive_share=0.05)).class_counts["test"] == [950, 50]
    scores = []
    for separation in (0.0, 3.0):
        frame = Imbalanced(separation=separation, positive_share=0.2).frame()
        x = frame.select(pl.selectors.starts_with("score")).to_numpy()
        y = (frame["payment"] == "fraud").to_numpy()
        scores.append(LogisticRegression().fit(x, y).score(x, y))
    assert scores[0] < 0.82
    assert scores[1] > 0.95


def test_blobs_and_spirals_have_classes_of_equal_size() -> None:
    for table in (Blobs(n_samples=90, classes=3), Spirals(n_samples=90, classes=3)):
        assert table.frame()["label"].value_counts()["count"].to_list() == [30, 30, 30]
