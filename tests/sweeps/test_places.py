"""Which run, sweep or checkpoint a word names."""

import os
from pathlib import Path

import pytest

from litmus.errors import CheckpointError
from litmus.sweeps.places import find_checkpoint, find_place, find_run


def began(run: Path, second: int) -> Path:
    os.utime(run / "config.yaml", (second, second))
    return run


@pytest.fixture
def run(make_run) -> Path:
    return began(make_run("outputs/a/run"), 1000)


@pytest.fixture
def sweep(make_run) -> Path:
    """Three jobs: the second is best, the third and last one failed."""
    for number, loss in enumerate((0.5, 0.2, 0.1)):
        name = f"outputs/b/sweep_x/{number}_lr={loss}"
        status = "failed" if number == 2 else "finished"
        began(make_run(name, losses=(1.0, loss), lr=loss, status=status), 2000 + number)
    return Path("outputs/b/sweep_x").absolute()


def test_last_and_best_are_the_run_that_was_begun_last(run, make_run):
    other = began(make_run("outputs/c/run"), 1500)
    began(make_run("outputs/a/run/improve/1"), 9000)  # of improve: part of its run, for every command
    os.utime(run / "status.json", (9000, 9000))
    assert {find_run(word).resolve() for word in ("last", "best")} == {other}
    assert find_place("last").resolve() == other
    began(run, 3000)
    assert find_run("last").resolve() == run


@pytest.mark.parametrize("word", ["last", "best", "outputs/b/sweep_x"])
def test_after_a_sweep_a_run_is_its_winner_and_that_is_said(run, sweep, word):
    told = []
    assert find_run(word, tell=told.append).resolve() == sweep / "1_lr=0.2"
    (line,) = told
    assert line.startswith(f"{word}: ")
    assert line.endswith("1_lr=0.2, the best of its sweep on val/loss")


def test_of_several_seeds_the_best_one_of_the_winning_settings_is_taken(make_run):
    for number, (lr, seed, loss) in enumerate([(0.1, 1, 0.1), (0.1, 2, 0.9), (0.2, 1, 0.3), (0.2, 2, 0.2)]):
        make_run(f"outputs/x/sweep_x/{number}", lr=lr, seed=seed, losses=(loss,))
    assert find_run("best").name == "3"


def test_where_a_whole_sweep_can_be_meant_last_is_the_sweep_and_best_its_winner(run, sweep):
    assert find_place("last").resolve() == sweep
    assert find_place("best").resolve() == sweep / "1_lr=0.2"


def test_jobs_may_lie_deeper_in_their_sweep(make_run):
    run = make_run("outputs/mine/a/b")
    Path("outputs/mine/multirun.yaml").touch()
    assert find_place("last") == Path("outputs/mine")
    assert find_run("last").resolve() == run


def test_a_sweep_without_a_finished_job_says_how_to_go_on(make_run):
    make_run("outputs/x/sweep_x/0", status="failed")
    with pytest.raises(CheckpointError, match=r"none of its 1 jobs has finished; go on with .* resume=out"):
        find_run("last")


def test_a_run_is_named_by_its_folder_or_a_checkpoint_in_it(run):
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "best.ckpt").touch()
    told = []
    assert find_run(str(run), tell=told.append) == run
    assert find_run(str(run / "checkpoints" / "best.ckpt"), tell=told.append) == run
    assert told == []


def test_a_checkpoint_is_the_best_or_else_the_last_one(run):
    (run / "checkpoints").mkdir()
    best, last = run / "checkpoints" / "best.ckpt", run / "checkpoints" / "last.ckpt"
    last.touch()
    assert find_checkpoint(str(run)) == last
    best.touch()
    assert find_checkpoint(str(run)) == best
    assert find_checkpoint(str(last)) == last


@pytest.mark.parametrize(
    ("find", "word", "message"),
    [
        (find_run, "nowhere", "nowhere: no such directory"),
        (find_run, ".", "holds no run"),
        (find_run, "outputs/a", r"holds 1 runs; give one of them, such as outputs/a/run$"),
        (find_checkpoint, "nowhere.ckpt", "no such checkpoint"),
        (find_checkpoint, "outputs/a/run", "has no checkpoint yet"),
    ],
)
def test_what_cannot_be_found_is_named(run, find, word, message):
    with pytest.raises(CheckpointError, match=message):
        find(word)


@pytest.mark.parametrize("word", ["last", "best"])
def test_last_without_runs_says_how_to_start_one(word):
    with pytest.raises(CheckpointError, match="start one with litmus train"):
        find_run(word)
