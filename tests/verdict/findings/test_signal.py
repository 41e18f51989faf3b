"""Signal: whether the data hold any, and where it is lost on its way through the layers."""

from litmus.verdict import judge

DEEP = {"hidden_layers": 6, "activation": "sigmoid"}


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_linear_model_on_curved_data_is_named(make):
    verdict = judge(make["stuck"](model={"linear": True, "activation": "none"}))
    assert verdict.verdict == "inadequate"
    assert verdict.try_first.name == "model_is_linear"
    assert verdict.try_first.overrides == ("model.activation=relu",)
    assert "model is linear, the data are not" in verdict.summary


def test_the_trial_gives_its_own_overrides(make):
    overrides = ("model.activation=relu", "optimizer.lr=0.01", "trainer.max_epochs=400")
    tried = make["trial"]("relu", overrides, gain=0.45)
    verdict = judge(make["stuck"](model={"linear": True}, trials=(tried,)))
    assert verdict.try_first.overrides == overrides
    assert verdict.headroom.overrides == overrides
    assert "tried, 3 seeds: 50 % -> 95 %" in verdict.summary


def test_logistic_regression_is_replaced_by_an_mlp(make):
    evidence = make["stuck"](model={"linear": True, "hidden_layers": 0})
    assert judge(evidence).try_first.overrides == ("model=mlp",)


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


def test_noise_is_said_to_be_noise_and_no_setting_is_offered(make):
    evidence = make["numbers"](-0.2, 0.45, references={"linear": -0.05, "boosted_trees": -0.2})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert [one.name for one in verdict.findings if one.alarms] == ["no_better_than_baseline"]
    assert all(one.overrides == () for one in verdict.findings)
    assert "no setting will" in verdict.summary


def test_noise_labels_are_said_to_be_noise(make):
    evidence = make["classes"](
        [[52, 48], [50, 50]], [[280, 20], [20, 280]], references={"linear": 0.51, "boosted_trees": 0.49}
    )
    verdict = judge(evidence)
    assert [one.name for one in verdict.findings if one.alarms] == ["no_better_than_baseline"]
    assert verdict.try_first is None


def test_a_model_at_chance_is_not_called_noise_where_a_reference_succeeds(make):
    assert "no_better_than_baseline" not in named(make["stuck"]())


def test_a_few_rows_are_not_called_noise(make):
    verdict = judge(make["classes"]([[8, 4], [4, 8]], references={"linear": 0.6, "boosted_trees": 0.62}))
    assert "no_better_than_baseline" not in [one.name for one in verdict.findings]
    assert verdict.verdict == "undetermined"


def test_zero_weights_are_named(make):
    evidence = make["stuck"](layers=make["layers"](identical=True, spread=0.0), config={"model.init": "zeros"})
    verdict = judge(evidence)
    assert verdict.try_first.name == "bad_init"
    assert verdict.try_first.overrides == ("model.init=default",)


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


def test_vanishing_gradients_are_named_in_a_deep_model_only(make):
    layers = tuple(
        make["layers"]((f"l{k}",), gradient=(10.0 ** (k - 7),) * 5, dead=None, saturated=0.1)[0] for k in range(7)
    )
    verdict = judge(make["stuck"](model=DEEP, layers=layers))
    assert verdict.try_first.name == "vanishing_gradients"
    assert verdict.try_first.overrides == ("model.activation=relu",)
    assert "vanishing_gradients" not in named(make["stuck"](layers=layers, model={"hidden_layers": 2}))


def test_exploding_gradients_are_named(make):
    layers = make["layers"](gradient=(0.01, 0.02, 0.01, 500.0, 9000.0))
    verdict = judge(make["stuck"](layers=layers))
    assert verdict.try_first.name == "exploding_gradients"
    assert verdict.try_first.overrides == ("trainer.gradient_clip_val=1",)


def test_a_dead_layer_is_named(make):
    verdict = judge(make["stuck"](layers=make["layers"](dead=0.97)))
    assert verdict.try_first.name == "dead_relu"
    assert verdict.try_first.overrides == ("model.activation=leaky_relu",)


def test_a_layer_that_large_steps_killed_is_the_learning_rates_consequence(make):
    layers = make["layers"](dead=1.0, update=(4.0, 0.0, 0.0, 0.0))
    history = {"train/loss": (900.0, *(0.694,) * 60), "val/loss": (0.7,) * 61}
    verdict = judge(make["stuck"](layers=layers, history=history, config={"optimizer.lr": 5.0}))
    names = {one.name: one.consequence_of for one in verdict.findings if one.alarms}
    assert verdict.try_first.name == "lr_too_high"
    assert names["dead_relu"] == "lr_too_high"


def test_a_third_of_dead_units_is_healthy(make):
    assert named(make["classes"]([[190, 10], [12, 188]], layers=make["layers"](dead=0.35))) == []


def test_a_model_that_is_too_small_is_named(make):
    evidence = make["classes"](
        [[140, 60], [60, 140]],
        references={"linear": 0.6, "boosted_trees": 0.96},
        config={"model.hidden": [2]},
    )
    verdict = judge(evidence)
    assert verdict.try_first.name == "underfitting"
    assert verdict.try_first.overrides == ("model.hidden=[64,64]",)


def test_a_trees_train_score_is_never_the_yardstick(make):
    evidence = make["classes"]([[150, 50], [50, 150]], references={"linear": 0.75, "boosted_trees": 0.76})
    assert "underfitting" not in named(evidence)


def test_a_model_that_looks_linear_because_its_units_are_dead_is_not_called_linear(make):
    evidence = make["stuck"](model={"linear": True, "activation": "relu"}, layers=make["layers"](dead=1.0))
    assert named(evidence)[0] == "dead_relu"
    assert "model_is_linear" not in named(evidence)
