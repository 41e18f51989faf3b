"""What the criteria come to, and what is known to be possible on the data."""

from dataclasses import replace

import pytest

from litmus.evidence import Estimate
from litmus.verdict import Criteria, judge
from litmus.verdict.attainable import stand

HARD = [[1450, 550], [560, 1440]]  # 72 %


def test_a_default_threshold_that_strong_references_miss_too_is_excused(make):
    standing = stand(make["classes"](HARD, references={"boosted_trees": 0.72}), Criteria())
    assert standing.limited
    assert not standing.failed
    assert not standing.unsettled
    assert not standing.wanting


def test_it_is_not_excused_where_a_strong_reference_does_better(make):
    standing = stand(make["classes"](HARD, references={"boosted_trees": 0.9}), Criteria())
    assert {one.name for one in standing.failed} == {"accuracy", "precision", "recall"}
    assert standing.wanting


def test_weak_references_excuse_nothing(make):
    evidence = make["classes"](HARD, references={"knn": 0.72})
    weak = tuple(
        type(one)(name=one.name, difference=one.difference, out_of_fold=one.out_of_fold) for one in evidence.references
    )
    assert stand(make["change"](evidence, references=weak), Criteria()).failed


def test_a_threshold_that_somebody_asked_for_is_not_excused(make):
    standing = stand(make["classes"](HARD, references={"boosted_trees": 0.72}), Criteria(accuracy=0.9))
    assert [one.name for one in standing.failed] == ["accuracy"]


def test_even_a_low_recall_is_excused_where_nothing_better_is_known(make):
    evidence = make["classes"]([[1900, 100], [700, 300]], references={"boosted_trees": 0.62})
    standing = stand(evidence, Criteria())
    assert "recall" in {one.name for one in standing.excused}
    assert standing.limited


def test_nothing_is_excused_where_a_trial_does_better(make):
    evidence = make["classes"](HARD, references={"boosted_trees": 0.72})
    better = make["trial"]("suggestion", ("model.hidden=[64,64]",), gain=0.1)
    assert stand(make["change"](evidence, trials=(better,)), Criteria()).failed


def test_a_value_that_meets_its_target_unsurely_is_not_missed(make):
    close = make["classes"]([[165, 35], [35, 165]], references={"boosted_trees": 0.825})
    standing = stand(close, Criteria(slack=0.0))
    assert not standing.excused
    assert not standing.limited
    assert {one.name for one in standing.unsettled} == {"accuracy", "precision", "recall"}


def test_more_rows_than_anybody_would_gather_are_no_answer(make):
    at_the_border = make["classes"]([[4000, 1001], [1001, 4001]], references={"boosted_trees": 0.9})
    standing = stand(at_the_border, Criteria())
    assert standing.unsettled
    assert standing.rows_needed() is None


def test_where_non_inferiority_is_not_settled_the_miss_is_open(make):
    evidence = make["classes"]([[42, 18], [18, 42]], references={"boosted_trees": 0.72})
    standing = stand(evidence, Criteria())
    assert not standing.failed
    assert {"accuracy", "recall"} <= {one.name for one in standing.unsettled}


def test_open_criteria_say_how_many_rows_would_settle_them(make):
    standing = stand(make["classes"]([[35, 5], [10, 50]]), Criteria())
    assert {one.name for one in standing.unsettled} == {"recall"}
    assert not standing.wanting
    # p (1 - p) ((1.96 + .84) / h)^2 positive rows of 60 in 100, h = .833 - .75
    expected = 0.833 * 0.167 * (2.8 / 0.083) ** 2 / 0.6
    assert 0.8 * expected < standing.rows_needed() < 1.3 * expected


def test_nothing_open_needs_no_rows(make):
    assert stand(make["classes"]([[190, 10], [12, 188]]), Criteria()).rows_needed() is None


def with_expected(make, matrix, value, half=0.03, **references):
    estimate = Estimate(value=value, low=value - half, high=value + half)
    names = ("accuracy", "precision", "recall", "balanced_accuracy")
    return make["classes"](matrix, references=references, expected=dict.fromkeys(names, estimate))


@pytest.mark.parametrize(("value", "answer"), [(0.82, "adequate"), (0.77, "limited")])
@pytest.mark.parametrize("right", [78, 80, 83])
def test_which_rows_a_split_scores_does_not_decide_at_the_border(make, right, value, answer):
    wrong = 100 - right
    evidence = with_expected(make, [[right, wrong], [wrong, right]], value, boosted_trees=right / 100)
    verdict = judge(evidence)
    assert verdict.verdict == answer
    decided_beyond_the_split = answer == "limited" or right < 83
    assert ("expected on rows like all of these, at the border" in verdict.summary) == decided_beyond_the_split


def test_what_is_expected_goes_unsaid_where_all_rows_tell_no_more_than_the_scored_ones(make):
    evidence = with_expected(make, [[78, 22], [22, 78]], 0.77, half=0.2, boosted_trees=0.78)
    verdict = judge(evidence)
    assert verdict.verdict == "limited"
    assert "expected on rows" not in verdict.summary


def test_what_the_scored_rows_settle_is_not_overruled(make):
    missed = with_expected(make, [[140, 60], [60, 140]], 0.82, boosted_trees=0.7)
    assert judge(missed).verdict == "limited"
    met = with_expected(make, [[180, 20], [20, 180]], 0.79, boosted_trees=0.9)
    assert judge(met).verdict == "adequate"


def test_a_threshold_that_somebody_stated_is_judged_on_the_scored_rows_alone(make):
    evidence = with_expected(make, [[78, 22], [22, 78]], 0.82, boosted_trees=0.78)
    stated = Criteria(accuracy=0.8, precision=0.8, recall=0.8)
    assert judge(evidence, stated).verdict == "undetermined"


def test_a_gain_that_few_rows_leave_open_is_shown_by_all_of_them(make):
    few = make["numbers"](0.06, n=100)
    few = make["change"](few, gain={"test": Estimate(value=0.06, low=-0.05, high=0.17)})
    assert {one.name for one in stand(few, Criteria()).unsettled} == {"r2", "gain"}
    sure = make["change"](few, expected={"r2": Estimate(value=0.07, low=0.03, high=0.11)})
    assert not stand(sure, Criteria()).unsettled


def test_a_gain_of_next_to_nothing_is_called_open_and_not_the_border_of_a_target(make):
    evidence = make["numbers"](0.004, n=100)
    hint = {"r2": Estimate(value=0.04, low=-0.05, high=0.13)}
    evidence = make["change"](evidence, gain={"test": Estimate(value=0.004, low=-0.2, high=0.208)}, expected=hint)
    verdict = judge(evidence)
    assert verdict.verdict == "undetermined"
    assert "Whether the inputs tell anything of the target is open" in verdict.summary
    assert "border" not in verdict.summary


def test_inputs_of_which_a_reference_shows_that_they_tell_are_not_called_open_where_a_few_wild_rows_leave_the_gain_so(
    make,
):
    evidence = make["numbers"](0.33, n=100, references={"boosted_trees": 0.39})
    sure = {"out_of_fold": Estimate(value=0.44, low=0.38, high=0.49)}
    shown = replace(
        evidence.references[-1], gain=sure, difference={"test": Estimate(value=-0.06, low=-0.29, high=0.18)}
    )
    gain = {"test": Estimate(value=0.33, low=-0.01, high=0.67)}
    summary = judge(make["change"](evidence, gain=gain, references=(shown,))).summary
    assert "References show that the inputs tell some of the target" in summary
    assert "Whether the inputs" not in summary


def test_a_target_far_beyond_what_any_reference_may_reach_is_out_of_reach_on_few_rows_too(make):
    far = make["classes"]([[62, 38], [38, 62]], references={"boosted_trees": 0.63})
    assert stand(far, Criteria()).limited
    near = make["classes"]([[74, 26], [26, 74]], references={"boosted_trees": 0.77})
    assert not stand(near, Criteria()).limited
    ahead = make["classes"]([[62, 38], [38, 62]], references={"boosted_trees": 0.68})
    assert not stand(ahead, Criteria()).limited


@pytest.mark.parametrize(("half", "limited"), [(0.05, True), (0.035, True), (0.012, False)])
def test_a_lead_of_less_than_a_practical_margin_leaves_a_far_target_out_of_reach(make, half, limited):
    evidence = make["classes"]([[58, 42], [42, 58]], references={"boosted_trees": 0.62})
    behind = Estimate(value=-0.042, low=-0.042 - half, high=-0.042 + half)
    references = tuple(
        replace(model, difference={"test": behind}) if model.name == "boosted_trees" else model
        for model in evidence.references
    )
    evidence = make["change"](evidence, references=references)
    assert stand(evidence, Criteria()).limited == limited
    assert ("neither is near the target" in judge(evidence).summary) == (half == 0.035)
