"""Gives values the type that they were meant to have, in the config itself, so that whoever reads it finds it right."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from omegaconf import DictConfig, ListConfig, OmegaConf, flag_override

from litmus.config.hints import coerce
from litmus.config.replaced import ARGUMENTS, is_default, trains_itself, wanted_by
from litmus.config.root import GROUPS, Root
from litmus.config.signatures import Parameter, signature
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
        _leave_to_model(cfg)
    return cfg


def _leave_to_model(cfg: DictConfig) -> None:
    """Takes out what the model, a LightningModule, brings itself and nobody has set, so that no reader goes by it."""
    model = cfg._get_node("model") if "model" in cfg else None  # noqa: SLF001
    plain = _plain(model) if isinstance(model, DictConfig) and not model._is_interpolation() else None  # noqa: SLF001
    if not isinstance(plain, dict) or not trains_itself(plain):
        return
    wanted = wanted_by(plain)
    for group in ARGUMENTS:
        if group not in wanted and group in cfg and is_default(group, _plain(cfg._get_node(group))):  # noqa: SLF001
            cfg[group] = None


def replace_options(cfg: DictConfig, hydra: Any, typed: Iterable[str] = ()) -> None:
    """Takes out what is left of an option where another target stands in its place.

    Named on the command line, a target replaces the whole option. Named in a file, it keeps those keys that it takes,
    for nobody can tell which of them the file means.

    Args:
        cfg: The composed config; changed in place.
        hydra: Its `hydra` node.
        typed: Keys set besides those of the command line, by a sweep.
    """
    words: Any = OmegaConf.to_container(hydra.overrides.task, resolve=False) if "overrides" in hydra else []
    keys = {str(word).lstrip("+~").partition("=")[0] for word in words} | set(typed)
    for group in GROUPS:
        node, option = cfg._get_node(group) if group in cfg else None, option_of(hydra, group)  # noqa: SLF001
        if not isinstance(node, DictConfig) or node._is_none() or node._is_interpolation() or not option:  # noqa: SLF001
            continue
        if node.get("_target_") in {None, option.get("_target_")} or option.get("_target_") is None:
            continue
        taken = _taken(node["_target_"], group)
        kept = () if f"{group}._target_" in keys else taken or node.keys()
        with flag_override(node, ["struct", "readonly"], [False, False]):
            for word in option.keys() - {"_target_", "_partial_"}:
                written = f"{group}.{word}" in keys or word not in node or OmegaConf.is_interpolation(node, word)
                if not written and word not in kept and _plain(node[word]) == option[word]:
                    del node[word]
            rate = taken.get("lr")
            if group == "optimizer" and "lr" not in node and rate and isinstance(rate.default, int | float):
                node.lr = rate.default  # what advice starts from


def _taken(name: Any, group: str) -> dict[str, Parameter]:
    """The arguments of a target; empty where it takes any, or cannot be read."""
    with suppress(ConfigError):
        own = signature(target(name, group), name, group)
        return {} if own.open else own.parameters
    return {}


def option_of(hydra: DictConfig, group: str) -> dict[str, Any]:
    """The content of the file that was chosen for a group; empty if there is none."""
    name = OmegaConf.select(hydra, "runtime.choices").get(group)
    places = [str(source.path) for source in OmegaConf.select(hydra, "runtime.config_sources") or []]
    folders = [Path(place) for place in places if place and "://" not in place]
    files = [folder / group / f"{name}.yaml" for folder in folders]
    return next((_written(file, file.stat().st_mtime_ns) for file in files if name and file.is_file()), {})


@cache
def _written(file: Path, changed: int) -> dict[str, Any]:  # noqa: ARG001  # the cache sees it
    """A config file, last changed then, over those of its folder that its defaults name."""
    own = _plain(OmegaConf.load(file)) or {}
    below: dict[str, Any] = {}
    for name in own.pop("defaults", []):
        if isinstance(name, str) and name != "_self_" and (beside := file.with_name(f"{name}.yaml")).is_file():
            below |= _written(beside, beside.stat().st_mtime_ns)
    return below | own


def _plain(value: Any) -> Any:
    """A value as plain types, references as they are."""
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


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
        plain = _plain(value)
        if (meant := coerce(hint, plain)) != plain or type(meant) is not type(plain):
            node[word] = meant
