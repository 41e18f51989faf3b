"""The search for what helps: it finds and confirms a cure, refuses where there is none, and harms nothing."""

import time
from dataclasses import replace

import pytest

from litmus.commands.train import assess, judged
from litmus.data.module import DataModule
from litmus.evidence import Estimate, Trial
from litmus.probe import probe
from litmus.probe.bench import Bench
from litmus.probe.probe import GAIN, MOST_SECONDS, PAIRS, budget, can_change
from litmus.run import Run, prepare_data
from litmus.run.checks import check_rows
from litmus.verdict import Criterion, Finding
from litmus.verdict.quantities import moves
from litmus.verdict.settings import Settings

LINEAR_STACK = (
    *("data=circles", "data.n_samples=400", "data.batch_size=null", "model.hidden=[8]", "model.activation=none"),
    *("optimizer=sgd", "optimizer.lr=0.1", "trainer.max_epochs=150", "callback.early_stopping=null"),
)
RELU = Finding(name="model_is_linear", severity="error", summary="", overrides=("model.activation=relu",))


@pytest.fixture(scope="module")
def judged_run(config, tmp_path_factory):
    """Config, rows, evidence, verdict and seconds of a run that was judged with its references, on val."""

    def make(*words: str):
        settings = config(*words)
        run = Run.build(settings, tmp_path_factory.mktemp("run") / "run", data=prepare_data(settings))
        checked = check_rows(run, test=False)
        run = run.fit().decide()
        outcome = assess(run, checked, test=False)
        return settings, run.data, outcome.evidence, outcome.verdict, run.seconds

    return make


@pytest.fixture(scope="module")
def linear_stack(judged_run):
    return judged_run(*LINEAR_STACK)


@pytest.mark.parametrize(
    ("settings", "fit", "seconds"),
    [
        (Settings(), 2.0, 5.0),
        (Settings(), 1000.0, MOST_SECONDS),
        (Settings(budget=120.0), 1.0, 120.0),
        (Settings(budget=0.0), 1.0, 0.0),
        (Settings(probes="off", budget=120.0), 1.0, 0.0),
    ],
)
def test_the_budget_is_as_set_or_follows_the_fit(settings, fit, seconds):
    assert budget(settings, fit) == seconds


MISSED = Criterion(name="accuracy", value=0.6, threshold=0.8, status="fail")


@pytest.mark.parametrize(
    ("changes", "can"),
    [
        ({"answer": "adequate"}, False),
        ({"answer": "inadequate", "criteria": (MISSED,)}, True),
        ({"answer": "undetermined", "criteria": (replace(MISSED, status="open"),)}, True),
        ({"answer": "adequate", "findings": ("overfitting", "warning")}, True),
        ({"answer": "adequate", "findings": ("overfitting", "info")}, False),
        ({"criteria": (MISSED,), "findings": ("no_better_than_baseline", "error")}, False),
        ({"criteria": (MISSED,), "findings": ("no_better_than_baseline", "info")}, True),
    ],
)
def test_trials_are_made_where_they_can_change_the_answer(make_verdict, changes, can):
    name, severity = changes.pop("findings", (None, None))
    found = [Finding(name=name, severity=severity, summary="")] if name else []
    assert can_change(make_verdict(*found, **changes)) is can


def test_a_linear_stack_on_circles_is_cured_by_relu_on_fresh_seeds(linear_stack):
    settings, data, evidence, verdict, seconds = linear_stack
    assert verdict.verdict == "inadequate"
    found = probe(settings, data, evidence, verdict, fit_seconds=seconds, seconds=60)
    best = found.trials[-1]
    assert "model.activation=relu" in best.overrides
    assert best.finding == "model_is_linear"
    assert best.confirmed
    assert best.splits == 2
    assert moves(best)
    assert min(best.seeds) > 1000
    assert len(best.seeds) == len(best.before) == len(best.after) >= PAIRS
    mean = sum(b - a for a, b in zip(best.before, best.after, strict=True)) / len(best.seeds)
    assert best.difference.value == pytest.approx(mean)
    assert best.metric == "val/balanced_accuracy"
    again = judged(settings, found)
    assert again.findings[0].name == "model_is_linear"
    assert again.findings[0].tried["confirmed"]
    assert found.probed
    assert found.probe_seconds < 66 + 5


def test_a_gain_on_the_runs_own_split_alone_is_not_confirmed(linear_stack, monkeypatch):
    settings, data, evidence, verdict, seconds = linear_stack
    value = Bench._value
    monkeypatch.setattr(Bench, "_value", lambda bench, *args: (-1 if bench.deal else 1) * value(bench, *args))
    best = probe(settings, data, evidence, verdict, fit_seconds=seconds, seconds=60).trials[-1]
    assert best.splits == 2
    assert best.confirmed is False
    assert not moves(best)


def test_where_there_is_one_split_only_fresh_seeds_confirm(linear_stack, monkeypatch):
    settings, data, evidence, verdict, seconds = linear_stack
    monkeypatch.setattr(DataModule, "redealt", lambda data, deal: None)
    best = probe(settings, data, evidence, verdict, fit_seconds=seconds, seconds=60).trials[-1]
    assert best.splits == 1
    assert best.confirmed


def test_a_run_of_several_networks_is_told_what_a_change_gives_their_mean(linear_stack):
    settings, data, evidence, verdict, seconds = linear_stack
    several = replace(evidence, model=replace(evidence.model, ensemble_size=4))
    best = probe(settings, data, several, verdict, fit_seconds=seconds, seconds=60).trials[-1]
    assert best.detail["networks"] * best.splits == len(best.seeds)
    assert len(best.before) == len(best.after) == best.splits == 2
    gains = [b - a for a, b in zip(best.before, best.after, strict=True)]
    assert best.difference.value <= sum(gains) / 2 + 1e-9
    told = judged(settings, replace(several, trials=(best,), probed=True)).summary
    assert (
        "in a trial of 4 networks with and without it on each of two splits, their mean went from balanced accuracy"
        in told
    )


def test_probes_leave_all_else_as_it_was(linear_stack):
    settings, data, evidence, verdict, seconds = linear_stack
    before = evidence.to_json()
    found = probe(settings, data, evidence, verdict, fit_seconds=seconds, seconds=5)
    assert evidence.to_json() == before
    changed = {"trials", "attempts", "probed", "probe_seconds"}
    assert {name for name, value in vars(found).items() if value != vars(evidence)[name]} <= changed
    assert data.class_counts["train"] == prepare_data(settings).class_counts["train"]


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 0.01, 0.2])
def test_next_to_no_time_is_harmless(linear_stack, seconds):
    settings, data, evidence, verdict, fit = linear_stack
    began = time.monotonic()
    found = probe(settings, data, evidence, verdict, fit_seconds=fit, seconds=seconds)
    assert time.monotonic() - began < 60
    assert not any(trial.confirmed for trial in found.trials)
    assert judged(settings, found).verdict == verdict.verdict


def test_on_noise_nothing_is_tried(judged_run):
    words = ("data=noise", "data.n_samples=300", "trainer.max_epochs=30", "model.hidden=[20]")
    settings, data, evidence, verdict, seconds = judged_run(*words)
    assert [one.name for one in verdict.findings if one.alarms] == ["no_better_than_baseline"]
    assert probe(settings, data, evidence, verdict, fit_seconds=seconds, seconds=10) is evidence


@pytest.mark.slow
def test_a_large_gain_at_first_look_is_confirmed_where_there_is_time(judged_run):
    settings, data, evidence, verdict, seconds = judged_run("data=circles", "model.hidden=[3]", "seed=2")
    assert verdict.try_first.overrides == ("model.hidden=[64,64]",)
    found = probe(settings, data, evidence, verdict, fit_seconds=seconds, seconds=25)
    larger = next(trial for trial in found.trials if "model.hidden=[64,64]" in trial.overrides)
    assert larger.confirmed
    assert judged(settings, found).try_first.tried["after"] > larger.before[0] + 0.1


def test_every_change_that_was_looked_at_is_on_record_and_those_without_time_too(linear_stack):
    settings, data, evidence, verdict, fit = linear_stack
    found = probe(settings, data, evidence, verdict, fit_seconds=fit, seconds=5)
    suggestion = next(one for one in found.attempts if one.overrides == verdict.try_first.overrides)
    assert suggestion.gain is not None
    hurried = probe(settings, data, evidence, verdict, fit_seconds=fit, seconds=1e-9)
    assert hurried.attempts
    assert all(one.gain is None and one.seeds == 0 for one in hurried.attempts)
    assert "there was no time to try it here" in judged(settings, hurried).summary


@pytest.mark.parametrize("seed", [1, 2])
def test_on_noise_nothing_that_is_tried_all_the_same_is_said_to_help(judged_run, make_verdict, seed):
    words = ("data=noise", "data.n_samples=300", "trainer.max_epochs=20", "model.hidden=[20]", f"seed={seed}")
    settings, data, evidence, _, seconds = judged_run(*words)
    suspect = Finding(name="underfitting", severity="error", summary="", overrides=("model.hidden=[64,64]",))
    found = probe(settings, data, evidence, make_verdict(suspect), fit_seconds=seconds, seconds=8)
    assert not any(moves(trial) and trial.confirmed for trial in found.trials)


def test_a_remedy_that_was_tried_to_the_end_and_gained_nothing_is_on_record(judged_run, make_verdict):
    settings, data, evidence, _, seconds = judged_run("data=moons", "data.n_samples=200", "trainer.max_epochs=40")
    found = probe(settings, data, evidence, make_verdict(RELU), fit_seconds=seconds, seconds=20)
    refuted = [trial for trial in found.trials if trial.confirmed is None]
    assert refuted
    for trial in refuted:
        gain = sum(b - a for a, b in zip(trial.before, trial.after, strict=True)) / len(trial.seeds)
        assert gain < GAIN
        assert trial.difference is None
    assert not moves(refuted[0])


@pytest.mark.slow
def test_what_cannot_be_stacked_is_tried_alone_within_the_time(judged_run, make_verdict):
    words = ("data=digits", "data.max_rows=200", "model=cnn", "model.channels=[4]", "trainer.max_epochs=3")
    settings, data, evidence, _, seconds = judged_run(*words, "optimizer.lr=0.00001")
    low = Finding(name="lr_too_low", severity="error", summary="", overrides=("optimizer.lr=0.01",))
    found = probe(settings, data, evidence, make_verdict(low), fit_seconds=min(seconds, 0.3), seconds=12, strict=True)
    assert found.probe_seconds < 12 * 1.1 + 5
    best = found.trials[-1]
    assert best.finding == "lr_too_low"
    assert best.difference.value > 0


def test_a_trial_without_an_interval_moves_nothing():
    unsure = Trial(probe="x", difference=Estimate(value=0.3), confirmed=True)
    assert not moves(unsure)
