"""New verdicts: on stored evidence under other criteria, and on tables of predictions that any tool made."""

import json
import shutil
from pathlib import Path

import pytest

from litmus.cli import main


def read(path: Path | str) -> dict:
    return json.loads(Path(path).read_text())


def write(name: str, pairs: list[tuple[object, object]]) -> None:
    Path(name).write_text("\n".join(["t,p", *(f"{true},{predicted}" for true, predicted in pairs), ""]))


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def judge(*words: str) -> int:
    return main(["judge", *words])


def test_the_same_criteria_give_the_same_verdict(run):
    before = read(run / "verdict.json")
    assert judge(str(run)) == 0
    assert read(run / "verdict.json") == before


def test_other_criteria_give_another_verdict_from_the_same_evidence(run, capsys):
    evidence = (run / "evidence.json").read_bytes()
    assert judge(str(run), "criteria=strict", "criteria.recall=.5") == 0
    asked = {one["name"]: one["threshold"] for one in read(run / "verdict.json")["criteria"]}
    assert asked["accuracy"] == 0.9
    assert asked["recall"] == 0.5
    assert (run / "evidence.json").read_bytes() == evidence
    assert "≥ 0.9" in capsys.readouterr().out


def test_an_accepted_finding_stays_visible_without_a_vote(run):
    names = [one["name"] for one in read(run / "verdict.json")["findings"]]
    assert names
    assert judge(str(run), f"verdict.accept=[{names[0]}]") == 0
    found = {one["name"]: one for one in read(run / "verdict.json")["findings"]}
    assert found[names[0]]["accepted"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["criteria.recal=.5"], "did you mean criteria.recall?"),
        (["criteria.recall=1.5"], "criteria.recall"),
        (["verdict.accept=[overfiting]"], "did you mean overfitting?"),
        (["predictions=a.csv"], "not both"),
        (["target=t"], "predictions=<csv>"),
    ],
)
def test_a_wrong_word_is_refused_and_the_verdict_stays(run, capsys, words, reason):
    before = (run / "verdict.json").read_bytes()
    assert judge(str(run), *words) == 2
    assert reason in capsys.readouterr().err
    assert (run / "verdict.json").read_bytes() == before


def test_a_run_without_evidence_is_refused(run, capsys):
    (run / "evidence.json").unlink()
    assert judge(str(run)) == 2
    assert "did not finish" in capsys.readouterr().err
    (run / "evidence.json").write_text("{}")
    assert judge(str(run)) == 2
    assert "not evidence of version" in capsys.readouterr().err


def test_a_known_confusion_matrix_gives_the_known_figures():
    write("said.csv", [("spam", "spam")] * 50 + [("spam", "ham")] * 10 + [("ham", "spam")] * 5 + [("ham", "ham")] * 35)
    assert judge("predictions=said.csv", "target=t", "pred=p") == 0
    found = read("said_verdict.json")
    known = {"precision": 50 / 55, "recall": 50 / 60, "accuracy": 0.85, "f1": 100 / 115}
    for name, value in known.items():
        assert found["metrics"][name]["value"] == pytest.approx(value, abs=1e-6)
    accuracy = found["metrics"]["accuracy"]
    assert (accuracy["low"], accuracy["high"]) == pytest.approx((0.767, 0.907), abs=1e-3)
    assert found["metrics"]["auroc"]["value"] is None
    assert any("auroc" in one["name"] and "need scores" in one["reason"] for one in found["unknown"])


def test_accuracy_does_not_hide_the_fraud_that_is_missed(capsys):
    write("said.csv", [(1, 1)] * 12 + [(1, 0)] * 88 + [(0, 0)] * 4888 + [(0, 1)] * 12)
    assert judge("predictions=said.csv", "target=t", "pred=p") == 0
    found = read("said_verdict.json")
    assert found["verdict"] == "inadequate"
    assert [one["name"] for one in found["findings"] if one["severity"] == "error"] == ["class_imbalance"]
    assert "accuracy" in capsys.readouterr().out


def test_numbers_are_judged_against_the_mean():
    write("said.csv", [(f"{i / 7:.4f}", f"{i / 7 + (-1) ** i:.4f}") for i in range(200)])
    assert judge("predictions=said.csv", "target=t", "pred=p") == 0
    found = read("said_verdict.json")
    assert found["verdict"] == "adequate"
    assert found["metrics"]["mae"]["value"] == pytest.approx(1, abs=1e-3)
    assert "training" in [one["name"] for one in found["unknown"]]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "judge: what?"),
        (["predictions=said.csv"], "need target=<col> and pred=<col>"),
        (["predictions=said.csv", "target=t", "pred=q"], "pred=q: no such column"),
        (["predictions=none.csv", "target=t", "pred=p"], "no such file"),
    ],
)
def test_a_table_that_cannot_be_judged_is_named(capsys, words, reason):
    write("said.csv", [("a", "a"), ("b", "b")] * 20)
    assert judge(*words) == 2
    assert reason in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["said.csv"]
