"""What stands beside a model's scores agrees with the model, the rows and established implementations."""

import pytest
import torch
from sklearn import metrics as sk

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.run import Run
from litmus.run.analysis import with_baseline, with_decision, with_references, with_weakness
from litmus.run.checks import check_rows
from litmus.run.observe import observe


def seen(place, *words: str, test: bool = True):
    config = RunConfig(to_plain(compose([*words, "trainer.max_epochs=4", "logger=null"])))
    run = Run.build(config, place / "run").fit().decide()
    return run, *observe(run, test=test, checked=check_rows(run, test=test))


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    return seen(tmp_path_factory.mktemp("wine"), "data=breast_cancer")


def test_references_stand_on_the_same_rows_beside_their_distance_from_the_model(wine):
    run, evidence, predicted = wine
    found = with_references(run, evidence, predicted)
    assert [one.name for one in found.references][:2] == ["majority", "linear"]
    model = {name: score.value for name, score in evidence.scores["test"].items()}
    primary = evidence.task.primary
    for one in found.references:
        assert set(one.scores) >= {"val", "test"}
        apart = one.difference["test"]
        assert apart.value == pytest.approx(model[primary] - one.scores["test"][primary], abs=1e-9)
        assert apart.low <= apart.value <= apart.high
    assert found.data.more_rows is not None
    assert evidence.references == ()


def test_the_baseline_stands_alone_where_no_reference_is_wanted(wine):
    run, evidence, predicted = wine
    found = with_baseline(run, evidence, predicted)
    assert [one.name for one in found.references] == ["majority"]
    assert found.references[0].scores["test"]["balanced_accuracy"] == 0.5
    assert [one.name for one in found.unknown] == ["references"]
    assert with_references(run, found, predicted).unknown == ()


def test_with_checks_off_only_references_are_added(tmp_path):
    run, evidence, predicted = seen(tmp_path, "data=iris", "data.checks=off")
    found = with_references(run, evidence, predicted)
    assert found.references
    assert found.data is evidence.data


def test_references_see_test_only_where_the_run_does(tmp_path):
    run, evidence, predicted = seen(tmp_path, "data=iris", test=False)
    found = with_references(run, evidence, predicted)
    assert all("test" not in one.scores and "test" not in one.difference for one in found.references)


def test_what_the_model_leans_on_and_fails_on_is_measured_on_the_scored_rows(wine):
    run, evidence, predicted = wine
    found = with_weakness(run, evidence, predicted)
    wrong = predicted["test"].rows[predicted["test"].pred != predicted["test"].target].tolist()
    assert {one["row"] for one in found.worst_rows} <= set(wrong)
    assert len(found.worst_rows) == min(10, len(wrong))
    columns = set(run.data.rows.inputs.columns)
    assert set(found.importance) <= columns
    values = [one.value for one in found.importance.values()]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0


def test_of_pictures_only_the_worst_are_told(tmp_path):
    words = ("data=digits", "data.max_rows=200", "model=cnn", "model.channels=[4]")
    run, evidence, predicted = seen(tmp_path, *words)
    found = with_weakness(run, evidence, predicted)
    assert found.worst_rows
    assert not found.importance
    assert not found.segments


def test_the_threshold_trades_precision_against_recall_as_scikit_learn_has_it(wine):
    _, evidence, predicted = wine
    found = with_decision(evidence, predicted)
    val = predicted["val"]
    assert len(found.threshold_curve) > 10
    for point in found.threshold_curve:
        pred = (val.prob[:, 1] >= point.threshold).long()
        assert point.recall == pytest.approx(sk.recall_score(val.target, pred))
        if int(pred.sum()):
            assert point.precision == pytest.approx(sk.precision_score(val.target, pred))
    best = max(sk.f1_score(val.target, (val.prob[:, 1] >= point.threshold).long()) for point in found.threshold_curve)
    chosen = sk.f1_score(val.target, (val.prob[:, 1] >= found.threshold_best).long())
    assert chosen >= best - 1e-9
    assert found.calibration.ece.value == pytest.approx(evidence.scores["test"]["ece"].value)


@pytest.mark.parametrize("data", ["data=iris", "data=diabetes"])
def test_only_two_classes_have_a_threshold(tmp_path, data):
    _, evidence, predicted = seen(tmp_path, data)
    found = with_decision(evidence, predicted)
    assert found.threshold_curve == ()
    assert found.threshold_best is None
    assert (found.calibration is None) is (data == "data=diabetes")


def test_shuffling_a_column_that_decides_nothing_loses_nothing(tmp_path, shop):
    """A model whose weights of a column are 0 says the same whatever stands in it."""
    words = (f"data.path={shop}", "data.target=bought", "model=linear")
    run, evidence, predicted = seen(tmp_path, *words)
    place = run.data.spec.features.index("z")
    weight = next(run.predictor.model.parameters())
    with torch.no_grad():
        weight[:, place] = 0
    predicted = {name: run.predictor.predict(run.data.splits[name], name) for name in predicted}
    found = with_weakness(run, evidence, predicted)
    assert found.importance["z"].value == 0
