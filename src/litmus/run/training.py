"""One training: what a config and its data build, fit, and leave behind."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, final

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback
from torch import Tensor, nn

from litmus.config import make, near, target
from litmus.data.base import Batch, Source, Split
from litmus.data.module import DataModule
from litmus.errors import ConfigError, Problem
from litmus.evaluation.threshold import choose
from litmus.evidence import NonFinite
from litmus.learning import checkpoint as files
from litmus.learning.callbacks import Checkpoint, NonFiniteGuard, NonFiniteLoss, Recorder, Sink
from litmus.learning.learner import Learner
from litmus.learning.trace import Trace
from litmus.learning.trainer import Trainer, set_threads
from litmus.run.paths import Paths
from litmus.run.predictor import Predictor, make_parts
from litmus.task.base import Task
from litmus.task.goal import parse_goal

Status = Literal["running", "finished", "failed", "interrupted"]
# training rows whose activations are looked at before the first step: fewer where a row is large, as images are
LOOKED_AT, LOOKED_AT_LEAST, LOOKED_AT_VALUES = 1024, 64, 2**16


@final
@dataclass
class Run:
    """A training in the making.

    Args:
        config: The resolved config as plain types.
        paths: Its directory.
        data: The rows.
        learner: The model and how it learns; shares its model with `predictor`.
        trainer: Lightning's.
        checkpoint: Best and last weights.
        trace: What the layers did.
        predictor: The model with all that it needs to predict, trained or not yet.
        seconds: Wall time of the fit.
        non_finite: Where the loss stopped being finite, None if it never did.
    """

    config: Mapping[str, Any]
    paths: Paths
    data: DataModule
    learner: Learner
    trainer: Trainer
    checkpoint: Checkpoint
    trace: Trace
    predictor: Predictor
    seconds: float = 0.0
    non_finite: NonFinite | None = None
    outputs: dict[str, Tensor] = field(default_factory=dict)

    @staticmethod
    def build(
        config: Mapping[str, Any],
        directory: Path,
        *,
        stored: Mapping[str, Any] | None = None,
        sinks: Sequence[Sink] = (),
        data: DataModule | None = None,
        fold: int | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> "Run":
        """Everything up to the first step; writes nothing.

        Args:
            config: Checked and resolved.
            directory: Where the run writes once it fits.
            stored: The config as it is stored, secrets left as references; None: `config`.
            sinks: Where curves go besides history.csv.
            data: Rows prepared already, by a check or an earlier run of the same data.
            fold: Which fold is held out.
            callbacks: Further ones, of a probe or a user.

        Raises:
            InputError: Data, or values that do not fit them.
        """
        paths, seed = Paths(directory), int(config["seed"])
        data = data or prepare_data(config, fold=fold)
        torch.manual_seed(seed)
        predictor = untrained(config, data, stored or config)
        mode = metric_mode(predictor.task, config["monitor"])
        learner = Learner(
            model=predictor.model,
            loss=predictor.loss,
            task=predictor.task,
            optimizer=make(config["optimizer"], "optimizer"),
            schedule=_schedule(config, mode),
            seed=seed,
            monitor=config["monitor"],
            card=predictor.card(),
            random_batches=data.augments,
        )
        checkpoint, others = _callbacks(config, paths, mode)
        trace = Trace(_sample(data.splits["train"]), data.preprocess.finish)
        watching = [trace, Recorder(paths.history, sinks=list(sinks)), NonFiniteGuard()]
        trainer = make(config["trainer"], "trainer", callbacks=[*watching, *others, *callbacks, checkpoint])
        set_threads(trainer.threads, sum(parameter.numel() for parameter in predictor.model.parameters()))
        trainer.choose_loop(target(config["optimizer"]["_target_"]))
        _check_batches(data, learner, whole=trainer.limit_train_batches == 1.0)
        return Run(config, paths, data, learner, trainer, checkpoint, trace, predictor)

    def fit(self, *, resume: Path | None = None) -> None:
        """Trains, and leaves the weights in use in the model; writes last.ckpt and history.csv as it goes.

        Args:
            resume: The last.ckpt to go on from.

        Raises:
            InterruptedRun: A signal ended it; last.ckpt holds its state.
        """
        self.paths.checkpoints.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        with _signals_to(self.checkpoint):
            try:
                self.trainer.fit(self.learner, datamodule=self.data, ckpt_path=resume, weights_only=True)
            except NonFiniteLoss as error:
                self.non_finite = error.found
                self.checkpoint.restore_best(self.learner)
            except MisconfigurationException as error:
                raise ConfigError([Problem("trainer", " ".join(str(error).split()))]) from error
        self.checkpoint.raise_if_asked()  # in the fit's last moments
        if self.trainer.strategy.launcher is not None:
            self._adopt()
        self.seconds = time.perf_counter() - started

    def _adopt(self) -> None:
        """Takes over from last.ckpt what was learned in processes that are gone."""
        state = files.load(self.paths.last)
        self.learner.on_load_checkpoint(state)
        for callback in (self.checkpoint, self.trace):
            callback.load_state_dict(state["callbacks"][callback.state_key])
        self.checkpoint.choose(self.learner)

    def decide(self) -> None:
        """Fixes what is chosen on validation, temperature and threshold, and writes best.ckpt."""
        split = self.data.splits["val"]
        self.outputs["val"] = outputs = self.predictor.outputs(split.x)
        self.predictor = decided(self.predictor, outputs, split.y)
        self.predictor.save(self.paths.best, epoch=self.checkpoint.best_epoch)

    @property
    def monitored(self) -> float:
        """The monitored value of the weights in use; NaN if none was finite."""
        value = self.checkpoint.best_value
        return float("nan") if value is None else value


def _sample(train: Split) -> Batch:
    """The rows that the trace looks at before the first step."""
    rows = min(LOOKED_AT, max(LOOKED_AT_LEAST, LOOKED_AT_VALUES // train.x[0].numel()))
    return Batch(train.x[:rows], train.y[:rows])


def _callbacks(config: Mapping[str, Any], paths: Paths, mode: str) -> tuple[Checkpoint, list[Callback]]:
    """The checkpoint keeper of the config's `callback` group, and whatever else stands there."""
    known = {
        "monitor": config["monitor"],
        "mode": mode,
        "directory": str(paths.checkpoints),
        "remedy": f"go on with litmus train resume={paths.directory}",
    }
    made = {name: make(node, f"callback.{name}", **known) for name, node in config["callback"].items()}
    checkpoint: Checkpoint = made.pop("checkpoint")
    return checkpoint, [callback for callback in made.values() if callback is not None]


def untrained(config: Mapping[str, Any], data: DataModule, stored: Mapping[str, Any]) -> Predictor:
    """Model, loss and task of the config, fitted to the data's facts, with fresh weights."""
    counts, train = list(data.class_counts["train"]), data.splits["train"]
    _check_input(config, data)
    model, loss, task = make_parts(config, data.spec, counts)
    target = task.in_unit(train.y)
    loss.check(target)
    return Predictor(
        model=model,
        loss=loss,
        task=task,
        preprocess=data.preprocess,
        coder=data.coder,
        config=dict(stored),
        class_counts=counts,
        trivial=task.trivial(target),
        threshold=_fixed_threshold(task),
    )


def decided(predictor: Predictor, outputs: Tensor, target: Tensor) -> Predictor:
    """The trained predictor with the temperature and the threshold that its task has chosen on validation rows.

    Args:
        predictor: Trained.
        outputs: Its raw outputs `(n, outputs)` on them.
        target: Their class codes or values `(n,)`.
    """
    task, temperature, threshold = predictor.task, 1.0, predictor.threshold
    if getattr(task, "calibrate", "none") == "temperature":
        from litmus.evaluation.calibration import fit_temperature  # scipy, which few runs need

        activated = predictor.loss.activate(outputs.double())
        temperature = fit_temperature(activated.clamp_min(1e-300).log(), target)
    if getattr(task, "threshold", None) == "tuned":
        _, prob = predictor.with_decision(threshold=None, temperature=temperature).decide(outputs)
        if prob is not None:
            threshold = choose(prob[:, 1], target, parse_goal(task.threshold_goal or "f1"))  # type: ignore[attr-defined]
    return predictor.with_decision(threshold=threshold, temperature=temperature)


def _check_input(config: Mapping[str, Any], data: DataModule) -> None:
    """Models of ours that compute with numbers cannot read token ids; raises ConfigError."""
    target = str(config["model"]["_target_"])
    if data.spec.input == "text" and target.startswith("litmus.model.") and not target.startswith("litmus.model.text."):
        message = f"{target.rpartition('.')[2]} computes with numbers, and the data are texts; use model=text"
        raise ConfigError([Problem("model", message)])


def _check_batches(data: DataModule, learner: Learner, *, whole: bool) -> None:
    """One row has no spread to normalise by; raises ConfigError. `whole`: whether an epoch has all batches."""
    rows, size = len(data.splits["train"]), data.source.batch_size
    lone = size == 1 or (whole and size is not None and rows % size == 1)
    if lone and any(isinstance(module, nn.BatchNorm1d) for module in learner.modules()):
        message = (
            f"{size} of {rows} rows leave a batch of one, which batch norm cannot normalise; use another batch_size"
        )
        raise ConfigError([Problem("data.batch_size", message)])


def prepare_data(config: Mapping[str, Any], *, fold: int | None = None) -> DataModule:
    """The data module of a config, read, split and encoded."""
    source: Source = make(config["data"], "data")
    kind = config["task"]["_target_"].split(".")[2]
    data = DataModule(source, kind=kind, positive=config["task"].get("positive"), seed=int(config["seed"]), fold=fold)
    data.setup()
    return data


def metric_mode(task: Task, monitor: str) -> Literal["min", "max"]:
    """Whether the monitored `{split}/{metric}` is to fall or to rise.

    Raises:
        ConfigError: The task has no such metric.
    """
    name = monitor.split("/", 1)[1]
    if name == "loss":
        return "min"
    known = [metric.name for metric in task.metrics]
    if name not in known:
        split = monitor.split("/", 1)[0]
        nearest = near(name, known)
        message = f"{monitor!r}: a {task.kind} task has no {name}; it has loss {' '.join(known)}"
        raise ConfigError([Problem("monitor", message, nearest and f"{split}/{nearest}")])
    return "max" if task.metric(name).higher_is_better else "min"


def _schedule(config: Mapping[str, Any], mode: str) -> Callable[..., dict[str, Any]] | None:
    """From optimizer and total steps to the scheduler's entry; None for a constant rate."""
    node = config["scheduler"]
    if not node or not node.get("_target_"):
        return None
    return partial(make, node, "scheduler", monitor=config["monitor"], mode=mode)


def _fixed_threshold(task: Task) -> float | None:
    threshold = getattr(task, "threshold", None)
    return 0.5 if threshold == "tuned" else threshold


@contextmanager
def _signals_to(checkpoint: Checkpoint) -> Iterator[None]:
    """Lets SIGINT and SIGTERM end the fit after saving; a second SIGINT ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, _frame: object) -> None:
        if checkpoint.signal is not None:
            raise KeyboardInterrupt
        checkpoint.signal = number

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_status(paths: Paths, status: Status, *, reason: str | None = None) -> None:
    """status.json: what the run is doing; `started` is kept from its first writing."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        started = json.loads(paths.status.read_text(encoding="utf-8"))["started"]
    except (OSError, ValueError, KeyError):
        started = now
    content = {"status": status, "started": started, "ended": None if status == "running" else now, "reason": reason}
    part = paths.status.with_name(f".status.json.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
        part.replace(paths.status)
    finally:
        part.unlink(missing_ok=True)
