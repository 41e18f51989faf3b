"""Kinds of target: the loss's default, how outputs become predictions, and which metrics count."""

from typing import Annotated, Literal

from annotated_types import Gt, Lt

from litmus.data.base import DataSpec
from litmus.errors import ConfigError, Problem
from litmus.task.base import Task
from litmus.task.binary import Binary
from litmus.task.goal import GoalText
from litmus.task.multiclass import Multiclass
from litmus.task.regression import Regression


def auto(
    *,
    spec: DataSpec,
    positive: str | None = None,
    threshold: Annotated[float, Gt(0), Lt(1)] | Literal["tuned"] = 0.5,
    threshold_goal: GoalText | None = None,
    calibrate: Literal["none", "temperature"] = "none",
) -> Task:
    """The task that the data's target asks for; arguments as in `Binary`.

    Raises:
        ConfigError: A key is set that this kind of target has no use for.
    """
    given = {"positive": positive, "threshold_goal": threshold_goal}
    if threshold != 0.5:
        given["threshold"] = str(threshold)
    if spec.task == "binary":
        return Binary(
            spec=spec, positive=positive, threshold=threshold, threshold_goal=threshold_goal, calibrate=calibrate
        )
    if spec.task == "regression" and calibrate != "none":
        given["calibrate"] = calibrate
    problems = [
        Problem(f"task.{key}", f"{value!r} has no meaning for the {spec.task} target {spec.target!r}; remove it")
        for key, value in given.items()
        if value is not None
    ]
    if problems:
        raise ConfigError(problems)
    return Multiclass(spec=spec, calibrate=calibrate) if spec.task == "multiclass" else Regression(spec=spec)
