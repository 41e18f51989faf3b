"""Builds objects from config nodes: the only call of Hydra's instantiate, behind the list of what may be named."""

import inspect
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, get_args, get_origin

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from litmus.config.hints import is_numbers, takes_tensor
from litmus.config.moved import current_name
from litmus.config.signatures import RESERVED, Parameter, nodes, settle_node, signature
from litmus.config.storage import to_plain, unresolved
from litmus.config.targets import needs, target, trusted
from litmus.errors import ConfigError, LitmusError, Problem


def make(node: DictConfig | Mapping[str, Any] | None, key: str = "", **facts: Any) -> Any:
    """The object that `node` describes; a node without a target gives None.

    Args:
        node: Config node with `_target_`, from a composed or a stored config.
        key: The node's dotted key, for errors; found by itself in a composed config.
        facts: Passed where the target's signature names them and the node does not.

    Raises:
        ConfigError: The target is not allowed, or it refuses its arguments.
    """
    key = key or (str(node._get_full_key(None)) if isinstance(node, DictConfig) else "")  # noqa: SLF001
    plain = _plain(node or {})
    if plain.get("_target_") is None:
        return None
    settled = settle_node(plain | {"_target_": current_name(plain["_target_"])}, key)
    found = target(settled["_target_"], key)
    arguments = _arguments(found)
    given = {word: value for word, value in facts.items() if word in arguments and word not in settled}
    try:
        # Hydra would copy what it is given into a config of its own; bound first and called by us, it arrives as it is.
        told, ready = _divided(_with_tensors(settled, key))
        if "_convert_" not in settled and _is_users(found):
            ready = _with_attributes(ready, signature(found, settled["_target_"], key).parameters)
        alone = told.keys() <= {"_target_", "_partial_"} and _hydra_takes(settled["_target_"])
        told_of = found if alone else instantiate({"_convert_": "all"} | told | {"_partial_": True})
        bound = partial(told_of, **ready, **given)
        return bound if settled.get("_partial_") else bound()
    except LitmusError:
        raise
    except Exception as error:
        raise _refusal(error, key) from error


@cache
def _hydra_takes(name: str) -> bool:
    """True where Hydra itself would make what has this name, which is asked once; raises what it raises else."""
    return bool(instantiate({"_target_": name, "_convert_": "all", "_partial_": True}))


def _plain(node: DictConfig | Mapping[str, Any]) -> dict[str, Any]:
    """The node as plain types, references resolved; most come so already."""
    try:
        return to_plain(node) if isinstance(node, DictConfig) or "${" in str(node) else dict(node)
    except OmegaConfBaseException as error:
        raise ConfigError([unresolved(error)]) from error


def _divided(settled: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What Hydra has to see of a node: its own words, and objects to be made; and the rest."""
    told = {word for word, value in settled.items() if word in RESERVED or any(nodes(value))}
    return {word: settled[word] for word in told}, {word: settled[word] for word in settled.keys() - told}


def _with_tensors(value: Any, key: str) -> Any:
    """A plain node, and those inside it, whose lists of numbers are to be tensors where an argument is one."""
    if isinstance(value, list):
        return [_with_tensors(item, f"{key}[{place}]") for place, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    inside = {word: _with_tensors(item, f"{key}.{word}") for word, item in value.items()}
    if inside.get("_target_") is None:
        return inside
    takes = signature(target(inside["_target_"], key), inside["_target_"], key).parameters
    for word, item in inside.items():
        if word in takes and takes_tensor(takes[word].hint) and is_numbers(item):
            inside[word] = {"_target_": "torch.tensor", "data": _as_floats(item)}  # which Hydra makes on its way
    return inside


def _as_floats(numbers: list[Any]) -> list[Any]:
    return [_as_floats(number) if isinstance(number, list) else float(number) for number in numbers]


def _is_users(found: Any) -> bool:
    return any(f"{found.__module__}.".startswith(f"{package}.") for package in trusted())


def _with_attributes(ready: dict[str, Any], takes: Mapping[str, Parameter]) -> dict[str, Any]:
    """Mappings as Hydra hands them to users' code, which reads `cfg.optim.lr`, unless a mapping is what it asks for."""
    plain = {word for word, take in takes.items() if _wants_mapping(take.hint)}
    return {
        word: OmegaConf.create(value) if isinstance(value, dict) and word not in plain else value
        for word, value in ready.items()
    }


def _wants_mapping(hint: Any) -> bool:
    return any(
        inspect.isclass(kind) and issubclass(kind, Mapping) and not issubclass(kind, DictConfig)
        for part in (hint, *get_args(hint))
        for kind in [get_origin(part) or part]
    )


@cache
def _arguments(found: Any) -> frozenset[str]:
    """What `found` takes, those arguments included that its `__signature__` keeps from configs."""
    called = found.__init__ if inspect.isclass(found) else found
    return frozenset({*inspect.signature(found).parameters, *inspect.signature(called).parameters})


def _refusal(error: Exception, key: str) -> LitmusError:
    """What a constructor objected to, as an error of ours."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
        if isinstance(cause, LitmusError):
            return cause
    if isinstance(cause, ModuleNotFoundError) and cause.name:
        return ConfigError([Problem(key, needs(cause.name.partition(".")[0]))])
    remedy = "; use trainer=cpu" if "backend found" in str(cause) else ""  # Lightning names none for an absent device
    return ConfigError([Problem(key, f"refused: {str(cause).strip().rstrip('!') or type(cause).__name__}{remedy}")])
