"""Trains many models of one shape together, each with its own seed, settings and last epoch.

For small models most of a step is overhead, which all models of a stack share. Each ends where it would have ended
alone, and with the same weights but for rounding: a run of its own is the lean loop's, whose bits are those of torch's
optimizers and of any layer. What does not depend on that (`Best`, `gradients`, `schedule.advance`) both use.

Shapes: M models still learning, N rows, B rows of a batch, P parameters of one model.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from litmus.data.loading import BatchLoader, step_seed
from litmus.data.tensors import Batch, Split
from litmus.engine.best import Best, Mode
from litmus.engine.curves import curve_threshold
from litmus.engine.gradients import ClipBy, average, clip
from litmus.engine.schedule import Entry, Interval, advance
from litmus.engine.stacked_layers import StackedModel, outline
from litmus.engine.stacked_rows import StackedRows
from litmus.engine.stacked_updates import StackedUpdate
from litmus.engine.trainer import Threads, set_threads
from litmus.loss.base import Loss
from litmus.metrics.answers import Answers
from litmus.task.base import Task


@final
@dataclass(frozen=True, kw_only=True)
class Member:
    """One training of a stack.

    Args:
        model: With its first weights; the weights in use are put into it at the end.
        optimizer: Of its parameters; never steps, its settings are read.
        schedule: Lightning's entry for a scheduler of that optimizer; None: constant rate.
        train: Training rows in their orders; inputs are finished, batches are not augmented.
        val: Validation rows, finished too.
        seed: Of its dropout.
        max_epochs: When it ends at the latest.
        patience: Epochs without improvement after which it ends; None: it does not.
        min_delta: What counts as an improvement to that end.
        clip: Largest norm of its gradient, or largest value; None: any.
        use: Which weights it ends with.
    """

    model: nn.Module
    optimizer: Optimizer
    train: BatchLoader
    val: Split
    seed: int
    max_epochs: int
    schedule: Entry | None = None
    patience: int | None = None
    min_delta: float = 0.0
    clip: float | None = None
    use: Literal["best", "last"] = "best"

    @property
    def shape(self) -> tuple[Any, ...]:
        """What the members of one stack have in common, beside the recipe."""
        weighted = self.train.split.weight is not None
        sizes = (len(self.train.split), self.train.batch_size, self.train.shuffle, len(self.val), weighted)
        return (outline(self.model).shape, StackedUpdate.shape(self.optimizer), *sizes)


@final
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What all members of a stack share.

    Args:
        loss: By which they learn.
        task: Computes the monitored metric.
        monitor: `val/<metric>` or `train/loss`.
        mode: Whether that is to fall or to rise.
        accumulate: Batches per step.
        clip_by: What `Member.clip` limits.
        threads: As the trainer takes them.
    """

    loss: Loss
    task: Task
    monitor: str = "val/loss"
    mode: Mode = "min"
    accumulate: int = 1
    clip_by: ClipBy = "norm"
    threads: Threads = "auto"


@final
@dataclass
class FitResult:
    """How a member's training went; its weights are in its model.

    Args:
        monitored: Best monitored value, NaN if there was none.
        best_epoch: Epoch of the weights in use.
        non_finite_epoch: Epoch whose training loss was not finite; None if all were.
        finished: False where time ran out.
        losses: Training loss of each epoch.
        monitors: Monitored value of each epoch.
    """

    monitored: float = math.nan
    best_epoch: int | None = None
    non_finite_epoch: int | None = None
    finished: bool = False
    losses: list[float] = field(default_factory=list)
    monitors: list[float] = field(default_factory=list)


@final
class Stack:
    """Members that are trained together, some epochs at a time; a member that has ended leaves the stack.

    Args:
        members: Of one `shape`.
        recipe: What they share.

    Raises:
        ValueError: Their shapes differ.
    """

    def __init__(self, members: Sequence[Member], recipe: Recipe) -> None:
        if len({member.shape for member in members}) > 1:
            raise ValueError("the members of a stack must be of one shape")
        order = sorted(range(len(members)), key=lambda place: (outline(members[place].model).activations, place))
        self.order, self.members, self.recipe = order, [members[place] for place in order], recipe
        self.results = [FitResult() for _ in members]
        self.active = list(range(len(members)))
        self.model = StackedModel([member.model for member in self.members], [member.seed for member in self.members])
        self.update = StackedUpdate([member.optimizer for member in self.members])
        set_threads(recipe.threads, self.model.theta.numel())
        self.best = [Best(recipe.mode) for _ in self.members]
        self.improvement = [Best(recipe.mode, member.min_delta) for member in self.members]
        self.best_theta, self.best_buffers = self.model.theta.clone(), [b.clone() for b in self.model.buffers]
        self.scheduled = any(member.schedule for member in members)
        for member in members:
            member.optimizer.step()  # without gradients it does nothing but stop schedulers from complaining
        self.epochs, self.batches, self.seconds = 0, 0, 0.0
        self._collect()

    @property
    def epochs_left(self) -> int:
        """The largest number of epochs that a member may still train."""
        return max((self.members[index].max_epochs - self.epochs for index in self.active), default=0)

    def advance(self, epochs: float = math.inf, *, allowed: Callable[[], bool] = lambda: True) -> None:
        """Trains for so many more epochs; where `allowed` gives False, it stops inside an epoch and cannot go on."""
        started, until = time.thread_time(), self.epochs + epochs
        while self.active and self.epochs < until:
            losses = self._train(self.epochs, allowed)
            if losses is None:
                break
            monitored = losses if self.recipe.monitor == "train/loss" else self._validate()
            self.epochs += 1
            self._close(self.epochs - 1, losses.tolist(), monitored.tolist())
        self.seconds += time.thread_time() - started

    def finish(self) -> list[FitResult]:
        """The members' results in their original order; members that have not ended keep the weights they have."""
        for place in range(len(self.active)):
            self._restore(place, self.epochs - 1)
        self.active = []
        results = dict(zip(self.order, self.results, strict=True))
        return [results[place] for place in range(len(self.order))]

    def _collect(self) -> None:
        """Collects the rows and the gradient limits of the active members."""
        active = [self.members[index] for index in self.active]
        self.rows = StackedRows([member.train for member in active], [member.val for member in active])
        clips = [math.inf if member.clip is None else member.clip for member in active]
        self.clip = torch.tensor(clips).unsqueeze(1) if min(clips) < math.inf else None

    def _train(self, epoch: int, allowed: Callable[[], bool]) -> Tensor | None:
        """Training losses `(M,)` of an epoch; None where time ran out."""
        group, losses, sizes = self.recipe.accumulate, [], []
        weight = torch.zeros(len(self.active), 1)  # of the rows in the open accumulation group
        last = len(self.rows) - 1
        for place, batch in enumerate(self.rows.batches(epoch)):
            if not allowed():
                return None
            loss = self._loss(self.model.forward(batch.x, step_seeds=self._seeds()), batch)
            losses.append(loss.detach())
            sizes.append(batch.y.shape[1])
            if group > 1:
                rows = self.recipe.loss.mass(batch.y, batch.weight).sum(1)
                weight += rows.unsqueeze(1)
                loss = loss * rows / group
            self.model.backward(loss, accumulate=place % group > 0)
            if (place + 1) % group == 0 or place == last:
                self._step(weight)
        if len(losses) == 1:
            return losses[0]
        size = torch.tensor(sizes, dtype=torch.float32).unsqueeze(1)
        return (torch.stack(losses) * size).sum(0) / size.sum()

    def _seeds(self) -> list[int] | tuple[()]:
        self.batches += 1
        return [step_seed(seed, self.batches) for seed in self.model.seeds] if self.model.drops else ()

    def _loss(self, output: Tensor, batch: Batch) -> Tensor:
        """Each member's weighted mean over its rows, `(M,)`."""
        loss = self.recipe.loss
        rows = loss.rows(output, batch.y)
        if batch.weight is None and not loss.weighted:
            return rows.mean(1)
        total = (rows if batch.weight is None else rows * batch.weight).sum(1)
        return total / loss.mass(batch.y, batch.weight).sum(1).clamp_min(torch.finfo(total.dtype).tiny)

    @torch.no_grad()
    def _step(self, weight: Tensor) -> None:
        theta, group = self.model.theta, self.recipe.accumulate
        if group > 1 and theta.grad is not None:
            average([theta.grad], weight, group)
            weight.zero_()
        if self.clip is not None:
            clip([theta], self.clip, self.recipe.clip_by)
        self.update.step(theta)
        if self.scheduled:
            self._schedule("step")

    @torch.no_grad()
    def _validate(self) -> Tensor:
        """Monitored values `(M,)`."""
        batch = self.rows.val
        output = self.model.forward(batch.x)
        name = self.recipe.monitor.partition("/")[2]
        if name == "loss":
            return self._loss(output, batch)
        task = self.recipe.task
        pred, prob = task.decide(self.recipe.loss.activate(output.double()), curve_threshold(task))
        return task.metric(name).compute(Answers(pred=pred, target=task.in_unit(batch.y), prob=prob))

    def _close(self, epoch: int, losses: list[float], monitored: list[float]) -> None:
        """Ends an epoch: records its values, keeps the best weights, and removes the members that have ended."""
        ended, improved = [], []
        for place, index in enumerate(self.active):
            result, member, value = self.results[index], self.members[index], monitored[place]
            result.losses.append(losses[place])
            if not math.isfinite(losses[place]):
                result.non_finite_epoch = epoch
                ended.append(place)
                continue
            result.monitors.append(value)
            if self.best[index].update(value):
                result.monitored, result.best_epoch = value, epoch
                improved.append(place)
            self.improvement[index].update(value)
            stopped = member.patience is not None and self.improvement[index].waited >= member.patience
            if stopped or epoch + 1 >= member.max_epochs:
                result.finished = True
                ended.append(place)
        self._keep_best(improved)
        if self.scheduled:
            self._schedule("epoch")
            self._schedule("epoch", monitored)
        for place in ended:
            self._restore(place, epoch)
        if ended:
            self._keep([place for place in range(len(self.active)) if place not in ended])

    def _keep_best(self, places: list[int]) -> None:
        chosen = slice(None) if len(places) == len(self.active) else places
        for kept, now in (
            (self.best_theta, self.model.theta),
            *zip(self.best_buffers, self.model.buffers, strict=True),
        ):
            if places:
                kept[chosen] = now.detach()[chosen]

    def _schedule(self, interval: Interval, monitored: Sequence[float] = ()) -> None:
        for place, index in enumerate(self.active):
            advance(self.members[index].schedule, interval, monitored=monitored[place] if monitored else None)
        self.update.refresh()

    def _restore(self, place: int, epoch: int) -> None:
        """Copies the weights that a member ends with into its model."""
        index = self.active[place]
        result, member = self.results[index], self.members[index]
        last = result.best_epoch is None or (member.use == "last" and result.non_finite_epoch is None)
        if last:
            result.best_epoch = max(epoch, 0)
        theta, buffers = (self.model.theta, self.model.buffers) if last else (self.best_theta, self.best_buffers)
        self.model.write_back(place, theta[place].detach(), buffers, member.model)

    def _keep(self, places: list[int]) -> None:
        """Keeps only the members at these places."""
        self.active = [self.active[place] for place in places]
        if self.active:
            self.model.keep(places)
            self.update.keep(places)
            self.best_theta = self.best_theta[places]
            self.best_buffers = [buffer[places] for buffer in self.best_buffers]
            self._collect()
