"""Next to no gradient reaches the first layers."""

from litmus.verdict import judge

DEEP = {"hidden_layers": 6, "activation": "sigmoid"}


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_vanishing_gradients_are_named_in_a_deep_model_only(make):
    layers = tuple(
        make["layers"]((f"l{k}",), gradient=(10.0 ** (k - 7),) * 5, dead=None, saturated=0.1)[0] for k in range(7)
    )
    verdict = judge(make["stuck"](model=DEEP, layers=layers))
    assert verdict.try_first.name == "vanishing_gradients"
    assert verdict.try_first.overrides == ("model.activation=relu",)
    assert "vanishing_gradients" not in named(make["stuck"](layers=layers, model={"hidden_layers": 2}))


def test_a_deep_model_that_got_going_late_is_named_where_a_trial_gained(make):
    layers = tuple(
        make["layers"]((f"l{k}",), gradient=(10.0 ** (k - 7), 0.1, 0.1, 0.1), dead=None, saturated=0.0)[0]
        for k in range(7)
    )
    tried = make["trial"]("relu", ("model.activation=relu",), finding="vanishing_gradients", gain=0.2)
    behind = make["classes"]([[70, 30], [30, 70]], references={"boosted_trees": 0.95}, model=DEEP, layers=layers)
    assert "vanishing_gradients" not in named(behind)
    found = judge(make["change"](behind, trials=(tried,))).try_first
    assert (found.name, found.overrides) == ("vanishing_gradients", ("model.activation=relu",))
