"""A run of the first release, kept whole but for its page, is still a run: whatever is stored, names of then included.

`old_run/` is what `litmus train data=iris model.hidden=[4] trainer.max_epochs=3 verdict.probes=off logger=csv` left.
"""

import csv
import json
import shutil
from pathlib import Path

import pytest
from sklearn.datasets import load_iris

from litmus.cli import main

OLD = Path(__file__).parent / "old_run"


@pytest.fixture
def old(tmp_path):
    place = tmp_path / "outputs" / "iris" / "2026-11-28_14-59-41_71f176"
    shutil.copytree(OLD, place)
    return place


def stored(run):
    with (run / "predictions.csv").open(encoding="utf-8") as file:
        return {int(row["row"]): row for row in csv.DictReader(file)}


def test_its_checkpoint_predicts_what_it_predicted(old, tmp_path, capsys):
    iris = load_iris(as_frame=True).frame.drop(columns="target")
    iris.to_csv(tmp_path / "iris.csv", index=False)
    assert main(["predict", f"checkpoint={old}", "input=iris.csv", "output=new.csv"]) == 0
    with (tmp_path / "new.csv").open(encoding="utf-8") as file:
        new = {int(row["row"]): row for row in csv.DictReader(file)}
    for number, row in stored(old).items():
        assert new[number]["pred"] == row["pred"]
        for label in ("setosa", "versicolor", "virginica"):
            assert float(new[number][f"prob_{label}"]) == pytest.approx(float(row[f"prob_{label}"]), abs=1e-6)


def test_it_is_evaluated_as_it_was(old, capsys):
    assert main(["evaluate", f"checkpoint={old}"]) == 0
    before = json.loads((old / "metrics.json").read_text())["test"]["accuracy"]
    after = json.loads((old / "evaluation.json").read_text())["test"]["accuracy"]
    assert after["value"] == pytest.approx(before["value"], abs=1e-9)
    assert after["n"] == before["n"]


def test_it_is_judged_anew_from_its_evidence(old, capsys):
    assert main(["judge", str(old), "criteria.accuracy=0.1", "criteria.precision=null", "criteria.recall=null"]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_it_stands_in_a_comparison(old, capsys):
    assert main(["compare", "outputs"]) == 0
    assert "iris/2026" in capsys.readouterr().out


def test_it_goes_on_training(old, capsys):
    assert main(["train", f"resume={old}", "trainer.max_epochs=5"]) == 0
    with (old / "history.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2", "3", "4"]


def test_evidence_of_a_later_format_is_refused_in_one_line(old, capsys):
    evidence = json.loads((old / "evidence.json").read_text())
    (old / "evidence.json").write_text(json.dumps({**evidence, "version": 99}))
    assert main(["judge", str(old)]) == 2
    error = capsys.readouterr().err
    assert "evidence.json: cannot be read" in error
    assert error.count("\n") == 1
