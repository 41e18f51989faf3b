"""A round of small trainings: those of one shape side by side, the others one by one, all within a given time."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from litmus.engine.stacked import FitResult, Stack
from litmus.probe.allowance import Allowance
from litmus.probe.arms import Arm
from litmus.probe.comparison import Shot
from litmus.verdict.candidate import Changes

Job = tuple[Changes, int]
LOOK_SECONDS = 0.1  # how long a stack is looked at before its cost is told
OVERHEAD = 8.0  # a step of a stack costs about as much as this many members' arithmetic, whatever their number


def cheaper(members: int, than: int) -> float:
    """What a stack's epoch costs with so many members, as a share of one with `than` members."""
    return (OVERHEAD + members) / (OVERHEAD + than)


def work(lengths: Iterable[float], size: int) -> float:
    """Epochs of a stack whose members end after these, counted as epochs with `size` members."""
    done, total, ends = 0.0, 0.0, sorted(lengths)
    for place, end in enumerate(ends):
        total += (end - done) * cheaper(len(ends) - place, size)
        done = end
    return total


class Trainings(Protocol):
    """Who makes arms, trains what cannot be stacked, and scores."""

    allowance: Allowance
    alone_seconds: float

    def arm(self, job: Job) -> Arm | None:
        """The job as a member of a stack; None where it has to be trained alone."""

    def alone(self, job: Job) -> Shot | None:
        """What a training of its own gives; None where it cannot be trained, or not in time."""

    def score(self, job: Job, arm: Arm, learned: FitResult) -> Shot | None:
        """What a stacked training gave."""


@final
@dataclass
class _Group:
    """Jobs of one shape in their stack."""

    jobs: list[Job]
    arms: list[Arm]
    stack: Stack
    pace: float = 0.0  # seconds an epoch, with all members
    size: int = 0

    def look(self) -> None:
        """Trains for a moment, to know the pace; the first epoch tells little of the others."""
        self.stack.advance(1)
        first, began = self.stack.seconds, self.stack.epochs
        while self.stack.epochs_left and self.stack.seconds < first + LOOK_SECONDS:
            self.stack.advance(1)
        epochs = self.stack.epochs - began
        self.pace = (self.stack.seconds - first) / epochs if epochs else first

    def settle(self, lengths: Sequence[int]) -> None:
        """Corrects the pace by what the members' epochs took in all."""
        self.pace = self.stack.seconds / max(work(lengths, self.size), 1.0)

    def cost(self, epochs: float) -> float:
        """Seconds to the end of every member, or to that many epochs in all."""
        stack = self.stack
        ends = [min(stack.members[member].max_epochs, epochs) - stack.epochs for member in stack.active]
        return self.pace * work([max(end, 0.0) for end in ends], self.size)


@final
class Round:
    """Trainings that are compared with one another.

    Args:
        bench: Makes and scores them.
        jobs: Changes and seed of each.
    """

    def __init__(self, bench: Trainings, jobs: Iterable[Job]) -> None:
        self.bench = bench
        self.lone: list[Job] = []
        together: dict[object, list[tuple[Job, Arm]]] = {}
        for job in jobs:
            arm = bench.arm(job)
            if arm is None:
                self.lone.append(job)
            else:
                together.setdefault(arm.shape, []).append((job, arm))
        self.groups = [_group(entries) for entries in together.values()]
        for group in self.groups:
            group.look()

    def cost(self, epochs: float = math.inf) -> float:
        """Seconds that the rest is likely to take, or the rest of so many epochs."""
        return sum(group.cost(epochs) for group in self.groups) + len(self.lone) * self.bench.alone_seconds

    def within(self, seconds: float) -> float:
        """To how many epochs all can be taken in so many seconds; infinite where all can come to their ends."""
        if self.cost() <= seconds:
            return math.inf
        low, high = 0, max((group.stack.epochs + group.stack.epochs_left for group in self.groups), default=0)
        while low < high:  # bisection: the cost grows with the epochs
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.cost(middle) <= seconds else (low, middle - 1)
        return low

    def run(self, epochs: float = math.inf, *, alone: bool = True) -> Mapping[Job, Shot]:
        """What each training gave: to its own end, or after so many epochs in all.

        Args:
            epochs: Where stacked trainings are cut.
            alone: Whether those that cannot be stacked are trained, to their ends.
        """
        shots: dict[Job, Shot | None] = {}
        for group in self.groups:
            group.stack.advance(max(epochs - group.stack.epochs, 0), allowed=lambda: self.bench.allowance.left > 0)
            learned = group.stack.finish()
            group.settle([len(arm.losses) for arm in learned])
            for job, arm, one in zip(group.jobs, group.arms, learned, strict=True):
                shots[job] = self.bench.score(job, arm, one)
        for job in self.lone if alone else ():
            shots[job] = self.bench.alone(job) if self.bench.allowance.left > 0 else None
        return {job: shot for job, shot in shots.items() if shot is not None}


def _group(entries: Sequence[tuple[Job, Arm]]) -> _Group:
    jobs, arms = [job for job, _ in entries], [arm for _, arm in entries]
    return _Group(jobs, arms, Stack([arm.member for arm in arms], arms[0].recipe), size=len(jobs))
