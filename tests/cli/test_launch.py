"""Runs and sweeps as the command line starts them, with a training that only takes notes."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from litmus.cli import main
from litmus.cli.signals import Stop
from litmus.disk import holder
from litmus.errors import AdequacyError, DataError, InterruptedRun, RunError


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*"))


def test_a_run_gets_a_directory_of_its_own_and_the_config_that_was_asked_for(train):
    assert main(["train", "data=iris", "model.hidden=[8]", "optimizer.lr=.5", "model.norm=batch"]) == 0
    (run,) = train.seen
    assert run.directory.parent == Path.cwd() / "outputs" / "iris_mlp"
    assert (run.cfg.model.hidden, run.cfg.optimizer.lr, run.cfg.model.norm) == ([8], 0.5, "batch")
    assert run.command == ("train", "data=iris", "model.hidden=[8]", "optimizer.lr=.5", "model.norm=batch")
    assert not run.job
    assert (run.directory / ".hydra" / "config.yaml").is_file()


def test_the_name_and_the_output_directory_can_be_chosen(train):
    assert main(["train", "name=my-run_1.0", "output_dir=some where/else"]) == 0
    assert train.seen[0].directory.parent == Path.cwd() / "some where" / "else" / "my-run_1.0"


def test_text_reaches_the_run_as_text(train):
    assert main(["train", "data.path=my data (1).csv", "data.target=Survived (yes/no)", "task.positive=1"]) == 0
    data = train.seen[0].cfg.data
    assert (data._target_, data.path, data.target) == (
        "litmus.data.sources.table_files.CSV",
        "my data (1).csv",
        "Survived (yes/no)",
    )
    assert train.seen[0].cfg.task.positive == "1"


def test_nothing_is_said_on_the_terminal_but_by_the_run_itself(train, capfd):
    assert main(["train", "data=iris"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_sweep_runs_every_point_in_a_folder_that_tells_it(train, compared):
    assert (
        main(["train", "-m", "hydra/launcher=basic", "data=iris", "model.hidden=[8],[32]", "optimizer.lr=.1,.01"]) == 0
    )
    names = [run.directory.name for run in train.seen]
    assert names == ["0_hidden=8,lr=0.1", "1_hidden=8,lr=0.01", "2_hidden=32,lr=0.1", "3_hidden=32,lr=0.01"]
    (sweep,) = {run.directory.parent for run in train.seen}
    assert sweep.match("outputs/iris_mlp/sweep_*")
    assert all(run.job for run in train.seen)
    assert compared == [str(sweep.relative_to(Path.cwd()))]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["model=mlp,linear", "data=iris"], "iris"),
        (["experiment=iris,wine"], "sweep"),
    ],
)
def test_a_sweep_is_named_by_what_does_not_vary(train, compared, words, name):
    assert main(["train", "-m", "hydra/launcher=basic", *words]) == 0
    assert {run.directory.parents[1].name for run in train.seen} == {name}
    assert {run.cfg.name for run in train.seen} == {name}


@pytest.mark.slow
def test_a_sweep_may_be_a_preset(train, compared):
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "sweep=lr_hidden"]) == 0
    assert len(train.seen) == 9
    assert {run.cfg.model.hidden[0] for run in train.seen} == {20, 50, 100}


@pytest.mark.parametrize(
    ("word", "key", "values"),
    [
        (
            "experiment=glob(circles_*)",
            "folder",
            ["0_experiment=circles_linear_v0", "1_experiment=circles_linear_v1", "2_experiment=circles_relu"],
        ),
        ("experiment=glob(circles_relu*)", "folder", ["0_experiment=circles_relu"]),
        (
            "optimizer=glob(*)",
            "optimizer._target_",
            [f"torch.optim.{name}" for name in ("Adam", "AdamW", "RMSprop", "SGD")],
        ),
        ("optimizer=glob('*', exclude=[adam*,rms*])", "optimizer._target_", ["torch.optim.SGD"]),
        ("optimizer=choice(sgd,adam)", "optimizer._target_", ["torch.optim.SGD", "torch.optim.Adam"]),
        ("optimizer.lr=range(1,4)", "optimizer.lr", [1, 2, 3]),
        ("optimizer.lr=range(.25,.75,step=.25)", "optimizer.lr", [0.25, 0.5]),
        ("seed=sort(3,1,2)", "seed", [1, 2, 3]),
        ("model.activation=choice(tanh)", "model.activation", ["tanh"]),
    ],
)
def test_a_sweep_takes_every_form_of_several_values_that_hydra_has(train, compared, word, key, values):
    fixed = [] if "experiment" in word else ["data=iris"]
    assert main(["train", "-m", "hydra/launcher=basic", *fixed, word]) == 0
    if key == "folder":
        assert [run.directory.name for run in train.seen] == values
    else:
        assert [OmegaConf.select(run.cfg, key) for run in train.seen] == values


def test_a_shuffled_sweep_has_one_order_for_all_that_look_at_it(train, compared):
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "seed=shuffle(range(1,9))"]) == 0
    assert sorted(run.cfg.seed for run in train.seen) == list(range(1, 9))
    stored = OmegaConf.load(train.seen[0].directory.parent / "multirun.yaml").hydra.overrides.task
    assert f"++seed={','.join(str(run.cfg.seed) for run in train.seen)}" in stored


def test_options_of_a_users_own_folder_match_a_pattern_too(train, compared, tmp_path):
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    for name in ("own_a", "own_b"):
        (tmp_path / "mine" / "experiment" / f"{name}.yaml").write_text("# @package _global_\nseed: 7\n")
    params = "hydra: {sweeper: {params: {experiment: glob(own_*)}}}"
    (tmp_path / "mine" / "sweep").mkdir()
    (tmp_path / "mine" / "sweep" / "all.yaml").write_text(f"# @package _global_\n{params}\n")
    for word in ("experiment=glob(own_*)", "sweep=all"):
        train.seen.clear()
        assert main(["train", "-m", "hydra/launcher=basic", "--config-dir", "mine", "data=iris", word]) == 0
        assert [run.directory.name for run in train.seen] == ["0_experiment=own_a", "1_experiment=own_b"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["optimizer=glob(x*)"], "optimizer: no option matches 'x*'; there is adam, adamw, rmsprop, sgd"),
        (["optimizer.lr=glob(*)"], "optimizer.lr: glob() chooses among the options of a group"),
        (
            ["optimizer.lr=interval(.1,1)"],
            "optimizer.lr: interval(0.1,1) is continuous, and a grid needs single values; list them",
        ),
        (["optimizer.lr=.1,-1"], "optimizer.lr: must be a number > 0, not -1"),
        (["model=linear,mlp", "model.hidden=[8],[16]"], "model.hidden: no such key"),
        (["model=mlp,mpl"], "did you mean model=mlp?"),
        (["model.activation=relu,rellu", "optimizer.lr=.1,.01,.001"], "did you mean model.activation=relu?"),
        (["model.dropout=range(0,2)"], "model.dropout: must be a number >= 0 and < 1, not 1"),
        (["data.target=choice(a,b)", "data=iris"], "data.target: is a key of your own tables; add data.path"),
        (["seed=range(1,3,0)"], "seed: cannot be swept: range() arg 3 must not be zero"),
    ],
)
def test_one_bad_point_stops_a_sweep_before_its_directory_exists(train, capsys, words, said):
    assert main(["train", "-m", "hydra/launcher=basic", *words]) == 2
    assert said in capsys.readouterr().err
    assert train.seen == []
    assert files() == []


def test_a_failing_job_is_recorded_and_the_others_go_on(train, compared, capsys):
    def act(cfg):
        if cfg.optimizer.lr == 0.1:
            raise ZeroDivisionError("at layer 3")

    train.act = act
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.5,.1,.2"]) == 1
    out, err = capsys.readouterr()
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["0_lr=0.5", "val/loss"],
        ["1_lr=0.1", "failed:"],
        ["2_lr=0.2", "val/loss"],
    ]
    where = r"outputs/iris_mlp/sweep_\S+/1_lr=0.1/log.txt"
    assert re.search(
        rf"error: 1 of 3 jobs failed; the first, 1_lr=0.1: ZeroDivisionError: at layer 3; see {where}$", err
    )
    assert "Traceback" not in out + err
    failed = train.seen[1].directory
    assert json.loads((failed / "status.json").read_text())["status"] == "failed"
    assert "ZeroDivisionError: at layer 3" in (failed / "log.txt").read_text()
    assert OmegaConf.load(failed / "config.yaml").optimizer.lr == 0.1
    assert len(train.seen) == 3


def test_a_sweep_that_is_refused_in_every_job_leaves_nothing_behind(train, compared, capsys):
    def act(cfg):
        raise DataError("no such file; check data.path", file="x.csv")

    train.act = act
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.5,.1"]) == 2
    assert capsys.readouterr().err == "error: x.csv: no such file; check data.path\n"
    assert files() == []
    assert compared == []


@pytest.mark.parametrize(
    ("error", "status", "kept"),
    [
        (DataError("row 3 is empty", file="x.csv"), 2, False),
        (RunError("the loss is not finite"), 1, True),
        (AdequacyError("fail_on=inadequate: the verdict is inadequate"), 3, True),
        (InterruptedRun(2, "go on with litmus train resume=x"), 130, True),
        (InterruptedRun(15, "go on with litmus train resume=x"), 143, True),
        (KeyboardInterrupt(), 130, False),
        (RuntimeError("boom"), 1, True),
        (SystemExit(7), 1, True),
        (MemoryError("too large"), 1, True),
    ],
)
def test_how_a_run_ends_is_its_exit_status(train, capsys, error, status, kept):
    def act(cfg):
        raise error

    train.act = act
    assert main(["train", "data=iris"]) == status
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1
    assert bool(files()) == kept
    if isinstance(error, RuntimeError):
        (log,) = Path().rglob("log.txt")
        assert "RuntimeError: boom" in log.read_text()


def test_a_full_disk_is_said_in_one_line_even_where_the_log_cannot_be_written(train, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "status.json")

    def lost(handler, record):
        try:
            full()
        except OSError:
            handler.handleError(record)

    train.act = full
    monkeypatch.setattr("logging.FileHandler.emit", lost)
    monkeypatch.setattr("logging.raiseExceptions", True)
    monkeypatch.setattr("litmus.run.write_status", full)
    assert main(["train", "data=iris"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: No space left on device (status.json); free some room; traceback in ")
    assert len(err.splitlines()) == 1


def test_a_sweep_preset_without_the_flag_is_refused_rather_than_run_once(train, capsys):
    assert main(["train", "sweep=lr_hidden"]) == 2
    assert "start it by litmus train -m" in capsys.readouterr().err
    assert (train.seen, files()) == ([], [])


def test_an_interrupt_while_a_sweep_is_summed_up_says_that_its_jobs_are_done(train, monkeypatch, capsys):
    def stopped(place, *, test):
        raise KeyboardInterrupt

    monkeypatch.setattr("litmus.commands.compare.conclude", stopped)
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "seed=1,2", "hydra.sweep.dir=s"]) == 130
    said = "error: interrupted, the jobs are done; sum them up with litmus train resume=s\n"
    assert capsys.readouterr().err == said


def test_a_sweep_ends_with_the_status_of_a_signal_that_its_summary_swallowed(train, monkeypatch, capsys):
    def slow(place, *, test):
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)

    def folds(place, *, test):
        raise InterruptedRun(15, "go on with litmus train resume=s/0_seed=1")

    for conclude in (slow, folds):
        monkeypatch.setattr("litmus.commands.compare.conclude", conclude)
        place = conclude.__name__
        assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "seed=1", f"hydra.sweep.dir={place}"]) == 143
        said = f"error: interrupted, the jobs are done; sum them up with litmus train resume={place}\n"
        assert capsys.readouterr().err == said


def test_a_sweep_preset_of_which_every_key_is_set_is_a_run(train):
    assert main(["train", "sweep=lr_hidden", "optimizer.lr=0.1", "model.hidden=[5]"]) == 0
    assert len(train.seen) == 1


@pytest.mark.parametrize(("stop", "status"), [(KeyboardInterrupt(), 130), (Stop("at once", 143), 143)])
def test_an_interrupt_after_the_fit_says_how_to_go_on(train, capsys, stop, status):
    def act(cfg):
        checkpoints = train.seen[0].directory / "checkpoints"
        checkpoints.mkdir()
        (checkpoints / "last.ckpt").touch()
        raise stop

    train.act = act
    assert main(["train", "data=iris"]) == status
    assert capsys.readouterr().err == f"error: interrupted; go on with litmus train resume={train.seen[0].directory}\n"


def test_an_interrupt_before_the_job_begins_leaves_nothing_behind(train, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise Stop("interrupted before there was anything to save", 143)

    monkeypatch.setattr("litmus.cli.launch.execute", interrupted)
    assert main(["train", "data=iris"]) == 143
    assert capsys.readouterr().err == "error: interrupted before there was anything to save\n"
    assert (train.seen, files()) == ([], [])


def test_a_sweep_that_is_stopped_before_its_first_checkpoint_leaves_nothing_behind(train, capsys):
    def act(cfg):
        raise Stop("interrupted before there was anything to save", 143)

    train.act = act
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.5,.1"]) == 143
    assert capsys.readouterr().err == "error: interrupted before there was anything to save\n"
    assert files() == []


def test_an_interrupt_ends_a_whole_sweep_and_says_how_to_go_on_with_all_of_it(train, compared, capsys):
    def act(cfg):
        raise InterruptedRun(15, "go on with litmus train resume=x")

    train.act = act
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.5,.1,.2"]) == 143
    assert len(train.seen) == 1
    sweep = train.seen[0].directory.parent
    assert capsys.readouterr().err == f"error: interrupted; go on with litmus train resume={sweep}\n"


def test_a_refused_run_keeps_what_stood_beside_it(train):
    Path("outputs/iris_mlp").mkdir(parents=True)

    def act(cfg):
        raise DataError("bad")

    train.act = act
    assert main(["train", "data=iris"]) == 2
    assert files() == ["outputs", "outputs/iris_mlp"]


def test_secrets_are_written_as_references(train, monkeypatch):
    monkeypatch.setenv("LITMUS_SECRET", "hush-hush")
    assert main(["train", "data=iris", "logger=mlflow", "logger.tracking_uri=${oc.env:LITMUS_SECRET}"]) == 0
    run = train.seen[0].directory
    assert "hush-hush" not in "".join(path.read_text() for path in (run / ".hydra").iterdir())


@pytest.mark.parametrize("kind", ["job", "hydra", "all"])
def test_cfg_prints_the_config_and_starts_nothing(train, capsys, kind):
    assert main(["train", "data=iris", "--cfg", kind]) == 0
    shown = OmegaConf.create(capsys.readouterr().out)
    assert ("model" in shown, "hydra" in shown) == (kind != "hydra", kind != "job")
    assert (train.seen, files()) == ([], [])


def test_cfg_can_be_narrowed_to_one_part(capsys):
    assert main(["train", "--cfg", "job", "-p", "model", "model.hidden=[3]"]) == 0
    assert "hidden:\n- 3" in capsys.readouterr().out
    assert main(["train", "--cfg", "job", "-p", "modle"]) == 2


def test_a_run_may_be_put_where_a_user_says(train):
    assert main(["train", "data=iris", "hydra.run.dir=here (1)/now"]) == 0
    assert train.seen[0].directory == Path.cwd() / "here (1)" / "now"
    assert (train.seen[0].directory / ".hydra" / "config.yaml").is_file()
    assert not Path("outputs").exists()


def test_a_folder_that_holds_a_run_is_not_written_over(train, capsys):
    words = ["train", "data=iris", "hydra.run.dir=here"]
    assert main(words) == 0
    before = files()
    assert main(words) == 2
    assert "hydra.run.dir: 'here' holds a run or sweep already; go on with it by resume=here" in capsys.readouterr().err
    assert files() == before
    assert len(train.seen) == 1


def test_a_sweep_and_its_jobs_may_be_put_where_a_user_says(train, compared):
    places = ["hydra.sweep.dir=all/of it", "hydra.sweep.subdir=job/${hydra.job.num}"]
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.1,.2", *places]) == 0
    assert [str(run.directory.relative_to(Path.cwd())) for run in train.seen] == ["all/of it/job/0", "all/of it/job/1"]
    (train.seen[1].directory / "status.json").write_text('{"status": "interrupted"}')
    train.seen.clear()
    assert main(["train", "resume=all/of it"]) == 0
    assert [run.directory.name for run in train.seen] == ["1"]


def test_a_sweep_may_lie_where_a_path_goes_up(train, compared):
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.1,.2", "output_dir=a/../b"]) == 0
    assert len(train.seen) == 2


@pytest.mark.parametrize(
    "word",
    [
        "hydra.output_subdir=../../../x",
        "hydra.output_subdir=/tmp/x",
        "hydra.output_subdir=.",
        "hydra.sweep.subdir=../${hydra.job.num}",
        "hydra.sweep.subdir=same",
    ],
)
@pytest.mark.parametrize("flags", [[], ["-m"]])
def test_nothing_leaves_the_folder_of_a_run_or_sweep(train, capsys, word, flags):
    assert main(["train", *flags, "data=iris", "optimizer.lr=.1", word]) == 2
    assert f"error: {word.partition('=')[0]}: " in capsys.readouterr().err
    assert (train.seen, files()) == ([], [])


def test_jobs_that_would_share_a_folder_are_refused_after_the_first(train, compared, capsys):
    assert (
        main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.1,.2", "hydra.sweep.subdir=${seed}"])
        == 1
    )
    assert "hydra.sweep.subdir: two jobs would share '42'; put ${hydra.job.num} into it" in capsys.readouterr().err
    assert len(train.seen) == 1


def test_name_and_output_directory_may_refer_to_other_keys_and_to_the_environment(train, monkeypatch):
    monkeypatch.setenv("SCRATCH", str(Path.cwd() / "scratch"))
    words = ["data=iris", "output_dir=${oc.env:SCRATCH}/runs", "name=lr_${optimizer.lr}", "optimizer.lr=.5"]
    assert main(["train", *words]) == 0
    assert train.seen[0].directory.parent == Path.cwd() / "scratch" / "runs" / "lr_0.5"
    assert [path.name for path in Path().iterdir()] == ["scratch"]


def test_a_variable_that_is_not_set_is_named(train, capsys):
    assert main(["train", "data=iris", "output_dir=${oc.env:NOT_SET_HERE}/runs"]) == 2
    assert "environment variable NOT_SET_HERE is not set" in capsys.readouterr().err
    assert files() == []


def test_what_is_swept_names_the_jobs_and_not_the_sweep(train, compared):
    assert (
        main(["train", "-m", "hydra/launcher=basic", "data=iris", "name=lr_${optimizer.lr}", "optimizer.lr=.1,.2"]) == 0
    )
    assert [run.directory.name for run in train.seen] == ["0_lr_0.1", "1_lr_0.2"]
    assert {run.directory.parents[1].name for run in train.seen} == {"iris_mlp"}
    assert [run.cfg.name for run in train.seen] == ["lr_0.1", "lr_0.2"]


def test_a_name_that_does_not_vary_is_the_sweeps(train, compared):
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "name=seed_${seed}", "optimizer.lr=.1,.2"]) == 0
    assert {run.directory.parents[1].name for run in train.seen} == {"seed_42"}
    assert [run.directory.name for run in train.seen] == ["0_lr=0.1", "1_lr=0.2"]


def test_a_run_is_whole_before_anything_is_loaded(train):
    seen = []

    def act(cfg):
        directory = train.seen[0].directory
        seen.append(json.loads((directory / "status.json").read_text())["status"])
        seen.append(OmegaConf.load(directory / "config.yaml").optimizer.lr)

    train.act = act
    assert main(["train", "data=iris", "optimizer.lr=.5"]) == 0
    assert seen == ["running", 0.5]


def test_a_run_that_goes_on_is_held_and_a_second_resume_is_told_by_whom(train, capsys):
    assert main(["train", "data=iris"]) == 0
    run = train.seen[0].directory
    (run / "status.json").write_text('{"status": "interrupted"}')

    def act(cfg):
        train.act = lambda cfg: None
        assert main(["train", f"resume={run}"]) == 2

    train.act = act
    assert main(["train", f"resume={run}"]) == 0
    err = capsys.readouterr().err
    assert f"process {os.getpid()} on " in err
    assert "works in it since" in err
    assert len(err.splitlines()) == 1
    assert json.loads((run / "status.json").read_text())["status"] == "finished"
    assert holder(run) is None


def test_a_new_run_is_held_while_it_trains(train):
    train.act = lambda cfg: held.append(holder(train.seen[0].directory))
    held = []
    assert main(["train", "data=iris"]) == 0
    assert held[0]["pid"] == os.getpid()


def test_a_sweep_and_the_job_that_runs_are_held(train, compared):
    def act(cfg):
        job = train.seen[-1].directory
        held.append([holder(job) is not None, holder(job.parent) is not None])

    held, train.act = [], act
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.1,.2"]) == 0
    assert held == [[True, True], [True, True]]


@pytest.mark.parametrize(
    "words",
    [
        ["data.path=a\x1b[31mb\r\u202e.csv", "data.target=y"],
        ["data=iris", "output_dir=/proc/\x1b[2J\n\u2066x"],
        ["data=iris", "name=\x1b]0;x\x07"],
        ["data=iris", "optimizer.\x1blr=1"],
        ["resume=\x1b[31m[red]"],
    ],
)
def test_no_error_can_command_the_terminal(words, capsys):
    assert main(["train", *words]) == 2
    out, err = capsys.readouterr()
    assert all(line.isprintable() for line in (out + err).splitlines())
    assert err.startswith("error: ")


# Forked, so that not each run has to load torch; from a fresh interpreter, as a child has none of polars' threads.
FORKS = """
import importlib, multiprocessing, sys, time
import numpy as np
from litmus.cli import main

loaded = "litmus.commands.train matplotlib.backends.backend_agg sklearn.ensemble sklearn.linear_model sklearn.datasets"
for name in [*loaded.split(), "scipy.optimize", "scipy.stats", "jinja2"]:
    importlib.import_module(name)
forks = multiprocessing.get_context("fork")

def start(*words):
    run = forks.Process(target=main, args=(["train", *words],))
    run.start()
    return run
"""
KILLED = """
began = time.monotonic()
start(*sys.argv[1:]).join()
for moment in np.random.default_rng(0).uniform(0, time.monotonic() - began, 8):
    run = start(*sys.argv[1:])
    run.join(moment)
    run.kill()
    run.join()
"""
ONE_MORE = "start(*sys.argv[1:]).join()"
TWENTY = """
barrier, statuses = forks.Barrier(20), forks.SimpleQueue()

def run():
    barrier.wait()
    statuses.put(main(["train", *sys.argv[1:]]))

runs = [forks.Process(target=run) for _ in range(20)]
for process in runs:
    process.start()
assert [statuses.get() for _ in runs] == [0] * 20
for process in runs:
    process.join()
"""
FEW_WORDS = ["data=iris", "verdict.probes=off", "verdict.references=off", "logger=csv", "trainer=cpu"]


def forked(script, *words):
    subprocess.run([sys.executable, "-c", FORKS + script, *words], check=True, timeout=600)


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_run_or_none():
    words = [*FEW_WORDS, "trainer.max_epochs=30"]
    forked(KILLED, *words)
    directories = [path for path in Path("outputs/iris_mlp").iterdir() if not path.name.startswith(".")]
    assert len(directories) > 1
    for directory in directories:
        assert OmegaConf.load(directory / "config.yaml").name == "iris_mlp"
        assert json.loads((directory / "status.json").read_text())["status"] in {"running", "finished"}
        assert holder(directory) is None
    forked(ONE_MORE, *words)
    assert not [path for path in Path("outputs/iris_mlp").iterdir() if path.name.startswith(".")]


@pytest.mark.verify
def test_twenty_runs_that_start_at_once_in_one_folder_are_whole_and_have_names_of_their_own():
    forked(TWENTY, *FEW_WORDS, "trainer.max_epochs=2")
    directories = list(Path("outputs/iris_mlp").iterdir())
    assert len(directories) == 20
    for directory in directories:
        assert json.loads((directory / "status.json").read_text())["status"] == "finished"
        assert {"config.yaml", "verdict.json", "metrics.json", "report.html"} <= {
            path.name for path in directory.iterdir()
        }
    assert list(json.loads(Path("outputs/test_ledger.json").read_text()).values()) == [20]


@pytest.mark.parametrize(
    ("words", "split_seeds"),
    [
        (["seed=1,2"], [42, 42]),
        (["seed=1,2", "split_seed=7"], [7, 7]),
        (["seed=1,2", "split_seed=null"], [None, None]),
        (["optimizer.lr=.1,.2", "seed=3"], [None, None]),
    ],
)
def test_the_jobs_of_a_sweep_over_seeds_share_one_split_unless_they_are_told_otherwise(
    train, compared, capsys, words, split_seeds
):
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", *words]) == 0
    assert [run.cfg.split_seed for run in train.seen] == split_seeds
    assert all("split_seed" not in run.directory.name for run in train.seen)
    assert ("the jobs share one split, that of seed 42" in capsys.readouterr().out) is (split_seeds == [42, 42])


def test_a_run_keeps_the_flags_without_which_its_words_mean_nothing(train):
    Path("mine/model").mkdir(parents=True)
    assert main(["--allow", "json", "train", "--config-dir=mine", "data=iris"]) == 0
    assert train.seen[0].command == ("train", "--allow", "json", "--config-dir", "mine", "data=iris")
