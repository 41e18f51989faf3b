"""The held-out rows are of another kind than the training rows."""

from dataclasses import replace

import pytest

from litmus.evidence import Column, Drift, Estimate, Moved, Score, Shift
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def shifted(make, **data):
    """Test rows of another kind, on which the score is much lower than on val."""
    worse = make["classes"]([[140, 60], [70, 130]])
    good = make["classes"](GOOD)
    shift = Shift(split="test", auroc=Estimate(value=0.9, low=0.87, high=0.93), columns=("age",))
    return make["change"](
        worse,
        scores={**good.scores, "test": worse.scores["test"]},
        data={"shifts": (shift,), "split_rule": "random", **data},
    )


def test_a_shift_that_costs_score_is_named(make):
    verdict = judge(shifted(make))
    assert verdict.try_first.name == "split_shift"
    assert verdict.try_first.overrides == ("data.split=stratified",)


def test_drift_over_time_that_the_user_asked_to_see_is_information_without_advice_to_shuffle(make):
    verdict = judge(shifted(make, split_rule="time"))
    found = next(one for one in verdict.findings if one.name == "split_shift")
    assert (found.severity, found.overrides) == ("info", ())


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_shift_that_costs_nothing_is_information(make):
    shift = Shift(split="test", auroc=Estimate(value=0.9, low=0.87, high=0.93))
    assert named(make["classes"](GOOD, data={"shifts": (shift,)})) == []


def test_a_shift_too_small_to_matter_is_silent(make):
    shift = Shift(split="test", auroc=Estimate(value=0.55, low=0.53, high=0.57))
    assert judge(make["classes"](GOOD, data={"shifts": (shift,)})).findings == ()


def test_a_shift_that_costs_accuracy_alone_is_one(make):
    apart = Estimate(value=0.91, low=0.9, high=0.93)
    shift = Shift(split="test", auroc=apart, label_difference=Estimate(value=0.36, low=0.3, high=0.4))
    evidence = make["classes"](GOOD, data={"shifts": (shift,)})
    lower = {**evidence.scores["test"], "accuracy": Score(value=0.74, low=0.7, high=0.77, n=400)}
    verdict = judge(replace(evidence, scores={**evidence.scores, "test": lower}))
    assert next(one for one in verdict.findings if one.name == "split_shift").severity == "error"


def severity(evidence):
    return next(one.severity for one in judge(evidence).findings if one.name == "split_shift")


def test_what_drift_under_a_given_split_costs_is_a_warning(make):
    assert severity(shifted(make, split_rule="column")) == "warning"


@pytest.mark.parametrize("rule", ["time", "column"])
def test_a_column_in_another_unit_is_an_error_under_any_split(make, rule):
    drift = {"test": Drift(rows=400, columns=3, units={"income": 1000.0}, unseen={"city": 0.01})}
    evidence = shifted(make, split_rule=rule, drifts=drift)
    assert severity(evidence) == "error"
    assert "income is about 1,000 times train's" in judge(evidence).findings[0].summary


def test_levels_that_training_has_not_seen_are_named(make):
    drift = {"test": Drift(rows=400, columns=3, unseen={"city": 0.8})}
    evidence = shifted(make, split_rule="column", drifts=drift)
    assert "80 % of them have a level of city that train has not" in judge(evidence).findings[0].summary


def test_a_column_of_one_value_in_train_and_others_in_test_is_a_warning(make):
    drift = {"test": Drift(rows=400, columns=3, moved=(Moved(column="site", distance=0.7),))}
    columns = (Column(name="site", kind="number", distinct=1), Column(name="age", kind="number", distinct=60))
    assert severity(make["classes"](GOOD, data={"drifts": drift, "columns": columns})) == "warning"
    assert judge(make["classes"](GOOD, data={"drifts": drift, "columns": columns[1:]})).findings == ()
