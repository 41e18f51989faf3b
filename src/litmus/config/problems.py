"""Everything that is wrong with a composed config, found at once and before anything is built or written."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from litmus.config.hints import accepts, choices, coerce, describe
from litmus.config.keys import hydra_text, near, right_key
from litmus.config.root import SECTIONS, Root
from litmus.config.signatures import FACTS, RESERVED, Parameter, Signature, nodes, signature
from litmus.config.storage import to_plain, unresolved
from litmus.config.targets import target
from litmus.errors import ConfigError, Problem, quote

OPTIONAL = frozenset({"scheduler", "callback", "logger"})  # null, or without a target: nothing is made
TABLE_KEYS = ("data.path", "data.test_path", "data.target")  # which the bundled data do not take
ROLES = {"model": "torch.nn.modules.module.Module", "optimizer": "torch.optim.optimizer.Optimizer"}


def check(cfg: DictConfig | Mapping[str, Any], *, allow: tuple[str, ...] = ()) -> list[Problem]:
    """All problems of `cfg`; none means that it can be built as far as signatures tell.

    Args:
        cfg: A composed or stored config.
        allow: Packages that its targets may come from, beside those allowed anyway.
    """
    try:
        plain = to_plain(cfg)
    except OmegaConfBaseException as error:
        return [unresolved(error)]
    return list(dict.fromkeys(_Checker(plain, allow).problems()))


class _Checker:
    """One walk over one plain config."""

    def __init__(self, plain: dict[str, Any], allow: tuple[str, ...]) -> None:
        self.plain = plain
        self.targets: list[Problem] = []
        self.signatures: dict[str, Signature] = {}
        for key, node in nodes(plain):
            try:
                found = target(node["_target_"], key, allow=allow)
                self._judge_role(key, found, node["_target_"])
                self.signatures[key] = signature(found, node["_target_"], key)
            except ConfigError as error:
                self.targets += error.problems
        self.known = self._known()

    def problems(self) -> Iterator[Problem]:
        root = get_type_hints(Root, include_extras=True)
        for key, value in self.plain.items():
            if key in root:
                yield from _value(key, value, root[key])
            elif key in SECTIONS:
                yield from self._section(key, value)
            else:
                yield from self._strangers(key, value)
        # logger=null leaves no such group
        missing = [group for group in SECTIONS if group not in self.plain and group != "logger"]
        yield from (Problem(group, "is missing from the config") for group in missing)
        yield from self.targets
        yield from _processes(self.plain.get("trainer"))
        for key, node in nodes(self.plain):
            if key in self.signatures:
                yield from self._node(key, node, self.signatures[key])

    def _section(self, key: str, value: Any) -> Iterator[Problem]:
        """A group's node must have a target, unless it may be left out."""
        if value is None and key in OPTIONAL:
            return
        if not isinstance(value, dict):
            yield Problem(key, f"must be one of the group's options, not {_shown(value)}")
        elif key == "callback" and "_target_" not in value:
            yield from self._callbacks(value)
        elif value.get("_target_") is None:
            if key not in OPTIONAL:
                yield Problem(f"{key}._target_", "is required: it names the class to build")
            for word in sorted(set(value) - RESERVED):
                yield from self._strangers(f"{key}.{word}", value[word])

    def _callbacks(self, value: dict[str, Any]) -> Iterator[Problem]:
        if value.get("checkpoint") is None:
            message = "cannot be left out: it keeps the weights; callback.checkpoint.use=last takes those of the end"
            yield Problem("callback.checkpoint", message)
        for word, item in value.items():
            if item is not None and not (isinstance(item, dict) and "_target_" in item):
                yield from self._strangers(f"callback.{word}", item)

    def _node(self, key: str, node: dict[str, Any], own: Signature) -> Iterator[Problem]:
        for word, item in node.items():
            if word in RESERVED:
                continue
            if word in own.parameters:
                yield from _value(f"{key}.{word}", item, own.parameters[word].hint)
            elif not own.open:
                yield self._stranger(f"{key}.{word}", own.parameters)
        if not node.get("_partial_"):
            yield from _missing(key, node, own.parameters)

    def _strangers(self, key: str, value: Any) -> Iterator[Problem]:
        """One problem for each value under a key that is nobody's."""
        if isinstance(value, dict) and value:
            for word, item in value.items():
                yield from self._strangers(f"{key}.{word}", item)
        else:
            yield self._stranger(key, {})

    def _stranger(self, key: str, parameters: Mapping[str, Parameter]) -> Problem:
        foreign = () if "data.path" in self.known else TABLE_KEYS
        if key in foreign:
            return Problem(key, "is a key of your own tables; add data.path=<file>")
        if found := right_key(key, [*self.known, *foreign]):
            return Problem(key, "no such key", found)
        words = [word for word in parameters if word not in FACTS]
        place = key.rpartition(".")[0] or "the config"
        return Problem(key, f"no such key; {place} takes {', '.join(words)}" if words else "no such key")

    def _known(self) -> list[str]:
        keys = [field.name for field in fields(Root)] + list(SECTIONS)
        for place, own in self.signatures.items():
            keys += [f"{place}.{word}" for word in own.parameters if word not in FACTS]
        return keys

    def _judge_role(self, key: str, found: Any, name: str) -> None:
        wanted = ROLES.get(key)
        bases = {f"{base.__module__}.{base.__qualname__}" for base in getattr(found, "__mro__", ())}
        if wanted and bases and wanted not in bases:
            message = f"{quote(name)} cannot be the {key}: it is no {wanted.rpartition('.')[2]}"
            raise ConfigError([Problem(f"{key}._target_", message)])


def _value(key: str, value: Any, hint: Any) -> Iterator[Problem]:
    """What is wrong with one value; objects to build are judged by their own signatures."""
    if any(nodes(value)):
        return
    if value == "???":
        yield Problem(key, f"is required: {describe(hint)}")
        return
    meant = coerce(hint, value)
    if _finite(meant) and accepts(hint, meant):
        return
    best = near(meant, choices(hint)) if isinstance(meant, str) else ""
    yield Problem(key, f"must be {describe(hint)}, not {_shown(value)}", f"{key}={best}" if best else "")


def _processes(trainer: Any) -> Iterator[Problem]:
    """Lightning's own way to several processes starts the command line again, which waits for itself forever."""
    if not isinstance(trainer, dict) or trainer.get("strategy", "auto") not in {"auto", "ddp"}:
        return
    count = trainer.get("devices")
    if isinstance(count, int) and count > 1:
        yield Problem(
            "trainer.devices", f"{count} need a way to share the work", f"trainer=ddp trainer.devices={count}"
        )


def _missing(key: str, node: dict[str, Any], parameters: Mapping[str, Parameter]) -> Iterator[Problem]:
    by_place = len(node.get("_args_", ()))
    for place, (word, parameter) in enumerate(parameters.items()):
        if parameter.required and place >= by_place and word not in node and word not in FACTS:
            yield Problem(f"{key}.{word}", f"is required: {describe(parameter.hint)}")


def _finite(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)


def _shown(value: Any) -> str:
    """The value as it would be written on the command line."""
    return quote(value) if isinstance(value, str) else hydra_text(value)[:60]
