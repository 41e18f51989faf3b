"""The rows themselves: of another kind, wrongly labelled, too few."""

from dataclasses import replace

from litmus.evidence import Estimate, LabelNoise, Score, Shift
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


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


def test_a_shift_that_costs_nothing_is_information(make):
    shift = Shift(split="test", auroc=Estimate(value=0.9, low=0.87, high=0.93))
    assert named(make["classes"](GOOD, data={"shifts": (shift,)})) == []


def test_a_shift_too_small_to_matter_is_silent(make):
    shift = Shift(split="test", auroc=Estimate(value=0.55, low=0.53, high=0.57))
    assert judge(make["classes"](GOOD, data={"shifts": (shift,)})).findings == ()


def test_many_wrong_labels_are_named_with_the_worst_rows(make):
    noise = LabelNoise(share=Estimate(value=0.2, low=0.17, high=0.23), n=1200, rows=tuple(range(50, 70)))
    verdict = judge(make["classes"](GOOD, data={"noise": noise}))
    assert verdict.findings[0].name == "label_noise"
    assert verdict.findings[0].severity == "error"
    assert verdict.findings[0].evidence["rows"] == list(range(50, 60))


def test_wrong_labels_that_chance_could_explain_are_silent(make):
    noise = LabelNoise(share=Estimate(value=0.03, low=0.0, high=0.06), n=1200)
    assert judge(make["classes"](GOOD, data={"noise": noise})).findings == ()


def test_a_handful_of_rows_settles_nothing(make):
    verdict = judge(make["classes"]([[7, 2], [2, 7]]))
    assert verdict.verdict == "undetermined"
    assert named(make["classes"]([[7, 2], [2, 7]])) == ["too_little_data"]
    assert verdict.findings[0].overrides == ("data.folds=5",)
    assert verdict.rows_needed > 18


def test_few_rows_that_settle_it_are_enough(make):
    assert named(make["classes"]([[10, 0, 0], [0, 10, 0], [0, 0, 9]])) == []


def test_a_class_of_which_nothing_is_known_leaves_the_verdict_open(make):
    verdict = judge(make["classes"]([[190, 10, 0], [10, 190, 0], [1, 1, 3]], references={"boosted_trees": 0.85}))
    assert "too_little_data" in [one.name for one in verdict.findings if one.alarms]
    assert verdict.verdict == "undetermined"


def test_time_ordered_rows_are_not_folded(make):
    verdict = judge(make["classes"]([[7, 2], [2, 7]], data={"split_rule": "time"}))
    assert verdict.findings[0].overrides == ()


def test_a_handful_of_positive_rows_leaves_a_perfect_score_in_doubt(make):
    verdict = judge(make["classes"]([[66, 0], [0, 4]], ap=1.0, references={"linear": 1.0}))
    assert verdict.verdict == "undetermined"
    assert verdict.findings[0].evidence["scarce_classes"] == ["b"]


def test_a_shift_that_costs_accuracy_alone_is_one(make):
    apart = Estimate(value=0.91, low=0.9, high=0.93)
    shift = Shift(split="test", auroc=apart, label_difference=Estimate(value=0.36, low=0.3, high=0.4))
    evidence = make["classes"](GOOD, data={"shifts": (shift,)})
    lower = {**evidence.scores["test"], "accuracy": Score(value=0.74, low=0.7, high=0.77, n=400)}
    verdict = judge(replace(evidence, scores={**evidence.scores, "test": lower}))
    assert next(one for one in verdict.findings if one.name == "split_shift").severity == "error"
