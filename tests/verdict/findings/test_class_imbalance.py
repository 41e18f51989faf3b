"""The rare class is hardly found."""

import pytest

from litmus.evidence import Estimate, LabelNoise, ThresholdPoint
from litmus.verdict import judge

FRAUD = [[9800, 0], [176, 24]]  # 98 % accuracy, 12 % recall


def test_98_percent_accuracy_with_12_percent_recall_is_inadequate_and_the_paradox_is_named(make):
    evidence = make["classes"](FRAUD, labels=("ok", "fraud"), ap=0.5, references={"boosted_trees": 0.5})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    found = verdict.try_first
    assert found.name == "class_imbalance"
    assert found.overrides == ("task.threshold=tuned",)
    assert found.evidence["paradox"] is True
    assert "The recall of fraud (2 % of the rows) is 12 %" in found.summary
    assert "accuracy is 98 %, with the baseline 98 %" in found.summary
    assert "the rare class is hardly found, which accuracy hides (class_imbalance)" in verdict.summary


def test_a_rare_negative_class_is_not_found_by_a_threshold_for_the_positive_one(make):
    evidence = make["classes"]([[300, 700], [50, 4950]], ap=0.97, references={"boosted_trees": 0.97})
    found = next(one for one in judge(evidence).findings if one.name == "class_imbalance")
    assert found.overrides == ("loss.class_weight=balanced",)


def test_weights_are_the_next_step_where_the_threshold_is_tuned_already(make):
    evidence = make["classes"](FRAUD, ap=0.5, references={"boosted_trees": 0.8}, config={"task.threshold": "tuned"})
    found = next(one for one in judge(evidence).findings if one.name == "class_imbalance")
    assert found.overrides == ("loss.class_weight=balanced",)
    both = make["change"](evidence, config={"loss.class_weight": "balanced"})
    assert next(one for one in judge(both).findings if one.name == "class_imbalance").overrides == ()


def test_no_weights_are_suggested_where_labels_are_in_doubt(make):
    tuned = {"config": {"task.threshold": "tuned"}, "references": {"boosted_trees": 0.8}}
    noise = LabelNoise(share=Estimate(value=0.05, low=0.03, high=0.08), n=1200, rows=(1, 2))
    evidence = make["classes"](FRAUD, ap=0.5, data={"noise": noise}, **tuned)
    found = {one.name: one for one in judge(evidence).findings}
    assert found["class_imbalance"].overrides == ()
    assert found["label_noise"].severity == "info"


def test_a_class_that_is_missed_beside_many_wrong_labels_is_their_consequence(make):
    many = LabelNoise(share=Estimate(value=0.2, low=0.15, high=0.25), n=1200, rows=(1, 2))
    tried = make["trial"]("balanced", ("loss.class_weight=balanced",), gain=0.05, half=0.02)
    missed = {"references": {"boosted_trees": 0.58}, "trials": (tried,), "data": {"noise": many}}
    found = {one.name: one for one in judge(make["classes"]([[880, 20], [85, 15]], **missed)).findings}
    assert found["class_imbalance"].consequence_of == "label_noise"


def test_a_tuned_threshold_at_what_references_reach_is_the_datas_limit(make):
    evidence = make["classes"](FRAUD, ap=0.5, references={"boosted_trees": 0.5}, config={"task.threshold": "tuned"})
    verdict = judge(evidence)
    assert verdict.verdict == "limited"
    assert verdict.try_first is None


def test_accuracy_below_the_majoritys_hides_nothing(make):
    evidence = make["classes"]([[8000, 1800], [176, 24]], ap=0.1, references={"boosted_trees": 0.5})
    verdict = judge(evidence)
    found = next(one for one in verdict.findings if one.name == "class_imbalance")
    assert found.evidence["paradox"] is False
    assert "hides" not in verdict.summary


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_imbalance_that_is_handled_well_is_no_fault(make):
    assert named(make["classes"]([[955, 5], [4, 86]], ap=0.95, references={"linear": 0.93})) == []


def test_a_rare_class_among_many_is_named_when_it_is_missed(make):
    matrix = [[280, 10, 10], [10, 280, 10], [25, 10, 5]]
    evidence = make["classes"](matrix, references={"boosted_trees": 0.9})
    assert "class_imbalance" in named(evidence)
    assert "loss.class_weight=balanced" in next(
        one.overrides for one in judge(evidence).findings if one.name == "class_imbalance"
    )


def test_a_class_of_ordinary_size_that_is_never_predicted_is_named_where_a_reference_does_better(make):
    matrix = [[290, 10, 0], [10, 290, 0], [150, 150, 0]]
    evidence = make["classes"](matrix, references={"boosted_trees": 0.9})
    found = next(one for one in judge(evidence).findings if one.name == "class_imbalance")
    assert (found.evidence["label"], found.evidence["recall"]) == ("c", 0.0)
    alike = make["classes"](matrix, references={"boosted_trees": 0.65})
    assert "class_imbalance" not in [one.name for one in judge(alike).findings]


def test_a_rare_class_among_many_is_no_alarm_where_no_reference_does_better_and_weights_gain_nothing_sure(make):
    matrix = [[25, 3, 2], [3, 24, 3], [5, 2, 1]]
    tried = make["trial"]("balanced", ("loss.class_weight=balanced",), gain=0.08, half=0.12)
    evidence = make["classes"](matrix, references={"boosted_trees": 0.62}, trials=(tried,))
    assert named(make["change"](evidence, trials=())) == named(evidence) == []


def test_a_rare_one_of_several_classes_that_is_never_predicted_stays_a_warning_where_weights_gain_nothing(make):
    matrix = [[450, 50, 0], [50, 420, 0], [15, 15, 0]]
    tried = make["trial"]("balanced", ("loss.class_weight=balanced",), gain=0.0)
    evidence = make["classes"](matrix, references={"boosted_trees": 0.6}, trials=(tried,))
    found = next(one for one in judge(evidence).findings if one.name == "class_imbalance")
    assert (found.severity, found.overrides, found.evidence["label"]) == ("warning", (), "c")
    seldom = make["classes"](
        [[450, 50, 0], [50, 420, 0], [15, 14, 1]], references={"boosted_trees": 0.6}, trials=(tried,)
    )
    assert "class_imbalance" not in named(seldom)


@pytest.mark.parametrize(
    ("rare", "alarms"), [([4, 1], []), ([15, 1], ["class_imbalance"]), ([8, 0], ["class_imbalance"])]
)
def test_a_recall_of_five_rows_is_no_alarm_unless_it_is_surely_bad(make, rare, alarms):
    evidence = make["classes"]([[95, 5], rare], labels=("a", "b"), ap=0.3, references={"boosted_trees": 0.3})
    assert [one.name for one in judge(evidence).findings if one.alarms and one.name == "class_imbalance"] == alarms


@pytest.mark.parametrize(("precision", "recall", "offered"), [(0.7, 0.7, ("task.threshold=tuned",)), (0.3, 0.35, None)])
def test_a_threshold_is_offered_where_it_serves_what_is_missed_and_else_nothing_alarms(
    make, precision, recall, offered
):
    curve = (
        ThresholdPoint(threshold=0.2, precision=precision, recall=recall, f1=0.4),
        ThresholdPoint(threshold=0.5, precision=0.7, recall=0.12, f1=0.2),
    )
    evidence = make["classes"](
        [[1760, 10], [176, 24]],
        ap=0.5,
        references={"boosted_trees": 0.5},
        threshold_curve=curve,
        threshold_best=0.2,
        threshold_gain=Estimate(value=0.2, low=0.1, high=0.3),
    )
    alarms = [one.overrides for one in judge(evidence).findings if one.alarms and one.name == "class_imbalance"]
    assert alarms == ([] if offered is None else [offered])
    assert judge(evidence).verdict == ("limited" if offered is None else "inadequate")


def test_a_precision_that_no_row_tells_is_not_what_a_threshold_mends(make):
    curve = (
        ThresholdPoint(threshold=0.1, precision=0.16, recall=0.42, f1=0.23),
        ThresholdPoint(threshold=0.5, precision=None, recall=0.0, f1=0.0),
    )
    evidence = make["classes"](
        [[1800, 0], [200, 0]],
        ap=0.2,
        references={"boosted_trees": 0.2},
        threshold_curve=curve,
        threshold_best=0.1,
        threshold_gain=Estimate(value=0.2, low=0.1, high=0.3),
    )
    assert "class_imbalance" not in named(evidence)
