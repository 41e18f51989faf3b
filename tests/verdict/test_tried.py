"""Advice leads somewhere: applied to the settings that the evidence holds, it never comes back to settings left."""

import itertools
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litmus.commands.improve import best_trial, untested
from litmus.evidence import Attempt, Estimate, Evidence, LabelNoise, Layer, Shift, ThresholdPoint, Trial
from litmus.verdict import Verdict, judge
from litmus.verdict.tried import summary_of_trials

MOST_STEPS = 12

MATRICES = {
    "rare class missed": [[940, 10], [40, 10]],
    "rare class found at a price": [[800, 150], [10, 40]],
    "at chance": [[52, 48], [50, 50]],
    "fair": [[150, 50], [45, 155]],
    "rare among many": [[280, 10, 10], [10, 280, 10], [25, 10, 5]],
}
FAULTS = {
    "linear": {"model": {"linear": True}},
    "rising loss": {"history": {"train/loss": (0.7, *(9.0,) * 60), "val/loss": (0.7,) * 61}},
    "low rate": {"layers": tuple(Layer(name=n, width=8, update=(1e-7,) * 4, gradient=(0.1,) * 4) for n in "ab")},
    "faded": {"fit": {"lr": tuple(0.1 * 0.5**k for k in range(60))}},
    "dead units": {"layers": tuple(Layer(name=n, width=8, dead=1.0, update=(4.0, 0.0, 0.0)) for n in "ab")},
    "raw": {"data": {"scale_ratio": 1e5}, "config": {"data.normalize": "none"}},
    "dropout": {"config": {"model.dropout": 0.95, "optimizer.weight_decay": 2.0}},
    "a little dropout": {"config": {"model.dropout": 0.1}},
    "short": {"fit": {"epochs": 2, "max_epochs": 2, "steps": 20, "accumulate": 8}},
    "squashed": {"model": {"output_activation": "softmax"}, "config": {"model.output_activation": "softmax"}},
    "threshold": {"threshold_best": 0.3, "threshold_gain": Estimate(value=0.2, low=0.1, high=0.3)},
    "unshuffled": {"fit": {"shuffled": False, "batch_label_entropy": 0.1}, "config": {"data.shuffle": False}},
    "shift": {"data": {"shifts": (Shift(split="test", auroc=Estimate(value=0.9, low=0.87, high=0.93)),)}},
    "wrong labels": {"data": {"noise": LabelNoise(share=Estimate(value=0.2, low=0.17, high=0.23), n=1200)}},
}
TRIALS = {
    "unregularised": ("over_regularised", ("model.dropout=0",)),
    "regularised": ("overfitting", ("model.dropout=0.5",)),
    "larger": ("underfitting", ("model.hidden=[128,128]",)),
    "lr_ladder": ("lr_too_low", ("optimizer.lr=0.01",)),
    "longer": ("too_few_epochs", ("trainer.max_epochs=400",)),
    "balanced": ("class_imbalance", ("loss.class_weight=balanced",)),
}


def settings_of(evidence: Evidence) -> str:
    return json.dumps(evidence.config, sort_keys=True, default=str)


def walk(evidence: Evidence) -> list[str]:
    """The settings that the first suggestion of each verdict leads through, with all else in the evidence equal."""
    seen = [settings_of(evidence)]
    for _ in range(MOST_STEPS):
        first = judge(evidence).try_first
        if first is None:
            break
        evidence = replace(evidence, config=applied(evidence.config, first.overrides))
        seen.append(settings_of(evidence))
    return seen


def applied(config: dict, overrides: tuple[str, ...]) -> dict:
    """A config with overrides in it, as far as the evidence's own small config goes."""
    changed = {**config, "loss": {"class_weight": "none"} | dict(config.get("loss", {}))}
    groups = {"model", "scheduler", "task", "loss", "data"}
    for override in overrides:
        key, _, value = override.partition("=")
        if key in groups:  # an option of a group
            changed[key] = {"_target_": None if value == "none" else f"litmus.{key}.{value}"}
    return {**changed, **apply_values(changed, [one for one in overrides if one.partition("=")[0] not in groups])}


def apply_values(config: dict, overrides: list[str]) -> dict:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    for parsed in OverridesParser.create().parse_overrides(overrides):
        group, *path = parsed.key_or_group.split(".")
        config = {**config, group: nested(dict(config.get(group) or {}), path, parsed.value())}
    return config


def nested(node: dict, path: list[str], value: object) -> dict:
    first, *rest = path
    return {**node, first: nested(dict(node.get(first) or {}), rest, value) if rest else value}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    matrix=st.sampled_from(list(MATRICES)),
    faults=st.lists(st.sampled_from(list(FAULTS)), max_size=3, unique=True),
    trials=st.lists(st.sampled_from(list(TRIALS)), max_size=2, unique=True),
    start=st.tuples(st.sampled_from([0.3, 0.75, 0.98]), st.sampled_from([0.5, 0.9, "tuned"])),
)
def test_advice_never_leads_back_to_settings_that_were_left(make, matrix, faults, trials, start):
    strong, tuned = start  # the best reference, and the threshold
    evidence = make["classes"](MATRICES[matrix], references={"boosted_trees": strong}, ap=0.3)
    for fault in faults:
        evidence = make["change"](evidence, **FAULTS[fault])
    made = tuple(make["trial"](name, TRIALS[name][1], finding=TRIALS[name][0]) for name in trials)
    evidence = make["change"](evidence, trials=made, config={"task.threshold": tuned})
    seen = walk(evidence)
    assert len(set(seen)) == len(seen), [judge(evidence).try_first]


def test_a_tuned_threshold_leads_to_weights_and_there_the_advice_ends(make):
    evidence = make["classes"](MATRICES["rare class missed"], references={"boosted_trees": 0.9}, ap=0.3)
    evidence = make["change"](evidence, layers=(), history={}, fit={"stopped_early": True, "steps": 50, "epochs": 50})
    offered = []
    for _ in range(5):
        finding = next(one for one in judge(evidence).findings if one.name == "class_imbalance")
        offered.append(finding.overrides)
        evidence = replace(evidence, config=applied(evidence.config, finding.overrides))
    assert offered == [("task.threshold=tuned",), ("loss.class_weight=balanced",), (), (), ()]


def test_advice_that_is_followed_already_is_not_given(make):
    evidence = make["stuck"](model={"linear": True}, config={"model.activation": "relu"})
    found = next(one for one in judge(evidence).findings if one.name == "model_is_linear")
    assert found.overrides == ()


def test_what_improve_applies_is_the_suggestion_whose_trial_was_printed(make):
    printed = make["trial"]("suggestion", ("model.activation=relu",), gain=0.3, finding="model_is_linear")
    larger = make["trial"]("suggestion", ("optimizer.lr=0.01",), gain=0.45, finding="lr_too_low")
    for trials in itertools.permutations((printed, larger)):
        evidence = make["stuck"](model={"linear": True}, trials=trials)
        verdict = judge(evidence)
        applied_trial = best_trial(evidence, verdict)
        assert applied_trial is not None
        assert applied_trial.overrides == verdict.try_first.overrides
        assert f"Try {' '.join(applied_trial.overrides)} next: in a trial on 3 seeds" in verdict.summary


def test_improve_takes_a_suggestion_that_no_trial_can_look_at_as_it_is(make):
    evidence = make["classes"]([[9800, 0], [176, 24]], ap=0.5, references={"boosted_trees": 0.5})
    verdict = judge(evidence)
    found = untested(evidence, verdict)
    assert found is not None
    assert found.overrides == ("task.threshold=tuned",)
    looked_at = Attempt(overrides=("task.threshold=tuned",), gain=-0.1, complete=True, seeds=1)
    assert untested(replace(evidence, attempts=(looked_at,)), verdict) is None


def predicted(verdict: Verdict) -> str:
    return verdict.summary.splitlines()[-1]


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        ({"gain": None}, "there was no time to try it here"),
        ({"gain": 0.25, "seeds": 1}, "a shortened trial on 1 seed gained 25 points of balanced accuracy on val"),
        (
            {"gain": 0.03, "seeds": 2, "complete": True},
            "a first trial on 2 seeds gained 3 points of balanced accuracy on val",
        ),
    ],
)
def test_a_suggestion_says_how_far_its_own_trial_went(make, attempt, text):
    tried = Attempt(overrides=("model.activation=relu",), finding="model_is_linear", **attempt)
    verdict = judge(make["stuck"](model={"linear": True}, attempts=(tried,)))
    assert predicted(verdict).startswith("Try model.activation=relu next: ")
    assert text in predicted(verdict)


def test_what_gained_nothing_worth_a_change_at_first_look_is_not_offered(make):
    tried = Attempt(overrides=("model.activation=relu",), finding="model_is_linear", gain=0.003, complete=True, seeds=2)
    verdict = judge(make["stuck"](model={"linear": True}, attempts=(tried,)))
    assert verdict.try_first is None or verdict.try_first.overrides != tried.overrides


def test_a_threshold_that_is_suggested_says_what_it_gives_on_val(make):
    curve = (
        ThresholdPoint(threshold=0.2, precision=0.35, recall=0.4, f1=0.37),
        ThresholdPoint(threshold=0.5, precision=0.64, recall=0.18, f1=0.27),
    )
    evidence = make["classes"]([[9800, 0], [176, 24]], ap=0.5, references={"boosted_trees": 0.5})
    verdict = judge(replace(evidence, threshold_curve=curve, threshold_best=0.2))
    assert predicted(verdict) == (
        "Try task.threshold=tuned next: on val a threshold of 0.2 takes recall from 18 % to 40 %"
        " and precision from 64 % to 35 %."
    )


def test_a_suggestion_that_clearly_lost_in_its_own_trial_is_not_made(make):
    tried = Attempt(overrides=("model.activation=relu",), finding="model_is_linear", gain=-0.05, seeds=2, complete=True)
    verdict = judge(make["stuck"](model={"linear": True}, attempts=(tried,)))
    assert verdict.findings[0].name == "model_is_linear"
    assert "model.activation=relu" not in str(verdict.try_first)


@pytest.mark.parametrize(("gain", "offered"), [(-0.03, True), (-0.07, False)])
def test_a_suggestion_that_lost_much_in_a_shortened_trial_is_not_made_either(make, gain, offered):
    change = "model.activation=relu"
    tried = Attempt(overrides=(change,), finding="model_is_linear", gain=gain, seeds=2, complete=False)
    verdict = judge(make["stuck"](model={"linear": True}, attempts=(tried,)))
    assert verdict.findings[0].name == "model_is_linear"
    assert (change in str(verdict.try_first)) == offered


def test_what_was_tried_is_counted_and_the_best_of_it_named(make):
    attempts = (
        Attempt(overrides=("optimizer.lr=0.01",), gain=0.006, complete=True, seeds=1),
        Attempt(overrides=("optimizer.lr=0.0001",), gain=-0.2, complete=True, seeds=1),
        Attempt(overrides=("model.hidden=[128,128]",)),
    )
    limited = make["classes"](
        [[1450, 550], [560, 1440]], references={"boosted_trees": 0.72}, attempts=attempts, probe_seconds=5.2
    )
    verdict = judge(limited)
    assert verdict.verdict == "limited"
    assert summary_of_trials(limited) == (
        "of 2 changes of the settings tried in 5 s the best gained 0.6 points of balanced accuracy on val"
        " (optimizer.lr=0.01), and for 1 more there was no time"
    )
    assert summary_of_trials(limited) in verdict.summary.replace("\nOf", "\nof")


@pytest.mark.parametrize(
    ("gained", "said"),
    [
        (None, "(optimizer.lr=0.01, a first look on 1 seed, not repeated)"),
        (-0.01, "(optimizer.lr=0.01, and nothing on other seeds)"),
        (0.008, "(optimizer.lr=0.01, and 0.8 points of balanced accuracy on other seeds)"),
    ],
)
def test_a_first_look_that_gained_much_is_said_to_be_one(make, gained, said):
    change = ("optimizer.lr=0.01",)
    trial = Trial(probe="lr_ladder", overrides=change, difference=gained and Estimate(value=gained, low=-0.1, high=0.1))
    limited = make["classes"](
        [[1450, 550], [560, 1440]],
        attempts=(Attempt(overrides=change, gain=0.05, complete=True, seeds=1),),
        trials=(trial,) if gained else (),
    )
    assert summary_of_trials(limited).endswith(said)


def test_nothing_is_called_beyond_help(make):
    limited = make["classes"]([[1450, 550], [560, 1440]], references={"boosted_trees": 0.72})
    noise = make["numbers"](-0.2, 0.45, references={"linear": -0.05, "boosted_trees": -0.2})
    for evidence in (limited, replace(limited, probed=False), noise):
        summary = judge(evidence).summary
        assert "setting will" not in summary
        assert "may help" in summary
