"""Every measure of a model, declared once in `catalogue/`: what it is called, which way is good, how it is computed."""

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from litmus.metrics import catalogue
from litmus.metrics.declaration import Measure, Metric

__all__ = [
    "Measure",
    "Metric",
    "declare",
    "declare_stored",
    "direction",
    "lower_is_better",
    "measure",
    "measure_of_others",
    "measures",
    "metrics_of",
]


FALLING = frozenset({"loss", "error", "err", "mse", "rmse", "mae", "nll", "bce", "ce", "perplexity", "brier", "ece"})
RISING = frozenset({"acc", "accuracy", "f1", "auroc", "auc", "precision", "recall", "ap", "r2", "mcc", "iou", "score"})
"""Words in the names of logged values that say which way is good."""


LAST = 1000  # behind all of ours
_OWN: dict[str, Measure] = {}  # of users, by name


@cache
def measures() -> dict[str, Measure]:
    """Every measure that a module of the catalogue declares, by name, in order."""
    modules = [import_module(f"{catalogue.__name__}.{module.name}") for module in iter_modules(catalogue.__path__)]
    declared = {value for module in modules for value in vars(module).values() if isinstance(value, Measure)}
    return {measure.name: measure for measure in sorted(declared, key=lambda measure: measure.order)}


@cache
def metrics_of(task: str) -> tuple[Metric, ...]:
    """The metrics that a kind of target has, in order."""
    return tuple(measure for measure in measures().values() if isinstance(measure, Metric) and task in measure.tasks)


def measure(name: str) -> Measure | None:
    """The measure of that name; `recall[b]` is recall, of class b. None: nothing that is known here is called so."""
    head = name.partition("[")[0]
    return measures().get(head) or _OWN.get(head)


def declare(own: Measure) -> None:
    """Makes a measure known that a config brings; one that computes stays where only its name is declared again."""
    known = _OWN.get(own.name)
    if not isinstance(known, Metric) or isinstance(own, Metric) or known.higher_is_better != own.higher_is_better:
        _OWN[own.name] = own


def declare_stored(own: Mapping[str, bool]) -> None:
    """Makes known what a run's own metrics are called, and whether more of each is better."""
    for name, higher_is_better in own.items():
        declare(measure_of_others(name, higher_is_better=higher_is_better))


def measure_of_others(name: str, *, higher_is_better: bool) -> Measure:
    """A measure of a user's own, of which no more is known."""
    return Measure(
        name=name,
        order=LAST,
        label=name.replace("_", " "),
        tasks=frozenset(),
        unit="number",
        higher_is_better=higher_is_better,
        perfect=1.0 if higher_is_better else 0.0,
        low=-math.inf,
        high=math.inf,
        relative_slack=not higher_is_better,
    )


def direction(name: str) -> Literal["min", "max"] | None:
    """Whether a measure, or a value that somebody logs under a name of their own, is to fall or to rise.

    Args:
        name: Such as `recall`, `val/recall` or `val_acc`; None is given where it does not say.
    """
    own = name.rpartition("/")[2]
    known = measure(own) or measure(re.sub(r"^(train|val|valid|validation)_", "", own))
    if known is not None:
        return "max" if known.higher_is_better else "min"
    words = {*re.split(r"[^a-z0-9]+", own.lower())}
    if "skill" in words:
        return "max"
    return "min" if words & FALLING else "max" if words & RISING else None


def lower_is_better(name: str) -> bool:
    """Whether less of the measure is better; more is, of one whose name does not say."""
    return direction(name) == "min"
