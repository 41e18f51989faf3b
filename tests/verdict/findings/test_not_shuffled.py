"""The training rows are not shuffled."""

from litmus.verdict import judge


def named(evidence):
    """Names of what alarms, in order."""
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_rows_in_order_of_their_labels_are_named(make):
    evidence = make["stuck"](fit={"shuffled": False, "batch_label_entropy": 0.02})
    assert "not_shuffled" in named(evidence)
    assert named(make["stuck"](fit={"shuffled": False, "batch_label_entropy": 0.95})).count("not_shuffled") == 0
