"""The target's scale is too large for the loss."""

from litmus.evidence import NonFinite
from litmus.verdict import judge


def test_a_large_target_is_named_where_references_do_better(make):
    wide = {"target_mean": 250_000.0, "target_sd": 90_000.0}
    verdict = judge(make["numbers"](0.02, data=wide, references={"linear": 0.7, "boosted_trees": 0.85}))
    assert verdict.try_first.name == "unnormalised_target"
    assert verdict.try_first.overrides == ("data.normalize_target=true",)


def test_a_large_target_that_is_learned_well_is_silent(make):
    verdict = judge(make["numbers"](0.9, data={"target_mean": 152.0, "target_sd": 77.0}))
    assert not any(one.alarms for one in verdict.findings)
    assert verdict.verdict == "adequate"


def test_the_targets_scale_is_read_from_the_loss_where_it_was_not_measured(make):
    unmeasured = {"target_mean": None, "target_sd": None}
    evidence = make["numbers"](
        0.02,
        data=unmeasured,
        references={"boosted_trees": 0.85},
        fit={"initial_loss": 5000.0**2, "chance_loss": 1000.0**2},
    )
    found = judge(evidence).try_first
    assert found.name == "unnormalised_target"
    assert found.evidence["target_sd"] == 1000.0


def test_a_target_that_broke_training_is_an_error_without_any_reference(make):
    evidence = make["numbers"](
        0.9,
        data={"target_mean": 2e5, "target_sd": 9e4},
        fit={"non_finite": NonFinite(epoch=0, step=3, where="loss"), "epochs": 1, "steps": 3},
        scores={},
        gain={},
        references={},
    )
    verdict = judge(evidence)
    alarms = [(one.name, one.severity) for one in verdict.findings if one.alarms]
    assert alarms == [("non_finite", "error"), ("unnormalised_target", "error")]
    assert verdict.try_first.overrides == ("data.normalize_target=true",)


def test_a_large_target_is_named_beside_an_adequate_model_that_a_reference_surely_surpasses(make):
    wide = {"target_mean": 152.0, "target_sd": 77.0}
    evidence = make["numbers"](0.8, n=4000, data=wide, references={"boosted_trees": 0.84})
    (found,) = [one for one in judge(evidence).findings if one.alarms]
    assert (found.name, found.severity) == ("unnormalised_target", "warning")
    assert found.overrides == ("data.normalize_target=true",)
    in_vain = make["trial"]("standardised_target", ("data.normalize_target=true",), gain=0.0)
    verdict = judge(make["numbers"](0.8, n=4000, data=wide, references={"boosted_trees": 0.84}, trials=(in_vain,)))
    assert not any(one.alarms for one in verdict.findings)
