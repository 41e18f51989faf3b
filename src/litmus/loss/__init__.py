"""What a model learns by: one class a loss, and `auto`, the usual one for the kind of target."""

import inspect
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from litmus.errors import ConfigError, Problem, quote
from litmus.loss.base import ClassWeight, Loss, Smoothing, losses
from litmus.loss.classes import PosWeight
from litmus.task import kind_of
from litmus.task.spec import DataSpec

__all__ = ["Loss", "auto", "losses"]

for module in iter_modules(__path__):  # a loss that is put here is known by its name
    import_module(f"{__name__}.{module.name}")


def auto(
    *,
    spec: DataSpec,
    class_counts: Sequence[int] | None = None,
    class_weight: ClassWeight = "none",
    pos_weight: PosWeight = None,
    label_smoothing: Smoothing = 0.0,
) -> Loss:
    """The usual loss for the kind of target; `Poisson` for amounts with a long tail, whose mean it learns as well.

    Args:
        spec: The data's facts; injected.
        class_counts: Training rows of each class; injected.
        class_weight: none; balanced, n / (classes * rows of the class); or one weight a class, in code order.
        pos_weight: Factor on the loss of positive rows; binary targets only.
        label_smoothing: Share of each target spread evenly over all classes.

    Raises:
        ConfigError: An argument that the usual loss has no use for.
    """
    given: dict[str, Any] = {"class_weight": class_weight, "pos_weight": pos_weight, "label_smoothing": label_smoothing}
    skewed = spec.skewed_up_to is not None
    usual = losses()["poisson" if skewed else kind_of(spec.task).usual_loss]
    taken = inspect.signature(usual).parameters
    unset = {"class_weight": "none", "pos_weight": None, "label_smoothing": 0.0}
    problems = [
        Problem(f"loss.{key}", f"has no meaning for a {spec.task} target")
        for key, value in given.items()
        if key not in taken and value != unset[key]
    ]
    if problems:
        raise ConfigError(problems)
    known = {**given, "class_counts": class_counts}
    made = usual(spec=spec, **{key: value for key, value in known.items() if key in taken})
    if skewed:
        made.note = (
            f"target {quote(spec.target, 30)}: amounts with a long tail: the logarithm of their mean is learned "
            "(poisson), and pred is the mean (loss=mse: by squared errors)"
        )
    return made
