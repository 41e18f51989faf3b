import numpy as np
import polars as pl
import pytest
import torch

from litmus.data_checks.weakness import permutation_importance, weak_segments, worst_rows
from litmus.metrics.answers import Predictions
from litmus.task.binary import Binary
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

RNG = np.random.default_rng(0)
N = 600
SPEC = DataSpec(
    task="binary", input="table", in_shape=(3,), target="y", classes=("no", "yes"), features=("a", "b=1", "b=2")
)
BINARY = Binary(spec=SPEC)
NUMBER = Regression(spec=DataSpec(task="regression", input="table", in_shape=(3,), target="y"))
COLUMNS = pl.DataFrame(
    {
        "region": pl.Series(RNG.choice(["North", "South", "East"], N)).cast(pl.Categorical),
        "age": RNG.uniform(20, 80, N),
        "member": RNG.random(N) < 0.5,
    }
)


def classified(wrong):
    target = torch.from_numpy(RNG.integers(2, size=N))
    pred = torch.where(torch.from_numpy(wrong), 1 - target, target)
    sure = torch.from_numpy(RNG.uniform(0.55, 0.99, N))
    prob = torch.where(pred.unsqueeze(1) == torch.arange(2), sure.unsqueeze(1), 1 - sure.unsqueeze(1))
    return Predictions(split="test", rows=100 + torch.arange(N), target=target, pred=pred, prob=prob)


def test_the_worst_rows_are_the_most_surely_wrong_ones():
    predicted = classified(RNG.random(N) < 0.1)
    rows = worst_rows(predicted, ("no", "yes"))
    assert len(rows) == 10
    assert [row["prob"] for row in rows] == sorted(row["prob"] for row in rows)
    for row in rows:
        at = row["row"] - 100
        assert predicted.pred[at] != predicted.target[at]
        assert row["target"] == ("no", "yes")[predicted.target[at]]
    assert worst_rows(classified(np.zeros(N, dtype=bool)), ("no", "yes")) == ()


def test_the_worst_rows_of_numbers_are_the_farthest_off():
    target = torch.zeros(5)
    predicted = Predictions(split="val", rows=torch.arange(5), target=target, pred=torch.tensor([0.0, -3, 1, 0, 2]))
    assert [row["row"] for row in worst_rows(predicted, ())] == [1, 4, 2]
    assert worst_rows(predicted, ())[0] == {"row": 1, "target": 0.0, "pred": -3.0, "error": 3.0}


def test_a_weak_region_is_named_with_its_rows():
    north = (COLUMNS["region"] == "North").to_numpy()
    segments = weak_segments(BINARY, classified(RNG.random(N) < np.where(north, 0.45, 0.08)), COLUMNS)
    assert segments[0].where == "region=North"
    assert {segment.where for segment in segments} == {"region=North"}
    assert {segment.metric for segment in segments} == {"accuracy", "recall"}
    assert segments[0].value < segments[0].rest - 0.2
    assert next(s for s in segments if s.metric == "accuracy").n == north.sum()


def test_a_weak_range_of_numbers_is_named_by_its_ends():
    old = COLUMNS["age"].to_numpy() > 65
    target = torch.from_numpy(RNG.normal(size=N))
    error = torch.from_numpy(np.where(old, 3.0, 0.5) * RNG.normal(size=N))
    predicted = Predictions(split="test", rows=torch.arange(N), target=target, pred=target + error)
    segments = weak_segments(NUMBER, predicted, COLUMNS)
    assert segments[0].metric == "mae"
    assert segments[0].where.endswith("80") or "age" in segments[0].where
    assert segments[0].value > 2 * segments[0].rest


def test_missing_cells_are_a_segment_of_their_own():
    income = pl.Series("income", np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(size=N))).fill_nan(None)
    gone = income.is_null().to_numpy()
    segments = weak_segments(BINARY, classified(RNG.random(N) < np.where(gone, 0.5, 0.05)), pl.DataFrame([income]))
    assert segments[0].where == "income missing"


def test_where_errors_are_everywhere_no_segment_is_weak():
    found = [weak_segments(BINARY, classified(RNG.random(N) < 0.2), COLUMNS) for _ in range(40)]
    assert sum(bool(segments) for segments in found) <= 3


def test_columns_that_the_model_leans_on_matter_and_others_do_not():
    x = torch.from_numpy(RNG.normal(size=(400, 3))).float()
    target = (x[:, 0] + 0.3 * torch.randn(400, generator=torch.Generator().manual_seed(0)) > 0).long()

    def predict(inputs):
        positive = torch.sigmoid(5 * inputs[:, 0]).double()
        prob = torch.stack([1 - positive, positive], 1)
        return Predictions(
            split="val", rows=torch.arange(len(inputs)), target=target[: len(inputs)], pred=prob.argmax(1), prob=prob
        )

    found = permutation_importance(predict, x, SPEC, columns=["a", "b", "gone"], metric="balanced_accuracy", seed=0)
    assert list(found) == ["a", "b"]
    assert found["a"].low > 0.25
    assert found["b"].value == 0
    losses = permutation_importance(predict, x, SPEC, columns=["a", "b"], metric="log_loss", seed=0)
    assert losses["a"].low > 0.5


def test_of_many_columns_the_most_felt_are_kept():
    x = torch.from_numpy(RNG.normal(size=(200, 40))).float()
    spec = DataSpec(
        task="regression", input="table", in_shape=(40,), target="y", features=tuple(f"f{i}" for i in range(40))
    )
    target = x[:, 35].double()

    def predict(inputs):
        return Predictions(
            split="val", rows=torch.arange(len(inputs)), target=target[: len(inputs)], pred=inputs[:, 35].double()
        )

    found = permutation_importance(predict, x, spec, columns=spec.features, metric="rmse", seed=0)
    assert len(found) == 30
    assert next(iter(found)) == "f35"
    assert found["f35"].value == pytest.approx(2**0.5, rel=0.3)
