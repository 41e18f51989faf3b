"""Training was too short."""

from litmus.verdict import judge


def named(evidence):
    """Names of what alarms, in order."""
    return [one.name for one in judge(evidence).findings if one.alarms]


def first(evidence):
    verdict = judge(evidence)
    return verdict.try_first


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


def test_our_own_default_is_advice_and_no_fault(make):
    falling = tuple(0.7 - 0.002 * k for k in range(100))
    evidence = make["classes"](
        [[120, 80], [80, 120]],
        references={"boosted_trees": 0.95},
        history={"train/loss": falling, "val/loss": falling},
        layers=(),
    )
    found = next(one for one in judge(evidence).findings if one.name == "too_few_epochs")
    assert found.severity == "info"
    longer = make["trial"]("longer", ("trainer.max_epochs=400",), gain=0.1)
    shown = make["classes"]([[120, 80], [80, 120]], references={"boosted_trees": 0.6}, trials=(longer,))
    verdict = judge(shown)
    assert next(one for one in verdict.findings if one.name == "too_few_epochs").severity == "info"
    assert "Try trainer.max_epochs=400 next" in verdict.summary


def test_more_epochs_because_rows_are_few_are_our_own_default_too(make):
    falling = tuple(0.7 - 0.002 * k for k in range(280))
    for epochs, severity in ((280, "info"), (90, "error")):  # 90: of an old run, or of max_steps
        evidence = make["classes"](
            [[120, 80], [80, 120]],
            references={"boosted_trees": 0.95},
            fit={"epochs": epochs, "max_epochs": epochs},
            history={"train/loss": falling[:epochs], "val/loss": falling[:epochs]},
            config={"trainer.max_epochs": "auto"},
            layers=(),
        )
        found = next(one for one in judge(evidence).findings if one.name == "too_few_epochs")
        assert found.severity == severity


def test_a_loss_that_comes_back_after_it_rose_asks_for_no_more_epochs(make):
    rose = tuple(0.6 + 0.02 * k for k in range(20)) + tuple(1.0 - 0.002 * k for k in range(60))
    evidence = make["numbers"](
        0.1,
        0.99,
        references={"boosted_trees": 0.4},
        fit={"epochs": 80, "max_epochs": 80, "best_epoch": 79},
        config={"callback.checkpoint": {"use": "last"}, "model.hidden": [512, 512]},
        history={
            "train/loss": tuple(0.9**k for k in range(80)),
            "val/loss": rose,
            "val/r2": tuple(1 - loss for loss in rose),
        },
    )
    assert named(evidence) == ["overfitting"]
    assert first(evidence).overrides == ("callback.checkpoint.use=best",)
