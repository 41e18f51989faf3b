"""Most units of a layer are dead."""

from dataclasses import replace

from litmus.verdict import judge


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


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_third_of_dead_units_is_healthy(make):
    assert named(make["classes"]([[190, 10], [12, 188]], layers=make["layers"](dead=0.35))) == []


def test_a_layer_of_one_unit_is_too_narrow_and_not_dead(make):
    def lagging(width):
        narrow = tuple(replace(layer, width=width) for layer in make["layers"](dead=0.5))
        return make["classes"](
            [[140, 60], [60, 140]],
            references={"boosted_trees": 0.96},
            config={"model.hidden": [width, width]},
            layers=narrow,
        )

    assert "dead_relu" in named(lagging(8))
    assert named(lagging(1)) == ["underfitting"]
