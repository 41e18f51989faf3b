"""Repeated fits: seeds and folds give what single runs give, and folds cover the rows."""

import json
from dataclasses import replace

import pytest
import torch

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.evidence import NonFinite
from litmus.report.files import write_metrics
from litmus.run import Decided, Run, prepare_data
from litmus.run.checks import check_rows
from litmus.run.observe import observe, score_split
from litmus.run.repeat import repeat
from litmus.scoring.score import point_scores


def config(*words: str) -> RunConfig:
    return RunConfig(to_plain(compose([*words, "trainer.max_epochs=3", "model.hidden=[5]", "logger=null"])))


def fitted(settings: RunConfig, place, **how) -> Decided:
    return Run.build(settings, place, **how).fit().decide()


def repeated(settings: RunConfig, place, *, test: bool = True):
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
        lone = fitted(settings.having(seed=seed), tmp_path / str(seed), data=run.data.reseeded(seed))
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
    predicted = []
    for fold in range(4):
        lone = fitted(settings, tmp_path / str(fold), data=prepare_data(settings, fold=fold))
        predicted.append(lone.predictor.predict(lone.data.splits["test"], "test"))
        assert after.folds[fold] == pytest.approx(point_scores(lone.predictor.task, predicted[-1]), rel=1e-6)
    order = torch.cat([one.rows for one in predicted]).argsort()
    assert pooled.pred.equal(torch.cat([one.pred for one in predicted])[order])
    assert pooled.target.equal(torch.cat([one.target for one in predicted])[order])
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
    _, before, predicted, after, found = repeated(config("data=iris"), tmp_path)
    assert after is before
    assert found == predicted
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoints", "history.csv"}


def test_a_run_that_broke_is_not_repeated(tmp_path):
    run = fitted(config("data=iris", "verdict.seeds=2", "data.folds=3"), tmp_path)
    evidence, predicted = observe(run, test=True, checked=check_rows(run, test=True, thorough=False))
    run = replace(run, non_finite=NonFinite(epoch=0, step=1, where="loss"))
    assert repeat(run, evidence, predicted)[0] is evidence


def test_a_recipe_is_scored_on_splits_of_its_own_with_an_interval_that_holds_all_of_them(tmp_path):
    settings = config("data=diabetes", "verdict.splits=3", "split_seed=5")
    _, evidence, predictions, found, same = repeated(settings, tmp_path)
    assert list(found.splits) == ["5", "6", "7"]
    assert found.scores == evidence.scores  # the verdict stays about this trained model
    assert same.keys() == predictions.keys()
    primary = evidence.task.primary
    values = [scores[primary] for scores in found.splits.values()]
    assert values[0] == evidence.scores["test"][primary].value
    assert len(set(values)) > 1
    assert found.recipe[primary].value == pytest.approx(sum(values) / 3)
    assert found.recipe[primary].low < min(values) < max(values) < found.recipe[primary].high
    again = fitted(config("data=diabetes", "split_seed=6"), tmp_path / "alone")
    predicted = again.predictor.predict(again.data.splits["test"], "test")
    assert point_scores(again.predictor.task, predicted)[primary] == pytest.approx(values[1], abs=1e-6)


def test_where_there_is_one_split_only_it_is_said(tmp_path):
    *_, found, _ = repeated(config("data=diabetes", "data.split=time", "verdict.splits=3"), tmp_path)
    assert found.splits == {}
    assert [one.name for one in found.unknown] == ["splits"]
