"""One training: what a config and its data build, fit, and leave behind."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, cast, final

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, LightningDataModule, LightningModule
from torch import Tensor

from litmus.config import BATCH_KEYS, RunConfig, is_data_module, make, near
from litmus.config.signatures import signature
from litmus.data.module import DataModule
from litmus.data.sources.base import Source
from litmus.data.sources.tables import TableSource
from litmus.data.tensors import Batch, Split
from litmus.disk import write_text
from litmus.engine import checkpoint as files
from litmus.engine.best import Mode
from litmus.engine.callbacks import Checkpoint, NonFiniteGuard, NonFiniteLoss, Recorder, Sink, of_others
from litmus.engine.lazy_layers import take_shapes
from litmus.engine.learner import Learner, ensemble_size_of
from litmus.engine.module_outputs import ModuleOutputs
from litmus.engine.observer import Observer
from litmus.engine.trace import Trace
from litmus.engine.trainer import Trainer, set_threads
from litmus.engine.training_progress import Followed
from litmus.errors import CheckpointError, ConfigError, LitmusError, Problem, described
from litmus.evidence import NonFinite
from litmus.loss import auto
from litmus.metrics import direction
from litmus.run.clashes import BY_HAND, check_together
from litmus.run.length import length_note, with_length
from litmus.run.log_mean import learns_log_mean
from litmus.run.memory_need import check_room
from litmus.run.new_rows import training_profile
from litmus.run.parts import for_averages, make_callbacks, make_optimizer, make_schedule
from litmus.run.paths import Paths
from litmus.run.predictor import Predictor, make_parts
from litmus.scoring.conformal import conformity
from litmus.scoring.threshold import choose
from litmus.task.base import Task
from litmus.task.goal import parse_goal

LAST_LOOK = 1024  # val rows on which a user's module is asked once more whether it gives predictions
UNUSED = "ddp_spawn_find_unused_parameters_true"  # what a strategy is called that asks for none of it
# training rows whose activations are looked at before the first step: fewer where a row is large, as images are
LOOKED_AT, LOOKED_AT_LEAST, LOOKED_AT_VALUES = 1024, 64, 2**16


@dataclass(frozen=True)
class Run:
    """A training that is built: the first of three stages, of which each gives the next and stays as it is.

    Args:
        config: Its config, checked and resolved.
        paths: Its directory.
        data: The rows.
        module: What Lightning trains: our learner, or a user's LightningModule.
        learner: What is known of the training: the learner itself, or the observer beside a user's module.
        trainer: Lightning's.
        checkpoint: Best and last weights.
        trace: What the layers did.
        predictor: The model with all that it needs to predict; its weights are the trainer's, which learn.
        notes: What the user is told of it before it starts, a line each.
    """

    config: RunConfig
    paths: Paths
    data: DataModule
    module: LightningModule
    learner: Followed
    trainer: Trainer
    checkpoint: Checkpoint
    trace: Trace
    predictor: Predictor
    notes: tuple[str, ...]

    @staticmethod
    def build(
        config: RunConfig,
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
        paths, seed = Paths(directory), config.seed
        data = data or prepare_data(config, fold=fold)
        torch.manual_seed(seed)
        predictor = untrained(config, data, stored or config.tree)
        own = predictor.model if isinstance(predictor.model, ModuleOutputs) else None
        mode = metric_mode(predictor.task, config.monitor) if own is None else logged_mode(config)
        whole = with_length(config, data)
        checkpoint, others = make_callbacks(whole, paths, mode)
        others, notes = for_averages(checkpoint, others)
        trace = Trace(_sample(data.splits["train"]), data.preprocess.finish)
        recorder = Recorder(paths.history, sinks=list(sinks), waits=own is not None)
        data.as_tuples = own is not None
        module: LightningModule
        learner: Followed
        watching: list[Callback] = [trace, recorder, NonFiniteGuard()]
        if own is None:
            module = learner = _learner(config, predictor, mode, random_batches=data.augments)
        else:
            module, learner = (
                own.module,
                (observer := _observer(config, predictor, data, trace=trace, recorder=recorder)),
            )
            watching.append(observer)
        trainer = whole.trainer.make(callbacks=[*watching, *others, *callbacks, checkpoint])
        set_threads(trainer.threads, sum(parameter.numel() for parameter in predictor.model.parameters()))
        trainer.choose_loop(None if own is not None else config.optimizer.target(), own_loader=data.own_loader)
        trainer.listen(learner, directory, own_module=own is not None)
        check_together(data, module, trainer)
        notes += (predictor.loss.note,) if predictor.loss.note else ()
        notes += length_note(config, data)
        size = ensemble_size_of(predictor.model)
        if size > 1 and "ensemble_size" not in config.model.node:
            notes += (f"model: {size} networks learn side by side, and their mean predicts (model.ensemble_size=1)",)
        return Run(config, paths, data, module, learner, trainer, checkpoint, trace, predictor, notes)

    def fit(self, *, resume: Path | None = None) -> "Fitted":
        """Trains, and leaves the weights in use in the model; writes last.ckpt and history.csv as it goes.

        Args:
            resume: The last.ckpt to go on from.

        Raises:
            InterruptedRun: A signal ended it; last.ckpt holds its state.
        """
        self.paths.checkpoints.mkdir(parents=True, exist_ok=True)
        started, broken = time.perf_counter(), None
        with _signals_to(self.checkpoint):
            try:
                self.trainer.fit(self.module, datamodule=self._loads(), ckpt_path=resume, weights_only=True)
            except NonFiniteLoss as error:
                broken = error.found
                self.checkpoint.restore_best(self.module)
            except MisconfigurationException as error:
                raise ConfigError([Problem("trainer", " ".join(str(error).split()))]) from error
            except LitmusError:
                raise
            except Exception as error:
                refusal = None if self.checkpoint.current_state else self._refusal(error, resume)  # training has begun
                raise error if refusal is None else refusal from error
        self.checkpoint.raise_if_asked()  # in the fit's last moments
        if self.trainer.strategy.launcher is not None:
            broken = self._adopt()
        seconds = time.perf_counter() - started
        if (profile := self.trainer.profile) is not None:
            write_text(self.paths.profile, profile)
        return Fitted(**_fields(self), seconds=seconds, non_finite=broken)

    def restored(self, predictor: Predictor) -> "Decided":
        """The run as it was when it had been fitted and decided, from the predictor that it left."""
        return Decided(**{**_fields(self), "predictor": predictor}, seconds=0.0, non_finite=None, outputs={})

    def _loads(self) -> LightningDataModule:
        """What gives Lightning its batches: a user's data module itself for a user's own module."""
        if self.data.own_loader and not isinstance(self.module, Learner):
            return cast("LightningDataModule", cast("Any", self.data.source).module)
        return self.data

    def _refusal(self, error: Exception, resume: Path | None) -> LitmusError | None:
        """What an error before the first step means, where it is not a fault of ours."""
        if resume is not None:
            message = f"its state does not fit this run ({type(error).__name__}); start the run again"
            return CheckpointError(f"{resume}: {message}")
        if "find_unused_parameters" in str(error):  # Lightning's, as the next one
            message = f"ddp needs every parameter in each loss, and here some are left out; use {UNUSED}"
            return ConfigError([Problem("trainer.strategy", message)])
        if isinstance(error, RuntimeError) and "multiple optimizers" in str(error):  # Lightning's own sentence
            name = type(self.module).__name__
            return ConfigError([Problem("model", f"{name} makes several optimizers; {BY_HAND}")])
        if others := of_others(self.trainer):
            named = " or ".join(type(callback).__name__ for callback in others)
            return ConfigError([Problem("callback", f"{named} cannot be used here: {described(error)}")])
        return None

    def _adopt(self) -> NonFinite | None:
        """Takes over from last.ckpt what was learned in processes that are gone, and where the loss broke there."""
        state = files.load(self.paths.last)
        self.learner.restore_progress(state)
        callbacks = cast("Any", self.trainer).callbacks  # Lightning leaves most of its attributes untyped
        [guard] = [callback for callback in callbacks if isinstance(callback, NonFiniteGuard)]
        for callback in (self.checkpoint, self.trace, guard):
            callback.load_state_dict(state["callbacks"][callback.state_key])
        if guard.found is None:
            self.checkpoint.load_chosen(self.module, last_epoch=max(self.learner.curves.steps, default=0))
        else:
            self.checkpoint.restore_best(self.module)
        return guard.found

    @property
    def scored(self) -> bool:
        """Whether the model predicts something that can be scored; a user's module may train without."""
        return not isinstance(self.predictor.model, ModuleOutputs) or self.predictor.model.way is not None

    @property
    def monitored(self) -> float:
        """The monitored value of the weights in use; NaN if none was finite."""
        value = self.checkpoint.best_value
        return float("nan") if value is None else value


@dataclass(frozen=True)
class Fitted(Run):
    """A training that is over.

    Args:
        seconds: Wall time of the fit.
        non_finite: Where the loss stopped being finite, None if it never did.
    """

    seconds: float
    non_finite: NonFinite | None

    def decide(self) -> "Decided":
        """Fixes what is chosen on validation, temperature and threshold, and writes best.ckpt."""
        split = self.data.splits["val"]
        if isinstance(self.predictor.model, ModuleOutputs):
            finished = self.data.preprocess.finish(split.x[:LAST_LOOK].to(self.module.device))
            if (doubt := self.predictor.model.doubt(finished)) is not None:
                self.predictor.model.leave(doubt)
        outputs = self.predictor.outputs(split.x)
        predictor = decided(self.predictor, outputs, split.y)
        val = predictor.predict(split, "val", outputs=outputs)
        predictor = replace(predictor, profile=training_profile(self.data), conformity=conformity(val))
        predictor.save(self.paths.best, epoch=self.checkpoint.best_epoch)
        return Decided(**{**_fields(self), "predictor": predictor}, outputs={"val": outputs})


@final
@dataclass(frozen=True)
class Decided(Fitted):
    """A trained model whose decisions are fixed: what is scored and judged.

    Args:
        outputs: Split to the model's raw outputs `(n, outputs)`, where they are known.
    """

    outputs: Mapping[str, Tensor]


def _fields(run: Run) -> dict[str, Any]:
    return {field.name: getattr(run, field.name) for field in fields(run)}


def _learner(config: RunConfig, predictor: Predictor, mode: Mode, *, random_batches: bool) -> Learner:
    return Learner(
        model=predictor.model,
        loss=predictor.loss,
        task=predictor.task,
        optimizer=make_optimizer(config),
        schedule=make_schedule(config, mode),
        seed=config.seed,
        monitor=config.monitor,
        manifest=predictor.manifest(),
        random_batches=random_batches,
        rates=config.optimizer.parts,
    )


def _observer(
    config: RunConfig,
    predictor: Predictor,
    data: DataModule,
    *,
    trace: Trace,
    recorder: Recorder,
) -> Observer:
    return Observer(
        model=cast("ModuleOutputs", predictor.model),
        loss=predictor.loss,
        task=predictor.task,
        monitor=config.monitor,
        seed=config.seed,
        manifest=predictor.manifest(),
        splits=data.splits,
        predict=predictor.outputs,
        read=data.read,
        trace=trace,
        recorder=recorder,
    )


def _sample(train: Split) -> Batch:
    """The rows that the trace looks at before the first step."""
    rows = min(LOOKED_AT, max(LOOKED_AT_LEAST, LOOKED_AT_VALUES // train.x[0].numel()))
    return Batch(train.x[:rows], train.y[:rows])


def untrained(config: RunConfig, data: DataModule, stored: Mapping[str, Any]) -> Predictor:
    """Model, loss and task of the config, fitted to the data's facts, with fresh weights."""
    counts, train = list(data.class_counts["train"]), data.splits["train"]
    _check_input(config, data)
    optimizer = make_optimizer(config) if config.optimizer else None
    check_room(config, data, lambda: make_parts(config, data.spec, counts)[0], optimizer)
    spec = data.spec if _may_log(config) and learns_log_mean(data) else replace(data.spec, skewed_up_to=None)
    model, loss, task = make_parts(config, spec, counts)
    if isinstance(model, ModuleOutputs):
        model.keys, model.packing = data.source.batch_keys, data.source.packing
    take_shapes(model, lambda: data.preprocess.finish(_sample(data.splits["train"]).x[:LOOKED_AT_LEAST]))
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
        prior=task.prior(target),
        threshold=_fixed_threshold(task),
    )


def _may_log(config: RunConfig) -> bool:
    """Whether the loss is left to us, and the model bends: a linear one whose logarithm is meant is another model."""
    return bool(config.loss) and config.loss.target() is auto and bool(config.model.hidden)


def decided(predictor: Predictor, outputs: Tensor, target: Tensor) -> Predictor:
    """The trained predictor with the temperature and the threshold that its task has chosen on validation rows.

    Args:
        predictor: Trained.
        outputs: Its raw outputs `(n, outputs)` on them.
        target: Their class codes or values `(n,)`.
    """
    task, temperature, threshold = predictor.task, 1.0, predictor.threshold
    if getattr(task, "calibrate", "none") == "temperature":
        from litmus.scoring.calibration import fit_temperature  # scipy, which few runs need

        activated = predictor.loss.activate(outputs.double())
        temperature = fit_temperature(activated.clamp_min(1e-300).log(), target)
    if getattr(task, "threshold", None) == "tuned":
        _, prob = predictor.with_decision(threshold=None, temperature=temperature).decide(outputs)
        if prob is not None:
            threshold = choose(prob[:, 1], target, parse_goal(task.threshold_goal or "f1"))  # type: ignore[attr-defined]
    return predictor.with_decision(threshold=threshold, temperature=temperature)


def _check_input(config: RunConfig, data: DataModule) -> None:
    """Models of ours that compute with numbers cannot read token ids; raises ConfigError."""
    model = config.model
    if data.spec.input == "text" and model.is_ours and not model.target_name.startswith("litmus.model.text."):
        message = f"{model.class_name} computes with numbers, and the data are texts; use model=text"
        raise ConfigError([Problem("model", message)])


def prepare_data(config: RunConfig, *, fold: int | None = None, kind: str | None = None) -> DataModule:
    """The data module of a config, read, split and encoded.

    Args:
        config: Of the run.
        fold: Which fold is held out; None: the first.
        kind: Kind of target, where a model knows it; None: what the config says.
    """
    data = make_data(config, fold=fold, kind=kind)
    data.setup()
    return data


def make_data(config: RunConfig, *, fold: int | None = None, kind: str | None = None) -> DataModule:
    """The same, of which nothing is read yet."""
    source = make_source(config)
    if source.normalize_target == "auto" and _needs_own_unit(config):
        source = replace(source, normalize_target=False)
    if isinstance(source, TableSource) and source.categories == "auto" and not _takes_codes(config):
        source = replace(source, categories="onehot")
    return DataModule(
        source,
        kind=kind or getattr(config.task.target(), "kind", None),  # `auto` is none
        positive=config.task.positive,
        grades=config.task.grades,
        seed=config.seed,
        split_seed=config.split_seed,
        fold=fold,
    )


def make_source(config: RunConfig) -> Source:
    """Where the config's rows come from: a source of ours or of a plugin's, or the loaders of a LightningDataModule.

    Raises:
        ConfigError: It is neither.
    """
    node, found = config.data.node, config.data.target()
    if not is_data_module(found):
        made = config.data.make()
        if not isinstance(made, Source):
            message = f"makes a {type(made).__name__}; a LightningDataModule is needed, or a source of Litmus"
            raise ConfigError([Problem("data._target_", message)])
        return made
    from litmus.data.sources.loaders import Loaders

    takes = signature(found, config.data.target_name, "data").parameters
    module = make({key: value for key, value in node.items() if key in takes or key not in BATCH_KEYS}, "data")
    keys: dict[str, Any] = {key: node.get(key) for key in BATCH_KEYS}
    limit = config.trainer.limit_train_batches
    return Loaders(
        module=module,
        limit=limit if isinstance(limit, int) else None,
        seed=config.seed,
        normalize="none",
        # a module of the user's is given batches as they are
        normalize_target=False if config.model.trains_itself else "auto",
        **keys,
    )


def _takes_codes(config: RunConfig) -> bool:
    """Whether the model is told which inputs are codes of categories; any other would take them for quantities."""
    model = config.model
    return "cardinalities" in signature(model.target(), model.target_name, "model").parameters


def _needs_own_unit(config: RunConfig) -> bool:
    """Whether loss or output fit the target's own unit alone: counts, or numbers within the bounds of an activation."""
    return "poisson" in config.loss.target_name.lower() or (config.model.output_activation or "none") != "none"


def logged_mode(config: RunConfig) -> Mode:
    """Whether the monitored value, which a user's module may log under any name, is to fall or to rise.

    A `mode` that a callback's node states goes before what the name says.

    Raises:
        ConfigError: Neither says it.
    """
    stated = [entry.node.get("mode") for entry in config.callback.entries().values()]
    if modes := [mode for mode in stated if mode in {"min", "max"}]:
        return cast("Mode", modes[0])
    name = config.monitor
    if (known := direction(name)) is not None:
        return known
    message = f"{name!r}: whether it is to fall or to rise is not known; add callback.checkpoint.mode=min or max"
    raise ConfigError([Problem("monitor", message)])


def metric_mode(task: Task, monitor: str) -> Literal["min", "max"]:
    """Whether the monitored `{split}/{metric}` is to fall or to rise.

    Raises:
        ConfigError: The task has no such metric.
    """
    name = monitor.partition("/")[2]
    if name == "loss":
        return "min"
    known = [metric.name for metric in task.metrics]
    if name not in known:
        split = monitor.split("/", 1)[0]
        nearest = near(name, known)
        message = f"{monitor!r}: a {task.kind} task has no {name}; it has loss {' '.join(known)}"
        raise ConfigError([Problem("monitor", message, nearest and f"{split}/{nearest}")])
    return "max" if task.metric(name).higher_is_better else "min"


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
