"""Losses, optimizers, schedulers and metrics of torch's, torchmetrics' and users' own work with `_target_` alone."""

import csv
import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torchmetrics.classification import BinarySpecificity

from litmus.cli import main

sys.path.insert(0, str(Path(__file__).resolve().parent / "own"))

QUICK = ["verdict.probes=off", "verdict.references=off", "logger=csv", "trainer.max_epochs=8"]
OWN = ["--allow", "own_parts"]
SPEC = "metrics.spec._target_=torchmetrics.classification.BinarySpecificity"
TWO, NUMBER = "data=breast_cancer", "data=diabetes"
SCALED = "data.normalize_target=true"


def train(*words: str, status: int = 0) -> Path:
    assert main(["train", *OWN, *QUICK, *words]) == status
    return max(Path("outputs").glob("*/2*"), key=lambda path: path.stat().st_mtime_ns)


def read(run: Path, name: str):
    return json.loads((run / name).read_text())


LOSSES = {
    "smooth": [NUMBER, SCALED, "loss._target_=torch.nn.SmoothL1Loss", "loss.beta=0.5"],
    "function": [NUMBER, SCALED, "loss._target_=own_parts.losses.pinball", "loss.q=0.4", "optimizer.lr=0.01"],
    "a value a row": [NUMBER, SCALED, "loss._target_=own_parts.losses.per_row"],
    "numbers for classes": [TWO, "loss._target_=torch.nn.SmoothL1Loss"],
    "one logit": [TWO, "loss._target_=torch.nn.BCEWithLogitsLoss"],
    "one probability": [TWO, "loss._target_=torch.nn.BCELoss", "model.output_activation=sigmoid"],
    "two logits": [TWO, "loss._target_=torch.nn.CrossEntropyLoss"],
    "module": [TWO, "loss._target_=own_parts.losses.Focal", "loss.gamma=1"],
    "object": [TWO, "loss._target_=own_parts.losses.Logistic"],
    "one a class": ["data=iris", "loss._target_=torch.nn.MSELoss", "optimizer.lr=0.01"],
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_outputs_and_target_trains_and_says_what_outputs_mean(name):
    run = train(*LOSSES[name])
    scores = read(run, "metrics.json")["test"]
    assert scores["r2"]["value"] > 0.2 if "r2" in scores else scores["balanced_accuracy"]["value"] > 0.8
    losses = [row["train/loss"] for row in csv.DictReader((run / "history.csv").read_text().splitlines())]
    assert float(losses[-1]) < float(losses[0])


@pytest.mark.slow
def test_torchs_own_loss_trains_as_ours_of_the_same_formula():
    ours, theirs = train(TWO, "loss=bce", "name=ours"), train(TWO, LOSSES["one logit"][1], "name=theirs")
    assert (ours / "history.csv").read_text() == (theirs / "history.csv").read_text()
    assert read(ours, "metrics.json") == read(theirs, "metrics.json")


def test_rows_have_their_weights_with_a_loss_of_others(tmp_path):
    lines = [f"{i % 7},{(i * 3) % 5},{i % 2},{1 + i % 3}" for i in range(120)]
    Path("t.csv").write_text("\n".join(["a,b,y,w", *lines, ""]))
    words = ["data.path=t.csv", "data.target=y", "data.weight=w"]
    ours = train(*words, "loss=bce", "name=ours")
    theirs = train(*words, "loss._target_=torch.nn.BCEWithLogitsLoss", "name=theirs")
    parts = [list(csv.DictReader((run / "history.csv").read_text().splitlines())) for run in (ours, theirs)]
    assert [float(row["val/loss"]) for row in parts[0]] == pytest.approx([float(row["val/loss"]) for row in parts[1]])


@pytest.mark.parametrize(
    "words",
    [
        ["optimizer._target_=torch.optim.NAdam"],
        ["optimizer._target_=torch.optim.LBFGS", "optimizer.max_iter=4", "optimizer.lr=0.1"],
        ["optimizer._target_=own_parts.losses.SignSGD"],
        ["scheduler._target_=torch.optim.lr_scheduler.ExponentialLR", "scheduler.gamma=0.9", "scheduler.interval=step"],
    ],
    ids=["NAdam", "LBFGS", "own", "scheduler"],
)
def test_optimizers_and_schedulers_of_others_train(words):
    assert read(train(TWO, *words), "metrics.json")["test"]["accuracy"]["value"] > 0.8


def test_a_metric_is_logged_monitored_asked_for_and_in_every_file():
    run = train(TWO, SPEC, "monitor=val/spec", "criteria.spec=0.8", "logger=tensorboard")
    rows = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    values = [float(row["val/spec"]) for row in rows]
    assert [float(row["val/specificity"]) for row in rows] != []
    assert read(run, "evidence.json")["fit"]["best_epoch"] == values.index(max(values))
    (criterion,) = [one for one in read(run, "verdict.json")["criteria"] if one["name"] == "spec"]
    assert (criterion["threshold"], criterion["votes"], criterion["stated"]) == (0.8, True, True)
    score = read(run, "metrics.json")["test"]["spec"]
    assert score["low"] <= score["value"] <= score["high"]
    with (run / "predictions.csv").open() as file:
        predicted = [row for row in csv.DictReader(file) if row["split"] == "test"]
    pred, true = (torch.tensor([row[key] == "malignant" for row in predicted]).long() for key in ("pred", "target"))
    assert score["value"] == pytest.approx(float(BinarySpecificity()(pred, true)))
    assert "spec" in (run / "report.html").read_text()


def test_a_metric_is_judged_again_from_what_is_stored_and_evaluated(capsys):
    run = train(TWO, SPEC, "metrics.hits._target_=own_parts.losses.Hits", "criteria.hits=0.5")
    assert main(["judge", str(run), "criteria.spec=0.999"]) == 0
    (criterion,) = [one for one in read(run, "verdict.json")["criteria"] if one["name"] == "spec"]
    assert criterion["threshold"] == 0.999
    assert main(["evaluate", *OWN, f"checkpoint={run}"]) == 0
    assert read(run, "evaluation.json")["test"]["hits"] == read(run, "metrics.json")["test"]["hits"]


def test_what_metrics_ask_for_of_the_data_they_are_told():
    run = train("data=iris", "metrics.kappa._target_=torchmetrics.classification.MulticlassCohenKappa")
    assert read(run, "metrics.json")["test"]["kappa"]["value"] > 0.3


def test_of_an_error_less_is_better():
    run = train(
        NUMBER, SCALED, "metrics.off._target_=torchmetrics.regression.MeanAbsolutePercentageError", "criteria.off=0.1"
    )
    (criterion,) = [one for one in read(run, "verdict.json")["criteria"] if one["name"] == "off"]
    assert (criterion["status"], criterion["higher_is_better"]) == ("fail", False)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([TWO, "loss._target_=own_parts.losses.Nothing"], "error: loss: Nothing takes no outputs"),
        ([TWO, "loss._target_=torch.nn.TripletMarginLoss"], "error: loss: TripletMarginLoss takes no outputs"),
        ([TWO, "loss._target_=os.system"], "error: loss._target_: 'os.system' is not a class that a config may name"),
        ([TWO, SPEC, "criteria.specs=0.8"], "error: criteria.specs: no such key"),
        ([TWO, "metrics.accuracy._target_=torchmetrics.Accuracy"], "error: metrics.accuracy: is the name of a metric"),
        ([TWO, "metrics.x._target_=own_parts.losses.Focal"], "error: metrics.x._target_: makes a Focal"),
        ([TWO, "metrics.x._target_=builtins.exec"], "error: metrics.x._target_: 'builtins.exec' is not a class"),
        ([NUMBER, SPEC], "error: metrics.spec: cannot be computed for a regression target"),
        ([TWO, "metrics.x.y=1"], "error: metrics.x._target_: is required"),
        ([TWO, "monitor=val/spec"], "error: monitor: 'val/spec': a binary task has no spec"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line(capsys, words, complaint):
    assert main(["train", *OWN, *QUICK, *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(complaint)
    assert len(line) <= 300


def test_a_stack_of_torchs_layers_is_a_model():
    Path("conf/model").mkdir(parents=True)
    Path("conf/model/stack.yaml").write_text(
        "_target_: torch.nn.Sequential\n_args_:\n"
        "  - {_target_: torch.nn.Linear, in_features: 4, out_features: 8}\n"
        "  - {_target_: torch.nn.ReLU}\n"
        "  - {_target_: torch.nn.Linear, in_features: 8, out_features: 3}\n"
    )
    assert main(["train", *QUICK, "--config-dir", "conf", "model=stack", "data=iris"]) == 0
    assert nn.Sequential.__name__ in (max(Path("outputs").glob("*/2*")) / "evidence.json").read_text()


@pytest.mark.slow
def test_a_part_of_a_model_is_frozen_or_has_a_rate_of_its_own():
    words = ["data=iris", "trainer.max_epochs=1", "callback.checkpoint.use=last"]
    runs = [
        train(*words, *more)
        for more in ([], ["optimizer.parts.layers.1=0"], ["optimizer.parts.layers.1=0", "trainer.max_epochs=3"])
    ]
    free, once, thrice = (torch.load(run / "checkpoints" / "best.ckpt")["state_dict"] for run in runs)
    assert torch.equal(once["model.layers.1.weight"], thrice["model.layers.1.weight"])
    assert not torch.equal(free["model.layers.1.weight"], once["model.layers.1.weight"])
    assert not torch.equal(once["model.layers.3.weight"], thrice["model.layers.3.weight"])
