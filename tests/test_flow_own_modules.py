"""LightningModules of users train by their own steps, and are scored and judged as ours are."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from litmus.cli import main
from litmus.run import Predictor

sys.path.insert(0, str(Path(__file__).resolve().parent / "own"))

from own_parts import modules

QUICK = ["verdict.probes=off", "verdict.references=off", "logger=csv", "trainer.max_epochs=8"]
OWN = ["--allow", "own_parts"]


def target(name: str) -> str:
    return f"model._target_=own_parts.modules.{name}"


def train(*words: str) -> Path:
    """The directory of a run by the command line, which is the only one in its folder."""
    assert main(["train", *OWN, *QUICK, *words]) == 0
    return max(Path("outputs").glob("*/2*"), key=lambda path: path.stat().st_mtime_ns)


def read(run: Path, name: str):
    return json.loads((run / name).read_text())


def history(run: Path) -> dict[str, list[str]]:
    rows = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    return {name: [row[name] for row in rows] for name in rows[0]}


TEMPLATE = [
    "model.net._target_=litmus.model.mlp.MLP",
    *("model.net.in_features=4", "model.net.out_features=3", "model.net.hidden=[16]"),
    *("model.optimizer._target_=torch.optim.Adam", "model.optimizer._partial_=true", "model.optimizer.lr=0.01"),
    *("model.scheduler._target_=torch.optim.lr_scheduler.ReduceLROnPlateau", "model.scheduler._partial_=true"),
]
JUDGED = {
    "Classifier": ["data=iris"],
    "Lazy": ["data=iris"],
    "Template": ["data=iris", *TEMPLATE],
    "OneLogit": ["data=breast_cancer"],
    "TwoProbabilities": ["data=breast_cancer"],
    "Regressor": ["data=diabetes", "data.normalize_target=true", "monitor=val/mae_scaled"],
    "AutoencoderClassifier": ["data=wine"],
    "TwoOptimizers": ["data=iris"],
    "ByBatch": ["data=iris"],
}


@pytest.mark.parametrize("name", JUDGED)
def test_a_module_in_any_usual_style_is_scored_from_what_it_predicts(name):
    run = train(target(name), *JUDGED[name])
    scores = read(run, "metrics.json")["test"]
    primary = "r2" if name == "Regressor" else "balanced_accuracy"
    assert scores[primary]["value"] > (0.1 if name == "Regressor" else 0.5)
    assert scores[primary]["low"] <= scores[primary]["value"] <= scores[primary]["high"]
    assert "predictions" not in {one["name"] for one in read(run, "verdict.json")["unknown"]}
    assert len(history(run)["epoch"]) == 8
    best = read(run, "evidence.json")["fit"]["best_epoch"]  # what was seen while it trained is what is scored
    assert float(history(run)[f"val/{primary}"][best]) == pytest.approx(
        read(run, "metrics.json")["val"][primary]["value"]
    )


@pytest.mark.parametrize(
    ("name", "data"), [("GAN", "iris"), ("Autoencoder", "iris"), ("Autoencoder", "circles"), ("Code", "iris")]
)
def test_a_module_that_predicts_nothing_trains_and_stays_undetermined(name, data):
    run = train(target(name), f"data={data}")
    verdict = read(run, "verdict.json")
    assert verdict["verdict"] == "undetermined"
    assert verdict["summary"].startswith("Undetermined: the model predicts nothing that can be scored.")
    assert "predictions" in {one["name"] for one in verdict["unknown"]}
    assert read(run, "status.json")["status"] == "finished"
    assert (run / "checkpoints" / "best.ckpt").is_file()
    assert (run / "predictions.csv").read_text().count("\n") == 1
    assert not Path("outputs/test_ledger.json").exists()


@pytest.mark.slow
def test_a_verdict_on_the_same_network_is_the_same_figure_by_figure():
    words = ["data=breast_cancer", "trainer.max_epochs=20", "verdict.references=auto"]
    own, ours = train(target("LikeOurs"), *words), train("model=mlp", *words, "name=ours")
    assert read(own, "metrics.json") == read(ours, "metrics.json")
    verdicts = [
        {key: value for key, value in read(run, "verdict.json").items() if key != "unknown"} for run in (own, ours)
    ]
    assert verdicts[0] == verdicts[1]
    assert (own / "predictions.csv").read_text() == (ours / "predictions.csv").read_text()
    columns = history(own)
    for name, values in history(ours).items():
        assert [float(value) for value in columns[name]] == pytest.approx([float(value) for value in values], rel=1e-6)


def test_what_a_module_logs_is_in_the_history_under_its_own_names_and_before_ours():
    columns = history(train(target("Template"), "data=iris", *TEMPLATE))
    assert {"train/loss", "train/acc", "val/loss", "val/acc", "val/acc_best", "val/accuracy"} <= columns.keys()
    same = [float(value) for value in columns["val/acc"]]
    assert same == pytest.approx([float(value) for value in columns["val/accuracy"]])
    best = [max(same[: end + 1]) for end in range(len(same))]
    assert [float(value) for value in columns["val/acc_best"]] == pytest.approx(best)


def test_a_logged_value_can_be_monitored_and_picks_the_weights():
    run = train(target("Classifier"), "data=iris", "monitor=val_acc", "model.lr=0.03")
    values = [float(value) for value in history(run)["val_acc"]]
    assert read(run, "evidence.json")["fit"]["best_epoch"] == values.index(max(values))


def test_without_a_loss_on_val_the_last_weights_are_used_and_it_is_said():
    run = train(target("ByBatch"), "data=iris")
    assert read(run, "evidence.json")["fit"]["best_epoch"] == 7
    (reason,) = [one["reason"] for one in read(run, "verdict.json")["unknown"] if one["name"] == "val/loss"]
    assert "the last weights are used" in reason
    state = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    last = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    assert all(torch.equal(state[name], last[name]) for name in last)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["optimizer.lr=0.1"], "error: optimizer.lr: the model is a LightningModule .* takes this as model.lr"),
        (["optimizer=sgd"], "error: optimizer: the model is a LightningModule with its own optimizer"),
        (["scheduler=cosine"], "error: scheduler: the model is a LightningModule with its own scheduler"),
        (["loss=focal"], "error: loss: the model is a LightningModule with its own loss"),
        (
            ["monitor=val/nothing_acc"],
            "error: monitor: 'val/nothing_acc' is not logged by the model; it logs train_loss",
        ),
        (["monitor=val/what"], "error: monitor: 'val/what': whether it is to fall or to rise is not known"),
        (["monitor=test/acc"], "error: monitor: must be a logged value of train or val"),
        (["model.hiden=4"], "error: model.hiden: no such key; did you mean model.hidden?"),
    ],
)
def test_what_the_module_replaces_is_refused_in_a_line(capsys, words, complaint):
    assert main(["train", *OWN, *QUICK, target("Classifier"), "data=iris", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) <= 300
    assert re.match(complaint, line)


def test_several_optimizers_that_lightning_does_not_step_are_refused_with_what_to_write(capsys):
    assert main(["train", *OWN, *QUICK, target("TwoAtOnce"), "data=iris", "model.in_features=4"]) == 2
    assert "TwoAtOnce makes several optimizers; set self.automatic_optimization = False" in capsys.readouterr().err


def test_a_constructor_that_takes_optimizer_and_scheduler_gets_those_of_the_config():
    words = [word for word in TEMPLATE if not word.startswith(("model.optimizer", "model.scheduler"))]
    run = train(target("Template"), "data=iris", *words, "optimizer=adamw", "optimizer.lr=0.02", "scheduler=none")
    assert set(read(run, "evidence.json")["fit"]["lr"]) == {0.02}


def test_its_run_is_evaluated_predicted_with_judged_and_gone_on_with(tmp_path, capsys):
    run = train(target("Classifier"), "data=iris")
    before = read(run, "metrics.json")["test"]["accuracy"]["value"]
    assert main(["evaluate", *OWN, f"checkpoint={run}"]) == 0
    assert read(run, "evaluation.json")["test"]["accuracy"]["value"] == before
    assert main(["judge", str(run), "criteria=strict"]) == 0
    assert main(["train", *OWN, f"resume={run}", "trainer.max_epochs=12"]) == 0
    assert len(history(run)["val_acc"]) == 12
    assert main(["evaluate", f"checkpoint={run}"]) in {0, 2}  # this process trusts the package already


def test_a_module_that_keeps_objects_as_hyper_parameters_goes_on(capsys):
    run = train(target("Template"), "data=iris", *TEMPLATE, "trainer.max_epochs=3")
    assert main(["train", *OWN, f"resume={run}", "trainer.max_epochs=5"]) == 0
    assert len(history(run)["val/acc"]) == 5


@pytest.mark.parametrize(
    "word",
    [
        "model.net._target_=subprocess.Popen",
        "model.optimizer._target_=os.system",
        "model._target_=own_parts.modules.torch.load",
        "model._target_=pickle.loads",
        "data._target_=shutil.rmtree",
        "data._target_=own_parts.data.torch.hub.load",
        "loss._target_=own_parts.losses.torch.load",
        "callback.x._target_=builtins.exec",
    ],
)
def test_trusting_a_package_trusts_nothing_that_it_imports(capsys, word):
    own = [] if word.startswith("model._target_") else [target("Template"), *TEMPLATE]
    words = [one for one in own if one.partition("=")[0] != word.partition("=")[0]]
    assert main(["train", *OWN, *QUICK, *words, *([] if word.startswith("data") else ["data=iris"]), word]) == 2
    assert "a class that a config may name" in capsys.readouterr().err
    assert not Path("outputs").exists()


@pytest.mark.slow
def test_a_resumed_run_equals_one_that_was_never_stopped():
    whole = train(target("TwoOptimizers"), "data=iris", "name=whole", "trainer.max_epochs=6")
    part = train(target("TwoOptimizers"), "data=iris", "name=part", "trainer.max_epochs=3")
    assert main(["train", *OWN, f"resume={part}", "trainer.max_epochs=6"]) == 0
    x = torch.randn(5, 4)
    ours, theirs = (Predictor.restore(run / "checkpoints" / "last.ckpt").outputs(x) for run in (whole, part))
    assert torch.equal(ours, theirs)
    assert history(whole) == history(part)


@pytest.mark.slow
def test_its_keys_can_be_swept(capsys):
    assert main(["train", *OWN, "-m", *QUICK, target("Classifier"), "data=iris", "model.lr=0.001,0.05"]) == 0
    (board,) = Path("outputs").glob("*/sweep_*/leaderboard.csv")
    rows = list(csv.DictReader(board.read_text().splitlines()))
    assert [row["model.lr"] for row in rows] == ["0.05", "0.001"]


def test_lightning_loads_the_checkpoint_of_its_module():
    run = train(target("Classifier"), "data=iris")
    module = modules.Classifier.load_from_checkpoint(
        run / "checkpoints" / "last.ckpt", in_features=4, weights_only=True
    )
    assert isinstance(module, modules.Classifier)


def test_a_backbone_is_frozen_and_thawed_by_lightnings_callback():
    callback = "callback.thaw._target_=lightning.pytorch.callbacks.BackboneFinetuning"
    run = train(target("Backbone"), "data=iris", callback, "callback.thaw.unfreeze_backbone_at_epoch=3")
    columns = history(run)
    assert len(columns["epoch"]) == 8
    assert read(run, "metrics.json")["test"]["accuracy"]["value"] > 0.5


@pytest.mark.slow
def test_a_project_of_the_usual_template_runs_with_its_modules_untouched(tmp_path):
    example = Path(__file__).resolve().parents[1] / "examples" / "migrated"
    shutil.copytree(example, tmp_path / "migrated")
    words = ["train", "--config-dir", "configs", "--allow", "src", "experiment=example", "verdict.probes=off"]
    done = subprocess.run(
        [sys.executable, "-m", "litmus", *words, "verdict.references=off"],
        cwd=tmp_path / "migrated",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "migrated" / "outputs" / "example").iterdir()
    assert read(run, "verdict.json")["verdict"] == "adequate"
    assert {"train/loss", "val/acc", "val/acc_best", "weight_norm", "val/accuracy"} <= history(run).keys()
