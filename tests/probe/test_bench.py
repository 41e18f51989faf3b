"""Variants of a run on the bench: what a change makes of rows and model, and what a training of its own gives."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from litmus.config import RunConfig
from litmus.config.changes import apply
from litmus.probe.allowance import Allowance
from litmus.probe.bench import Bench
from litmus.probe.rounds import Round
from litmus.run import Run, prepare_data
from litmus.scoring.score import point_scores

SEED = 11


@pytest.fixture
def bench(config):
    return lambda *words, seconds=60.0, metric="balanced_accuracy": _bench(config(*words), seconds, metric)


def _bench(settings: RunConfig, seconds: float, metric: str) -> Bench:
    return Bench(settings, prepare_data(settings), metric, Allowance(seconds), alone_seconds=1.0)


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch) -> Path:
    """Where lone trainings write."""
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


@pytest.mark.parametrize(
    "changes",
    [
        ("optimizer.lr=0.3",),
        ("optimizer.lr=0.3", "trainer.max_epochs=3"),
        ("model.activation=tanh", "optimizer.weight_decay=0"),
        ("model.hidden=[9]",),
        ("optimizer=sgd", "optimizer.lr=0.3"),
    ],
)
def test_a_variant_has_the_config_that_the_command_line_would_give_it(bench, changes):
    table = bench()
    variant = table.variant(changes)
    meant = {**apply(table.config.tree, changes), "logger": None, "resume": None}
    assert variant.config.tree == meant
    assert variant.data.prepared is table.data.prepared
    assert table.variant(changes) is variant


def test_other_batches_share_the_rows_and_other_rows_are_prepared_once(bench):
    table = bench("data=wine", "model.hidden=[5]", "trainer.max_epochs=2")
    batches, raw = table.variant(("data.batch_size=7",)), table.variant(("data.normalize=none",))
    again = table.variant(("data.normalize=none", "model.hidden=[4]"))
    assert batches.data.prepared is table.data.prepared
    assert batches.data.source.batch_size == 7
    assert raw.data.prepared is not table.data.prepared
    assert again.data.prepared is raw.data.prepared
    assert raw.data.splits["val"].rows.equal(table.data.splits["val"].rows)


@pytest.mark.parametrize(
    "changes",
    [
        ("model.hidden=[0]",),
        ("optimizer.lr=-1",),
        ("model.hiden=[4]",),
        ("data.n_samples=4",),
        ("optimizer.lr=0.1", "model.hidden=[0]"),
        ("optimizer=none such",),
    ],
)
def test_what_cannot_be_trained_is_no_variant(bench, changes):
    table = bench()
    assert table.variant(changes) is None
    assert table.arm((changes, SEED)) is None
    assert table.alone((changes, SEED)) is None


@pytest.mark.parametrize("changes", [(), ("optimizer.lr=0.1",), ("model.activation=tanh",)])
def test_a_stacked_arm_gives_what_a_lone_run_of_that_seed_gives(bench, scratch, changes):
    table = bench()
    jobs = [(changes, SEED), (changes, SEED + 1)]
    shots = Round(table, jobs).run()
    for job in jobs:
        alone = table.alone(job)
        assert shots[job].value == pytest.approx(alone.value, abs=1e-9)
        assert shots[job].predicted.pred.equal(alone.predicted.pred)
        assert shots[job].monitored == pytest.approx(alone.monitored, rel=1e-4)
        assert shots[job].epochs == alone.epochs == 6
        assert shots[job].finished
        assert alone.finished
    assert list(scratch.iterdir()) == []


def test_a_lone_training_is_the_run_itself_on_val(bench, tmp_path):
    table = bench("data=digits", "data.max_rows=300", "model=cnn", "trainer.max_epochs=2")
    assert table.arm(((), SEED)) is None
    shot = table.alone(((), SEED))
    built = Run.build(table.config.having(seed=SEED), tmp_path / "run", data=table.data.reseeded(SEED))
    run = built.fit().decide()
    predicted = run.predictor.predict(run.data.splits["val"], "val")
    assert shot.predicted.pred.equal(predicted.pred)
    assert shot.value == pytest.approx(point_scores(run.predictor.task, predicted)["balanced_accuracy"])
    assert table.alone_seconds != 1.0


def test_a_lone_training_ends_with_the_allowance_and_leaves_nothing(bench, scratch):
    table = bench("data=digits", "model=cnn", "trainer.max_epochs=100000", "callback.early_stopping=null", seconds=0.5)
    began = time.monotonic()
    assert table.alone(((), SEED)) is None
    assert time.monotonic() - began < 120
    assert table.allowance.left < 0
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_lone_training_and_leaves_nothing(bench, scratch, number):
    table = bench("data=digits", "model=cnn", "trainer.max_epochs=100000", "callback.early_stopping=null")
    before = signal.getsignal(number)

    def send_once_it_trains() -> None:
        while signal.getsignal(number) is before:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(os.getpid(), number)

    threading.Thread(target=send_once_it_trains, daemon=True).start()
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        table.alone(((), SEED))
    assert signal.getsignal(number) is before
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("stacked", [True, False])
def test_a_training_that_breaks_counts_as_the_baseline(bench, stacked):
    words = ("data=linear", "data.n_samples=80", "model=linear", "optimizer=sgd", "trainer.max_epochs=4")
    table = bench(*words, metric="r2")
    job = (("optimizer.lr=1000000",), SEED)
    shot = Round(table, [job]).run()[job] if stacked else table.alone(job)
    target = shot.predicted.target
    assert shot.predicted.pred.unique().numel() == 1
    task, train = table.variant(()).builder.untrained.task, table.data.splits["train"]
    assert float(shot.predicted.pred[0]) == pytest.approx(float(task.in_unit(train.y).double().mean()), abs=1e-5)
    r2 = 1 - float(((shot.predicted.pred - target) ** 2).mean() / target.var(correction=0))
    assert shot.value == pytest.approx(r2, abs=1e-6)
    assert shot.finished


def test_the_mean_of_trainings_is_scored_as_an_ensemble_of_them_predicts(bench):
    table = bench("data=circles", "data.n_samples=300", "model.hidden=[6]", "trainer.max_epochs=40")
    jobs = [((), seed) for seed in (1, 2, 3)]
    shots = Round(table, jobs).run()
    outputs = torch.stack([shots[job].outputs for job in jobs]).mean(0)
    split = table.data.splits["val"]
    right = outputs.argmax(1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).long()
    recalls = [float((right[split.y == code] == code).double().mean()) for code in (0, 1)]
    assert table.together((), [shots[job] for job in jobs]).value == pytest.approx(sum(recalls) / 2)


def test_the_mean_of_trainings_that_kept_no_outputs_is_not_known(bench):
    table = bench("data=circles", "data.n_samples=300", "model.hidden=[6]", "trainer.max_epochs=2")
    shot = replace(Round(table, [((), 1)]).run()[((), 1)], outputs=None)
    assert table.together((), [shot]) is None
