"""What a LightningModule that is given as the model replaces: it brings its own loss, optimizer and scheduler."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from litmus.config.folder import default_option
from litmus.config.signatures import signature
from litmus.config.targets import target
from litmus.errors import ConfigError, Problem

LIGHTNING_MODULE = "lightning.pytorch.core.module.LightningModule"
STANDALONE = "pytorch_lightning.core.module.LightningModule"
DATA_MODULE = "lightning.pytorch.core.datamodule.LightningDataModule"
BATCH_KEYS = ("input_key", "target_key")
"""Keys of a LightningDataModule's node that say where its batches hold what, and are none of its constructor's."""
ARGUMENTS = {
    "loss": ("loss", "loss_fn", "criterion"),
    "optimizer": ("optimizer",),
    "scheduler": ("scheduler", "lr_scheduler"),
}
"""Groups that it replaces, each with the arguments of a constructor that take what the group describes."""
INJECTED = frozenset(word for words in ARGUMENTS.values() for word in words)


def trains_itself(node: Any) -> bool:
    """Whether a model's node names a LightningModule, which has training steps and optimizers of its own."""
    with suppress(ConfigError):
        return bool(isinstance(node, Mapping) and node.get("_target_") and is_module(target(node["_target_"], "model")))
    return False


def is_module(found: Any) -> bool:
    """Whether a target is a LightningModule.

    Raises:
        ConfigError: It is one of the package pytorch_lightning, whose classes lightning does not take for its own.
    """
    bases = _bases(found)
    if STANDALONE in bases:
        message = (
            f"{found.__name__} descends from pytorch_lightning's LightningModule; import lightning.pytorch instead"
        )
        raise ConfigError([Problem("model._target_", message)])
    return LIGHTNING_MODULE in bases


def is_data_module(found: Any) -> bool:
    """Whether a target is a LightningDataModule."""
    return DATA_MODULE in _bases(found)


def _bases(found: Any) -> set[str]:
    return {f"{base.__module__}.{base.__qualname__}" for base in getattr(found, "__mro__", ())}


def wanted_by(node: Mapping[str, Any]) -> dict[str, str]:
    """Of the replaced groups those that the module's constructor takes and its node does not set, with the argument."""
    found = target(node["_target_"], "model")
    takes = inspect.signature(found).parameters
    pairs = ((group, word) for group, words in ARGUMENTS.items() for word in words)
    return {group: word for group, word in pairs if word in takes and word not in node}


def is_default(group: str, node: Any) -> bool:
    """Whether a group is as the root has it, so that nobody has set anything of it."""
    return bool(node == default_option(group))


def problems(plain: Mapping[str, Any]) -> Iterator[Problem]:
    """One for each group that the config sets although its LightningModule replaces it."""
    model = plain.get("model")
    if not isinstance(model, Mapping) or not trains_itself(model):
        return
    wanted = wanted_by(model)
    takes = signature(target(model["_target_"]), model["_target_"], "model").parameters
    for group in ARGUMENTS:
        node = plain.get(group)
        if group in wanted or not isinstance(node, Mapping) or node.get("_target_") is None or is_default(group, node):
            continue
        yield _refused(group, node, takes)


def _refused(group: str, node: Mapping[str, Any], takes: Mapping[str, Any]) -> Problem:
    usual = default_option(group)
    changed = [word for word in node if word != "_partial_" and node[word] != usual.get(word)]
    word = changed[0] if changed and changed[0] != "_target_" else ""
    key = f"{group}.{word}".rstrip(".")
    message = f"the model is a LightningModule with its own {group}, so this would have no effect; leave it out"
    if word in takes:
        message = f"the model is a LightningModule with its own {group}, which takes this as model.{word}"
        return Problem(key, message, f"model.{word}={node[word]}")
    return Problem(key, message)
