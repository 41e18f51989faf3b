"""Gives values the type that they were meant to have, in the config itself, so that whoever reads it finds it right."""

from contextlib import suppress
from typing import Any, get_type_hints

from omegaconf import DictConfig, ListConfig, OmegaConf, flag_override

from litmus.config.hints import coerce
from litmus.config.root import Root
from litmus.config.signatures import signature
from litmus.config.targets import target
from litmus.errors import ConfigError


def settle(cfg: DictConfig) -> DictConfig:
    """The config itself after every value was coerced in place.

    Interpolations stay as they are, and so does what is wrong, for `check` to name.
    """
    with flag_override(cfg, ["struct", "readonly"], [False, False]):
        _settle(cfg, get_type_hints(Root, include_extras=True))
        for key in [str(key) for key in cfg if key != "hydra"]:
            _descend(cfg._get_node(key), key)  # noqa: SLF001  # `cfg[key]` would resolve it
    return cfg


def _descend(node: Any, key: str) -> None:
    if isinstance(node, ListConfig):
        for place in range(len(node)):
            _descend(node._get_node(place), f"{key}[{place}]")  # noqa: SLF001
    if not isinstance(node, DictConfig) or node._is_none() or node._is_interpolation():  # noqa: SLF001
        return
    if node.get("_target_") is not None:
        with suppress(ConfigError):
            parameters = signature(target(node["_target_"], key), node["_target_"], key).parameters
            _settle(node, {word: parameter.hint for word, parameter in parameters.items()})
    for word in list(node):
        _descend(node._get_node(word), f"{key}.{word}")  # noqa: SLF001


def _settle(node: DictConfig, hints: dict[str, Any]) -> None:
    for word, hint in hints.items():
        if word not in node or OmegaConf.is_interpolation(node, word) or OmegaConf.is_missing(node, word):
            continue
        value = node[word]
        plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        if (meant := coerce(hint, plain)) != plain or type(meant) is not type(plain):
            node[word] = meant
