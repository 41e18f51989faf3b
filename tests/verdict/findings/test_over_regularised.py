"""Weight decay or dropout holds the model back."""

import pytest

from litmus.evidence import Estimate
from litmus.verdict import judge


@pytest.mark.parametrize(
    ("config", "overrides"),
    [
        ({"optimizer.weight_decay": 1.0}, {"optimizer.weight_decay=0"}),
        ({"model.dropout": 0.95}, {"model.dropout=0"}),
        ({"model.dropout": 0.8, "optimizer.weight_decay": 0.5}, {"optimizer.weight_decay=0", "model.dropout=0"}),
    ],
)
def test_what_holds_the_model_back_is_named(make, config, overrides):
    verdict = judge(make["stuck"](config=config, layers=make["layers"](spread_end=0.01)))
    assert verdict.try_first.name == "over_regularised"
    assert set(verdict.try_first.overrides) == overrides


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_dropout_that_raises_the_train_loss_as_it_should_is_no_fault(make):
    """Without it the train loss is lower on any data; on hard data that proves nothing."""
    tried = make["trial"]("unregularised", ("model.dropout=0",), metric="train/loss", gain=0.2)
    evidence = make["classes"](
        [[290, 110], [112, 288]], references={"boosted_trees": 0.73}, config={"model.dropout": 0.5}, trials=(tried,)
    )
    assert named(evidence) == []


GOOD = [[190, 10], [12, 188]]


def test_a_trial_that_gains_a_practical_margin_makes_an_error_even_of_a_good_model(make):
    tried = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.04, half=0.02)
    verdict = judge(make["classes"](GOOD, trials=(tried,), fit={"epochs": 90, "max_epochs": 90}))
    assert verdict.try_first.overrides == ("trainer.max_epochs=300",)
    small = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.01, half=0.005)
    assert named(make["classes"](GOOD, trials=(small,))) == []
    luck = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.04, half=0.02, confirmed=False)
    assert named(make["classes"](GOOD, trials=(luck,))) == []


def test_a_gain_within_noise_is_none(make):
    tried = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.04, half=0.05)
    assert tried.difference == Estimate(value=0.04, low=0.04 - 0.05, high=0.04 + 0.05)
    assert named(make["classes"](GOOD, trials=(tried,))) == []
