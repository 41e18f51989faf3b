"""What stands beside a model's scores agrees with the model, the rows and established implementations."""

import pytest
import torch
from sklearn import metrics as sk

from litmus.config import to_plain
from litmus.config.composition import compose
from litmus.run import Run
from litmus.run.checks import check_rows
from litmus.run.observe import observe
from litmus.run.yardsticks import with_decision, with_references, with_weakness


def seen(place, *words: str, test: bool = True):
    run = Run.build(to_plain(compose([*words, "trainer.max_epochs=4", "logger=null"])), place / "run")
    run.fit()
    run.decide()
    return run, *observe(run, test=test, checked=check_rows(run, test=test))


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    return seen(tmp_path_factory.mktemp("wine"), "data=breast_cancer")


def test_references_stand_on_the_same_rows_beside_their_distance_from_the_model(wine):
    run, evidence, said = wine
    found = with_references(run, evidence, said, seconds=4)
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


def test_with_checks_off_only_references_are_added(tmp_path):
    run, evidence, said = seen(tmp_path, "data=iris", "data.checks=off")
    found = with_references(run, evidence, said, seconds=2)
    assert found.references
    assert found.data is evidence.data


def test_references_see_test_only_where_the_run_does(tmp_path):
    run, evidence, said = seen(tmp_path, "data=iris", test=False)
    found = with_references(run, evidence, said, seconds=2)
    assert all("test" not in one.scores and "test" not in one.difference for one in found.references)


def test_what_the_model_leans_on_and_fails_on_is_measured_on_the_scored_rows(wine):
    run, evidence, said = wine
    found = with_weakness(run, evidence, said)
    wrong = said["test"].rows[said["test"].pred != said["test"].target].tolist()
    assert {one["row"] for one in found.worst_rows} <= set(wrong)
    assert len(found.worst_rows) == min(10, len(wrong))
    columns = set(run.data.rows.inputs.columns)
    assert set(found.importance) <= columns
    values = [one.value for one in found.importance.values()]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0


def test_of_pictures_only_the_worst_are_told(tmp_path):
    words = ("data=digits", "data.max_rows=200", "model=cnn", "model.channels=[4]")
    run, evidence, said = seen(tmp_path, *words)
    found = with_weakness(run, evidence, said)
    assert found.worst_rows
    assert not found.importance
    assert not found.segments


def test_the_threshold_trades_precision_against_recall_as_scikit_learn_has_it(wine):
    _, evidence, said = wine
    found = with_decision(evidence, said)
    val = said["val"]
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
    _, evidence, said = seen(tmp_path, data)
    found = with_decision(evidence, said)
    assert found.threshold_curve == ()
    assert found.threshold_best is None
    assert (found.calibration is None) is (data == "data=diabetes")


def test_shuffling_a_column_that_decides_nothing_loses_nothing(tmp_path, shop):
    """A model whose weights of a column are 0 says the same whatever stands in it."""
    words = (f"data.path={shop}", "data.target=bought", "model=linear")
    run, evidence, said = seen(tmp_path, *words)
    place = run.data.spec.features.index("z")
    weight = next(run.predictor.model.parameters())
    with torch.no_grad():
        weight[:, place] = 0
    said = {name: run.predictor.predict(run.data.splits[name], name) for name in said}
    found = with_weakness(run, evidence, said)
    assert found.importance["z"].value == 0
