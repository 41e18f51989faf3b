"""Evaluation of a checkpoint: its own test split again, any labelled file, and another model on the same rows."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from sklearn import metrics

import litmus
from litmus.cli import main


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """The run with a ledger of its own: a copy beside the data's old place."""
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture(scope="session")
def best_reference(shop: Path) -> Path:
    """A linear model on the same split of a copy of the same file."""
    words = ["model=linear", "trainer.max_epochs=2", "verdict.probes=off", "logger=csv"]
    copy = shutil.copy(shop, shop.parent / "copy.csv")
    return litmus.train(copy, "bought", overrides=[*words, f"output_dir={shop.parent / 'rival'}"]).directory


def evaluate(checkpoint: Path | str, *words: str) -> int:
    return main(["evaluate", f"checkpoint={checkpoint}", *words])


def read(path: Path | str = "evaluation.json") -> dict:
    return json.loads(Path(path).read_text())


def test_the_own_test_split_scores_as_the_run_scored_it_and_is_counted(run, shop, capsys):
    ledger = shop.parent / "outputs" / "test_ledger.json"
    before = sum(json.loads(ledger.read_text()).values())
    assert evaluate(run) == 0
    found = read(run / "evaluation.json")
    theirs = json.loads((run / "metrics.json").read_text())["test"]
    assert {name: found["test"][name] for name in theirs} == theirs
    assert found["threshold"] == 0.5
    assert found["data"]["rows"] == 60
    assert sum(json.loads(ledger.read_text()).values()) == before + 1
    assert "times; its interval is optimistic" in capsys.readouterr().out


def test_any_labelled_file_is_scored_as_scikit_learn_scores_its_predictions(trained, shop):
    shutil.copy(trained / "checkpoints" / "best.ckpt", "model.ckpt")
    frame = pl.read_csv(shop, infer_schema=False)
    frame.select("bought", "day", "z", "x", "colour").tail(100).write_csv("late.csv")
    assert evaluate("model.ckpt", "data.path=late.csv") == 0
    assert main(["predict", "checkpoint=model.ckpt", "input=late.csv", "output=said.csv"]) == 0
    found, predicted = read(), pl.read_csv("said.csv")
    true = frame["bought"].tail(100)
    assert found["test"]["accuracy"]["value"] == pytest.approx(
        metrics.accuracy_score(true, predicted["pred"]), abs=1e-6
    )
    assert found["test"]["auroc"]["value"] == pytest.approx(
        metrics.roc_auc_score(true, predicted["prob_yes"]), abs=1e-6
    )
    assert found["test"]["f1"]["value"] == pytest.approx(
        metrics.f1_score(true, predicted["pred"], pos_label="yes"), abs=1e-6
    )
    assert found["data"]["path"] == "late.csv"
    assert found["verdict"]["verdict"] in {"adequate", "undetermined", "inadequate"}
    assert not any(one["name"] == "too_few_epochs" for one in found["verdict"]["findings"])


def test_the_worst_rows_are_wrong_ones_by_the_numbers_of_the_file(trained, shop):
    assert evaluate(trained, f"data.path={shop}") == 0
    worst = read(trained / "evaluation.json")["worst_rows"]
    labels = pl.read_csv(shop)["bought"]
    assert worst
    assert all(labels[one["row"]] == one["target"] != one["pred"] for one in worst)
    assert [one["wrong_by"] for one in worst] == sorted((one["wrong_by"] for one in worst), reverse=True)


def test_rows_that_were_trained_on_never_clear_a_model(trained, shop):
    assert (
        evaluate(trained, f"data.path={shop}", "criteria.accuracy=.5", "criteria.precision=.5", "criteria.recall=.5")
        == 0
    )
    verdict = read(trained / "evaluation.json")["verdict"]
    assert verdict["verdict"] == "undetermined"
    assert "trained on these rows" in verdict["summary"]


def test_criteria_on_the_command_line_are_those_judged_by(run):
    assert evaluate(run, "criteria.accuracy=.99", "criteria.auroc=.7") == 0
    criteria = {one["name"]: one for one in read(run / "evaluation.json")["verdict"]["criteria"]}
    assert criteria["accuracy"]["threshold"] == 0.99
    assert criteria["auroc"]["threshold"] == 0.7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop("bought"), ["late.csv", "bought", "no such column"]),
        (lambda frame: frame.drop("z"), ["late.csv", "missing", "z"]),
        (lambda frame: frame.with_columns(bought=pl.lit("maybe")), ["late.csv", "row 0", "'bought'", "'maybe'"]),
    ],
    ids=["no target", "no column", "unseen label"],
)
def test_rows_that_cannot_be_scored_are_named_and_nothing_is_written(trained, shop, capsys, change, words):
    shutil.copy(trained / "checkpoints" / "best.ckpt", "model.ckpt")
    change(pl.read_csv(shop, infer_schema=False)).write_csv("late.csv")
    assert evaluate("model.ckpt", "data.path=late.csv") == 2
    told = capsys.readouterr().err
    assert all(word in told for word in words)
    assert not Path("evaluation.json").exists()


@pytest.mark.parametrize(("change", "reason"), [("append", "has changed since training"), ("remove", "no such file")])
def test_a_test_split_whose_data_are_not_what_they_were_is_not_made_again(best_reference, shop, capsys, change, reason):
    copy = shop.parent / "copy.csv"
    try:
        if change == "remove":
            copy.unlink()
        else:
            copy.write_text(f"{shop.read_text()}1,1,red,2025-03-01,yes\n")
        assert evaluate(best_reference) == 2
    finally:
        shutil.copy(shop, copy)
    told = capsys.readouterr().err
    assert reason in told
    assert "data.path=<file>" in told
    assert len(told.strip().splitlines()) == 1
    assert not (best_reference / "evaluation.json").exists()


def test_a_model_does_not_differ_from_itself(run):
    assert evaluate(run, f"against={run}") == 0
    against = read(run / "evaluation.json")["against"]
    assert against["conclusion"] == "undetermined"
    assert against["seen"] == 0
    for one in against["differences"].values():
        assert one["value"] == pytest.approx(0, abs=1e-9)
        assert one["low"] <= 0 <= one["high"]


def test_another_model_is_scored_on_the_same_rows(run, best_reference, capsys):
    assert evaluate(run, f"against={best_reference}") == 0
    against = read(run / "evaluation.json")["against"]
    theirs = json.loads((best_reference / "metrics.json").read_text())["test"]
    assert against["n"] == 60
    for name, one in against["differences"].items():
        assert one["against"] == pytest.approx(theirs[name]["value"], abs=1e-6)
        assert one["value"] == pytest.approx(one["this"] - one["against"], abs=1e-6)
        assert one["low"] <= one["value"] <= one["high"]
    assert "this model is better" in capsys.readouterr().out


@pytest.mark.slow
def test_rows_that_the_other_model_was_trained_on_are_counted(run, shop, capsys):
    words = ["seed=7", "trainer.max_epochs=1", "verdict.probes=off", "logger=csv"]
    other = litmus.train(shop, "bought", overrides=words).directory
    assert evaluate(run, f"against={other}") == 0
    assert 30 <= read(run / "evaluation.json")["against"]["seen"] <= 60
    assert "which flatters it" in capsys.readouterr().out


@pytest.mark.slow
def test_models_of_different_targets_are_not_compared(run, shop, capsys):
    words = ["trainer.max_epochs=1", "verdict.probes=off", "logger=csv", "data.drop_columns=[bought]"]
    other = litmus.train(shop, "z", overrides=words).directory
    assert evaluate(run, f"against={other}", f"data.path={shop}") == 2
    assert "compare models of one target" in capsys.readouterr().err
