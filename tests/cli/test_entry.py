"""From a shell's words to an exit status."""

import os
import signal
import subprocess
import sys
import time

import pytest

from litmus.cli import main

LITMUS = [sys.executable, "-m", "litmus"]


def test_no_words_print_the_overview(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: litmus <command>")


def test_help_wins_over_everything_else_on_the_line(capsys):
    assert main(["train", "optimizer.lr=-1", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: litmus train")


@pytest.mark.parametrize("words", [["--help"], ["train", "--cfg", "job"]])
def test_help_and_a_config_are_shown_without_loading_what_trains(words):
    heavy = "{'torch', 'lightning', 'numpy', 'polars', 'matplotlib'}"
    code = f"import sys; from litmus.cli import main; main({words}); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_the_installed_one(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("litmus 0.")


def test_arguments_reach_the_commands_main(monkeypatch):
    seen = {}
    monkeypatch.setattr("litmus.predict.main", lambda **keys: seen.update(keys))
    assert main(["predict", "checkpoint=last", "input=a (1).csv", "output=b.csv"]) == 0
    assert seen == {"checkpoint": "last", "input": "a (1).csv", "output": "b.csv"}


def test_a_commands_own_status_is_passed_on(monkeypatch):
    monkeypatch.setattr("litmus.compare.main", lambda *words: 7 if words == ("a", "b") else 0)
    assert main(["compare", "a", "b"]) == 7


def test_what_nobody_expected_is_one_line_and_a_traceback_only_on_request(monkeypatch, capsys):
    def fail(*words):
        raise RuntimeError("the sky\nis falling")

    monkeypatch.setattr("litmus.compare.main", fail)
    assert main(["compare", "a"]) == 1
    assert capsys.readouterr().err == "error: RuntimeError: the sky is falling (--debug shows where)\n"
    assert main(["compare", "a", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_several_problems_are_a_line_each_and_at_most_six(capsys):
    assert main(["train", *(f"nonsense{place}=1" for place in range(9))]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("error: ") for line in lines)
    assert lines[-1] == "error: and 4 more problems"


def test_output_that_nobody_reads_to_the_end_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m litmus train --help | head -1", shell=True, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("usage: litmus train [-m] [key=value ...]\n", "", 0)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_after_saving_and_it_can_be_resumed(tmp_path, number, status):
    words = ["data=circles", "trainer.max_epochs=2000000", "callback.early_stopping=null", "verdict.probes=off"]
    process = subprocess.Popen([*LITMUS, "train", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 200
        while not list(tmp_path.rglob("history.csv")) and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.2)
        os.kill(process.pid, number)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == status
    assert err.startswith("error: interrupted; go on with litmus train resume=")
    (checkpoint,) = tmp_path.rglob("last.ckpt")
    epochs = len(next(tmp_path.rglob("history.csv")).read_text().splitlines()) - 1
    run = checkpoint.parents[1]
    done = subprocess.run(
        [*LITMUS, "train", f"resume={run}", f"trainer.max_epochs={epochs + 5}"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len((run / "history.csv").read_text().splitlines()) - 1 == epochs + 5


@pytest.mark.slow
def test_two_processes_train_one_run(tmp_path):
    words = ["trainer=ddp", "data=iris", "trainer.max_epochs=3", "verdict.probes=off"]
    done = subprocess.run([*LITMUS, "train", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (run,) = (tmp_path / "outputs" / "iris_mlp").iterdir()
    assert len((run / "history.csv").read_text().splitlines()) == 4
    assert {"best.ckpt", "last.ckpt"} == {path.name for path in (run / "checkpoints").iterdir()}
    assert "stock (more than one device)" in (run / "log.txt").read_text()


@pytest.mark.slow
def test_a_sweep_over_two_workers_trusts_what_the_command_line_trusts(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n\n\nclass Model(nn.Linear):\n"
        "    def __init__(self, *, in_features: int, out_features: int) -> None:\n"
        "        super().__init__(in_features, out_features)\n"
    )
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text("_target_: mine.Model\n")
    words = ["-m", "--allow", "mine", "--config-dir", "conf", "model=mine", "data=iris", "trainer.max_epochs=1"]
    words += ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "optimizer.lr=.1,.01", "verdict.probes=off"]
    done = subprocess.run([*LITMUS, "train", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (sweep,) = (tmp_path / "outputs" / "iris_mine").iterdir()
    assert {"0_lr=0.1", "1_lr=0.01", "leaderboard.csv"} <= {path.name for path in sweep.iterdir()}
