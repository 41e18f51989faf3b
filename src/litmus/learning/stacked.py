"""Trains many models of one shape as one program, each with its own seed, settings and end.

For small models most of a step is overhead, which all models of a stack share. Each ends where it would have ended
alone, and with the same weights but for rounding.

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
from torch.optim.lr_scheduler import ReduceLROnPlateau

from litmus.data.base import Batch, Split
from litmus.data.loader import BatchLoader, step_seed
from litmus.learning.stacked_layers import StackedModel, outline
from litmus.learning.stacked_rows import StackedRows
from litmus.learning.stacked_updates import StackedUpdate
from litmus.learning.trainer import Threads, set_threads
from litmus.task.base import Answers, Task
from litmus.task.objective import Loss

CLIP_FLOOR = 1e-6  # as in torch.nn.utils.clip_grad_norm_


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
    schedule: dict[str, Any] | None = None
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
    mode: Literal["min", "max"] = "min"
    accumulate: int = 1
    clip_by: Literal["norm", "value"] = "norm"
    threads: Threads = "auto"


@final
@dataclass
class Learned:
    """How a member's training went; its weights are in its model.

    Args:
        monitored: Best monitored value, NaN if there was none.
        best_epoch: Epoch of the weights in use.
        broke: Epoch whose training loss was not finite; None if all were.
        finished: False where time ran out.
        losses: Training loss of each epoch.
        monitors: Monitored value of each epoch.
    """

    monitored: float = math.nan
    best_epoch: int | None = None
    broke: int | None = None
    finished: bool = False
    losses: list[float] = field(default_factory=list)
    monitors: list[float] = field(default_factory=list)


def train_stacked(
    members: Sequence[Member], recipe: Recipe, *, allowed: Callable[[], bool] = lambda: True
) -> list[Learned]:
    """Trains members of one `shape`, and leaves each one's weights in use in its model.

    Args:
        members: In any order, that of the results.
        recipe: What they share.
        allowed: Asked before each batch whether to go on; where not, members keep what they have.

    Raises:
        ValueError: Their shapes differ.
    """
    stack = Stack(members, recipe)
    stack.advance(allowed=allowed)
    return stack.finish()


@final
class _Watch:
    """Follows a member's monitored value: whether it is the best, and whether patience is at its end."""

    def __init__(self, member: Member, sign: float) -> None:
        self.sign, self.delta, self.patience = sign, member.min_delta, member.patience or math.inf
        self.best, self.reference, self.wait = math.inf, math.inf, 0

    def better(self, value: float) -> bool:
        """Takes the epoch's value; whether it is the best so far."""
        signed = self.sign * value
        improves = signed + self.delta < self.reference
        self.wait = 0 if improves else self.wait + 1
        self.reference = signed if improves else self.reference
        best = signed < self.best
        self.best = signed if best else self.best
        return best

    @property
    def tired(self) -> bool:
        return self.wait >= self.patience


@final
class Stack:
    """The training itself, which can be taken some epochs at a time; it shrinks as members end.

    Args:
        members: Of one `shape`.
        recipe: What they share.

    Raises:
        ValueError: Their shapes differ.
    """

    def __init__(self, members: Sequence[Member], recipe: Recipe) -> None:
        if len({member.shape for member in members}) > 1:
            raise ValueError("the members of a stack must be of one shape")
        order = sorted(range(len(members)), key=lambda place: (outline(members[place].model).bends, place))
        self.order, self.members, self.recipe = order, [members[place] for place in order], recipe
        self.results = [Learned() for _ in members]
        self.alive = list(range(len(members)))
        self.model = StackedModel([member.model for member in self.members], [member.seed for member in self.members])
        self.update = StackedUpdate([member.optimizer for member in self.members])
        set_threads(recipe.threads, self.model.theta.numel())
        self.watches = [_Watch(member, 1.0 if recipe.mode == "min" else -1.0) for member in self.members]
        self.best, self.best_buffers = self.model.theta.clone(), [b.clone() for b in self.model.buffers]
        self.scheduled = any(member.schedule for member in members)
        for member in members:
            member.optimizer.step()  # without gradients it does nothing but stop schedulers from complaining
        self.epochs, self.batches, self.seconds = 0, 0, 0.0
        self._gather()

    @property
    def left(self) -> int:
        """Epochs that the longest member may still take."""
        return max((self.members[one].max_epochs - self.epochs for one in self.alive), default=0)

    def advance(self, epochs: float = math.inf, *, allowed: Callable[[], bool] = lambda: True) -> None:
        """Trains for so many epochs more, or until it is not allowed to go on, which breaks it off for good."""
        started, until = time.thread_time(), self.epochs + epochs
        while self.alive and self.epochs < until:
            losses = self._train(self.epochs, allowed)
            if losses is None:
                break
            monitors = losses if self.recipe.monitor == "train/loss" else self._validate()
            self.epochs += 1
            self._close(self.epochs - 1, losses.tolist(), monitors.tolist())
        self.seconds += time.thread_time() - started

    def finish(self) -> list[Learned]:
        """How each member's training went, in the order they were given; who has not ended keeps what it has."""
        for place in range(len(self.alive)):
            self._leave(place, self.epochs - 1)
        self.alive = []
        learned = dict(zip(self.order, self.results, strict=True))
        return [learned[place] for place in range(len(self.order))]

    def _gather(self) -> None:
        """Brings together what the living members read, and how their gradients are clipped."""
        living = [self.members[one] for one in self.alive]
        self.rows = StackedRows([member.train for member in living], [member.val for member in living])
        clips = [math.inf if member.clip is None else member.clip for member in living]
        self.clip = torch.tensor(clips).unsqueeze(1) if min(clips) < math.inf else None

    def _train(self, epoch: int, allowed: Callable[[], bool]) -> Tensor | None:
        """Training losses `(M,)` of an epoch; None where time ran out."""
        recipe, losses, sizes = self.recipe, [], []
        mass = torch.zeros(len(self.alive), 1)
        last = len(self.rows) - 1
        for place, batch in enumerate(self.rows.batches(epoch)):
            if not allowed():
                return None
            loss = self._loss(self.model.forward(batch.x, step_seeds=self._seeds()), batch)
            losses.append(loss.detach())
            sizes.append(batch.y.shape[1])
            if recipe.accumulate == 1:
                self.model.pull(loss)
            else:
                share = recipe.loss.mass(batch.y, batch.weight).sum(1)
                self.model.pull(loss * share, more=place % recipe.accumulate > 0)
                mass += share.unsqueeze(1)
            if (place + 1) % recipe.accumulate == 0 or place == last:
                self._step(mass)
        if len(losses) == 1:
            return losses[0]
        weight = torch.tensor(sizes, dtype=torch.float32).unsqueeze(1)
        return (torch.stack(losses) * weight).sum(0) / weight.sum()

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
    def _step(self, mass: Tensor) -> None:
        slope = self.model.slope
        if self.recipe.accumulate > 1:
            slope.div_(torch.where(mass == 0, 1.0, mass))
            mass.zero_()
        if self.clip is not None and self.recipe.clip_by == "value":
            slope.clamp_(-self.clip, self.clip)
        elif self.clip is not None:
            slope.mul_((self.clip / (slope.norm(dim=1, keepdim=True) + CLIP_FLOOR)).clamp_(max=1.0))
        self.update.step(self.model.theta, slope)
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
        threshold = getattr(task, "threshold", None)
        pred, prob = task.decide(
            self.recipe.loss.activate(output.double()), threshold if isinstance(threshold, float) else None
        )
        return task.metric(name).compute(Answers(pred=pred, target=task.in_unit(batch.y), prob=prob))

    def _close(self, epoch: int, losses: list[float], monitors: list[float]) -> None:
        """Ends an epoch: notes its values, keeps the best weights, and lets members go that are at their end."""
        ended, best = [], []
        for place, one in enumerate(self.alive):
            learned, watch = self.results[one], self.watches[one]
            learned.losses.append(losses[place])
            if not math.isfinite(losses[place]):
                learned.broke = epoch
                ended.append(place)
                continue
            learned.monitors.append(monitors[place])
            if watch.better(monitors[place]):
                learned.monitored, learned.best_epoch = monitors[place], epoch
                best.append(place)
            if watch.tired or epoch + 1 >= self.members[one].max_epochs:
                learned.finished = True
                ended.append(place)
        self._remember(best)
        if self.scheduled:
            self._schedule("epoch", monitors)
        for place in ended:
            self._leave(place, epoch)
        if ended:
            self._go_on([place for place in range(len(self.alive)) if place not in ended])

    def _remember(self, places: list[int]) -> None:
        here = slice(None) if len(places) == len(self.alive) else places
        for kept, now in ((self.best, self.model.theta), *zip(self.best_buffers, self.model.buffers, strict=True)):
            if places:
                kept[here] = now.detach()[here]

    def _schedule(self, interval: str, monitors: Sequence[float] = ()) -> None:
        for place, one in enumerate(self.alive):
            entry = self.members[one].schedule
            if entry is None or entry["interval"] != interval:
                continue
            if isinstance(entry["scheduler"], ReduceLROnPlateau):
                entry["scheduler"].step(monitors[place])
            else:
                entry["scheduler"].step()
        self.update.refresh()

    def _leave(self, place: int, epoch: int) -> None:
        """Puts the weights that a member ends with into its model."""
        one = self.alive[place]
        learned, member = self.results[one], self.members[one]
        last = learned.best_epoch is None or (member.use == "last" and learned.broke is None)
        if last:
            learned.best_epoch = max(epoch, 0)
        theta, buffers = (self.model.theta, self.model.buffers) if last else (self.best, self.best_buffers)
        self.model.write_back(place, theta[place].detach(), buffers, member.model)

    def _go_on(self, places: list[int]) -> None:
        self.alive = [self.alive[place] for place in places]
        if self.alive:
            self.model.keep(places)
            self.update.keep(places)
            self.best = self.best[places]
            self.best_buffers = [buffer[places] for buffer in self.best_buffers]
            self._gather()
