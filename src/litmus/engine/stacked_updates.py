"""The steps of torch's optimizers for many models at once, each with settings of its own.

Shapes: M models, P parameters of one model.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

Column = float | Tensor  # one value for all models, or (M, 1)
UNSUPPORTED = ("maximize", "amsgrad", "centered", "decoupled_weight_decay")
FLAGS = ("nesterov",)


def reason_not_to_stack(optimizer: Optimizer) -> str | None:
    """Why an optimizer's steps cannot be made for many models at once; None if they can."""
    if type(optimizer) not in _STEPS:
        return f"{type(optimizer).__name__} steps are made one model at a time"
    group = optimizer.param_groups[0]
    decoupled = {"decoupled_weight_decay"} if type(optimizer) is AdamW else set()
    flags = [flag for flag in UNSUPPORTED if group.get(flag) and flag not in decoupled]
    if flags:
        return f"{type(optimizer).__name__} with {flags[0]}"
    plain = all(not isinstance(group.get(name), Tensor) for name in ("lr", "weight_decay"))
    return None if plain and len(optimizer.param_groups) == 1 else "an optimizer with several parameter groups"


@final
class StackedUpdate:
    """What M optimizers of one kind do to their models.

    Args:
        optimizers: One a model; their settings are read, also while a schedule changes them, and they never step.
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self.optimizers = list(optimizers)
        self.kind = type(optimizers[0])
        self.state: dict[str, Tensor] = {}
        self.steps = 0
        self.refresh()

    @staticmethod
    def shape(optimizer: Optimizer) -> tuple[Any, ...]:
        """What optimizers of one stack have in common."""
        group = optimizer.param_groups[0]
        return (type(optimizer).__name__, *(bool(group.get(flag)) for flag in FLAGS))

    def refresh(self) -> None:
        """Reads the optimizers' settings again, after a schedule has changed them."""
        groups = [optimizer.param_groups[0] for optimizer in self.optimizers]
        self.settings: dict[str, Any] = {flag: bool(groups[0].get(flag)) for flag in FLAGS}
        for name in ("lr", "weight_decay", "momentum", "dampening", "alpha", "eps"):
            self.settings[name] = _column([group.get(name, 0.0) for group in groups])
        for place in (0, 1):
            self.settings[f"beta{place + 1}"] = _column([group.get("betas", (0.0, 0.0))[place] for group in groups])

    def keep(self, places: Sequence[int]) -> None:
        """Keeps only the models at these places."""
        self.optimizers = [self.optimizers[place] for place in places]
        self.state = {name: tensor[list(places)] for name, tensor in self.state.items()}
        self.refresh()

    def step(self, theta: Tensor) -> None:
        """Changes parameters `(M, P)` by their gradients, which may be overwritten."""
        assert theta.grad is not None  # noqa: S101  # for the type checker
        self.steps += 1
        _STEPS[self.kind](self, theta, theta.grad)

    def buffer(self, name: str, like: Tensor) -> Tensor:
        """A tensor that is kept from step to step, at first 0."""
        if name not in self.state:
            self.state[name] = torch.zeros_like(like)
        return self.state[name]


def _column(values: Sequence[float]) -> Column:
    if len(set(values)) == 1:
        return float(values[0])
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


def _float32(column: Column) -> Column:
    return column if isinstance(column, float) else column.float()


def _is_zero(column: Column) -> bool:
    return isinstance(column, float) and column == 0


def _root(column: Column) -> Column:
    return math.sqrt(column) if isinstance(column, float) else column.sqrt()


def _decayed(update: StackedUpdate, theta: Tensor, gradient: Tensor) -> Tensor:
    decay = update.settings["weight_decay"]
    return gradient if _is_zero(decay) else gradient.add_(theta * _float32(decay))


def _sgd(update: StackedUpdate, theta: Tensor, gradient: Tensor) -> None:
    s = update.settings
    gradient = _decayed(update, theta, gradient)
    if not _is_zero(s["momentum"]):
        first = "momentum" not in update.state
        momentum, velocity = _float32(s["momentum"]), update.buffer("momentum", theta)
        # torch starts from the whole gradient, and has no damping where there is no momentum
        undamped = gradient if first or _is_zero(s["dampening"]) else gradient * _float32(_undamped(s))
        velocity.mul_(momentum).add_(undamped)
        gradient = gradient + velocity * momentum if s["nesterov"] else velocity
    theta.sub_(gradient * _float32(s["lr"]))


def _undamped(s: dict[str, Any]) -> Column:
    momentum: Column = s["momentum"]
    kept: Column = 1 - s["dampening"]
    return kept if isinstance(momentum, float) else torch.where(momentum == 0, 1.0, kept)


def _adam(update: StackedUpdate, theta: Tensor, gradient: Tensor) -> None:
    _adaptive(update, theta, _decayed(update, theta, gradient))


def _adamw(update: StackedUpdate, theta: Tensor, gradient: Tensor) -> None:
    s = update.settings
    if not _is_zero(s["weight_decay"]):
        theta.mul_(_float32(1 - s["lr"] * s["weight_decay"]))
    _adaptive(update, theta, gradient)


def _adaptive(update: StackedUpdate, theta: Tensor, gradient: Tensor) -> None:
    s = update.settings
    mean, square = update.buffer("mean", theta), update.buffer("square", theta)
    mean.lerp_(gradient, _weight(1 - s["beta1"], theta))
    _decay_into(square, gradient, s["beta2"])
    step_size = s["lr"] / (1 - s["beta1"] ** update.steps)
    denominator = square.sqrt().div_(_float32(_root(1 - s["beta2"] ** update.steps))).add_(_float32(s["eps"]))
    if isinstance(step_size, float):
        theta.addcdiv_(mean, denominator, value=-step_size)
    else:
        theta.addcdiv_(mean, denominator.div_(_float32(step_size)), value=-1)


def _decay_into(square: Tensor, gradient: Tensor, kept: Column) -> None:
    """`square` (M, P) becomes `kept` of itself and the rest of the gradient's square."""
    if isinstance(kept, float):
        square.mul_(kept).addcmul_(gradient, gradient, value=1 - kept)
    else:
        square.mul_(_float32(kept)).addcmul_(gradient * _float32(1 - kept), gradient)


def _weight(column: Column, like: Tensor) -> Column:
    return column if isinstance(column, float) else column.float().expand_as(like)


def _rmsprop(update: StackedUpdate, theta: Tensor, gradient: Tensor) -> None:
    s = update.settings
    gradient = _decayed(update, theta, gradient)
    square = update.buffer("square", theta)
    _decay_into(square, gradient, s["alpha"])
    gradient = gradient / square.sqrt().add_(_float32(s["eps"]))
    if not _is_zero(s["momentum"]):
        gradient = update.buffer("momentum", theta).mul_(_float32(s["momentum"])).add_(gradient)
    theta.sub_(gradient * _float32(s["lr"]))


_STEPS: dict[type[Optimizer], Callable[[StackedUpdate, Tensor, Tensor], None]] = {
    SGD: _sgd,
    Adam: _adam,
    AdamW: _adamw,
    RMSprop: _rmsprop,
}
