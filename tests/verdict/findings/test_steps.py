"""The optimizer's steps: each fault where it must be named, and what looks like it and is none."""

from litmus.evidence import NonFinite
from litmus.verdict import judge


def named(evidence):
    """Names of what alarms, in order."""
    return [one.name for one in judge(evidence).findings if one.alarms]


def first(evidence):
    verdict = judge(evidence)
    return verdict.try_first


TINY = {"update": (1e-6, 1e-6, 1e-6, 1e-6), "gradient": (0.02, 0.02, 0.019, 0.02), "moved": 0.002}


def test_a_learning_rate_that_is_too_low_is_named_with_the_usual_one(make):
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6})
    assert named(evidence)[0] == "lr_too_low"
    assert first(evidence).overrides == ("optimizer.lr=0.001",)


def test_the_ladders_rate_is_taken_where_it_was_tried(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.03",), detail={"lrs": [1e-6, 0.03], "values": [0.5, 0.9]})
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6}, trials=(tried,))
    assert first(evidence).overrides == ("optimizer.lr=0.03",)
    assert first(evidence).tried["after"] == 0.7


def test_a_ladder_that_gained_nothing_takes_the_suspicion_away(make):
    tried = make["trial"]("lr_ladder", ("optimizer.lr=0.03",), gain=0.0)
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"optimizer.lr": 1e-6}, trials=(tried,))
    assert "lr_too_low" not in named(evidence)


def test_small_steps_of_a_model_that_has_arrived_are_no_fault(make):
    arrived = {"update": (1e-3, 1e-4, 1e-5, 1e-6), "gradient": (0.1, 0.01, 0.001, 1e-4), "moved": 0.7}
    assert named(make["classes"]([[190, 10], [12, 188]], layers=make["layers"](**arrived))) == []


def test_a_schedule_that_took_the_rate_away_is_named(make):
    evidence = make["stuck"](fit={"lr": (0.001,) * 5 + (1e-7,) * 95})
    assert named(evidence)[0] == "lr_too_low"
    assert first(evidence).overrides == ("scheduler=none",)


def test_a_tight_clip_is_named_before_the_rate(make):
    evidence = make["stuck"](layers=make["layers"](**TINY), config={"trainer.gradient_clip_val": 1e-6})
    assert first(evidence).overrides == ("trainer.gradient_clip_val=1.0",) or first(evidence).overrides == (
        "trainer.gradient_clip_val=1",
    )


RISING = {"train/loss": tuple(0.7 + 0.05 * k + (k % 3) * 0.6 for k in range(100)), "val/loss": (0.8,) * 100}


def test_a_learning_rate_that_is_too_high_is_named_by_two_signs(make):
    evidence = make["stuck"](
        layers=make["layers"](update=(3.0, 0.9, 0.7, 0.8)), history=RISING, config={"optimizer.lr": 1.0}
    )
    assert named(evidence)[0] == "lr_too_high"
    assert first(evidence).overrides == ("optimizer.lr=0.001",)


def test_one_sign_alone_is_not_enough(make):
    evidence = make["stuck"](layers=make["layers"](update=(3.0, 0.01, 0.001, 0.001)), config={"optimizer.lr": 1.0})
    assert "lr_too_high" not in named(evidence)


def test_a_high_rate_that_does_well_is_no_fault(make):
    evidence = make["classes"](
        [[190, 10], [12, 188]], layers=make["layers"](update=(0.5, 0.2, 0.1, 0.1)), config={"optimizer.lr": 1.0}
    )
    assert named(evidence) == []


def test_values_that_broke_are_named_first_with_the_cure_of_their_cause(make):
    broken = NonFinite(epoch=2, step=31, where="loss")
    evidence = make["stuck"](
        fit={"non_finite": broken, "epochs": 3},
        layers=make["layers"](update=(5.0, 40.0)),
        history={"train/loss": (0.7, 50.0, None), "val/loss": (0.9, 60.0, None)},
        config={"optimizer.lr": 10.0},
    )
    assert named(evidence)[:2] == ["non_finite", "lr_too_high"]
    assert first(evidence).name == "non_finite"
    assert first(evidence).overrides == ("optimizer.lr=0.001",)
    assert judge(evidence).summary.splitlines()[0].startswith("Inadequate: training broke in epoch 2")


def test_values_that_broke_on_raw_inputs_are_cured_by_scaling(make):
    evidence = make["stuck"](
        fit={"non_finite": NonFinite(epoch=0, step=3, where="gradient", layer="body.0")},
        data={"scale_ratio": 1e6, "seen_mean_ratio": 40.0},
        config={"data.normalize": "none"},
    )
    assert first(evidence).overrides == ("data.normalize=standard",)


def test_a_run_without_any_score_is_judged_too(make):
    evidence = make["stuck"](fit={"non_finite": NonFinite(epoch=0, step=0, where="loss")}, scores={}, gain={})
    assert judge(evidence).verdict == "inadequate"
    assert named(evidence)[0] == "non_finite"


def test_training_that_was_too_short_is_named_with_more_epochs(make):
    falling = {
        "train/loss": tuple(0.7 - 0.002 * k for k in range(30)),
        "val/loss": tuple(0.7 - 0.002 * k for k in range(30)),
    }
    evidence = make["classes"](
        [[120, 80], [80, 120]],
        references={"boosted_trees": 0.95},
        fit={"epochs": 30, "max_epochs": 30, "steps": 1110},
        history=falling,
    )
    assert named(evidence)[0] == "too_few_epochs"
    key, _, epochs = first(evidence).overrides[0].partition("=")
    assert key == "trainer.max_epochs"
    assert 60 <= int(epochs) <= 120


def test_a_single_epoch_is_named_too_short(make):
    evidence = make["stuck"](
        fit={"epochs": 1, "max_epochs": 1, "steps": 19}, history={"train/loss": (0.69,), "val/loss": (0.68,)}
    )
    assert named(evidence)[0] == "too_few_epochs"
    assert int(first(evidence).overrides[0].partition("=")[2]) >= 20


def test_accumulation_that_leaves_next_to_no_steps_is_named(make):
    evidence = make["stuck"](
        fit={"epochs": 30, "max_epochs": 30, "steps": 30, "batches_per_epoch": 20, "accumulate": 20},
        history={
            "train/loss": tuple(0.7 - 0.001 * k for k in range(30)),
            "val/loss": tuple(0.7 - 0.001 * k for k in range(30)),
        },
    )
    assert named(evidence)[0] == "too_few_epochs"
    assert first(evidence).overrides[0] == "trainer.accumulate_grad_batches=1"


def test_a_loss_that_still_falls_does_not_disturb_a_good_model(make):
    falling = {
        "train/loss": tuple(0.7 - 0.006 * k for k in range(100)),
        "val/loss": tuple(0.7 - 0.006 * k for k in range(100)),
    }
    evidence = make["classes"]([[198, 2], [2, 198]], history=falling)
    assert judge(evidence).verdict == "adequate"
    assert named(evidence) == []


def test_rows_in_order_of_their_labels_are_named(make):
    evidence = make["stuck"](fit={"shuffled": False, "batch_label_entropy": 0.02})
    assert "not_shuffled" in named(evidence)
    assert named(make["stuck"](fit={"shuffled": False, "batch_label_entropy": 0.95})).count("not_shuffled") == 0
