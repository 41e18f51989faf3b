"""The learning curves: the metrics of each epoch's outputs, computed for many epochs at once.

During training only tensors are kept; `compute` turns the closed epochs into numbers when they are wanted.
"""

import math
from collections.abc import Mapping, Set
from typing import Any, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.loss.base import Loss
from litmus.metrics.answers import Answers
from litmus.task.base import Task

DIGITS = 9
TENS = np.array([float(f"1e{power}") for power in range(23)])  # the powers of ten that a double holds exactly
TAIL = 16  # the last values of an array, of which torch's kernels may compute each by itself, with other last bits
OPEN_VALUES = 1 << 20  # outputs kept before they are turned into metrics, 4 MB
CACHED_VALUES = 1 << 16  # outputs measured at once: what is made of them in float64 stays in a processor's cache

_Batch = tuple[Tensor, Tensor, Tensor | None, Tensor | None]  # outputs, targets, mean loss, row weights
_Epoch = tuple[int, Tensor, Tensor, Tensor | None]  # epoch, outputs (n, outputs), targets (n,), loss () if it is known


@final
class Curves:
    """Metrics of every split and epoch.

    Args:
        task: Names and computes the metrics.
        loss: Computes the val loss over whole splits, and the meaning of outputs.
    """

    def __init__(self, *, task: Task, loss: Loss) -> None:
        self.task, self.loss = task, loss
        self.values: dict[str, dict[int, float]] = {}
        self.noted: dict[str, dict[int, float]] = {}  # measured by others; before `values` where both have a name
        self.open: dict[str, list[_Batch]] = {"train": [], "val": []}
        self.closed: dict[str, list[_Epoch]] = {"train": [], "val": []}
        self.batch_losses: list[Tensor] = []  # of the last closed training epoch
        self.last_computed: dict[str, _Epoch] = {}  # of each split, not rounded as `values` are
        self.steps: dict[int, int] = {}
        self.kept = 0
        self.processes = 1  # that share the rows

    def add(
        self, split: str, output: Tensor, target: Tensor, loss: Tensor | None, weight: Tensor | None = None
    ) -> None:
        """Takes one batch: outputs `(rows, outputs)`, targets `(rows,)`, and its mean loss if it is known."""
        self.open[split].append((output.detach(), target, None if loss is None else loss.detach(), weight))

    def note(self, name: str, epoch: int, value: float) -> None:
        """Takes a value that somebody else measured in that epoch, under a name of its own; the last one counts."""
        self.noted.setdefault(name, {})[epoch] = value

    @property
    def measured(self) -> frozenset[str]:
        """The keys of what is computed here."""
        names = ["loss", *(metric.name for metric in self.task.metrics)]
        return frozenset(f"{split}/{name}" for split in self.open for name in names)

    def close(self, split: str, epoch: int, step: int | None = None) -> None:
        """Ends a split's epoch, after `step` optimizer steps: batches become one; only the loss is computed."""
        batches = self.open[split]
        if not batches:
            return
        if step is not None:
            self.steps[epoch] = step
        if self.processes > 1:
            batches = _of_all_processes(batches)
        output, target, loss, weight = batches[0] if len(batches) == 1 else _joined(batches)
        self.open[split] = []
        if loss is None and self.loss.measurable:
            loss = self.loss(output, target, weight)
        elif loss is not None:
            self.batch_losses = [part[2] for part in batches if part[2] is not None]
        self.closed[split].append((epoch, output, target, loss))
        self.kept += output.numel()

    def first_non_finite(self) -> int | None:
        """Index of the first batch of the last closed training epoch whose loss is not finite; None if all are."""
        last = self._last("train")
        known = None if last is None else last[3]
        if not self.batch_losses or (known is not None and math.isfinite(float(known))):
            return None
        broken = ~torch.stack(self.batch_losses).isfinite()
        return int(broken.long().argmax()) if bool(broken.any()) else None

    @property
    def full(self) -> bool:
        """Whether so much is kept that it should be computed now."""
        return self.kept >= OPEN_VALUES

    def latest(self, key: str) -> float:
        """The last closed epoch's value of `{split}/{metric}`; NaN if that split has none."""
        split, _, name = key.partition("/")
        epoch = self._last(split)
        if key in self.noted or epoch is None or (name == "loss" and epoch[3] is None):
            known = self.noted.get(key) or self.values.get(key)
            return known[max(known)] if known else float("nan")
        if name == "loss":
            return float(cast("Tensor", epoch[3]))
        return float(self.task.metric(name).compute(self._answers([epoch]))[0])

    def measured_in(self, key: str, epoch: int) -> bool:
        """Whether the value of `{split}/{metric}` was measured here in that epoch."""
        last = self._last(key.partition("/")[0])
        known = last is not None and last[0] == epoch and not (key.endswith("/loss") and last[3] is None)
        return key in self.measured and (known or epoch in self.values.get(key, {}))

    def _last(self, split: str) -> _Epoch | None:
        """The last closed epoch, computed or not; None if there was none since a resume."""
        return self.closed[split][-1] if self.closed.get(split) else self.last_computed.get(split)

    def compute(self) -> None:
        """Computes every metric of the closed epochs; `values` then holds them."""
        for split, epochs in self.closed.items():
            for run in _same_size(epochs):
                self._compute(split, run)
            if epochs:
                self.last_computed[split] = epochs[-1]
            epochs.clear()
        self.kept = 0

    def _compute(self, split: str, epochs: list[_Epoch]) -> None:
        at_once = max(1, CACHED_VALUES // max(epochs[0][1].numel(), 1))
        parts = [self._measure(epochs[first : first + at_once]) for first in range(0, len(epochs), at_once)]
        # rounded, since the last bits depend on how many epochs are measured at once, and a resumed run measures others
        # together
        table = _rounded(torch.cat(parts, 1).numpy())
        numbers = [epoch[0] for epoch in epochs]
        names = ["loss", *(metric.name for metric in self.task.metrics)]
        for name, column in zip(names[-len(table) :], table.tolist(), strict=True):
            self.values.setdefault(f"{split}/{name}", {}).update(zip(numbers, column, strict=True))

    def _measure(self, epochs: list[_Epoch]) -> Tensor:
        """`(1 + metrics, epochs)` float64, the loss first; without it where it is not known."""
        answers = self._answers(epochs)
        losses = [epoch[3] for epoch in epochs if epoch[3] is not None]
        first = [torch.stack(losses).double().cpu()] if losses else []
        return torch.stack([*first, *(metric.compute(answers) for metric in self.task.metrics)])

    def _answers(self, epochs: list[_Epoch]) -> Answers:
        outputs, target = [epoch[1] for epoch in epochs], epochs[0][2]
        size = max(outputs[0].numel(), 1)
        # equal outputs must stay equal, since ranks tell ties: what stands in the tail is not used
        tail = [outputs[0]] * -(-TAIL // size) if 2 * size <= CACHED_VALUES else []
        with torch.inference_mode():
            activated = self.loss.activate(torch.stack(outputs + tail).double())[: len(epochs)].cpu()
            if all(epoch[2] is target for epoch in epochs):  # a full batch's
                target = target.expand(len(epochs), -1)
            else:
                target = torch.stack([epoch[2] for epoch in epochs])
            pred, prob = self.task.decide(activated, curve_threshold(self.task))
        return Answers(pred=pred, target=self.task.in_unit(target.cpu()), prob=prob)

    def columns(self) -> dict[str, list[Any]]:
        """`epoch`, `step` and every key, one value an epoch; None where the epoch did not measure it."""
        return self._columns({**self.values, **self.noted}, self.steps.keys())

    def measurements(self) -> dict[str, list[float | None]]:
        """What the evidence rests on: metrics as computed here, and the loss as it is known; one value an epoch."""
        losses = {key: column for key, column in self.noted.items() if key in {"train/loss", "val/loss"}}
        columns = self._columns({**self.values, **losses}, self.steps.keys())
        return {key: column for key, column in columns.items() if key in self.measured}

    def _columns(self, every: Mapping[str, dict[int, float]], of: Set[int] | None = None) -> dict[str, list[Any]]:
        """Those of the epochs in `of`; None: also of one that has only been noted something about."""
        known: set[int] = set().union(*every.values())
        epochs = sorted(known if of is None else known & of)
        steps = [self.steps.get(epoch, 0) for epoch in epochs]
        return {"epoch": epochs, "step": steps} | {key: list(map(column.get, epochs)) for key, column in every.items()}

    def table(self) -> list[dict[str, float]]:
        """The same as one mapping for each epoch, without the keys that the epoch did not measure."""
        columns = self.columns()
        rows = (zip(columns, row, strict=True) for row in zip(*columns.values(), strict=True))
        return [{key: value for key, value in row if value is not None} for row in rows]

    def state(self) -> dict[str, Any]:
        """Plain types and tensors: the computed values as one table, and the batches of an open epoch."""
        self.compute()
        columns = self._columns(self.values)
        every = [True] * len(columns["epoch"])
        known = [  # NaN is a value too
            every if len(column) == len(every) else [epoch in column for epoch in columns["epoch"]]
            for column in self.values.values()
        ]
        return {
            "keys": list(self.values),
            "table": torch.from_numpy(np.array(list(columns.values()), dtype=np.float64)).T.contiguous(),
            "known": torch.tensor(known, dtype=torch.bool).view(len(known), len(every)).T.contiguous(),
            "open": {split: [list(batch) for batch in batches] for split, batches in self.open.items()},
            "noted": {name: dict(column) for name, column in self.noted.items()},
            "steps": dict(self.steps),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restores what `state()` gave."""
        keys, rows = state["keys"], state["table"].tolist()
        self.steps = state.get("steps") or {int(row[0]): int(row[1]) for row in rows if row[1]}
        self.noted = state.get("noted", {})
        self.values = {key: {} for key in keys}
        for row, known in zip(rows, state["known"].tolist(), strict=True):
            for key, value, measured in zip(keys, row[2:], known, strict=True):
                if measured:
                    self.values[key][int(row[0])] = value
        self.open = {split: [tuple(batch) for batch in batches] for split, batches in state["open"].items()}


def curve_threshold(task: Task) -> float | None:
    """The decision threshold of the metrics during training: the config's number, or None for .5."""
    threshold = getattr(task, "threshold", None)
    return threshold if isinstance(threshold, float) else None


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """To DIGITS significant digits, each the double nearest to that decimal number.

    Not by polars, whose threads do not live on in a forked process.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        places = DIGITS - 1 - np.floor(np.log10(np.abs(values)))
    exact = np.abs(places) < len(TENS)  # False for 0 and what is not finite, too
    shift = TENS[np.where(exact, np.abs(places), 0).astype(int)]
    scaled = np.where(places > 0, np.rint(values * shift) / shift, np.rint(values / shift) * shift)
    rest = [float(f"{value:.{DIGITS}g}") for value in values[~exact]]
    rounded = np.where(exact, scaled, values)
    rounded[~exact] = rest
    return rounded


def _joined(batches: list[_Batch]) -> _Batch:
    """Batches as one; its loss is the mean over all rows, None where theirs are unknown."""
    outputs, targets, losses, weights = zip(*batches, strict=True)
    loss = None
    if all(part is not None for part in losses):
        rows = torch.tensor([len(part) for part in targets], dtype=torch.float32, device=outputs[0].device)
        loss = (torch.stack(losses) * rows).sum() / rows.sum()
    return torch.cat(outputs), torch.cat(targets), loss, None if weights[0] is None else torch.cat(weights)


def _of_all_processes(batches: list[_Batch]) -> list[_Batch]:
    """The batches of every process, so that metrics are of whole splits; repeated rows of padded shares count twice."""
    device = batches[0][0].device
    gathered: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(gathered, [_moved(batch, torch.device("cpu")) for batch in batches])
    return [_moved(batch, device) for part in gathered for batch in part]


def _moved(batch: _Batch, device: torch.device) -> _Batch:
    return cast("_Batch", tuple(None if part is None else part.to(device) for part in batch))


def _same_size(epochs: list[_Epoch]) -> list[list[_Epoch]]:
    """Consecutive epochs with equally many rows, which can be stacked, of which all losses are known or none."""
    runs: list[list[_Epoch]] = []
    for epoch in epochs:
        last = runs[-1][-1] if runs else None
        if last is not None and last[2].shape == epoch[2].shape and (last[3] is None) == (epoch[3] is None):
            runs[-1].append(epoch)
        else:
            runs.append([epoch])
    return runs
