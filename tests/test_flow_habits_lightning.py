"""What people set who know Lightning: every argument of its Trainer works, or is refused with what to write instead."""

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lightning.pytorch import Trainer

from litmus.cli import main
from litmus.config import check, compose
from litmus.errors import InterruptedRun

sys.path.insert(0, str(Path(__file__).resolve().parent / "pairs"))

from warm_process import WarmProcess

QUICK = ["train", "data=iris", "trainer.max_epochs=2", "verdict.probes=off", "verdict.references=off", "logger=csv"]
WORKS = {
    "accelerator": "cpu",
    "strategy": "ddp_spawn",
    "devices": "1",
    "num_nodes": "1",
    "precision": "bf16-mixed",
    "fast_dev_run": "3",
    "max_epochs": "3",
    "min_epochs": "1",
    "max_steps": "3",
    "min_steps": "1",
    "max_time": "00:00:01:00",
    "limit_train_batches": "0.5",
    "limit_val_batches": "1",
    "limit_test_batches": "1",
    "limit_predict_batches": "1",
    "overfit_batches": "1",
    "val_check_interval": "1",
    "check_val_every_n_epoch": "2",
    "num_sanity_val_steps": "1",
    "log_every_n_steps": "1",
    "accumulate_grad_batches": "2",
    "gradient_clip_val": "1.0",
    "gradient_clip_algorithm": "value",
    "deterministic": "true",
    "benchmark": "true",
    "inference_mode": "false",
    "use_distributed_sampler": "false",
    "profiler": "simple",
    "detect_anomaly": "true",
    "sync_batchnorm": "true",
    "reload_dataloaders_every_n_epochs": "1",
    "default_root_dir": "elsewhere",
    "enable_autolog_hparams": "false",
    "model_registry": "registry",
}
REFUSED = {
    "logger": ("true", "write logger=<option>"),
    "enable_checkpointing": ("false", "leave it out"),
    "enable_progress_bar": ("false", "leave it out"),
    "enable_model_summary": ("true", "write callback.summary._target_="),
    "plugins": ("[]", "write trainer.precision"),
    "callbacks": ("[]", "write callback.<name>._target_=<class>"),
    "barebones": ("true", "trainer.fast_dev_run=true"),
}
ARGUMENTS = [name for name in inspect.signature(Trainer.__init__).parameters if name != "self"]


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_of_the_trainer_is_taken_or_refused_with_what_to_write(name):
    if name in WORKS:
        assert check(compose([f"trainer.{name}={WORKS[name]}"])) == []
    else:
        value, remedy = REFUSED[name]
        (problem,) = check(compose([f"trainer.{name}={value}"]))
        assert problem.key == f"trainer.{name}"
        assert remedy in str(problem)
        assert len(str(problem)) < 300


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess() as process:
        yield process


@pytest.mark.parametrize(
    ("value", "said"), [("true", "one batch of train and val"), ("2", "2 batches of train and val")]
)
def test_a_fast_development_run_leaves_nothing_and_judges_nothing(capfd, tmp_path, value, said):
    assert main([*QUICK, f"trainer.fast_dev_run={value}"]) == 0
    out, error = capfd.readouterr()
    assert error == ""
    assert out.splitlines()[-1].startswith(f"ran through: {said}")
    assert "dequate" not in out
    assert list(tmp_path.iterdir()) == []


def test_a_fast_development_run_fails_where_the_loss_is_not_finite(capfd, tmp_path):
    assert main([*QUICK, "trainer.fast_dev_run=3", "optimizer.lr=1e30"]) == 1
    assert "the loss is not finite in the first batches" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_fast_development_run_that_is_interrupted_names_no_folder_that_has_gone(monkeypatch, capfd, tmp_path):
    def fit(run):
        raise InterruptedRun(2, f"go on with litmus train resume={run.paths.directory}")

    monkeypatch.setattr("litmus.run.Run.fit", fit)
    assert main([*QUICK, "trainer.fast_dev_run=true"]) == 130
    assert capfd.readouterr().err == "error: interrupted; nothing is kept of trainer.fast_dev_run\n"


def test_a_sweep_is_no_fast_development_run(capfd):
    assert main([*QUICK, "-m", "seed=1,2", "trainer.fast_dev_run=true"]) == 2
    assert "leave it or -m out" in capfd.readouterr().err


def test_a_second_node_that_nothing_has_started_ends_in_a_line(capfd, tmp_path):
    assert main([*QUICK, "trainer.num_nodes=2"]) == 2
    assert "start it by torchrun or SLURM on each, or use 1" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_two_spawned_processes_train_one_model(tmp_path):
    import subprocess

    words = ["trainer.strategy=ddp_spawn", "trainer.devices=2", "trainer.accelerator=cpu"]
    command = [sys.executable, "-m", "litmus", *QUICK, *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (verdict,) = tmp_path.rglob("verdict.json")
    assert json.loads(verdict.read_text())["split"] == "test"


@pytest.mark.slow
def test_a_default_threshold_that_is_written_again_counts_as_stated(warm, tmp_path):
    assert warm.run([*QUICK, "criteria.recall=0.8"], tmp_path, figures=False).status == 0
    (verdict,) = tmp_path.rglob("verdict.json")
    stated = {one["name"]: one["stated"] for one in json.loads(verdict.read_text())["criteria"]}
    assert stated["recall"] is True
    assert stated["accuracy"] is stated["precision"] is False


LEARNT = [
    "trainer.overfit_batches=1",
    "trainer.max_epochs=300",
    "optimizer.lr=0.01",
    "callback.early_stopping.patience=1",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "learnt"),
    [(LEARNT, True), ([*LEARNT, "trainer.max_epochs=1"], False), (["data=diabetes", *LEARNT], False)],
)
def test_a_batch_is_learnt_by_heart_or_not_and_nothing_else_is_judged(warm, tmp_path, words, learnt):
    answer = warm.run([*QUICK, *words], tmp_path, figures=False)
    assert (answer.status, answer.err) == (0, "")
    (file,) = tmp_path.rglob("verdict.json")
    verdict = json.loads(file.read_text())
    assert (verdict["verdict"], verdict["memorises"], verdict["split"]) == ("undetermined", learnt, "val")
    assert f"It learns a batch by heart: {'yes' if learnt else 'no'}" in answer.out
    assert "test" not in json.loads(file.with_name("metrics.json").read_text())
