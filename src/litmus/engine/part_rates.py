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
        model: Parts whose rate is 0 are frozen in it: they ask for no gradients any more, and the running statistics of
            a batch norm stay.
        rates: Names of modules or parameters of the model, as `named_parameters` has them, to their learning rates;
            the longest name that a parameter's own begins with counts. Empty: all have the optimizer's.
        key: Of the config, for errors.

    Raises:
        ConfigError: The model has no such part, or nothing is left to be trained.
    """
    _refuse_strangers(model, rates, key)
    _freeze(model, rates)
    groups: dict[float | None, list[Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(rates.get(_part_of(name, rates)), []).append(parameter)
    if rates and not groups:
        raise ConfigError([Problem(key, "freezes the whole model; leave something to be trained")])
    if not any(rate is not None for rate in groups):
        return groups.get(None, [])
    return [{"params": members, **({} if rate is None else {"lr": rate})} for rate, members in groups.items()]


def _refuse_strangers(model: nn.Module, rates: Mapping[str, float], key: str) -> None:
    names = [name for name, _ in model.named_parameters()]
    for part in rates:
        if not any(_is_in(name, part) for name in names):
            known = sorted({".".join(words[:i]) for name in names for words in [name.split(".")] for i in range(1, 9)})
            shown = ", ".join(part for part in known if part.count(".") < 2)
            raise ConfigError(
                [Problem(f"{key}.{part}", f"the model has no such part; it has {shown}"[:200], near(part, known))]
            )


def _freeze(model: nn.Module, rates: Mapping[str, float]) -> None:
    for name, parameter in model.named_parameters():
        if rates.get(_part_of(name, rates)) == 0:
            parameter.requires_grad_(False)
    for name, module in model.named_modules():
        if hasattr(module, "track_running_stats") and rates.get(_part_of(name, rates)) == 0:
            module.track_running_stats = False


def _part_of(name: str, rates: Mapping[str, float]) -> str:
    """The most exact of the parts that a module or parameter belongs to; "" if to none."""
    return max((part for part in rates if _is_in(name, part)), key=len, default="")


def _is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")
