"""There are too few rows to tell."""

from litmus.verdict import judge


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


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


def test_an_open_criterion_on_rows_enough_is_no_alarm(make):
    verdict = judge(make["classes"]([[44, 4], [4, 19]]))
    assert verdict.verdict == "undetermined"
    assert [(one.name, one.severity) for one in verdict.findings] == [("too_little_data", "info")]
    assert verdict.rows_needed > 71
