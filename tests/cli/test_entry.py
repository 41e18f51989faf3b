"""From a shell's words to an exit status."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from litmus.cli import main
from litmus.cli.commands import read_line
from litmus.cli.entry import announcement

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
    monkeypatch.setattr("litmus.commands.predict.main", lambda **keys: seen.update(keys))
    assert main(["predict", "checkpoint=last", "input=a (1).csv", "output=b.csv"]) == 0
    assert seen == {"checkpoint": "last", "input": "a (1).csv", "output": "b.csv"}


def test_a_commands_own_status_is_passed_on(monkeypatch):
    monkeypatch.setattr("litmus.commands.compare.main", lambda *words: 7 if words == ("a", "b") else 0)
    assert main(["compare", "a", "b"]) == 7


def test_what_nobody_expected_is_one_line_and_a_traceback_only_on_request(monkeypatch, capsys):
    def fail(*words):
        raise RuntimeError("the sky\nis falling")

    monkeypatch.setattr("litmus.commands.compare.main", fail)
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
        _, err = process.communicate(timeout=300)
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
def test_a_loss_that_is_not_finite_in_two_processes_ends_in_its_verdict(tmp_path):
    words = ["trainer=ddp", "data=iris", "optimizer.lr=1e30", "trainer.min_epochs=5", "verdict.probes=off"]
    done = subprocess.run([*LITMUS, "train", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"error: .*: the loss is not finite from epoch 0 on; its verdict says why\n", done.stderr)
    (run,) = (tmp_path / "outputs" / "iris_mlp").iterdir()
    findings = json.loads((run / "verdict.json").read_text())["findings"]
    assert findings[0]["name"] == "non_finite"


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
    own = json.loads((sweep / "0_lr=0.1" / "provenance.json").read_text())["overrides"]
    assert {"++optimizer.lr=0.1", "model=mine"} <= {*own}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train"], "training a model on the default data: loading what trains ..."),
        (
            ["train", "data.path=a b.csv", "data.target=y", "model=linear"],
            "training linear on a b.csv, target y: loading what trains ...",
        ),
        (["train", "-m", "experiment=iris", "seed=1,2"], "training a sweep on iris: loading what trains ..."),
        (["train", "resume=last"], "going on with last ..."),
        (["check", "data=wine"], "looking at wine ..."),
    ],
)
def test_the_first_line_says_what_will_be_done_from_the_words_alone(words, said):
    assert announcement(read_line(words)) == said


def test_json_prints_the_document_alone_whatever_the_verdict(tmp_path, capsys, monkeypatch):
    words = ["data=iris", "trainer.max_epochs=1", "verdict.probes=off", "verdict.references=off", "logger=csv"]
    place = [f"output_dir={tmp_path / 'outputs'}", "name=run"]
    assert main(["train", "--json", *words, *place, "fail_on=undetermined"]) == 3
    said = capsys.readouterr()
    (run,) = (tmp_path / "outputs" / "run").iterdir()
    assert json.loads(said.out) == json.loads((run / "verdict.json").read_text())
    assert "report.html" in said.err
    assert "fail_on=undetermined: the verdict is" in said.err
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("y,p\n" + "a,a\nb,a\nb,b\na,a\n" * 10)
    assert main(["judge", "--json", "predictions=a.csv", "target=y", "pred=p"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "a_verdict.json").read_text())


def test_a_command_without_a_document_takes_no_json(capsys):
    assert main(["predict", "--json"]) == 2
    assert "--json: predict takes no such flag" in capsys.readouterr().err
