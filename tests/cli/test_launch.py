"""Runs and sweeps as the command line starts them, with a training that only takes notes."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from litmus.cli import main
from litmus.cli.signals import Stop
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
    assert (data._target_, data.path, data.target) == ("litmus.data.csv.CSV", "my data (1).csv", "Survived (yes/no)")
    assert train.seen[0].cfg.task.positive == "1"


def test_nothing_is_said_on_the_terminal_but_by_the_run_itself(train, capfd):
    assert main(["train", "data=iris"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_sweep_runs_every_point_in_a_folder_that_tells_it(train, compared):
    assert main(["train", "-m", "data=iris", "model.hidden=[8],[32]", "optimizer.lr=.1,.01"]) == 0
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
    assert main(["train", "-m", *words]) == 0
    assert {run.directory.parents[1].name for run in train.seen} == {name}
    assert {run.cfg.name for run in train.seen} == {name}


@pytest.mark.slow
def test_a_sweep_may_be_a_preset(train, compared):
    assert main(["train", "-m", "data=iris", "sweep=lr_hidden"]) == 0
    assert len(train.seen) == 9
    assert {run.cfg.model.hidden[0] for run in train.seen} == {20, 50, 100}


@pytest.mark.parametrize(
    ("words", "said"),
    [
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
    assert main(["train", "-m", *words]) == 2
    assert said in capsys.readouterr().err
    assert train.seen == []
    assert files() == []


def test_a_failing_job_is_recorded_and_the_others_go_on(train, compared, capsys):
    def act(cfg):
        if cfg.optimizer.lr == 0.1:
            raise ZeroDivisionError("at layer 3")

    train.act = act
    assert main(["train", "-m", "data=iris", "optimizer.lr=.5,.1,.2"]) == 1
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["0_lr=0.5", "2_lr=0.2"]
    assert "error: 1 of 3 jobs failed; the first, 1_lr=0.1: ZeroDivisionError: at layer 3" in err
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
    assert main(["train", "-m", "data=iris", "optimizer.lr=.5,.1"]) == 2
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
    assert main(["train", "-m", "data=iris", "optimizer.lr=.5,.1"]) == 143
    assert capsys.readouterr().err == "error: interrupted before there was anything to save\n"
    assert files() == []


def test_an_interrupt_ends_a_whole_sweep_and_says_how_to_go_on_with_all_of_it(train, compared, capsys):
    def act(cfg):
        raise InterruptedRun(15, "go on with litmus train resume=x")

    train.act = act
    assert main(["train", "-m", "data=iris", "optimizer.lr=.5,.1,.2"]) == 143
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
