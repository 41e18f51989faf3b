"""Kinds of target, one file each: how its outputs become predictions, which loss and metrics are usual, what it has."""

import inspect
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, Literal

from annotated_types import Gt, Lt

from litmus.errors import ConfigError, Problem
from litmus.task.base import DECLARED, Outputs, Task
from litmus.task.goal import GoalText
from litmus.task.spec import DataSpec

__all__ = ["Task", "auto", "kind_of", "kinds"]


@cache
def _import_ours() -> None:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


def kinds() -> dict[str, type[Task]]:
    """Every kind of target by name, in order: those that a module of this room declares, and what users import."""
    _import_ours()
    return {task.kind: task for task in sorted(DECLARED.values(), key=lambda task: task.order)}


def kind_of(name: str) -> type[Task]:
    """The kind of target of that name.

    Raises:
        ConfigError: There is none.
    """
    _import_ours()
    if name not in DECLARED:
        raise ConfigError([Problem("task", f"{name!r} is no kind of target that is known here: {', '.join(kinds())}")])
    return DECLARED[name]


def auto(
    *,
    spec: DataSpec,
    positive: str | None = None,
    threshold: Annotated[float, Gt(0), Lt(1)] | Literal["tuned"] = 0.5,
    threshold_goal: GoalText | None = None,
    calibrate: Literal["none", "temperature"] = "none",
    outputs: Outputs = "auto",
) -> Task:
    """The task that the data's target asks for; arguments as in `Binary`.

    Raises:
        ConfigError: A key is set that this kind of target has no use for.
    """
    given: dict[str, Any] = {
        "positive": positive,
        "threshold": threshold,
        "threshold_goal": threshold_goal,
        "calibrate": calibrate,
        "outputs": outputs,
    }
    kind = kind_of(spec.task)
    taken, usual = inspect.signature(kind).parameters, inspect.signature(auto).parameters
    problems = [
        Problem(f"task.{key}", f"'{value}' has no meaning for the {spec.task} target {spec.target!r}; remove it")
        for key, value in given.items()
        if key not in taken and value != usual[key].default
    ]
    if problems:
        raise ConfigError(problems)
    return kind(spec=spec, **{key: value for key, value in given.items() if key in taken})
