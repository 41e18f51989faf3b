"""Values became infinite or undefined while training."""

from litmus.evidence import NonFinite
from litmus.verdict import judge


def named(evidence):
    """Names of what alarms, in order."""
    return [one.name for one in judge(evidence).findings if one.alarms]


def first(evidence):
    verdict = judge(evidence)
    return verdict.try_first


def test_values_that_broke_are_named_first_with_the_cure_of_their_cause(make):
    broken = NonFinite(epoch=2, step=31, where="loss")
    evidence = make["stuck"](
        fit={"non_finite": broken, "epochs": 3},
        layers=make["layers"](update=(5.0, 40.0)),
        history={"train/loss": (0.7, 50.0, None), "val/loss": (0.9, 60.0, None)},
        config={"optimizer.lr": 10.0},
    )
    assert named(evidence)[:2] == ["non_finite", "lr_too_high"]
    assert first(evidence).name == "non_finite"
    assert first(evidence).overrides == ("optimizer.lr=0.001",)
    assert judge(evidence).summary.splitlines()[0].startswith("Inadequate: training broke in epoch 2")


def test_values_that_broke_on_raw_inputs_are_cured_by_scaling(make):
    evidence = make["stuck"](
        fit={"non_finite": NonFinite(epoch=0, step=3, where="gradient", layer="body.0")},
        data={"scale_ratio": 1e6, "seen_mean_ratio": 40.0},
        config={"data.normalize": "none"},
    )
    assert first(evidence).overrides == ("data.normalize=standard",)


def test_a_run_without_any_score_is_judged_too(make):
    evidence = make["stuck"](fit={"non_finite": NonFinite(epoch=0, step=0, where="loss")}, scores={}, gain={})
    assert judge(evidence).verdict == "inadequate"
    assert named(evidence)[0] == "non_finite"
