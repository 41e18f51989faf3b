"""The target: its kind and classes, inferred from its values; labels to codes, numbers to the loss's unit and back.

Rules for rare classes belong to `TargetCoder.infer`, transforms of a regression target to `TargetScale`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.data.columns.kinds import as_text
from litmus.data.columns.whole import are_codes, follow_an_order
from litmus.data.encoding.column_encoders import FEWEST_FOR_TAIL, IQR_OF_NORMAL, LONG_TAIL
from litmus.data.encoding.grades import in_order
from litmus.data.location import Location, first_true
from litmus.errors import DataError, quote
from litmus.task import kind_of, kinds
from litmus.task.base import Task

MOST_CLASSES = 20
FLOAT32_MAX = float(np.finfo(np.float32).max)
CONVENTIONAL = frozenset(("1", "true", "t", "yes", "y", "positive", "pos", "malignant", "fraud", "fraudulent", "spam"))
FALSE_WORDS = frozenset(("no", "n", "false", "f", "off", "0"))
TRUE_WORDS = frozenset(("yes", "y", "true", "t", "on", "1"))
LONG_TAIL_OF_LOGS = 5.0
"""Robust standard deviations above the median up to which the largest logarithm may lie if amounts are merely
skewed: beyond them `verdict.quantities` sees outliers."""
NOWHERE = Location()
NUMBER_WORDS = {2: "two", 3: "three"}


@final
@dataclass(frozen=True, kw_only=True)
class TargetCoder:
    """Labels to class codes, or numbers to float64; inferred from the data once and stored with the model.

    Args:
        kind: Kind of target.
        name: The target's column name.
        classes: Labels as text in code order, `(negative, positive)` in binary tasks; empty in regression.
        note: How kind and positive class were inferred, in one line.
        dropped: Labels of too few rows, whose rows were left out.
        merged: Labels of too few rows, which became the class `other`.
        other: The name of that class.
    """

    kind: str
    name: str
    classes: tuple[str, ...] = ()
    note: str = ""
    dropped: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    other: str = ""

    @classmethod
    def infer(
        cls,
        target: pl.Series,
        *,
        kind: str | None = None,
        positive: object = None,
        grades: Sequence[object] | None = None,
        location: Location = NOWHERE,
        inputs: pl.DataFrame | None = None,
    ) -> Self:
        """The coder for these labels.

        Args:
            target: All labels, none missing.
            kind: None or "auto": text and booleans are classes, and whole numbers that are codes by their shape.
            positive: The positive label of a binary task, compared as text; None: the conventional one where exactly
                one label is conventional, else the rarer, else the second in sorted order.
            grades: All labels of an ordinal task, lowest first, compared as text; None: see `grades.in_order`.
            location: Where the labels are, for messages.
            inputs: The typed columns of the same rows, which may follow an order of whole numbers; None: not known.

        Raises:
            DataError: Missing or infinite values, one class, or labels that do not fit `kind`.
        """
        _check_values(target, location)
        wanted = None if kind in {None, "auto"} else kind_of(kind)
        codes, why = (True, "") if wanted else _whole_reason(target, inputs)
        if wanted.numeric if wanted else not codes:
            _check_no_positive(target.name, positive, "is a number")
            number = wanted or next(task for task in kinds().values() if task.numeric and task.by_itself)
            note = _describe_numbers(target, number, why, location, asked=wanted is not None)
            return cls(kind=number.kind, name=target.name, note=note)
        labels = as_text(target)
        classes = _sorted_labels(labels.unique().to_list())
        _check_classes(labels, classes, wanted, location)
        task = wanted or _by_number(classes)
        found = f"target {target.name!r}: {len(classes)}"
        if task.has_positive:
            label, why = _positive(labels, classes, positive)
            classes = (classes[0] if label == classes[1] else classes[1], label)
            note = f"{found} classes -> {task.kind}; positive class {label!r} ({why})"
        elif task.ordered:
            classes, why = in_order(classes, grades, target.name)
            note = f"{found} grades -> {task.kind}, lowest first: {_listed(classes)} ({why})"
        else:
            reason = f" ({why}; task=regression if they are quantities)" if why else ""
            note = f"{found} classes -> {task.kind}: {_listed(classes)}{reason}"
        if not task.has_positive:
            _check_no_positive(target.name, positive, f"has {len(classes)} classes")
        return cls(kind=task.kind, name=target.name, classes=classes, note=note + _alike(classes))

    @property
    def numeric(self) -> bool:
        """Whether the target is a number, not a label."""
        return kind_of(self.kind).numeric

    @property
    def has_positive(self) -> bool:
        """Whether one of two classes is positive."""
        return kind_of(self.kind).has_positive

    def encode(self, target: pl.Series, *, location: Location = NOWHERE) -> Tensor:
        """Class codes `(n,)` int64, or values `(n,)` float64 in the target's unit.

        Raises:
            DataError: A label that training has not seen, a missing value, or no number.
        """
        _check_values(target, location)
        if self.numeric:
            return torch.from_numpy(_numbers(target, location).to_numpy(writable=True))
        labels = as_text(target)
        known = dict(zip(self.classes, range(len(self.classes)), strict=True))
        if self.merged:
            known |= dict.fromkeys(self.merged, known[self.other])
        for label, code in list(known.items()):
            if label.casefold() in {"true", "false"}:  # files write booleans in their own ways
                known |= {word: code for word in (label.lower(), label.title(), label.upper()) if word not in known}
        codes = labels.replace_strict(list(known), list(known.values()), default=-1, return_dtype=pl.Int64)
        unknown = first_true(codes == -1)
        if unknown is not None:
            raise location.error(
                f"the label {quote(labels[unknown])} is none of the classes trained on: {_listed(self.classes)}; "
                "correct it, or leave the row out",
                position=unknown,
                column=self.name,
            )
        return torch.from_numpy(codes.to_numpy(writable=True))

    def decode(self, codes: Tensor) -> list[str]:
        """Labels of class codes `(n,)`; numbers as text in regression."""
        if self.numeric:
            return [repr(value) for value in codes.tolist()]
        return [self.classes[code] for code in codes.tolist()]

    def state(self) -> dict[str, Any]:
        """Plain types, for the checkpoint."""
        return {**asdict(self), **{name: list(getattr(self, name)) for name in ("classes", "dropped", "merged")}}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The coder whose `state()` this is."""
        fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in state.items()}
        return cls(**fields)


def are_skewed(train: Tensor) -> bool:
    """Whether training targets `(n,)` are amounts with a long tail that their logarithms do not have.

    Where the logarithms have a long tail as well, a few targets are far out, which is for somebody to look at.

    >>> are_skewed(torch.linspace(-5, 5, 99).exp()), are_skewed(torch.linspace(1, 9, 99))
    (True, False)
    """
    amounts = train[train > 0].double()
    if len(train) < FEWEST_FOR_TAIL or bool((train < 0).any()) or len(amounts) < len(train) / 2:
        return False
    return _reach(train.double()) > LONG_TAIL and _reach(amounts.log()) <= LONG_TAIL_OF_LOGS


def _reach(values: Tensor) -> float:
    """How far the largest value lies above the median, in robust standard deviations; 0 where those are 0."""
    low, middle, high = np.quantile(values.numpy(), [0.25, 0.5, 0.75])  # torch's takes 16 million values at most
    width = float(high - low) / IQR_OF_NORMAL
    return float(values.max() - middle) / width if width > 0 else 0.0


@final
@dataclass(frozen=True, kw_only=True)
class TargetScale:
    """The unit in which the loss sees a regression target.

    Args:
        mean: Subtracted from each value.
        sd: Divides each centred value.
    """

    mean: float = 0.0
    sd: float = 1.0

    @classmethod
    def fit(cls, train: Tensor) -> Self:
        """Standardises by the training targets `(n,)`; a target that does not vary is only centred."""
        return cls(mean=float(train.mean()), sd=float(train.std(correction=0)) or 1.0)

    @property
    def is_moderate(self) -> bool:
        """Whether mean and SD are of the order of 1, so that losses and learning rates need no other unit."""
        return abs(self.mean) <= 3 and 0.1 <= self.sd <= 3

    def to_loss_unit(self, y: Tensor) -> Tensor:
        """Numbers `(n,)` as float32 in the loss's unit; class codes as they are."""
        return ((y - self.mean) / self.sd).to(torch.float32) if y.is_floating_point() else y


def _check_values(target: pl.Series, location: Location) -> None:
    """Raises DataError unless there is one finite value a row."""
    if target.dtype.is_nested():
        message = (
            "several values in one cell: several targets and multi-label targets are not supported; name a plain column"
        )
        raise location.error(message, column=target.name)
    wrong = first_true(target.is_null() | (~target.is_finite() if target.dtype.is_float() else target.is_null()))
    if wrong is not None:
        value = "missing" if target[wrong] is None else quote(target[wrong])
        raise location.error(
            f"the target is {value}; correct the row or leave it out", position=wrong, column=target.name
        )


def _check_no_positive(name: str, positive: object, why: str) -> None:
    if positive is not None:
        raise DataError(f"task.positive={positive} needs a target of two classes; {name!r} {why}")


def _whole_reason(target: pl.Series, inputs: pl.DataFrame | None) -> tuple[bool, str]:
    """Whether the values are taken for classes, and why if they are whole numbers."""
    values = target if target.dtype.is_numeric() else _as_numbers(target)
    if values is None:
        return True, ""
    if not (values == values.round(0)).all():
        return False, ""
    codes, why = are_codes(values)
    if codes and inputs is not None and (name := follow_an_order(values, inputs)):
        return False, f"whole numbers with which {quote(name, 30)} rises or falls as with a quantity"
    return codes, why


def _as_numbers(target: pl.Series) -> pl.Series | None:
    """Text that is all numbers, as numbers; None for anything else."""
    if target.dtype != pl.String:
        return None
    values = target.str.strip_chars().cast(pl.Float64, strict=False)
    return None if values.null_count() or not values.is_finite().all() else values


def _numbers(target: pl.Series, location: Location) -> pl.Series:
    """The target as float64 that fits into float32."""
    plain = target.dtype.is_numeric() or target.dtype == pl.Boolean
    values = (target if plain else target.cast(pl.String).str.strip_chars()).cast(pl.Float64, strict=False)
    wrong = first_true(~(values.abs() <= FLOAT32_MAX).fill_null(value=False))
    if wrong is None:
        return values
    remedy = (
        "does not fit into float32 (3.4e38); rescale the target"
        if values[wrong] is not None
        else "is not a number, which a regression needs; correct it or use task=auto"
    )
    raise location.error(f"{quote(target[wrong])} {remedy}", position=wrong, column=target.name)


def _describe_numbers(target: pl.Series, task: type[Task], reason: str, location: Location, *, asked: bool) -> str:
    values = _numbers(target, location).to_numpy()
    distinct = len(np.unique(values))
    if distinct == 1:
        raise location.error(f"every value is {values[0]:g}; there is nothing to learn", column=target.name)
    why = f"as task={task.kind} says" if asked else f"{distinct} distinct numbers"
    hint = f" ({reason}; task=multiclass if they are codes)" if reason and distinct <= MOST_CLASSES else ""
    return f"target {target.name!r}: {why}, {values.min():g} to {values.max():g} -> {task.kind}{hint}"


def _sorted_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Numbers by value, anything else by letters."""
    try:
        return tuple(sorted(labels, key=lambda label: (float(label), label)))
    except ValueError:
        return tuple(sorted(labels))


def _check_classes(labels: pl.Series, classes: tuple[str, ...], wanted: type[Task] | None, location: Location) -> None:
    """Raises DataError unless the classes are two or more, not too many, as `wanted` says, and each occurs twice."""
    name = labels.name
    if len(classes) == 1:
        raise location.error(
            f"every row has the label {quote(classes[0])}; at least two classes are needed", column=name
        )
    fewest, most = wanted.classes if wanted else (2, None)
    if wanted and not fewest <= len(classes) <= (most or len(classes)):
        quantity = len(classes) > MOST_CLASSES and _all_numbers(classes)
        needs = f"{NUMBER_WORDS[fewest]}{'' if most else ' or more'} classes"
        message = f"task={wanted.kind} needs {needs}, not {len(classes)} ({_listed(classes, 4)})"
        other = "regression" if quantity else _by_number(classes).kind
        raise location.error(f"{message}; use task={other}", column=name)
    if len(classes) > max(MOST_CLASSES, len(labels) // 2):
        message = f"{len(classes)} labels in {len(labels)} rows, such as {quote(labels[0], 30)}, are not classes"
        quantities = "use task=regression" if _all_numbers(classes) else "write numbers for a regression"
        raise location.error(f"{message}; name another data.target, or {quantities}", column=name)


def _by_number(classes: Sequence[str]) -> type[Task]:
    """The first kind of target that may be chosen by itself and takes as many classes."""
    n = len(classes)
    fitting = (task for task in kinds().values() if task.by_itself and not task.numeric)
    return next(task for task in fitting if task.classes[0] <= n <= (task.classes[1] or n))


def _all_numbers(classes: tuple[str, ...]) -> bool:
    return all(label.lstrip("+-").replace(".", "", 1).isdigit() for label in classes)


def _listed(labels: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(quote(label, 24) for label in labels[:most])
    return shown if len(labels) <= most else f"{shown} and {len(labels) - most} more"


def _alike(labels: Sequence[str]) -> str:
    """A hint on two labels that differ only in upper and lower case; "" if there are none."""
    words = [label.casefold() for label in labels]
    again = next((i for i, word in enumerate(words) if word in words[:i]), None)
    if again is None:
        return ""
    first = labels[words.index(words[again])]
    return f"; {quote(first, 24)} and {quote(labels[again], 24)} differ only in upper and lower case: one class or two?"


def _positive(labels: pl.Series, classes: tuple[str, ...], wanted: object) -> tuple[str, str]:
    """The positive label and the reason, in words."""
    if wanted is not None:
        return _wanted_label(classes, wanted, labels.name), "as task.positive says"
    conventional = [label for label in classes if label.casefold() in CONVENTIONAL]
    if len(conventional) == 1:
        return conventional[0], "conventional name"
    first = int((labels == classes[0]).sum())
    second = len(labels) - first
    if first == second:
        return classes[1], "second in sorted order, equally frequent"
    return (classes[0] if first < second else classes[1]), f"the rarer: {min(first, second)} of {len(labels)} rows"


def _wanted_label(classes: tuple[str, ...], wanted: object, column: str) -> str:
    """The class that `task.positive` names; YAML turns yes and no into booleans, which are turned back here."""
    text = str(wanted).strip()
    if text in classes:
        return text
    words = TRUE_WORDS if wanted is True else FALSE_WORDS if wanted is False else {text.casefold()}
    matches = [label for label in classes if label.casefold() in words]
    if len(matches) == 1:
        return matches[0]
    raise DataError(f"task.positive={text} is none of the labels of column {column!r}: {_listed(classes)}")
