"""The weights start badly."""

from litmus.verdict import judge


def test_zero_weights_are_named(make):
    evidence = make["stuck"](layers=make["layers"](identical=True, spread=0.0), config={"model.init": "zeros"})
    verdict = judge(evidence)
    assert verdict.try_first.name == "bad_init"
    assert verdict.try_first.overrides == ("model.init=default",)


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_zero_weights_of_a_linear_model_are_no_fault(make):
    evidence = make["classes"](
        [[190, 10], [12, 188]],
        model={"linear": True, "hidden_layers": 0},
        layers=make["layers"](("head",), identical=True, spread=0.0),
    )
    assert named(evidence) == []


def test_a_wild_start_is_named_with_all_that_was_set(make):
    first, *rest = make["layers"](spread=300.0)
    evidence = make["stuck"](
        layers=(make["layers"](("a",), spread=5.0)[0], first, *rest),
        fit={"initial_loss": 250.0},
        config={"model.init": "normal", "model.init_std": 5.0},
    )
    verdict = judge(evidence)
    assert verdict.try_first.name == "bad_init"
    assert set(verdict.try_first.overrides) == {"model.init=default", "model.init_std=null"}
