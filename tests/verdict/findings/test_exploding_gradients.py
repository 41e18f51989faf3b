"""The gradients explode."""

from litmus.verdict import judge


def test_exploding_gradients_are_named(make):
    layers = make["layers"](gradient=(0.01, 0.02, 0.01, 500.0, 9000.0))
    verdict = judge(make["stuck"](layers=layers))
    assert verdict.try_first.name == "exploding_gradients"
    assert verdict.try_first.overrides == ("trainer.gradient_clip_val=1",)
