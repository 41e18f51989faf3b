"""How long a training goes on where nobody says."""

from pathlib import Path

import numpy as np
import pytest

from litmus.config import RunConfig, compose, to_plain
from litmus.run import Run, prepare_data
from litmus.run.length import with_length


def built(tmp_path: Path, rows: int, *words: str) -> Run:
    """A run of a table of so many rows."""
    x = np.random.default_rng(0).normal(size=rows)
    lines = [f"{a:.4f},{b:.4f},{2 * a - b:.4f}" for a, b in zip(x, x[::-1], strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    config = RunConfig(to_plain(compose([f"data.path={tmp_path}/t.csv", "data.target=y", *words])))
    return Run.build(config, tmp_path / "run", data=prepare_data(config))


def lengths(run: Run) -> tuple[int, int]:
    settled = with_length(run.config, run.data)
    [stopping] = [part for part in run.trainer.callbacks if hasattr(part, "stopped_epoch")]
    assert settled.trainer.max_epochs == run.trainer.max_epochs
    assert settled.early_stopping.patience == stopping.patience
    return int(run.trainer.max_epochs), int(stopping.patience)


@pytest.mark.parametrize(
    ("rows", "words", "expected"),
    [
        (200, [], (500, 100)),  # 4 steps an epoch: both at their most
        (1600, [], (267, 50)),  # 960 training rows in 30 steps
        (6400, [], (100, 20)),  # 120 steps: what is usual
        (1600, ["data.batch_size=8"], (100, 20)),
        (1600, ["trainer.accumulate_grad_batches=2"], (500, 100)),
        (1600, ["data.batch_size=null"], (500, 100)),
    ],
)
def test_few_rows_are_gone_through_more_often_as_their_epochs_have_few_steps(tmp_path, rows, words, expected):
    run = built(tmp_path, rows, *words)
    assert lengths(run) == expected
    epochs, patience = expected
    line = (
        f"training: up to {epochs} epochs, {patience} without a better val/loss, as epochs of few rows have few steps"
    )
    line += " (trainer.max_epochs, callback.early_stopping.patience)"
    said = [note for note in run.notes if note.startswith("training:")]
    assert said == ([] if expected == (100, 20) else [line])


def test_a_number_that_was_given_stays(tmp_path):
    run = built(tmp_path, 200, "trainer.max_epochs=7")
    assert lengths(run) == (7, 100)
    assert not [note for note in run.notes if note.startswith("training:")]
    assert lengths(built(tmp_path, 200, "callback.early_stopping.patience=3")) == (500, 3)


def test_rows_of_our_own_are_gone_through_as_usual(tmp_path):
    config = RunConfig(to_plain(compose(["data=iris"])))
    assert lengths(Run.build(config, tmp_path / "run", data=prepare_data(config))) == (100, 20)


def test_the_options_build_outside_of_a_run_as_well():
    config = RunConfig(to_plain(compose(["data=iris"])))
    assert config.trainer.make().max_epochs == 100
    assert config.early_stopping.make(monitor="val/loss", mode="min").patience == 20


def test_without_early_stopping_only_epochs_are_said(tmp_path):
    run = built(tmp_path, 200, "callback.early_stopping=null")
    [said] = [line for line in run.notes if line.startswith("training:")]
    assert said.startswith("training: up to 500 epochs, as epochs")
