"""The learning rate is too high."""

from litmus.verdict import judge


def named(evidence):
    """Names of what alarms, in order."""
    return [one.name for one in judge(evidence).findings if one.alarms]


def first(evidence):
    verdict = judge(evidence)
    return verdict.try_first


RISING = {"train/loss": tuple(0.7 + 0.05 * k + (k % 3) * 0.6 for k in range(100)), "val/loss": (0.8,) * 100}


def test_a_learning_rate_that_is_too_high_is_named_by_two_signs(make):
    evidence = make["stuck"](
        layers=make["layers"](update=(3.0, 0.9, 0.7, 0.8)), history=RISING, config={"optimizer.lr": 1.0}
    )
    assert named(evidence)[0] == "lr_too_high"
    assert first(evidence).overrides == ("optimizer.lr=0.001",)


def test_one_sign_alone_is_not_enough(make):
    evidence = make["stuck"](layers=make["layers"](update=(3.0, 0.01, 0.001, 0.001)), config={"optimizer.lr": 1.0})
    assert "lr_too_high" not in named(evidence)


def test_a_high_rate_that_does_well_is_no_fault(make):
    evidence = make["classes"](
        [[190, 10], [12, 188]], layers=make["layers"](update=(0.5, 0.2, 0.1, 0.1)), config={"optimizer.lr": 1.0}
    )
    assert named(evidence) == []
