"""Grades in an order: how they are read, learned, decided and scored."""

import json
import sys

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import cohen_kappa_score

from litmus.cli import main
from litmus.data.encoding.target import TargetCoder
from litmus.errors import DataError
from litmus.loss.classes import ContinuationRatio
from litmus.metrics import measure
from litmus.metrics.answers import Answers
from litmus.task import kinds
from litmus.task.ordinal import Ordinal
from litmus.task.spec import DataSpec

SPEC = DataSpec(task="ordinal", input="table", in_shape=(2,), target="y", classes=("1", "2", "3", "4"))


def order(labels, **options):
    return TargetCoder.infer(pl.Series("y", labels), kind="ordinal", **options).classes


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([10, 2, 2, 3, 10, 3], ("2", "3", "10")),
        (["high", "low", "Medium"] * 2, ("low", "Medium", "high")),
        (["very_good", "poor", "fair"] * 2, ("poor", "fair", "very_good")),
    ],
)
def test_numbers_and_known_scales_have_an_order_by_themselves(labels, expected):
    assert order(labels) == expected


def test_the_order_that_the_config_states_is_kept():
    assert order(["a", "b", "c"] * 2, grades=["b", "c", "a"]) == ("b", "c", "a")


@pytest.mark.parametrize(
    ("labels", "grades", "message"),
    [
        (["a", "b", "c"] * 2, None, r"order of the 3 grades is not known.*task.grades=\[a,b,c\]"),
        (["a", "b", "c"] * 2, ["a", "b"], "task.grades lacks the label 'c'"),
        (["a", "b", "c"] * 2, ["a", "b", "c", "d"], "task.grades names 'd'"),
        (["a", "b"] * 2, None, "task=ordinal needs three or more classes, not 2"),
    ],
)
def test_grades_without_a_clear_order_are_refused_with_what_to_write(labels, grades, message):
    with pytest.raises(DataError, match=message):
        order(labels, grades=grades)


def test_the_loss_is_the_likelihood_of_probabilities_that_sum_to_one():
    torch.manual_seed(0)
    loss, output, target = ContinuationRatio(spec=SPEC), torch.randn(2, 50, 3).double(), torch.randint(0, 4, (2, 50))
    prob = loss.activate(output)
    torch.testing.assert_close(prob.sum(-1), torch.ones(2, 50).double())
    torch.testing.assert_close(loss.rows(output, target), -prob.gather(-1, target[..., None]).squeeze(-1).log())
    torch.testing.assert_close(loss(output, target), loss.rows(output, target).mean())


def test_the_median_grade_is_predicted_and_errs_least_in_grades():
    prob = torch.tensor([[0.4, 0.2, 0.3, 0.1], [0.1, 0.1, 0.2, 0.6], [0.5, 0.5, 0, 0]])
    assert Ordinal(spec=SPEC).decide(prob, None)[0].tolist() == [1, 3, 0]
    grades = torch.arange(4.0)
    expected = (prob[:, None] * (grades[:, None] - grades).abs()).sum(-1)
    chosen = Ordinal(spec=SPEC).decide(prob, None)[0]
    assert (expected.gather(1, chosen[:, None]).squeeze(1) <= expected.min(1).values + 1e-6).all()


def test_quadratic_kappa_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    answers = Answers(
        pred=torch.tensor(pred)[None], target=torch.tensor(true)[None], prob=torch.full((1, 200, 4), 0.25)
    )
    value = float(measure("qwk").compute(answers)[0])
    assert value == pytest.approx(cohen_kappa_score(true, pred, weights="quadratic"), abs=1e-12)


def test_a_kind_of_target_is_chosen_by_itself_only_where_it_says_so():
    coder = TargetCoder.infer(pl.Series("y", ["low", "mid", "high"] * 3))
    assert coder.kind == "multiclass"
    assert list(kinds()) == ["binary", "multiclass", "ordinal", "regression"]


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(240, 2))
    grade = np.digitize(x.sum(1) + 0.3 * rng.normal(size=240), [-1, 0, 1])
    words = np.array(["poor", "fair", "good", "excellent"])[grade]
    pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": words}).write_csv("grades.csv")
    return tmp_path


WORDS = ["data.path=grades.csv", "data.target=y", "trainer.max_epochs=20", "verdict.probes=off"]


def test_grades_pass_through_every_command(table, capsys):
    assert main(["check", *WORDS, "task=ordinal"]) == 0
    assert "lowest first: 'poor', 'fair', 'good', 'excellent' (a known scale)" in capsys.readouterr().out
    assert main(["train", *WORDS, "task=ordinal", "monitor=val/qwk"]) == 0
    (run,) = (table / "outputs" / "csv_mlp").iterdir()
    metrics = json.loads((run / "metrics.json").read_text())["test"]
    assert metrics["qwk"]["value"] > 0.6
    assert metrics["mae"]["value"] < 0.8
    assert {one["name"] for one in json.loads((run / "verdict.json").read_text())["criteria"] if one["votes"]} == {
        "qwk",
        "gain",
    }
    assert "median" in capsys.readouterr().out  # the baseline
    assert main(["predict", "checkpoint=last", "input=grades.csv", "output=p.csv"]) == 0
    predicted = pl.read_csv("p.csv")
    assert predicted.columns == ["row", "pred", "prob_poor", "prob_fair", "prob_good", "prob_excellent"]
    assert main(["evaluate", "checkpoint=last", "data.path=grades.csv"]) == 0
    assert main(["judge", "last", "criteria.qwk=0.2", "criteria.mae=2"]) == 0
    assert main(["compare", "outputs"]) == 0


def test_an_own_kind_of_target_is_one_class(table, monkeypatch, capsys):
    (table / "mytask.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "from litmus.task.base import Labels\n\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Votes(Labels):\n"
        "    kind: ClassVar[str] = 'votes'\n"
        "    order: ClassVar[int] = 99\n"
        "    by_itself: ClassVar[bool] = False\n"
        "    classes: ClassVar[tuple[int, int | None]] = (2, None)\n"
        "    usual_loss: ClassVar[str] = 'cross_entropy'\n"
        "    borrowed: ClassVar[frozenset[str]] = frozenset({'accuracy', 'balanced_accuracy', 'average_precision'})\n\n"
        "    def decide(self, activated, threshold):\n"
        "        return activated.argmax(-1), activated\n"
    )
    monkeypatch.syspath_prepend(str(table))
    assert main(["--allow", "mytask", "train", *WORDS, "task._target_=mytask.Votes"]) == 0
    assert "4 classes -> votes" in capsys.readouterr().out
    sys.modules.pop("mytask", None)
