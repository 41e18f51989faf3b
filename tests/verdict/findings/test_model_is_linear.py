"""The model is linear and the data are not."""

from litmus.verdict import judge


def test_a_linear_model_on_curved_data_is_named(make):
    verdict = judge(make["stuck"](model={"linear": True, "activation": "none"}))
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.name == "model_is_linear"
    assert verdict.try_first.overrides == ("model.activation=relu",)
    assert "the model is linear and the data are not" in verdict.summary


def test_the_trial_gives_its_own_overrides(make):
    overrides = ("model.activation=relu", "optimizer.lr=0.01", "trainer.max_epochs=400")
    tried = make["trial"]("relu", overrides, gain=0.45)
    verdict = judge(make["stuck"](model={"linear": True}, trials=(tried,)))
    assert verdict.try_first.overrides == overrides
    assert verdict.headroom.overrides == overrides
    assert "in a trial on 3 seeds it took balanced accuracy on val from 50 % to 95 %" in verdict.summary


def test_logistic_regression_is_replaced_by_an_mlp(make):
    evidence = make["stuck"](model={"linear": True, "hidden_layers": 0})
    assert judge(evidence).try_first.overrides == ("model=mlp",)


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_linear_model_is_silent_where_linear_is_as_good(make):
    evidence = make["classes"](
        [[190, 10], [12, 188]], model={"linear": True}, references={"linear": 0.945, "boosted_trees": 0.945}
    )
    assert named(evidence) == []


def test_a_linear_model_on_hard_data_is_silent_where_trees_are_no_better(make):
    evidence = make["classes"](
        [[145, 55], [56, 144]], model={"linear": True}, references={"linear": 0.72, "boosted_trees": 0.73}
    )
    assert "model_is_linear" not in named(evidence)


def test_a_model_that_looks_linear_because_its_units_are_dead_is_not_called_linear(make):
    evidence = make["stuck"](model={"linear": True, "activation": "relu"}, layers=make["layers"](dead=1.0))
    assert named(evidence)[0] == "dead_relu"
    assert "model_is_linear" not in named(evidence)
