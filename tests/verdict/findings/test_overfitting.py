"""The model overfits its training rows."""

from litmus.verdict import judge


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
    evidence = overfitted(make, fit={"best_epoch": 20}, config={"model.hidden": [256, 256]})
    verdict = judge(evidence)
    assert verdict.try_first.name == "overfitting"
    assert verdict.try_first.overrides == ("model.dropout=0.5",)


def test_a_gap_of_our_own_defaults_is_no_alarm_where_another_model_merely_does_better(make):
    evidence = overfitted(make, fit={"best_epoch": 20}, config={})
    verdict = judge(evidence)
    assert [(one.name, one.severity) for one in verdict.findings] == [("overfitting", "info")]
    assert verdict.verdict == "inadequate"


def test_a_model_without_hidden_units_is_no_larger_than_our_own(make):
    evidence = overfitted(make, fit={"best_epoch": 20}, config={"model.hidden": []})
    assert "overfitting" not in named(evidence)


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_gap_alone_is_information(make):
    assert named(make["classes"]([[180, 20], [20, 180]], [[600, 0], [0, 600]])) == []


def test_what_was_never_learned_was_not_learned_by_heart(make):
    evidence = make["numbers"](-9e30, -2e30, references={"boosted_trees": 0.9})
    assert "overfitting" not in [one.name for one in judge(evidence).findings]


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
