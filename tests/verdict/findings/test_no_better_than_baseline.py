"""No reference model finds a signal in these inputs."""

from dataclasses import replace

from litmus.evidence import Estimate
from litmus.verdict import judge


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_r2_says_nothing_of_signal_where_outliers_rule_it_and_the_absolute_error_is_asked_for(make):
    outliers = {"data": {"target_tail": 80.0}, "references": {"boosted_trees": -0.05}, "task": {"loss": "mse"}}
    gain = {"test": Estimate(value=0.0, low=-0.02, high=0.02)}
    assert named(make["numbers"](0.0, gain=gain, **outliers)) == ["no_better_than_baseline"]
    asked = make["numbers"](0.0, gain=gain, config={"criteria.mae": 0.1}, **outliers)
    assert "no_better_than_baseline" not in named(asked)
    tried = make["trial"]("robust_loss", ("loss=huber",), metric="val/mae_skill", gain=0.4)
    verdict = judge(replace(asked, trials=(tried,)))
    assert verdict.try_first.overrides == ("loss=huber",)
    assert verdict.headroom.metric == "mae_skill"


def test_noise_is_said_to_be_noise_and_no_setting_is_offered(make):
    evidence = make["numbers"](-0.2, 0.45, references={"linear": -0.05, "boosted_trees": -0.2})
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert [one.name for one in verdict.findings if one.alarms] == ["no_better_than_baseline"]
    assert all(one.overrides == () for one in verdict.findings)
    assert "no better than the baseline" in verdict.summary
    assert "What may help: inputs that say more about the target." in verdict.summary
    assert "no setting" not in verdict.summary


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


def test_a_signal_that_all_rows_point_to_is_not_denied(make):
    evidence = make["numbers"](-0.02, 0.1, references={"linear": 0.01, "boosted_trees": -0.1})
    assert named(evidence) == ["no_better_than_baseline"]
    weak = make["change"](evidence, expected={"r2": Estimate(value=0.05, low=-0.06, high=0.16)})
    verdict = judge(weak)
    assert "no_better_than_baseline" not in named(weak)
    assert verdict.verdict == "undetermined"
    noise = make["change"](evidence, expected={"r2": Estimate(value=0.0, low=-0.05, high=0.05)})
    assert named(noise) == ["no_better_than_baseline"]
