"""The held-out rows are of another kind than the training rows."""

from dataclasses import replace

import pytest

from litmus.evidence import Column, Drift, Estimate, Moved, Reference, Score, Shift
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


def test_levels_that_have_other_names_are_a_warning_where_rows_look_alike_otherwise(make):
    drift = {"test": Drift(rows=400, columns=3, renamed=("city",))}
    evidence = make["classes"](GOOD, data={"drifts": drift})
    assert severity(evidence) == "warning"
    assert "levels of city seem to have other names than in train" in judge(evidence).findings[0].summary


def over_time(make, **shift):
    """Later rows whose labels moved, and on which the score is much lower."""
    moved = Shift(split="test", auroc=Estimate(value=0.5, low=0.45, high=0.55), **shift)
    return shifted(make, split_rule="time", shifts=(moved,))


def test_targets_that_moved_over_time_and_cost_much_are_a_warning(make):
    assert severity(over_time(make, label_difference=Estimate(value=0.4, low=0.3, high=0.5))) == "warning"
    assert judge(over_time(make, label_difference=Estimate(value=0.1, low=0.02, high=0.2))).findings[0].name != (
        "split_shift"
    )


def other_relation(make, *, given="test.csv", reference=0.7, rule="stratified"):
    """Test rows that look like train's, which model and reference predict worse than rows held out of train."""
    evidence = shifted(
        make, split_rule=rule, shifts=(Shift(split="test", auroc=Estimate(value=0.5, low=0.45, high=0.55)),)
    )
    best = Reference(name="boosted_trees", scores={"test": {"balanced_accuracy": reference}}, out_of_fold=0.95)
    config = {**evidence.config, "data": {**evidence.config.get("data", {}), "test_path": given}}
    return replace(evidence, references=(best,), config=config)


@pytest.mark.parametrize("how", [{}, {"given": None, "rule": "time"}], ids=["given", "later"])
def test_rows_that_look_alike_and_follow_other_targets_are_a_warning(make, how):
    verdict = judge(other_relation(make, **how))
    assert "the same inputs go with other targets there" in verdict.findings[0].summary
    assert verdict.findings[0].severity == "warning"


@pytest.mark.parametrize("other", [{"given": None}, {"reference": 0.94}, {"rule": "time", "reference": 0.94}])
def test_a_split_by_chance_or_a_reference_that_does_as_well_is_no_such_shift(make, other):
    assert "split_shift" not in [one.name for one in judge(other_relation(make, **other)).findings]


def test_a_good_score_on_rows_of_another_kind_is_no_adequate_one(make):
    drift = {"test": Drift(rows=400, columns=3, moved=(Moved(column="age", distance=0.5),))}
    columns = (Column(name="age", kind="number", distinct=1),)
    evidence = make["classes"](GOOD, data={"drifts": drift, "columns": columns, "split_rule": "column"})
    verdict = judge(evidence)
    assert [(one.name, one.severity) for one in verdict.findings if one.alarms] == [("split_shift", "warning")]
    assert verdict.verdict == "undetermined"


def test_a_drift_that_turns_predictions_towards_one_class_is_a_warning_though_the_score_hides_its_fall(make):
    shift = Shift(split="test", auroc=Estimate(value=0.9, low=0.87, high=0.93), columns=("age",))
    data = {"shifts": (shift, replace(shift, split="val")), "split_rule": "column"}
    alike, turned = ((180, 20), (20, 180)), ((110, 90), (10, 190))

    def run(test):
        evidence = make["classes"](GOOD, data=data)
        return replace(evidence, confusion={"train": alike, "val": alike, "test": test})

    assert severity(run(alike)) == "info"
    assert severity(run(turned)) == "warning"
    (found,) = [one for one in judge(run(turned)).findings if one.name == "split_shift"]
    assert "is predicted for 30 % of them, for 50 % of train's" in found.summary


def given(make, shift, **more):
    """Rows of a split that the user gave, as `shift` describes those of val and test."""
    shifts = tuple(replace(shift, split=split) for split in ("val", "test"))
    return make["classes"](GOOD, data={"shifts": shifts, "split_rule": more.pop("rule", "column")}, **more)


LOOKS_ALIKE = Shift(split="test", auroc=Estimate(value=0.5, low=0.47, high=0.53))
OTHER_SHARES = replace(LOOKS_ALIKE, label_difference=Estimate(value=0.3, low=0.25, high=0.34))


def test_other_labels_on_inputs_that_look_alike_are_a_warning_though_the_score_is_as_good(make):
    verdict = judge(given(make, OTHER_SHARES))
    (found,) = [one for one in verdict.findings if one.name == "split_shift"]
    assert found.severity == "warning"
    assert "are they labelled otherwise" in found.summary
    assert severity(given(make, OTHER_SHARES, rule="stratified")) == "info"
    apart = replace(OTHER_SHARES, auroc=Estimate(value=0.9, low=0.87, high=0.93))
    assert severity(given(make, apart)) == "info"


def test_train_labels_that_a_reference_finds_harder_than_all_held_out_ones_are_a_warning(make):
    evidence = given(make, LOOKS_ALIKE)
    level = {"balanced_accuracy": 0.9}

    def run(out_of_fold):
        best = Reference(name="boosted_trees", scores={"val": level, "test": level}, out_of_fold=out_of_fold)
        return judge(replace(evidence, references=(best,))).findings

    assert "are their labels right?" in run(0.6)[0].summary
    assert run(0.6)[0].severity == "warning"
    assert "split_shift" not in [one.name for one in run(0.88)]


def moved_in_time(make, **reference):
    """Later rows whose target moved, and a trial of a higher rate that happens to go on beyond the training rows."""
    behind = make["numbers"](0.3)
    apart = Estimate(value=0.9, low=0.87, high=0.93)
    shift = Shift(split="test", auroc=Estimate(value=0.5, low=0.45, high=0.55), label_difference=apart)
    trees = replace(next(one for one in behind.references if one.name == "boosted_trees"), **reference)
    others = tuple(one for one in behind.references if one.name != "boosted_trees")
    tried = make["trial"](
        "lr_range", ("optimizer.lr=0.01",), finding="lr_too_low", metric="val/r2", detail={"lr": 0.01, "factor": 10}
    )
    return make["change"](
        behind,
        scores={**behind.scores, "val": {"r2": Score(value=0.9, low=0.85, high=0.93, n=400)}},
        references=(*others, trees),
        trials=(tried,),
        data={"shifts": (shift,), "split_rule": "time"},
    )


def test_what_a_trial_gains_where_rows_moved_away_is_no_cause_unless_a_reference_is_ahead(make):
    as_good = {"test": Estimate(value=0.05, low=0.02, high=0.08)}
    verdict = judge(moved_in_time(make, difference=as_good))
    assert verdict.findings[0].name == "split_shift"
    assert {one.name: one.consequence_of for one in verdict.findings[1:] if one.alarms} == {"lr_too_low": "split_shift"}
    assert verdict.try_first is None
    ahead = {"test": Estimate(value=-0.3, low=-0.35, high=-0.25)}
    assert judge(moved_in_time(make, difference=ahead)).try_first.name == "lr_too_low"
