"""Parts of a model that have a learning rate of their own, or are frozen."""

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn import Parameter

from litmus.config import near
from litmus.errors import ConfigError, Problem


def parameter_groups(model: nn.Module, rates: Mapping[str, float], key: str) -> list[Parameter] | list[dict[str, Any]]:
    """Parameters that are trained, as torch's optimizers take them: one group, or one for each rate.

    Args:
        model: Parts whose rate is 0 are frozen in it: they ask for no gradients any more.
        rates: Names of modules or parameters of the model, as `named_parameters` has them, to their learning rates;
            the longest name that a parameter's own begins with counts. Empty: all have the optimizer's.
        key: Of the config, for errors.

    Raises:
        ConfigError: The model has no such part, or nothing is left to be trained.
    """
    names = [name for name, _ in model.named_parameters()]
    for part in rates:
        if not any(_is_in(name, part) for name in names):
            known = sorted({".".join(words[:i]) for name in names for words in [name.split(".")] for i in range(1, 9)})
            shown = ", ".join(one for one in known if one.count(".") < 2)
            raise ConfigError(
                [Problem(f"{key}.{part}", f"the model has no such part; it has {shown}"[:200], near(part, known))]
            )
    groups: dict[float | None, list[Parameter]] = {}
    for name, parameter in model.named_parameters():
        longest = max((part for part in rates if _is_in(name, part)), key=len, default=None)
        rate = None if longest is None else rates[longest]
        if rate == 0:
            parameter.requires_grad_(False)
        if parameter.requires_grad:
            groups.setdefault(rate, []).append(parameter)
    if rates and not groups:
        raise ConfigError([Problem(key, "freezes the whole model; leave something to be trained")])
    if not any(rate is not None for rate in groups):
        return groups.get(None, [])
    return [{"params": found, **({} if rate is None else {"lr": rate})} for rate, found in groups.items()]


def _is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")
