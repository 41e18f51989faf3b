"""Whether a training fits into memory, estimated before any of it is allocated."""

import contextlib
import io
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from litmus.config import RunConfig
from litmus.data.module import DataModule
from litmus.engine.lazy_layers import is_lazy
from litmus.errors import ConfigError, Problem
from litmus.memory import LEAST, free_memory, size

COPIES = 4  # of every weight: itself, its gradient, the best so far, and where it began
USUAL_STATE = 2  # numbers that an optimizer keeps of each weight, where trying it out does not tell
TOO_LARGE = ("overflow", "can't allocate", "not enough memory", "out of memory", "unable to allocate")


def check_room(
    config: RunConfig,
    data: DataModule,
    make_model: Callable[[], nn.Module],
    optimizer: Callable[..., Optimizer] | None,
) -> None:
    """Refuses a training whose weights or activations cannot fit into the memory that is free.

    The model is made and run on torch's meta device, which has shapes and no memory. A model that cannot be made there
    is let through, and so is one whose forward pass needs real numbers, with its activations unknown.

    Args:
        config: Checked and resolved.
        data: Its rows.
        make_model: Makes the model that is to be trained.
        optimizer: From parameters to the optimizer; None: the model makes its own.

    Raises:
        ConfigError: It cannot fit.
    """
    if _plainly_small(config, data):
        return
    try:
        with _nowhere():
            model = make_model()
    except Exception as error:  # whatever else is wrong shows when the model is made
        if is_too_large(error):
            raise too_large(config, "training needs more memory than any machine has") from error
        return
    if is_lazy(model):
        return
    weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    state = USUAL_STATE if optimizer is None else kept_by(optimizer)
    kept = weights * (COPIES + state)
    rows = min(data.train_dataloader().batch_size, len(data.splits["train"]))
    passed = 2 * rows * outputs_a_row(model, data)
    need = kept + passed
    if need < LEAST or need < (free := free_memory()):
        return
    count = sum(parameter.numel() for parameter in model.parameters())
    parts = f"{count:,} parameters and their copies: {size(kept)}; batches of {rows:,} rows: {size(passed)}"
    raise too_large(config, f"training needs about {size(need)} ({parts}), and {size(free)} are free", rows=kept < free)


def _plainly_small(config: RunConfig, data: DataModule) -> bool:
    """Whether a model of ours fits as every layer is at most as wide as the largest number in its settings and data.

    It spares the usual run the tenths of a second that a look at shapes takes.
    """
    if not config.model.is_ours:
        return False
    node, spec = config.model.node, data.spec
    values = math.prod(spec.in_shape)
    widest = max(_most(value) for value in (*node.values(), values, len(spec.classes), spec.vocab_size))
    widest = max(widest, sum(spec.cardinalities))
    layers = 4 + sum(len(value) for value in node.values() if isinstance(value, list))
    rows: int = min(data.train_dataloader().batch_size, len(data.splits["train"]))
    places = values if len(spec.in_shape) > 1 or spec.input == "text" else 1  # where a layer has as many channels
    return layers * widest * (24 * widest + 8 * rows * places) < LEAST


def too_large(config: RunConfig, why: str, *, rows: bool = False) -> ConfigError:
    """The refusal of a model, with the setting that makes it so large; `rows`: smaller batches would do, too."""
    largest = _largest(config.model.node)
    key = f"model.{largest}" if largest else "model"
    lower = f"data.batch_size or {key}" if rows else key
    return ConfigError([Problem("data.batch_size" if rows else key, f"{why}; lower {lower}")])


def is_too_large(error: BaseException) -> bool:
    """Whether torch or numpy refused to make something of that size."""
    text = f"{error} {error.__cause__ or ''}".lower()
    return isinstance(error, MemoryError | OverflowError) or any(sign in text for sign in TOO_LARGE)


def kept_by(optimizer: Callable[..., Optimizer]) -> float:
    """Numbers that the optimizer keeps of each weight, seen after a step on a small matrix."""
    try:
        weight = nn.Parameter(torch.zeros(16, 16))
        trial = optimizer([weight])
        weight.grad = torch.ones_like(weight)
        trial.step()
        held = [value for state in trial.state.values() for value in state.values() if isinstance(value, Tensor)]
    except Exception:  # noqa: BLE001  # one that wants a function to call, or whatever a user's own does
        return USUAL_STATE
    return sum(value.numel() for value in held if value.ndim) / weight.numel()


def outputs_a_row(model: nn.Module, data: DataModule) -> float:
    """Bytes of all layers' outputs for one row; 0 where the model does not run without numbers."""
    first = data.preprocess.finish(data.splits["train"].x[:1])
    counted: list[int] = []

    def count(_module: nn.Module, _args: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            counted.append(output.numel() * output.element_size())

    leaves = [module for module in model.modules() if not any(True for _ in module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    try:
        with _nowhere(), torch.no_grad():
            model(torch.empty((2, *first.shape[1:]), dtype=first.dtype))  # one row has no spread to normalise by
    except Exception:  # noqa: BLE001
        return 0.0
    finally:
        for handle in handles:
            handle.remove()
    return sum(counted) / 2


@contextlib.contextmanager
def _nowhere() -> Iterator[None]:
    """Tensors without memory; neither the random numbers of the run nor its terminal see what is made."""
    quiet = io.StringIO()
    with torch.random.fork_rng(devices=[]), torch.device("meta"), contextlib.redirect_stdout(quiet):
        yield


def _largest(node: Mapping[str, Any]) -> str:
    """The key of a model's largest whole number."""
    best = max(node, key=lambda key: _most(node[key]), default="")
    return best if best and _most(node[best]) > 1 else ""


def _most(value: Any) -> int:
    """The largest whole number in a setting, 0 if there is none."""
    return max((entry for entry in (value if isinstance(value, list) else [value]) if type(entry) is int), default=0)
