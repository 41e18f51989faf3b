"""The model is too small for the data."""

from litmus.verdict import judge


def test_a_model_that_is_too_small_is_named(make):
    evidence = make["classes"](
        [[140, 60], [60, 140]],
        references={"linear": 0.6, "boosted_trees": 0.96},
        config={"model.hidden": [2]},
    )
    verdict = judge(evidence)
    assert verdict.try_first.name == "underfitting"
    assert verdict.try_first.overrides == ("model.hidden=[64,64]",)


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_trees_train_score_is_never_the_yardstick(make):
    evidence = make["classes"]([[150, 50], [50, 150]], references={"linear": 0.75, "boosted_trees": 0.76})
    assert "underfitting" not in named(evidence)
