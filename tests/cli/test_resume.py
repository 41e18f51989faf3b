"""`resume=`: which directory is meant, what may change, and which jobs of a sweep are still to do."""

import json
import shutil
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from litmus.cli import main
from litmus.cli.resume import asked
from litmus.config import compose, conf_dir
from litmus.config.words import Library
from litmus.errors import CheckpointError, ConfigError

LIBRARY = Library((conf_dir(),))


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
    place, changes = asked([f"resume={word}", "trainer.max_epochs=9"], LIBRARY)
    assert place == run
    assert [(change.key_or_group, change.value()) for change in changes] == [("trainer.max_epochs", 9)]


def test_a_resumed_run_keeps_its_config(run):
    with pytest.raises(ConfigError, match=r"'model.hidden=\[3\]': a resumed run keeps its own config; only trainer"):
        asked(["resume=last", "model.hidden=[3]"], LIBRARY)


@pytest.mark.parametrize("word", ["nowhere", "outputs"])
def test_a_directory_that_is_no_run_is_refused(run, word):
    with pytest.raises(CheckpointError, match=f"resume={word}: (no such directory|holds no run)"):
        asked([f"resume={word}"], LIBRARY)


def test_a_finished_run_wants_more_epochs(run, capsys):
    (run / "status.json").write_text('{"status": "finished"}')
    assert main(["train", "resume=last"]) == 2
    assert "this run has finished; to go on, give it more: trainer.max_epochs=<more>" in capsys.readouterr().err


def test_a_stored_config_is_checked_like_any_other(run, capsys):
    cfg = compose()
    cfg.model._target_ = "os.system"
    OmegaConf.save(cfg, run / "config.yaml")
    assert main(["train", "resume=last"]) == 2
    assert "model._target_: 'os.system' is not a class that a config may name" in capsys.readouterr().err


def test_unfinished_jobs_of_a_sweep_are_run_again_and_the_others_left_alone(train, compared):
    assert main(["train", "-m", "data=iris", "optimizer.lr=.1,.2,.3"]) == 0
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
