"""Repeated fits: seeds and folds give what single runs give, and folds cover the rows."""

import json

import pytest
import torch

from litmus.config import to_plain
from litmus.config.composition import compose
from litmus.evaluation.score import point_scores
from litmus.evidence import NonFinite
from litmus.report.files import write_metrics
from litmus.run import Run, prepare_data
from litmus.run.checks import check_rows
from litmus.run.observe import observe, score_split
from litmus.run.repeat import repeat


def config(*words: str) -> dict:
    return to_plain(compose([*words, "trainer.max_epochs=3", "model.hidden=[5]", "logger=null"]))


def fitted(settings: dict, place, **how) -> Run:
    run = Run.build(settings, place, **how)
    run.fit()
    run.decide()
    return run


def repeated(settings: dict, place, *, test: bool = True):
    run = fitted(settings, place)
    evidence, predictions = observe(run, test=test, checked=check_rows(run, test=test, thorough=False))
    return run, evidence, predictions, *repeat(run, evidence, predictions)


@pytest.fixture(params=["data=iris", "data=diabetes"])
def data(request: pytest.FixtureRequest) -> str:
    return request.param


def test_seeds_give_what_lone_runs_of_those_seeds_give_on_the_same_rows(tmp_path, data):
    settings = config(data, "verdict.seeds=3")
    run, before, _, after, _ = repeated(settings, tmp_path / "run")
    assert list(after.seeds) == ["42", "43", "44"]
    assert after.scores == before.scores
    for seed in (43, 44):
        lone = fitted({**settings, "seed": seed}, tmp_path / str(seed), data=run.data.reseeded(seed))
        expected = point_scores(lone.predictor.task, lone.predictor.predict(run.data.splits["test"], "test"))
        assert after.seeds[str(seed)] == pytest.approx(expected, rel=1e-6)
    assert after.seeds["42"] == {name: score.value for name, score in before.scores["test"].items()}
    assert after.seeds["43"] != after.seeds["42"]


def test_where_test_is_left_alone_seeds_are_compared_on_val(tmp_path):
    *_, before, _, after, _ = repeated(config("data=iris", "verdict.seeds=2"), tmp_path, test=False)
    assert after.seeds["42"] == {name: score.value for name, score in before.scores["val"].items()}


def test_folds_hold_every_row_out_once_and_pool_them(tmp_path, data):
    settings = config(data, "data.folds=4")
    run, before, first, after, predictions = repeated(settings, tmp_path / "run")
    pooled = predictions["test"]
    assert pooled.rows.tolist() == list(range(len(run.data.rows)))
    assert len(after.folds) == 4
    said = []
    for fold in range(4):
        lone = fitted(settings, tmp_path / str(fold), data=prepare_data(settings, fold=fold))
        said.append(lone.predictor.predict(lone.data.splits["test"], "test"))
        assert after.folds[fold] == pytest.approx(point_scores(lone.predictor.task, said[-1]), rel=1e-6)
    order = torch.cat([one.rows for one in said]).argsort()
    assert pooled.pred.equal(torch.cat([one.pred for one in said])[order])
    assert pooled.target.equal(torch.cat([one.target for one in said])[order])
    expected = score_split(run.predictor, pooled)
    assert after.scores["test"] == expected.scores
    assert after.scores["val"] == before.scores["val"]
    assert after.gain["test"] == expected.gain
    assert after.confusion.get("test", ()) == (expected.confusion or ())
    assert predictions["val"] is first["val"]


def test_metrics_list_seeds_and_folds(tmp_path):
    *_, after, _ = repeated(config("data=iris", "verdict.seeds=2", "data.folds=3"), tmp_path / "run")
    write_metrics(tmp_path, after)
    found = json.loads((tmp_path / "metrics.json").read_text())
    names = {name for name in found["test"] if name not in {"per_class", "averages", "confusion"}}
    assert [one.pop("seed") for one in found["seeds"]] == [42, 43]
    assert [set(one) for one in (*found["seeds"], *found["folds"])] == [names] * 5
    assert found["test"]["accuracy"]["n"] == 150
    assert found["val"]["accuracy"]["n"] < 150


def test_without_being_asked_nothing_is_repeated(tmp_path):
    _, before, said, after, found = repeated(config("data=iris"), tmp_path)
    assert after is before
    assert found == said
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoints", "history.csv"}


def test_a_run_that_broke_is_not_repeated(tmp_path):
    run = fitted(config("data=iris", "verdict.seeds=2", "data.folds=3"), tmp_path)
    evidence, said = observe(run, test=True, checked=check_rows(run, test=True, thorough=False))
    run.non_finite = NonFinite(epoch=0, step=1, where="loss")
    assert repeat(run, evidence, said)[0] is evidence
