"""Layers that take their shapes from the first rows they see, as torch.nn.LazyLinear does."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from litmus.engine.module_outputs import ModuleOutputs, evaluating
from litmus.errors import ConfigError, Problem


def is_lazy(model: nn.Module) -> bool:
    """Whether a layer still waits for rows."""
    return any(isinstance(parameter, UninitializedParameter) for parameter in model.parameters())


def take_shapes(model: nn.Module, rows: Callable[[], Tensor]) -> None:
    """Shows a model with lazy layers some rows, before anything asks how many weights it has.

    Args:
        model: Of any kind; left as it is where it has no such layer.
        rows: Gives finished inputs `(n, *in_shape)`.

    Raises:
        ConfigError: A layer was not reached.
    """
    if not is_lazy(model):
        return
    if isinstance(model, ModuleOutputs):
        model.look(rows())
    else:
        with torch.no_grad(), evaluating(model):
            model(rows())
    if is_lazy(model):
        message = "has lazy layers that its forward does not reach; give them their sizes (in_features and the like)"
        raise ConfigError([Problem("model", message)])
