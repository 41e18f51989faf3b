"""How closely the model fits."""

import pytest

from litmus.evidence import Estimate
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def rising(points=100):
    """Val loss falls to epoch 20 and then doubles, and balanced accuracy goes with it; train goes on falling."""
    val = tuple(0.7 - 0.02 * k if k < 20 else 0.3 + 0.01 * (k - 20) for k in range(points))
    score = tuple(0.5 + 0.019 * k if k < 20 else 0.88 - 0.0012 * (k - 20) for k in range(points))
    return {
        "train/loss": tuple(0.7 * 0.95**k for k in range(points)),
        "val/loss": val,
        "val/balanced_accuracy": score,
    }


def overfitted(make, **changes):
    return make["classes"](
        [[140, 60], [50, 150]],
        [[600, 0], [0, 600]],
        references={"linear": 0.8, "boosted_trees": 0.84},
        **{
            "history": rising(),
            "fit": {"best_epoch": 99},
            "config": {"callback.checkpoint": {"use": "last"}},
            **changes,
        },
    )


def test_weights_taken_long_after_the_best_epoch_are_named(make):
    verdict = judge(overfitted(make))
    assert verdict.try_first.name == "overfitting"
    assert verdict.try_first.overrides == ("callback.checkpoint.use=best",)


def test_a_model_that_falls_behind_a_reference_by_its_gap_is_regularised(make):
    evidence = overfitted(make, fit={"best_epoch": 20}, config={})
    verdict = judge(evidence)
    assert verdict.try_first.name == "overfitting"
    assert verdict.try_first.overrides == ("model.dropout=0.5",)


def test_a_gap_alone_is_information(make):
    assert named(make["classes"]([[180, 20], [20, 180]], [[600, 0], [0, 600]])) == []


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


def test_dropout_that_raises_the_train_loss_as_it_should_is_no_fault(make):
    """Without it the train loss is lower on any data; on hard data that proves nothing."""
    tried = make["trial"]("unregularised", ("model.dropout=0",), metric="train/loss", gain=0.2)
    evidence = make["classes"](
        [[290, 110], [112, 288]], references={"boosted_trees": 0.73}, config={"model.dropout": 0.5}, trials=(tried,)
    )
    assert named(evidence) == []


def test_val_far_better_than_train_is_a_warning(make):
    evidence = make["classes"]([[198, 2], [2, 198]], [[500, 100], [100, 500]])
    assert named(evidence) == ["train_val_inconsistent"]
    assert "train_val_inconsistent" not in named(
        make["classes"]([[198, 2], [2, 198]], [[500, 100], [100, 500]], config={"model.dropout": 0.5})
    )


def test_a_result_that_depends_on_the_seed_is_a_warning(make):
    seeds = {str(seed): {"balanced_accuracy": value} for seed, value in enumerate((0.55, 0.94, 0.7))}
    assert "seed_unstable" in named(make["classes"](GOOD, seeds=seeds))
    steady = {str(seed): {"balanced_accuracy": value} for seed, value in enumerate((0.93, 0.94, 0.95))}
    assert named(make["classes"](GOOD, seeds=steady)) == []


def test_a_trial_that_gains_a_practical_margin_makes_an_error_even_of_a_good_model(make):
    tried = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.04, half=0.02)
    verdict = judge(make["classes"](GOOD, trials=(tried,)))
    assert verdict.try_first.overrides == ("trainer.max_epochs=300",)
    small = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.01, half=0.005)
    assert named(make["classes"](GOOD, trials=(small,))) == []
    luck = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.04, half=0.02, confirmed=False)
    assert named(make["classes"](GOOD, trials=(luck,))) == []


def test_a_gain_within_noise_is_none(make):
    tried = make["trial"]("longer", ("trainer.max_epochs=300",), gain=0.04, half=0.05)
    assert tried.difference == Estimate(value=0.04, low=0.04 - 0.05, high=0.04 + 0.05)
    assert named(make["classes"](GOOD, trials=(tried,))) == []


def test_what_was_never_learned_was_not_learned_by_heart(make):
    evidence = make["numbers"](-9e30, -2e30, references={"boosted_trees": 0.9})
    assert "overfitting" not in [one.name for one in judge(evidence).findings]


def test_held_out_rows_far_easier_than_train_leave_the_verdict_open(make):
    evidence = make["classes"]([[190, 10], [12, 188]], train=[[420, 180], [190, 410]])
    verdict = judge(evidence)
    assert verdict.verdict == "undetermined"
    assert [one.name for one in verdict.findings if one.alarms] == ["train_val_inconsistent"]
    assert "easier than the train rows" in verdict.summary.splitlines()[0]


def test_stopping_too_late_is_a_cause_of_its_own_on_few_rows(make):
    curve = tuple(0.7 - 0.02 * min(k, 10) + 0.06 * max(k - 10, 0) for k in range(60))
    score = tuple(0.7 + 0.01 * min(k, 10) - 0.004 * max(k - 10, 0) for k in range(60))
    evidence = make["classes"](
        [[34, 11], [12, 33]],
        train=[[134, 1], [1, 134]],
        references={"boosted_trees": 0.83},
        history={
            "train/loss": tuple(0.7 * 0.95**k for k in range(60)),
            "val/loss": curve,
            "val/balanced_accuracy": score,
        },
        fit={"best_epoch": 59, "epochs": 60, "max_epochs": 60},
        config={"callback.checkpoint": {"use": "last"}},
    )
    verdict = judge(evidence)
    assert verdict.findings[0].name == "overfitting"
    assert verdict.try_first.overrides == ("callback.checkpoint.use=best",)
