"""The bench on which changes are tried: variants of one run on the same rows, and what each gives on val."""

import math
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from litmus.config import RunConfig, check
from litmus.config.changes import apply
from litmus.data.module import DataModule
from litmus.data.tensors import Split
from litmus.engine.stacked import FitResult
from litmus.engine.stacked_layers import NotStackable
from litmus.errors import DataError, InterruptedRun, LitmusError
from litmus.metrics.answers import Predictions
from litmus.probe.allowance import Allowance
from litmus.probe.arms import Arm, Builder, finish
from litmus.probe.comparison import Shot, absolute_skill
from litmus.probe.rounds import Job
from litmus.run import Fitted, Run, prepare_data
from litmus.run.predictor import Predictor
from litmus.run.training import decided
from litmus.scoring.score import baseline_predictions
from litmus.verdict.candidate import Changes

WORTHLESS = 1.0  # R2 so far below 0 tells nothing any more but that it is worthless
ROWS_ONLY = ("batch_size", "shuffle")
LIGHT = {"optimizer.lr": float, "optimizer.weight_decay": float, "trainer.max_epochs": int}
"""Settings that change nothing of how a training is built, and the type of their values."""
ASKED_TO_END = int(signal.SIGALRM)
LOOK_SECONDS = 0.05  # between two looks at what is left while a training of its own runs


@final
@dataclass(frozen=True)
class Variant:
    """A config with some changes, ready to be trained at any seed.

    Args:
        config: Checked and resolved.
        data: Its rows.
        builder: Makes it a member of a stack; None: it is trained alone.
    """

    config: RunConfig
    data: DataModule
    builder: Builder | None

    def retuned(self, changes: Mapping[str, float]) -> "Variant":
        """The variant with other numbers at some of `LIGHT`."""
        tree = dict(self.config.tree)
        for key, value in changes.items():
            group, _, name = key.partition(".")
            tree[group] = {**tree[group], name: value}
        config = RunConfig(tree)
        steps = {key.partition(".")[2]: value for key, value in changes.items() if key.startswith("optimizer.")}
        return replace(self, config=config, builder=self.builder and self.builder.retuned(config, **steps))


@final
@dataclass
class Bench:
    """Trains variants of one run.

    Args:
        config: The run's resolved config.
        data: Its rows, shared by all variants that change nothing about them.
        metric: By which variants are compared, more is better: the primary metric; or mae_skill, the share saved of the
            baseline's mean absolute error.
        allowance: What all of it may take.
        alone_seconds: What one training that is not stacked takes; at first the run's own.
        deal: Seed of another val that all rows are dealt; None: the run's own split.
    """

    config: RunConfig
    data: DataModule
    metric: str
    allowance: Allowance
    alone_seconds: float
    deal: int | None = None
    variants: dict[Changes, Variant | None] = field(default_factory=dict)
    rows: dict[str, DataModule] = field(default_factory=dict)
    splits: dict[int, Mapping[str, Split]] = field(default_factory=dict)

    def redealt(self, deal: int) -> "Bench | None":
        """The same bench with other rows in val; None where there is one split only, or there are too few rows."""
        try:
            data = self.data.redealt(deal)
        except DataError:
            return None
        return None if data is None else replace(self, data=data, deal=deal, variants={}, rows={}, splits={})

    def variant(self, changes: Changes) -> Variant | None:
        """The variant with these changes; None where these data cannot be trained on with them."""
        if changes not in self.variants:
            try:
                self.variants[changes] = self._made(changes)
            except LitmusError:
                self.variants[changes] = None
        return self.variants[changes]

    def _made(self, changes: Changes) -> Variant | None:
        light = {key: value for key, value in map(_number, changes) if value is not None}
        heavy = tuple(change for change in changes if change.partition("=")[0] not in light)
        if light:  # what follows from it is known, and the rest is made once for many of them
            variant = self.variant(heavy)
            return None if variant is None else variant.retuned(light)
        config = RunConfig({**apply(self.config.tree, changes), "logger": None, "resume": None})
        if check(config.tree):
            return None
        data = self._rows(config)
        finished = self.splits.setdefault(id(data.prepared), {}) or finish(data)
        self.splits[id(data.prepared)] = finished
        try:
            return Variant(config, data, Builder(config, data, splits=finished))
        except NotStackable:
            return Variant(config, data, None)

    def _rows(self, config: RunConfig) -> DataModule:
        """The run's rows, in other batches where the change asks for them, or other rows."""
        nodes = (config.data.node, self.config.data.node)
        ours, theirs = ({key: value for key, value in node.items() if key not in ROWS_ONLY} for node in nodes)
        seed = self.config.seed
        if ours == theirs:
            return self.data.reseeded(seed, config.data.node)
        key = repr(sorted(ours.items(), key=str))
        if key not in self.rows:
            self.rows[key] = self._dealt(prepare_data(config.having(seed=seed), fold=self.data.fold))
        return self.rows[key].reseeded(seed, config.data.node)

    def _dealt(self, data: DataModule) -> DataModule:
        dealt = data if self.deal is None else data.redealt(self.deal)
        if dealt is None:
            raise DataError("the changed rows have one split only")
        return dealt

    def arm(self, job: Job) -> Arm | None:
        """The job as a member of a stack; None where it has to be trained alone."""
        changes, seed = job
        variant = self.variant(changes)
        return None if variant is None or variant.builder is None else variant.builder.arm(seed)

    def alone(self, job: Job) -> Shot | None:
        """What a training of its own gives; None where it cannot be trained, or not in time."""
        changes, seed = job
        variant = self.variant(changes)
        if variant is None:
            return None
        began = time.thread_time()
        place = Path(tempfile.mkdtemp(prefix="litmus-probe-"))
        try:
            run = self._fit(Run.build(variant.config.having(seed=seed), place, data=variant.data.reseeded(seed)))
            shot = self._shot(run.predictor, run.data, broke=run.non_finite is not None)
        except LitmusError:
            return None
        finally:
            shutil.rmtree(place, ignore_errors=True)
        self.alone_seconds = max(self.alone_seconds / 2, time.thread_time() - began)
        epochs = run.trainer.current_epoch
        return None if shot is None else replace(shot, monitored=run.monitored, epochs=epochs, finished=True)

    def _fit(self, run: Run) -> Fitted:
        """Trains while the allowance lasts; raises InterruptedRun at its end, and KeyboardInterrupt on Ctrl-C."""
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(run, ended), daemon=True)
        watch.start()
        try:
            return run.fit()
        except InterruptedRun:
            if run.checkpoint.signal != ASKED_TO_END:
                raise KeyboardInterrupt from None
            raise
        finally:
            ended.set()

    def _watch(self, run: Run, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            if self.allowance.left < 0:
                run.checkpoint.signal = ASKED_TO_END
                return

    def score(self, job: Job, arm: Arm, learned: FitResult) -> Shot | None:
        """What a stacked training gave; None where val has no value of the metric."""
        variant = self.variant(job[0])
        assert variant is not None  # noqa: S101  # its arm was made
        shot = self._shot(arm.predictor, variant.data, broke=learned.non_finite_epoch is not None)
        ended = learned.finished or learned.non_finite_epoch is not None
        epochs = len(learned.losses)
        return None if shot is None else replace(shot, monitored=learned.monitored, epochs=epochs, finished=ended)

    def together(self, changes: Changes, shots: Sequence[Shot]) -> Shot | None:
        """What the mean of several trainings' outputs gives, as an ensemble of them predicts; None: unknown."""
        variant = self.variant(changes)
        outputs = [shot.outputs for shot in shots if shot.outputs is not None]
        if variant is None or variant.builder is None or len(outputs) < len(shots):
            return None
        mean = torch.stack(outputs).mean(0)
        return self._shot_of(variant.builder.untrained, variant.data.splits["val"], mean)

    def _shot(self, predictor: Predictor, data: DataModule, *, broke: bool) -> Shot | None:
        """What a trained model gives on val; what the baseline gives where it is worthless."""
        split = data.splits["val"]
        outputs = predictor.outputs(split.x)
        if broke or not bool(outputs.isfinite().all()):
            return self._trivial(predictor, split)
        return self._shot_of(predictor, split, outputs)

    def _shot_of(self, predictor: Predictor, split: Split, outputs: Tensor) -> Shot | None:
        predicted = decided(predictor, outputs, split.y).predict(split, "val", outputs=outputs)
        value = self._value(predictor, predicted)
        if value is not None and predicted.prob is None and value < -WORTHLESS:
            return self._trivial(predictor, split)
        return None if value is None else _unended(value, predicted, outputs)

    def _trivial(self, predictor: Predictor, split: Split) -> Shot | None:
        target, classes = predictor.task.in_unit(split.y), len(predictor.spec.classes)
        prob = target.new_zeros(len(target), classes).double() if classes else None
        blank = Predictions(
            split="val", rows=split.rows, target=target, pred=target, prob=prob, group=split.group, time=split.time
        )
        predicted = baseline_predictions(predictor.task, blank, predictor.prior)
        value = self._value(predictor, predicted)
        return None if value is None else _unended(value, predicted)

    def _value(self, predictor: Predictor, predicted: Predictions) -> float | None:
        if self.metric == "mae_skill":
            return absolute_skill(predicted)
        value = float(predictor.task.metric(self.metric).compute(predicted.answers())[0])
        return value if value == value else None  # noqa: PLR0124  # NaN: undefined


def _unended(value: float, predicted: Predictions, outputs: Tensor | None = None) -> Shot:
    """A shot of whose training nothing is said yet."""
    return Shot(value, predicted, monitored=math.nan, epochs=0, finished=False, outputs=outputs)


def _number(change: str) -> tuple[str, float | None]:
    """Key and value of a change of one of `LIGHT` to a number above 0, or 0 where that is meant; else None."""
    key, _, text = change.partition("=")
    try:
        value = LIGHT[key](text)
    except (KeyError, ValueError):
        return key, None
    return key, value if 0 < value < float("inf") or (value == 0 and key == "optimizer.weight_decay") else None
