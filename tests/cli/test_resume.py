"""`resume=`: which directory is meant, what may change, and which jobs of a sweep are still to do."""

import json
import shutil
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from litmus.cli import main
from litmus.cli.resume import asked
from litmus.config import compose, conf_dir, targets
from litmus.config.command_words import Library
from litmus.config.composition import Composer
from litmus.errors import CheckpointError, ConfigError

COMPOSER = Composer(Library((conf_dir(),)))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A directory that looks like a run's."""
    (tmp_path / "outputs/x/run/checkpoints").mkdir(parents=True)
    run = Path("outputs/x/run")
    (run / "config.yaml").write_text("name: x\n")
    (run / "status.json").write_text('{"status": "interrupted"}')
    return run


@pytest.mark.parametrize("word", ["outputs/x/run", "last", "outputs/x/run/checkpoints/last.ckpt"])
def test_a_run_is_named_by_its_directory_its_checkpoint_or_last(run, word):
    place, changes = asked([f"resume={word}", "trainer.max_epochs=9"], COMPOSER)
    assert place == run
    assert [(change.key_or_group, change.value()) for change in changes] == [("trainer.max_epochs", 9)]


def test_a_resumed_run_keeps_its_config(run):
    with pytest.raises(ConfigError, match=r"'model.hidden=\[3\]': a resumed run keeps its own config; only trainer"):
        asked(["resume=last", "model.hidden=[3]"], COMPOSER)


@pytest.mark.parametrize("word", ["nowhere", "outputs"])
def test_a_directory_that_is_no_run_is_refused(run, word):
    with pytest.raises(CheckpointError, match=f"resume={word}: (no such directory|holds no run)"):
        asked([f"resume={word}"], COMPOSER)


def test_a_finished_run_wants_more_epochs(run, capsys):
    (run / "status.json").write_text('{"status": "finished"}')
    assert main(["train", "resume=last"]) == 2
    assert "this run has finished; to go on, give it more: trainer.max_epochs=<more>" in capsys.readouterr().err


@pytest.mark.parametrize("node", ["{run: {dir: x}}", "null", "text", "[1]", "{}", "{launcher: {_target_: os.system}}"])
def test_a_hydra_node_in_a_stored_config_changes_nothing(run, train, node):
    cfg = compose(["data=iris"])
    OmegaConf.save(cfg, run / "config.yaml")
    with (run / "config.yaml").open("a") as file:
        file.write(f"hydra: {node}\n")
    assert main(["train", f"resume={run}"]) == 0
    assert train.seen[0].directory == run.absolute()


def test_a_stored_config_is_checked_like_any_other(run, capsys):
    cfg = compose()
    cfg.model._target_ = "os.system"
    OmegaConf.save(cfg, run / "config.yaml")
    assert main(["train", "resume=last"]) == 2
    assert "model._target_: 'os.system' is not a class that a config may name" in capsys.readouterr().err


def test_unfinished_jobs_of_a_sweep_are_run_again_and_the_others_left_alone(train, compared):
    assert main(["train", "-m", "hydra/launcher=basic", "data=iris", "optimizer.lr=.1,.2,.3"]) == 0
    jobs = [run.directory for run in train.seen]
    (jobs[1] / "status.json").write_text(json.dumps({"status": "interrupted"}))
    (jobs[1] / "checkpoints").mkdir()
    (jobs[1] / "checkpoints/last.ckpt").touch()
    shutil.rmtree(jobs[2])
    train.seen.clear()
    assert main(["train", "resume=last"]) == 0
    assert [run.directory for run in train.seen] == jobs[1:]
    assert [run.cfg.optimizer.lr for run in train.seen] == [0.2, 0.3]
    assert [bool(run.cfg.resume) for run in train.seen] == [True, False]
    assert all(run.job for run in train.seen)


@pytest.mark.parametrize("search", [False, True])
def test_a_sweep_goes_on_with_the_configs_that_it_was_begun_with_and_no_trust_beside(search, train, compared, capsys):
    Path("mine/model").mkdir(parents=True)
    Path("mine/model/own.yaml").write_text("_target_: own.Model\nsize: 3\n")
    Path("mine/root.yaml").write_text("defaults: [train, _self_, {override model: own}]\ntrainer: {max_epochs: 9}\n")
    Path("own.py").write_text(
        "from torch import nn\nclass Model(nn.Module):\n    def __init__(self, *, size: int = 1): ...\n"
    )
    words = ["train", "--config-dir", "mine", "--config-name", "root", "--allow", "own", "-m", "hydra/launcher=basic"]
    if search:
        pytest.importorskip("optuna")
        words += ["hydra/sweeper=random", "sweep.trials=2"]
    assert main([*words, "data=iris", "optimizer.lr=.1,.2"]) == 0
    jobs = [run.directory for run in train.seen]
    shutil.rmtree(jobs[1])
    train.seen.clear()
    capsys.readouterr()
    again = ["train", f"resume={jobs[1].parent}", *(["sweep.trials=3"] if search else [])]
    targets._trusted.discard("own")
    assert main(again) == 2
    assert "model._target_: 'own.Model' is not a class that a config may name; trust" in capsys.readouterr().err
    assert main([*again, "--allow", "own"]) == 0
    assert f"configs: {Path('mine').absolute()}, root root, as the sweep was begun" in capsys.readouterr().out
    assert {(run.cfg.model.size, run.cfg.trainer.max_epochs) for run in train.seen} == {(3, 9)}
    known = ("--allow", "own", "--config-dir", str(Path("mine").absolute()), "--config-name", "root")
    assert train.seen[0].command[1:7] == known


def test_a_search_goes_on_only_with_what_a_config_may_have_hydra_build(train, compared, capsys):
    pytest.importorskip("optuna")
    words = ["hydra/launcher=basic", "hydra/sweeper=random", "data=iris", "optimizer.lr=interval(.1,1)"]
    assert main(["train", "-m", *words, "sweep.trials=2", "hydra.sweep.dir=s"]) == 0
    stored = OmegaConf.load("s/multirun.yaml")
    stored.hydra.overrides.hydra.append("++hydra.job_logging.handlers.x={class: os.system}")
    OmegaConf.save(stored, "s/multirun.yaml")
    assert main(["train", "resume=s", "sweep.trials=3"]) == 2
    assert "'os.system' is not a class that a config may log by" in capsys.readouterr().err


def test_a_resumed_run_writes_into_its_own_directory(train):
    assert main(["train", "data=iris", "trainer.max_epochs=5"]) == 0
    before = train.seen[0].directory
    overrides = (before / ".hydra" / "overrides.yaml").read_text()
    assert main(["train", f"resume={before}", "trainer.max_epochs=7"]) == 0
    after = train.seen[1]
    assert after.directory == before
    assert (after.cfg.trainer.max_epochs, after.cfg.resume) == (7, str(before))
    assert (before / ".hydra" / "overrides.yaml").read_text() == overrides
    assert OmegaConf.load(before / "config.yaml").trainer.max_epochs == 7


def test_a_search_goes_on_to_a_total_that_may_be_raised(train, compared):
    pytest.importorskip("optuna")
    words = ["hydra/launcher=basic", "hydra/sweeper=random", "data=iris", "optimizer.lr=interval(.1,1)"]
    assert main(["train", "-m", *words, "sweep.trials=3"]) == 0
    (sweep,) = {run.directory.parent for run in train.seen}
    assert main(["train", "resume=last", "sweep.trials=5"]) == 0
    assert [run.directory.parent for run in train.seen] == [sweep] * 5
    assert len({run.cfg.optimizer.lr for run in train.seen}) == 5


def test_what_belongs_to_a_sweep_is_refused_for_a_single_run(run, capsys):
    assert main(["train", "resume=last", "sweep.trials=5"]) == 2
    assert "is a single run, no sweep" in capsys.readouterr().err
