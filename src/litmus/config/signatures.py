"""What a target's signature says: the schema of its config node."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, get_type_hints

from litmus.config.hints import coerce
from litmus.config.moved import current_name
from litmus.config.ranges import known
from litmus.config.targets import target
from litmus.errors import ConfigError, Problem

# Names that the run supplies where a signature asks for them and the config does not set them.
FACTS = frozenset(
    {
        *(
            "spec",
            "in_features",
            "out_features",
            "in_shape",
            "cardinalities",
            "bin_edges",
            "vocab_size",
            "class_counts",
            "classes",
        ),
        *("optimizer", "params", "total_steps", "monitor", "mode", "directory", "callbacks", "remedy"),
        "own_metrics",
    }
)
OURS = "litmus."
RESERVED = frozenset({"_target_", "_partial_", "_recursive_", "_convert_", "_args_"})


class Parameter(NamedTuple):
    """One argument of a target: what it accepts, whether it must be given, and what it is otherwise."""

    hint: Any
    required: bool
    default: Any = None


class Signature(NamedTuple):
    """A target's arguments; `open` if it takes any others, too."""

    parameters: dict[str, Parameter]
    open: bool


def signature(found: Any, name: str, key: str = "") -> Signature:
    """The arguments of the target `found`, ranges of third-party arguments included.

    Raises:
        ConfigError: Its annotations cannot be read.
    """
    try:
        return _signature(found, name)
    except (NameError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError([Problem(key, f"cannot read the argument types of {name}: {error}")]) from error


@cache
def _signature(found: Any, name: str) -> Signature:
    own_rules = name.startswith(OURS)  # there, a hint that cannot be read is a mistake, and no reason to check less
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        if own_rules:
            raise
        return Signature({}, open=True)  # what is written in C may have none
    hints = _hints(found, whole=own_rules)
    if inspect.isclass(found):
        hints |= _hints(found.__init__, whole=own_rules)
    table = known(name)
    arguments = {}
    for word, parameter in parameters.items():
        if parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            continue
        written = parameter.annotation
        own = Any if written is parameter.empty or isinstance(written, str) else written
        hint = table[word].hint if word in table else hints.get(word, own)
        required = parameter.default is parameter.empty
        arguments[word] = Parameter(hint, required, None if required else parameter.default)
    return Signature(arguments, any(item.kind is item.VAR_KEYWORD for item in parameters.values()))


def _hints(found: Any, *, whole: bool) -> dict[str, Any]:
    """Type hints by argument; those that cannot be evaluated are an error if the `whole` is needed, else left out.

    Libraries import names for their annotations where a type checker looks only, or subscript what cannot be.
    """
    try:
        return get_type_hints(found, include_extras=True)
    except Exception:
        if whole:
            raise
    hints: dict[str, Any] = {}
    for word, written in getattr(found, "__annotations__", {}).items():
        with suppress(Exception):  # an annotation is code, which may fail in any way
            one = SimpleNamespace(__annotations__={word: written})
            hints |= get_type_hints(one, _names(found), include_extras=True)
    return hints


def _names(found: Any) -> dict[str, Any]:
    """The global names that the annotations of a class or function are written in."""
    module = sys.modules.get(getattr(found, "__module__", ""))
    return getattr(inspect.unwrap(found), "__globals__", None) or (vars(module) if module else {})


def settle_node(node: Any, key: str = "") -> Any:
    """A plain node, and those inside it, with present names of targets and values coerced to their hints.

    Raises:
        ConfigError: A target is not allowed.
    """
    if isinstance(node, list):
        return [settle_node(item, f"{key}[{place}]") for place, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    inside = {word: settle_node(value, f"{key}.{word}".lstrip(".")) for word, value in node.items()}
    if inside.get("_target_") is None:
        return inside
    found = target(inside["_target_"], key)
    inside["_target_"] = current_name(inside["_target_"])
    parameters = signature(found, inside["_target_"], key).parameters
    return {
        word: coerce(parameters[word].hint, value) if word in parameters else value for word, value in inside.items()
    }


def nodes(value: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping inside a plain `value` that has a `_target_`, with its key."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from nodes(item, f"{key}[{place}]")
    elif isinstance(value, dict):
        if value.get("_target_") is not None:
            yield key, value
        for word, item in value.items():
            yield from nodes(item, f"{key}.{word}".lstrip("."))
