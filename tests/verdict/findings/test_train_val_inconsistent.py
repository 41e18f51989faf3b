"""The validation rows are easier than the training rows."""

from litmus.verdict import judge


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_val_far_better_than_train_is_a_warning(make):
    evidence = make["classes"]([[198, 2], [2, 198]], [[500, 100], [100, 500]])
    assert named(evidence) == ["train_val_inconsistent"]
    assert "train_val_inconsistent" not in named(
        make["classes"]([[198, 2], [2, 198]], [[500, 100], [100, 500]], config={"model.dropout": 0.5})
    )


def test_held_out_rows_far_easier_than_train_leave_the_verdict_open(make):
    evidence = make["classes"]([[190, 10], [12, 188]], train=[[420, 180], [190, 410]])
    verdict = judge(evidence)
    assert verdict.verdict == "undetermined"
    assert [one.name for one in verdict.findings if one.alarms] == ["train_val_inconsistent"]
    assert "easier than the training rows" in verdict.summary.splitlines()[0]
