"""What the criteria come to, and what is known to be possible on the data."""

from litmus.verdict import Criteria
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
    evidence = make["classes"]([[35, 25], [25, 35]], references={"boosted_trees": 0.6})
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
