"""Which run or checkpoint a word names."""

import os

import pytest

from litmus.errors import CheckpointError
from litmus.run.paths import Paths, find_checkpoint, find_run


@pytest.fixture
def runs(tmp_path):
    made = []
    for number, name in enumerate(["a/one", "b/sweep_x/0_lr", "a/two"]):
        paths = Paths(tmp_path / "outputs" / name)
        paths.checkpoints.mkdir(parents=True)
        paths.config.write_text("seed: 1\n")
        paths.status.write_text("{}")
        os.utime(paths.config, (number, 1000 + number))
        made.append(paths)
    return made


def test_last_is_the_run_that_was_started_last(runs):
    assert find_run("last").resolve() == runs[-1].directory.resolve()
    os.utime(runs[1].config, (0, 5000))
    assert find_run("last").resolve() == runs[1].directory.resolve()


def test_a_run_is_named_by_its_folder_or_a_checkpoint_in_it(runs):
    runs[0].best.write_bytes(b"x")
    assert find_run(str(runs[0].directory)) == runs[0].directory
    assert find_run(str(runs[0].best)) == runs[0].directory


def test_a_checkpoint_is_the_best_or_else_the_last_one(runs):
    runs[0].last.write_bytes(b"x")
    assert find_checkpoint(str(runs[0].directory)) == runs[0].last
    runs[0].best.write_bytes(b"x")
    assert find_checkpoint(str(runs[0].directory)) == runs[0].best
    assert find_checkpoint(str(runs[0].last)) == runs[0].last


@pytest.mark.parametrize(
    ("find", "word", "message"),
    [
        (find_run, "nowhere", "nowhere: no such run directory"),
        (find_run, ".", "holds no run"),
        (find_checkpoint, "nowhere.ckpt", "no such checkpoint"),
        (find_checkpoint, "outputs/a/one", "has no checkpoint yet"),
    ],
)
def test_what_cannot_be_found_is_named(runs, find, word, message):
    with pytest.raises(CheckpointError, match=message):
        find(word)


def test_last_without_runs_says_how_to_start_one():
    with pytest.raises(CheckpointError, match="start one with litmus train"):
        find_run("last")


def test_a_folder_of_runs_names_one_of_them(tmp_path):
    for name in ("0_a", "1_b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").touch()
    with pytest.raises(CheckpointError, match=r"holds 2 runs; give one of them, such as .*1_b$"):
        find_checkpoint(str(tmp_path))
