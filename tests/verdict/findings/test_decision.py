"""Rare classes, thresholds and probabilities."""

from dataclasses import replace

from litmus.evidence import Calibration, Estimate, Score
from litmus.verdict import judge

FRAUD = [[9800, 0], [176, 24]]  # 98 % accuracy, 12 % recall
GOOD = [[190, 10], [12, 188]]


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_98_percent_accuracy_with_12_percent_recall_is_inadequate_and_the_paradox_is_named(make):
    evidence = make["classes"](FRAUD, labels=("ok", "fraud"), ap=0.5, references={"boosted_trees": 0.5})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    found = verdict.try_first
    assert found.name == "class_imbalance"
    assert found.overrides == ("task.threshold=tuned",)
    assert found.evidence["paradox"] is True
    assert "Only 12 % of fraud" in found.summary
    assert "accuracy 98 %" in found.summary
    assert "98 %" in found.summary.partition("always guessing")[2]


def test_weights_are_the_next_step_where_the_threshold_is_tuned_already(make):
    evidence = make["classes"](FRAUD, ap=0.5, references={"boosted_trees": 0.5}, config={"task.threshold": "tuned"})
    assert judge(evidence).try_first.overrides == ("loss.class_weight=balanced",)


def test_imbalance_that_is_handled_well_is_no_fault(make):
    assert named(make["classes"]([[955, 5], [4, 86]], ap=0.95, references={"linear": 0.93})) == []


def test_a_rare_class_among_many_is_named_when_it_is_missed(make):
    matrix = [[280, 10, 10], [10, 280, 10], [25, 10, 5]]
    evidence = make["classes"](matrix, references={"boosted_trees": 0.9})
    assert "class_imbalance" in named(evidence)
    assert "loss.class_weight=balanced" in next(
        one.overrides for one in judge(evidence).findings if one.name == "class_imbalance"
    )


def test_a_threshold_that_serves_the_goal_badly_is_named(make):
    evidence = make["classes"](
        [[199, 1], [140, 60]],
        references={"boosted_trees": 0.65},
        task={"threshold": 0.95},
        threshold_best=0.4312345,
        threshold_gain=Estimate(value=0.4, low=0.3, high=0.5),
    )
    verdict = judge(evidence)
    assert verdict.try_first.name == "bad_threshold"
    assert verdict.try_first.overrides == ("task.threshold=0.4312",)


def test_a_threshold_that_gains_within_noise_is_silent(make):
    evidence = make["classes"](GOOD, threshold_best=0.3, threshold_gain=Estimate(value=0.01, low=-0.01, high=0.03))
    assert named(evidence) == []


def test_a_small_gain_of_the_threshold_on_a_good_model_is_information(make):
    evidence = make["classes"](GOOD, threshold_best=0.3, threshold_gain=Estimate(value=0.04, low=0.02, high=0.06))
    assert named(evidence) == []


def test_probabilities_that_are_off_are_information(make):
    calibration = Calibration(
        ece=Estimate(value=0.15, low=0.12, high=0.18), slope=Estimate(value=0.4, low=0.3, high=0.5)
    )
    verdict = judge(make["classes"](GOOD, calibration=calibration))
    assert verdict.verdict == "adequate"
    assert [(one.name, one.severity) for one in verdict.findings] == [("miscalibrated", "info")]
    assert verdict.findings[0].overrides == ("task.calibrate=temperature",)


def test_a_stated_goal_for_which_nobody_chose_the_threshold_is_the_thresholds_fault(make):
    missed = {
        "references": {"linear": 0.9},
        "task": {"threshold_goal": "recall@0.9"},
        "threshold_best": 0.27,
        "threshold_gain": Estimate(value=0.06, low=-0.01, high=0.12),
    }
    evidence = _ranking_well(make["classes"]([[500, 10], [18, 72]], **missed))
    assert judge(evidence).try_first.overrides == ("task.threshold=0.27",)
    chosen = make["classes"]([[500, 10], [18, 72]], config={"task.threshold": "tuned"}, **missed)
    assert "bad_threshold" not in named(_ranking_well(chosen))


def _ranking_well(evidence):
    scores = {**evidence.scores, "test": evidence.scores["test"] | {"auroc": Score(value=0.97)}}
    rivals = tuple(replace(one, scores={"test": {"auroc": 0.97}}) for one in evidence.references)
    return replace(evidence, scores=scores, references=rivals)
