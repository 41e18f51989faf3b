"""What is to be predicted: kind of target, classes and positive class, inferred from the labels; labels to codes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, final

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.data.base import TaskKind
from litmus.data.place import Place, first_true
from litmus.errors import DataError, quote

MOST_CLASSES = 20
FLOAT32_MAX = float(np.finfo(np.float32).max)
CONVENTIONAL = frozenset(("1", "true", "t", "yes", "y", "positive", "pos", "malignant", "fraud", "fraudulent", "spam"))
FALSE_WORDS = frozenset(("no", "n", "false", "f", "off", "0"))
TRUE_WORDS = frozenset(("yes", "y", "true", "t", "on", "1"))
NOWHERE = Place()


@final
@dataclass(frozen=True, kw_only=True)
class TargetCoder:
    """Labels to class codes, or numbers to float64; made from the data once and stored with the model.

    Args:
        kind: Kind of target.
        name: The target's column name.
        classes: Labels as text in code order, `(negative, positive)` in binary tasks; empty in regression.
        note: How kind and positive class were found, in one line.
    """

    kind: TaskKind
    name: str
    classes: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def infer(
        cls,
        target: pl.Series,
        *,
        kind: TaskKind | Literal["auto"] | None = None,
        positive: object = None,
        place: Place = NOWHERE,
    ) -> Self:
        """The coder for these labels.

        Args:
            target: All labels, none missing.
            kind: None or "auto": text, booleans and at most 20 distinct whole numbers are classes.
            positive: The positive label of a binary task, compared as text; None: the conventional one where exactly
                one label is conventional, else the rarer, else the second in sorted order.
            place: Where the labels stand, for messages.

        Raises:
            DataError: Missing or infinite values, one class, or labels that do not fit `kind`.
        """
        _check_values(target, place)
        wanted = None if kind == "auto" else kind
        if wanted == "regression" or (wanted is None and not _has_classes(target)):
            _check_no_positive(target.name, positive, "is a number")
            return cls(kind="regression", name=target.name, note=_describe_numbers(target, wanted, place))
        labels = as_text(target)
        classes = _sorted_labels(labels.unique().to_list())
        _check_classes(labels, classes, wanted, place)
        if wanted == "multiclass" or len(classes) > 2:
            _check_no_positive(target.name, positive, f"has {len(classes)} classes")
            note = f"target {target.name!r}: {len(classes)} classes -> multiclass: {_listed(classes)}{_alike(classes)}"
            return cls(kind="multiclass", name=target.name, classes=classes, note=note)
        label, why = _positive(labels, classes, positive)
        negative = classes[0] if label == classes[1] else classes[1]
        note = f"target {target.name!r}: 2 classes -> binary; positive class {label!r} ({why}){_alike(classes)}"
        return cls(kind="binary", name=target.name, classes=(negative, label), note=note)

    def encode(self, target: pl.Series, *, place: Place = NOWHERE) -> Tensor:
        """Class codes `(n,)` int64, or values `(n,)` float64 in the target's unit.

        Raises:
            DataError: A label that training has not seen, a missing value, or no number.
        """
        _check_values(target, place)
        if self.kind == "regression":
            return torch.from_numpy(_numbers(target, place).to_numpy(writable=True))
        labels = as_text(target)
        known = dict(zip(self.classes, range(len(self.classes)), strict=True))
        for label, code in list(known.items()):
            if label.casefold() in {"true", "false"}:  # files write booleans in their own ways
                known |= {word: code for word in (label.lower(), label.title(), label.upper()) if word not in known}
        codes = labels.replace_strict(list(known), list(known.values()), default=-1, return_dtype=pl.Int64)
        unknown = first_true(codes == -1)
        if unknown is not None:
            raise place.error(
                f"the label {quote(labels[unknown])} is none of the classes trained on: {_listed(self.classes)}; "
                "correct it, or leave the row out",
                position=unknown,
                column=self.name,
            )
        return torch.from_numpy(codes.to_numpy(writable=True))

    def decode(self, codes: Tensor) -> list[str]:
        """Labels of class codes `(n,)`; numbers as text in regression."""
        if self.kind == "regression":
            return [repr(value) for value in codes.tolist()]
        return [self.classes[code] for code in codes.tolist()]

    def state(self) -> dict[str, Any]:
        """Plain types, for the checkpoint."""
        return {**asdict(self), "classes": list(self.classes)}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The coder whose `state()` this is."""
        return cls(**{**state, "classes": tuple(state["classes"])})


def as_text(values: pl.Series) -> pl.Series:
    """Labels as a person writes them: whole numbers without `.0`, booleans in lower case, no outer spaces."""
    fractional = values.dtype.is_float() or values.dtype.is_decimal()
    if fractional and (values == values.round(0)).all() and (values.abs() < 2**53).all():
        values = values.cast(pl.Int64)
    text = values.cast(pl.String)
    if values.dtype == pl.String:
        text = text.str.strip_chars().str.replace(r"^([+-]?\d+)\.0+$", "$1")
    return text


def _check_values(target: pl.Series, place: Place) -> None:
    """One finite value a row."""
    if target.dtype.is_nested():
        message = (
            "several values in one cell: several targets and multi-label targets are not supported; name a plain column"
        )
        raise place.error(message, column=target.name)
    wrong = first_true(target.is_null() | (~target.is_finite() if target.dtype.is_float() else target.is_null()))
    if wrong is not None:
        value = "missing" if target[wrong] is None else quote(target[wrong])
        raise place.error(f"the target is {value}; correct the row or leave it out", position=wrong, column=target.name)


def _check_no_positive(name: str, positive: object, why: str) -> None:
    if positive is not None:
        raise DataError(f"task.positive={positive} needs a target of two classes; {name!r} {why}")


def _has_classes(target: pl.Series) -> bool:
    """Whether the values read as classes: text, booleans, or at most 20 distinct whole numbers."""
    values = target if target.dtype.is_numeric() else _as_numbers(target)
    if values is None:
        return True
    return values.n_unique() <= MOST_CLASSES and bool((values == values.round(0)).all())


def _as_numbers(target: pl.Series) -> pl.Series | None:
    """Text that is all numbers, as numbers; None for anything else."""
    if target.dtype != pl.String:
        return None
    values = target.str.strip_chars().cast(pl.Float64, strict=False)
    return None if values.null_count() or not values.is_finite().all() else values


def _numbers(target: pl.Series, place: Place) -> pl.Series:
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
    raise place.error(f"{quote(target[wrong])} {remedy}", position=wrong, column=target.name)


def _describe_numbers(target: pl.Series, wanted: str | None, place: Place) -> str:
    values = _numbers(target, place).to_numpy()
    distinct = len(np.unique(values))
    if distinct == 1:
        raise place.error(f"every value is {values[0]:g}; there is nothing to learn", column=target.name)
    why = "as task=regression says" if wanted else f"{distinct} distinct numbers"
    return f"target {target.name!r}: {why}, {values.min():g} to {values.max():g} -> regression"


def _sorted_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Numbers by value, anything else by letters."""
    try:
        return tuple(sorted(labels, key=lambda label: (float(label), label)))
    except ValueError:
        return tuple(sorted(labels))


def _check_classes(labels: pl.Series, classes: tuple[str, ...], wanted: str | None, place: Place) -> None:
    """At least two classes, as many as asked for, few enough, and each more than once."""
    name = labels.name
    if len(classes) == 1:
        raise place.error(f"every row has the label {quote(classes[0])}; at least two classes are needed", column=name)
    if wanted == "binary" and len(classes) != 2:
        message = f"task=binary needs two classes, not {len(classes)} ({_listed(classes)}); use task=multiclass"
        raise place.error(message, column=name)
    if len(classes) > max(MOST_CLASSES, len(labels) // 2):
        message = f"{len(classes)} labels in {len(labels)} rows, such as {quote(labels[0], 30)}, are no classes"
        raise place.error(f"{message}; name another data.target, or write numbers for a regression", column=name)
    once = first_true(labels.is_unique())
    if once is not None:
        remedy = "; for quantities use task=regression" if _all_numbers(classes) else ""
        raise place.error(
            f"the label {quote(labels[once])} occurs only once, so it cannot be learned and scored; "
            f"correct it, leave the row out or add rows{remedy}",
            position=once,
            column=name,
        )


def _all_numbers(classes: tuple[str, ...]) -> bool:
    return all(label.lstrip("+-").replace(".", "", 1).isdigit() for label in classes)


def _listed(labels: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(quote(label, 24) for label in labels[:most])
    return shown if len(labels) <= most else f"{shown} and {len(labels) - most} more"


def _alike(labels: Sequence[str]) -> str:
    """What to say where two labels are one word in other capitals."""
    words = [label.casefold() for label in labels]
    again = next((i for i, word in enumerate(words) if word in words[:i]), None)
    if again is None:
        return ""
    first = labels[words.index(words[again])]
    return f"; {quote(first, 24)} and {quote(labels[again], 24)} differ in capitals alone: one class or two?"


def _positive(labels: pl.Series, classes: tuple[str, ...], wanted: object) -> tuple[str, str]:
    """The positive label and why."""
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
