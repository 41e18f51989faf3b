"""The benchmark of the diagnosis: its cases are what they claim, run, and are scored rightly."""

import sys
from pathlib import Path

import pytest

from litmus.evidence import DataFacts, Evidence, FitFacts, ModelFacts, Score, TaskFacts
from litmus.statistics import wilson
from litmus.verdict.findings import names
from litmus.verdict.verdict import Finding, Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import diagnosis
from cases import Case, all_cases
from diagnosing import repair, verify
from diagnosing.score import Judged, agreement, diagnosis_rates, judged, rate
from diagnosing.store import Store, definition
from diagnosing.train import composed, run_case

CASES = {case.name: case for case in all_cases()}
FAULT = Case(name="f/1", generator="g", words=(), accepts=("lr_too_low", "too_few_epochs"), first=("lr_too_low",))
HEALTHY = Case(name="h/1", generator="h", words=())


def verdict(answer: str, *names: str, consequence: str | None = None) -> Verdict:
    found = [Finding(name=name, severity="error", summary="") for name in names]
    if consequence:
        found.append(Finding(name=consequence, severity="error", summary="", consequence_of=names[0]))
    return Verdict(verdict=answer, summary="", findings=tuple(found))


def value(runs: list[Judged], start: str) -> float | None:
    return next(one.value for one in diagnosis_rates(runs) if one.name.startswith(start))


def test_there_are_enough_faults_of_every_finding_and_enough_controls():
    faults = [case for case in CASES.values() if not case.healthy]
    controls = [case for case in CASES.values() if case.healthy]
    assert {case.name.partition("/")[0] for case in faults} == set(names())
    assert len(faults) >= 60
    assert len(controls) >= 150
    assert len({case.generator for case in controls}) >= 40
    assert {name for case in faults for name in (*case.accepts, *case.first)} <= set(names())


def test_the_held_out_half_stands_in_files_of_its_own_and_covers_the_findings_that_its_author_knew():
    unseen = [case for case in CASES.values() if case.half == "held-out"]
    faults, controls = ([case for case in unseen if case.healthy == healthy] for healthy in (False, True))
    covered = {case.name.partition("/")[0] for case in faults}
    assert covered <= set(names())
    assert len(covered) >= 27
    assert len(faults) >= 60
    assert len(controls) >= 80
    assert all(case.table is None or case.table.func.__module__.startswith("cases.third") for case in unseen)


def test_no_generator_of_controls_is_in_both_halves():
    tune, unseen = (
        {case.generator for case in CASES.values() if case.healthy and case.half == half} for half in diagnosis.HALVES
    )
    assert len(unseen) >= 25
    assert not tune & unseen


def test_rows_are_the_same_each_time_and_differ_between_cases():
    one, other = CASES["moons/1"], CASES["moons/3"]
    assert definition(one) == definition(one)
    assert not one.table().equals(other.table())


def test_every_verification_holds_that_was_kept():
    kept = verify.load()
    assert set(kept) <= set(CASES)
    wrong = [name for name, found in kept.items() if not CASES[name].healthy and not found["holds"]]
    assert wrong == []


def test_a_right_name_counts_and_the_first_cause_counts_apart():
    second = Judged(FAULT, 0, verdict("inadequate", "too_few_epochs"))
    below = Judged(FAULT, 0, verdict("inadequate", "model_is_linear", consequence="lr_too_low"))
    assert (second.named, second.named_first) == (True, False)
    assert (below.named, below.named_first) == (True, False)
    assert value([second, below], "precision of alarms") == 0.5


def test_costly_errors_are_counted_on_their_own_side():
    runs = [
        Judged(FAULT, 0, verdict("adequate")),
        Judged(HEALTHY, 0, verdict("inadequate", "overfitting")),
        Judged(HEALTHY, 1, verdict("adequate")),
    ]
    assert value(runs, "faulty called adequate or limited") == 1.0
    assert value(runs, "healthy called inadequate") == 0.5
    assert value(runs, "healthy runs with an alarm") == 0.5
    assert agreement(runs[1:]).value == 0.0


def test_a_refused_run_is_no_diagnosis():
    assert not judged(FAULT, 0, None, refused="no rows").named
    assert value([judged(HEALTHY, 0, None)], "healthy called inadequate") == 1.0


def test_intervals_are_wilsons_where_each_cluster_ran_once():
    found = rate("", "", [(str(number), number < 7) for number in range(20)])
    expected = wilson(7, 20)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_runs_of_one_cluster_count_as_one():
    once = rate("", "", [("a", True), ("b", False)])
    often = rate("", "", [("a", True), ("b", False)] * 50)
    assert (once.low, once.high) == (often.low, often.high)


def test_a_score_that_a_leak_flatters_is_not_repaired():
    leak = Case(name="l/1", generator="l", words=(), accepts=("target_leakage",), proof="honest")
    plain = Case(name="p/1", generator="p", words=(), accepts=("lr_too_low",))
    faulty, goal = [0.99, 0.99, 0.99], 0.8
    assert not repair.mended(leak, faulty, faulty, goal)
    assert repair.mended(leak, [0.81, 0.79, 0.99], faulty, goal)
    assert repair.mended(plain, [0.9, 0.9, 0.1], [0.5, 0.5, 0.5], goal)


@pytest.mark.verify
def test_every_word_of_a_case_or_a_fix_checks_in_its_config(tmp_path):
    checked: set[str] = set()
    for case in CASES.values():
        words = {*case.words, *(case.fix.words if case.fix else ())}
        if words <= checked:
            continue
        checked |= words
        rows = () if any(word.startswith("data=") for word in case.words) else ("data=parquet",)
        path = () if case.table is None else (f"data.path={tmp_path / 'rows.parquet'}", "data.target=y")
        composed((*rows, *case.words, *path, *(case.fix.words if case.fix else ())), 0, tmp_path)


@pytest.mark.slow
def test_a_fault_shows_by_hand_and_its_fix_repairs_it():
    assert verify.verify(CASES["bad_init/zeros_moons"])["holds"]


@pytest.mark.slow
def test_cases_run_are_kept_and_judged(tmp_path, capsys):
    for name in ("blobs_two/2", "too_little_data/forty"):
        seen = run_case(CASES[name], 0)
        assert seen.refused is None
        Store(tmp_path / "kept").write(CASES[name], "run-0", "any", seen.to_dict())
        assert judged(CASES[name], 0, seen.evidence).verdict is not None
    words = ["--cases", "blobs_two/2,too_little_data/forty", "--rejudge", "--seeds", "1", "--cache"]
    assert diagnosis.main([*words, str(tmp_path / "kept")]) == 0
    assert "2 runs of 2 cases" in capsys.readouterr().out


def test_a_run_that_shows_little_of_what_its_fault_costs_is_neither_hit_nor_miss(tmp_path):
    config, costs = composed(("data=circles",), 0, tmp_path), {"faulty": 0.5, "fixed": 0.9, "costs": 0.4}

    def run(reached: float) -> Judged:
        scores = {name: {"balanced_accuracy": Score(value=reached, n=100)} for name in ("train", "val", "test")}
        evidence = Evidence(
            task=TaskFacts(kind="binary", target="y", primary="balanced_accuracy"),
            model=ModelFacts(name="MLP", parameters=1, hidden_layers=1, linear=False),
            fit=FitFacts(epochs=6, max_epochs=6, steps=6, batches_per_epoch=1),
            data=DataFacts(input="table", sizes={"train": 300, "val": 100, "test": 100}),
            config=config,
            scores=scores,
            scored="test",
        )
        return judged(FAULT, 0, evidence, verified=costs)

    shown, cured = run(0.6), run(0.8)
    assert (shown.cured, cured.cured) == (False, True)
    assert value([shown, cured], "faults that the defaults cure") == 0.5
    assert value([cured], "recall: right name") is None
    assert value([cured], "recall, faults") == 0.0
