"""Weight decay or dropout holds the model back."""

from dataclasses import replace

import pytest

from litmus.evidence import Attempt, Estimate, Score
from litmus.verdict import judge


def ranking(evidence, *, ours, theirs):
    """With this AUROC of the model, and of the references."""
    scores = {**evidence.scores["test"], "auroc": Score(value=ours)}
    references = tuple(
        replace(one, scores={**one.scores, "test": {**one.scores.get("test", {}), "auroc": theirs}})
        for one in evidence.references
    )
    return replace(evidence, scores={**evidence.scores, "test": scores}, references=references)


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


@pytest.mark.parametrize(("gain", "cause"), [(0.33, "over_regularised"), (0.1, "class_imbalance")])
def test_dropout_goes_before_the_rare_class_that_it_hides_where_its_first_look_gained_as_much(make, gain, cause):
    looks = (("loss.class_weight=balanced", "class_imbalance", 0.3), ("model.dropout=0", "over_regularised", gain))
    evidence = make["classes"](
        [[300, 10, 0], [12, 298, 0], [25, 25, 10]],
        [[300, 10, 0], [12, 298, 0], [25, 25, 10]],
        labels=("a", "b", "c"),
        references={"linear": 0.97},
        config={"model.dropout": 0.8},
        attempts=tuple(
            Attempt(overrides=(change,), finding=name, gain=value, complete=True, seeds=1)
            for change, name, value in looks
        ),
    )
    evidence = ranking(evidence, ours=0.98, theirs=0.98)
    found = [one.name for one in judge(evidence).findings if one.alarms and one.consequence_of is None]
    assert found == [cause]
