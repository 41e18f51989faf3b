"""LightningDataModules of users: their loaders train, and their rows are scored and compared."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from litmus.cli import main

sys.path.insert(0, str(Path(__file__).resolve().parent / "own"))

from own_parts.data import blobs

QUICK = ["verdict.probes=off", "verdict.references=off", "logger=csv", "trainer.max_epochs=8"]
OWN = ["--allow", "own_parts"]


def data(name: str) -> str:
    return f"data._target_=own_parts.data.{name}"


def model(name: str) -> str:
    return f"model._target_=own_parts.modules.{name}"


def train(*words: str) -> Path:
    assert main(["train", *OWN, *QUICK, *words]) == 0
    return max(Path("outputs").glob("*/2*"), key=lambda path: path.stat().st_mtime_ns)


def read(run: Path, name: str):
    return json.loads((run / name).read_text())


CASES = {
    "tuples": ([data("Tuples"), model("Classifier")], "test", 48, "balanced_accuracy"),
    "tuples and a model of ours": ([data("Tuples")], "test", 48, "balanced_accuracy"),
    "mappings": ([data("Mappings"), model("ByBatch")], "val", 60, "balanced_accuracy"),
    "named parts": (
        [data("Mappings"), "data.input_key=image", "data.target_key=label"],
        "val",
        60,
        "balanced_accuracy",
    ),
    "streams": ([data("Streams"), model("TwoOptimizers")], "test", 90, "balanced_accuracy"),
    "streams and a model of ours": ([data("Streams"), "optimizer.lr=0.01"], "test", 90, "balanced_accuracy"),
    "numbers": ([data("Numbers"), "optimizer.lr=0.01"], "test", 80, "r2"),
    "images": ([data("Images"), "model=cnn", "model.channels=[4]", "optimizer.lr=0.01"], "test", 80, "accuracy"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_data_module_in_any_usual_style_trains_and_is_scored(name):
    words, split, rows, metric = CASES[name]
    run = train(*words)
    score = read(run, "metrics.json")[split][metric]
    assert score["n"] == rows
    assert score["value"] > 0.75
    verdict = read(run, "verdict.json")
    assert verdict["split"] == split
    assert "columns" in {one["name"] for one in verdict["unknown"]}


def test_rows_are_numbered_in_the_order_of_their_loader():
    rows = list(csv.DictReader((train(data("Streams")) / "predictions.csv").read_text().splitlines()))
    assert [int(row["row"]) for row in rows if row["split"] == "test"] == list(range(90))
    assert [row["target"] for row in rows if row["split"] == "test"] == [str(row % 3) for row in range(90)]


def test_what_it_splits_by_chance_is_the_same_in_training_and_scoring_and_when_it_is_evaluated():
    run = train(data("Tuples"), model("Classifier"))
    assert main(["evaluate", *OWN, f"checkpoint={run}"]) == 0
    again = read(run, "evaluation.json")["test"]["accuracy"]
    assert again == read(run, "metrics.json")["test"]["accuracy"]


def test_the_task_can_be_said():
    run = train(data("Tuples"), "task=regression", "optimizer.lr=0.01")
    assert read(run, "evidence.json")["task"]["kind"] == "regression"


def test_references_and_checks_see_its_rows():
    run = train(data("Tuples"), model("Classifier"), "verdict.references=auto")
    names = {one["name"] for one in read(run, "evidence.json")["references"]}
    assert {"majority", "linear", "knn", "forest"} <= names


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([data("NoVal")], "error: data: NoVal has no val_dataloader"),
        ([data("NoTargets")], "error: data: NoTargets gives batches of a Tensor"),
        ([data("Tuples"), "data.rws=3"], "error: data.rws: no such key; did you mean data.rows?"),
        ([data("Mappings"), "data.target_key=lable"], "error: data.target_key=lable: the batches of Mappings hold"),
        (
            [data("Pairs"), "model._target_=own_parts.modules.TwoArguments"],
            "error: model: TwoArguments.forward takes a and b",
        ),
        (["data._target_=own_parts.data.Stream", "data.rows=3", "data.seed=1"], "error: data._target_: makes a Stream"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line_and_leaves_nothing(capsys, words, complaint):
    assert main(["train", *OWN, *QUICK, *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(complaint)
    assert not list(Path("outputs").glob("*/2*"))


def test_its_run_goes_on():
    run = train(data("Tuples"), model("Classifier"), "trainer.max_epochs=3")
    assert main(["train", *OWN, f"resume={run}", "trainer.max_epochs=5"]) == 0
    assert (run / "history.csv").read_text().count("\n") == 6


@pytest.mark.parametrize("words", [[], [model("OfPairs")]], ids=["a model of ours", "a module"])
def test_rows_of_two_inputs_are_predicted_as_their_loader_gives_them(words):
    run = train(data("Pairs"), "trainer.max_epochs=15", *(words or ["optimizer.lr=0.01"]))
    assert main(["predict", *OWN, f"checkpoint={run}", "input=predict", "output=few.csv"]) == 0
    assert (pl.read_csv("few.csv")["pred"] == np.arange(30) % 3).mean() > 0.75


@pytest.mark.slow
def test_its_model_predicts_what_its_loaders_give_or_an_array_and_is_exported(tmp_path, capsys):
    run = train(data("Several"), model("BuiltInSetup"), "trainer.max_epochs=30")
    assert read(run, "metrics.json")["val"]["balanced_accuracy"]["n"] == 48
    np.save(tmp_path / "few.npy", blobs(30, 6)[0].numpy())  # which the module's hooks scale as they scale a loader's
    np.save(tmp_path / "other.npy", np.zeros((3, 5)))
    words = ["predict", *OWN, f"checkpoint={run}"]
    for place in ("predict", "few.npy"):
        assert main([*words, f"input={place}", f"output={place}.csv"]) == 0
    pred = pl.read_csv("predict.csv")
    assert (pred["pred"] == np.arange(30) % 3).mean() > 0.75
    assert pl.read_csv("few.npy.csv").equals(pred)
    for place, complaint in {"other.npy": "holds rows of shape (5,)", "few.csv": "give predict, test, val"}.items():
        assert main([*words, f"input={place}", "output=no.csv"]) == 2
        assert complaint in capsys.readouterr().err
    assert main(["export", *OWN, f"checkpoint={run}"]) == 0
