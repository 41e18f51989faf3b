"""Which criteria apply to a run."""

from dataclasses import replace

import numpy as np
import pytest

from litmus.evidence import Calibration, Estimate, Score
from litmus.verdict import Criteria, judge
from litmus.verdict.applicable import applied

FRAUD = [[9800, 0], [176, 24]]  # 98 % accuracy, 12 % recall


def by_name(evidence, criteria=None):
    return {one.name: one for one in applied(evidence, criteria or Criteria())}


def test_balanced_classes_are_judged_on_accuracy_precision_recall_and_the_gain(make):
    found = by_name(make["classes"]([[190, 10], [12, 188]]))
    voting = {name for name, one in found.items() if one.votes}
    assert voting == {"accuracy", "precision", "recall", "worst_class_recall[b]", "precision_recall_gap", "gain"}
    assert {one.status for one in found.values() if one.votes} == {"pass"}


def test_the_five_reference_figures_have_their_intervals():
    """TP 50, FN 10, FP 5, TN 35."""
    from litmus.metrics.catalogue.labels import ACCURACY, F1

    matrix = np.array([[35, 5], [10, 50]])
    assert ACCURACY.of_matrices(matrix) == pytest.approx(0.85)
    assert F1.of_matrices(matrix) == pytest.approx(0.8696, abs=1e-4)


def test_where_one_class_rules_accuracy_is_shown_without_a_vote(make):
    found = by_name(make["classes"](FRAUD, labels=("ok", "fraud"), ap=0.4))
    assert not found["accuracy"].votes
    assert found["accuracy"].threshold is None
    assert found["recall"].status == "fail"
    assert {"average_precision", "mcc"} <= set(found)
    assert not found["mcc"].votes


def test_an_accuracy_that_the_user_asks_for_votes_even_then(make):
    found = by_name(make["classes"](FRAUD, ap=0.4), Criteria(accuracy=0.99))
    assert found["accuracy"].votes
    assert found["accuracy"].status == "fail"


def test_good_f1_is_shown_without_a_vote(make):
    f1 = by_name(make["classes"]([[190, 10], [12, 188]]))["f1"]
    assert (f1.threshold, f1.votes, f1.status) == (0.85, False, "pass")


def test_the_worst_class_fails_when_its_upper_bound_is_below_a_half_and_passes_by_its_value(make):
    poor = by_name(make["classes"]([[95, 5, 0], [5, 95, 0], [70, 10, 20]]))["worst_class_recall[c]"]
    assert (poor.status, poor.n) == ("fail", 100)
    unsure = by_name(make["classes"]([[95, 5, 0], [5, 95, 0], [3, 1, 1]]))["worst_class_recall[c]"]
    assert (unsure.value < unsure.threshold, unsure.status) == (True, "open")
    met = by_name(make["classes"]([[95, 5, 0], [5, 95, 0], [2, 1, 7]]))["worst_class_recall[c]"]
    assert met.status == "pass"


def test_very_unequal_precision_and_recall_fail(make):
    found = by_name(make["classes"]([[1800, 5], [160, 40]]))
    assert found["precision_recall_gap"].status == "fail"
    assert by_name(make["classes"]([[190, 10], [30, 170]]))["precision_recall_gap"].status == "pass"
    unsure = by_name(make["classes"]([[90, 0], [9, 7]]))["precision_recall_gap"]
    assert (unsure.value > unsure.threshold, unsure.status) == (True, "open")


def test_an_open_veto_leaves_the_verdict_to_the_other_criteria(make):
    evidence = make["classes"]([[490, 10, 0], [10, 490, 0], [8, 1, 7]], references={"boosted_trees": 0.8})
    asked = Criteria(precision=None, recall=None)
    assert by_name(evidence, asked)["worst_class_recall[c]"].status == "open"
    assert judge(evidence, asked).verdict == "adequate"


def test_the_gain_has_no_baseline_of_its_own(make):
    assert by_name(make["classes"]([[190, 10], [30, 170]]))["gain"].baseline is None


def test_what_somebody_asked_for_is_told_from_the_defaults(make):
    evidence = make["classes"]([[190, 10], [30, 170]])
    found = by_name(evidence, Criteria(recall=0.9))
    assert {name for name, one in found.items() if one.stated} == {"recall"}
    goal = by_name(make["change"](evidence, task={"threshold_goal": "recall@0.9"}))
    assert {name for name, one in goal.items() if one.stated} == {"recall", "precision"}
    assert not found["precision_recall_gap"].higher_is_better
    assert found["recall"].higher_is_better


@pytest.mark.parametrize(
    ("goal", "voting"),
    [
        ("recall@0.9", {"recall", "precision"}),
        ("precision@.9", {"recall", "precision"}),
        ("f1", {"f1"}),
        ("youden", {"balanced_accuracy"}),
        ("cost@10:1", {"cost"}),
    ],
)
def test_a_stated_goal_replaces_the_defaults(make, goal, voting):
    found = by_name(make["classes"]([[900, 60], [4, 86]], task={"threshold_goal": goal}))
    assert {name for name, one in found.items() if one.votes} == voting | {"gain"}


def test_recall_at_a_floor_is_judged_on_recall_and_a_precision_above_the_prevalence(make):
    found = by_name(make["classes"]([[900, 60], [4, 86]], task={"threshold_goal": "recall@0.9"}))
    assert found["recall"].threshold == 0.9
    assert found["precision"].threshold == pytest.approx(90 / 1050)
    assert (found["recall"].status, found["precision"].status) == ("pass", "pass")


def test_cost_is_held_against_the_cheaper_baseline(make):
    found = by_name(make["classes"]([[900, 60], [4, 86]], task={"threshold_goal": "cost@10:1"}))["cost"]
    assert found.threshold == pytest.approx(min(10 * 90, 960) / 1050)
    assert found.value == pytest.approx((10 * 4 + 60) / 1050)
    assert found.status == "pass"
    dear = by_name(make["classes"]([[900, 60], [4, 86]], task={"threshold_goal": "cost@.1:10"}))["cost"]
    assert dear.status == "fail"


def test_what_is_stated_beside_a_goal_votes_too(make):
    evidence = make["classes"]([[900, 60], [4, 86]], task={"threshold_goal": "recall@0.9"})
    found = by_name(evidence, Criteria(precision=0.85, auroc=0.9))
    assert found["precision"].threshold == 0.85
    assert found["auroc"].votes


def test_probabilities_are_judged_on_skill_and_slope(make):
    calibration = Calibration(
        ece=Estimate(value=0.02, low=0.01, high=0.03), slope=Estimate(value=1.1, low=0.8, high=1.35)
    )
    evidence = make["classes"]([[190, 10], [12, 188]], calibration=calibration)
    test = {**evidence.scores["test"], "brier": Score(value=0.06, low=0.04, high=0.08, n=400, baseline=0.25)}
    evidence = make["change"](evidence, scores={**evidence.scores, "test": test})
    asked = Criteria(
        accuracy=None,
        precision=None,
        recall=None,
        worst_class_recall=None,
        precision_recall_gap=None,
        brier_skill=0.0,
        calibration_slope=0.25,
    )
    found = by_name(evidence, asked)
    assert {name for name, one in found.items() if one.votes} == {"brier_skill", "calibration_slope", "gain"}
    assert found["brier_skill"].value == pytest.approx(0.76)
    assert found["calibration_slope"].status == "pass"
    bent = Calibration(ece=calibration.ece, slope=Estimate(value=0.4, low=0.3, high=0.5))
    assert by_name(make["change"](evidence, calibration=bent), asked)["calibration_slope"].status == "fail"


def test_regression_must_explain_something_and_be_as_good_as_the_best_reference(make):
    found = by_name(make["numbers"](0.9))
    assert {name for name, one in found.items() if one.votes} == {"r2", "non_inferiority", "gain"}
    worse = by_name(make["numbers"](0.6, references={"linear": 0.5, "boosted_trees": 0.9}))
    assert worse["non_inferiority"].status == "fail"
    assert worse["r2"].status == "pass"


@pytest.mark.parametrize(
    ("test", "val", "status"),
    [
        ((0.03, -0.06, 0.12), None, "pass"),
        ((0.03, -0.12, 0.18), None, "open"),
        ((-0.02, -0.07, 0.03), None, "pass"),
        ((-0.02, -0.12, 0.08), None, "open"),
        ((-0.03, -0.08, 0.02), None, "open"),
        ((-0.03, -0.095, 0.035), None, "pass"),
        ((-0.03, -0.11, 0.05), None, "open"),
        ((-0.03, -0.08, 0.02), (0.0, -0.05, 0.05), "pass"),
        ((-0.06, -0.13, 0.01), (0.05, 0.0, 0.1), "open"),
    ],
)
def test_a_model_is_as_good_where_it_does_better_or_val_settles_it(make, test, val, status):
    evidence = make["numbers"](0.8, references={"boosted_trees": 0.8})
    parts = {"test": test} if val is None else {"test": test, "val": val}
    difference = {name: Estimate(value=v, low=low, high=high) for name, (v, low, high) in parts.items()}
    best = replace(evidence.references[-1], difference=difference)
    found = by_name(make["change"](evidence, references=(best,)))
    assert found["non_inferiority"].status == status


def test_an_error_in_the_targets_unit_replaces_the_comparison(make):
    found = by_name(make["numbers"](0.6, references={"boosted_trees": 0.9}), Criteria(rmse=1.0))
    assert {name for name, one in found.items() if one.votes} == {"r2", "rmse", "gain"}
    assert found["rmse"].status == "pass"
    assert by_name(make["numbers"](0.6), Criteria(mae=0.1))["mae"].status == "fail"


def test_without_references_the_comparison_stays_open(make):
    evidence = make["numbers"](0.9)
    assert by_name(make["change"](evidence, references=()))["non_inferiority"].status == "open"
