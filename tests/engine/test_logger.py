"""Callbacks of others: what they log is seen, what they average is used, what they cannot do is said."""

import logging

import polars as pl
import pytest
import torch
from lightning.pytorch import Callback, callbacks

from litmus.config import RunConfig, check, to_plain
from litmus.config.composition import compose
from litmus.errors import ConfigError
from litmus.report.tensorboard import Writer
from litmus.run import Predictor, Run

LIGHTNINGS = "lightning.pytorch.callbacks."
MONITOR = f"callback.lr._target_={LIGHTNINGS}LearningRateMonitor"


def built(directory, *words: str, own=(), sinks=()) -> Run:
    rows = ["data=circles", "data.n_samples=200", "trainer.max_epochs=4", "logger=csv"]
    config = RunConfig(to_plain(compose([*rows, *words])))
    assert check(config.tree) == []
    return Run.build(config, directory, callbacks=own, sinks=sinks)


def fitted(directory, *words: str, own=(), sinks=()) -> Run:
    return built(directory, *words, own=own, sinks=sinks).fit().decide()


class Logging(Callback):
    """Logs in the ways that users do."""

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        pl_module.log("mine/batch", float(batch_idx))

    def on_train_epoch_end(self, trainer, pl_module):
        pl_module.log("norm", torch.tensor(2.0))
        trainer.logger.log_metrics({"epochs_done": trainer.current_epoch + 1, "word": "no number", "val/loss": -1.0})


def test_the_learning_rate_that_a_callback_logs_is_a_column_of_the_history(tmp_path):
    run = fitted(tmp_path, MONITOR, "scheduler._target_=torch.optim.lr_scheduler.ExponentialLR", "scheduler.gamma=.5")
    history = pl.read_csv(run.paths.history)
    assert history.columns[-1] == "lr-Adam"
    assert history["lr-Adam"].to_list() == pytest.approx([0.001 * 0.5**epoch for epoch in range(4)])


@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_it_is_logged_in_every_epoch_however_few_batches_one_has(tmp_path, interval):
    run = fitted(tmp_path, MONITOR, f"callback.lr.logging_interval={interval}", "scheduler=onecycle")
    assert len(run.learner.curves.noted["lr-Adam"]) == 4


def test_it_is_in_tensorboards_file_once_an_epoch(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    sink = Writer(directory=str(tmp_path))
    fitted(tmp_path, MONITOR, sinks=[sink])
    sink.close()
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("lr-Adam")
    assert [event.step for event in events] == [0, 1, 2, 3]
    assert [event.value for event in events] == pytest.approx([0.001] * 4)


def test_what_a_users_callback_logs_joins_the_curves_but_never_replaces_ours(tmp_path):
    plain, run = fitted(tmp_path / "plain"), fitted(tmp_path / "run", own=[Logging()])
    ours, found = pl.read_csv(plain.paths.history), pl.read_csv(run.paths.history)
    assert found["epochs_done"].to_list() == [1, 2, 3, 4]
    assert set(found.columns) - set(ours.columns) == {"epochs_done", "mine/batch", "norm"}
    assert found.select(ours.columns).equals(ours)


class Drawing(Callback):
    """Writes to TensorBoard itself."""

    def on_train_end(self, trainer, pl_module):
        trainer.logger.experiment.add_scalar("drawn", 1.0, 0)


@pytest.mark.parametrize(("own", "files"), [(Logging, 0), (Drawing, 1)])
def test_a_file_of_events_is_there_only_where_a_callback_writes_one(tmp_path, own, files):
    fitted(tmp_path, own=[own()])
    assert len(list(tmp_path.glob("events.out*"))) == files


def test_without_such_callbacks_there_is_no_logger_and_the_loop_is_lean(tmp_path):
    run = built(tmp_path)
    assert run.trainer.loggers == []
    assert run.trainer.lean


@pytest.mark.parametrize("name", ["StochasticWeightAveraging", "WeightAveraging", "EMAWeightAveraging"])
def test_averaged_weights_are_those_in_use(tmp_path, name):
    words = ["callback.a.swa_lrs=.05", "callback.a.swa_epoch_start=1"] if name.startswith("Stoch") else []
    run = built(tmp_path, f"callback.a._target_={LIGHTNINGS}{name}", "callback.early_stopping.patience=1", *words)
    (note,) = run.notes
    assert note.startswith(f"callback: {name} gives the weights of the last epoch's end")
    run = run.fit().decide()
    assert len(run.learner.curves.steps) == 4  # not stopped before the average was ready
    x = run.data.splits["val"].x
    for file in (run.paths.best, run.paths.last):
        torch.testing.assert_close(Predictor.restore(file).outputs(x), run.predictor.outputs(x), rtol=0, atol=0)
    plain = fitted(tmp_path / "plain", "callback.checkpoint.use=last")
    assert not torch.equal(plain.predictor.outputs(x), run.predictor.outputs(x))


OTHERS = {
    "ModelSummary": [],
    "DeviceStatsMonitor": [],
    "GradientAccumulationScheduler": ["callback.a.scheduling={0:2,2:1}"],
    "Timer": ["callback.a.duration=00:00:01:00"],
    "LambdaCallback": [],
    "ModelCheckpoint": ["callback.a.monitor=val/loss"],
    "ModelPruning": ["callback.a.pruning_fn=l1_unstructured"],
    "TQDMProgressBar": [],
    "RichProgressBar": [],
}


@pytest.mark.parametrize("name", OTHERS)
def test_lightnings_callbacks_work(tmp_path, name):
    run = fitted(tmp_path / "run", f"callback.a._target_={LIGHTNINGS}{name}", *OTHERS[name])
    assert run.paths.best.is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


def test_a_callback_that_cannot_work_here_is_refused_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match="backbone"):
        fitted(tmp_path, f"callback.a._target_={LIGHTNINGS}BackboneFinetuning")


def test_every_callback_of_lightnings_that_averages_weights_is_known_as_one():
    found = {name for name in callbacks.__all__ if "Averaging" in name}
    known = (callbacks.StochasticWeightAveraging, callbacks.WeightAveraging)
    assert all(issubclass(getattr(callbacks, name), known) for name in found)


def test_the_table_of_a_model_summary_is_seen(tmp_path):
    log, seen = logging.getLogger(f"{LIGHTNINGS}model_summary"), []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())
    log.addHandler(handler)
    try:
        fitted(tmp_path, f"callback.a._target_={LIGHTNINGS}ModelSummary")
    finally:
        log.removeHandler(handler)
    assert "Trainable params" in "".join(seen)


def test_what_a_profiler_measures_is_kept_in_the_run(tmp_path):
    run = fitted(tmp_path / "run", "trainer.profiler=simple")
    assert "run_training_batch" in run.paths.profile.read_text()
