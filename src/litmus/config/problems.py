"""Everything that is wrong with a composed config, found at once and before anything is built or written."""

import inspect
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import accumulate
from typing import Any, Literal, get_type_hints

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from litmus.config.hints import accepts, choices, coerce, describe
from litmus.config.keys import ELSEWHERE, hydra_text, near, right_key
from litmus.config.replaced import ARGUMENTS, BATCH_KEYS, INJECTED, is_data_module, is_module, trains_itself
from litmus.config.replaced import problems as problems_of_module
from litmus.config.root import SECTIONS, Root, is_measured, is_monitor
from litmus.config.signatures import FACTS, OURS, RESERVED, Parameter, Signature, nodes, signature
from litmus.config.storage import to_plain, unresolved
from litmus.config.targets import target
from litmus.errors import ConfigError, Problem, quote

OPTIONAL = frozenset(
    {"scheduler", "callback", "logger", "sweep", "metrics"}
)  # null, or without a target: nothing is made
TABLE_KEYS = ("data.path", "data.test_path", "data.target")  # which the bundled data do not take
LAUNCHED = frozenset(
    {"SLURM_JOB_ID", "TORCHELASTIC_RUN_ID", "MASTER_ADDR", "LSB_JOBID"}
)  # set on each of several nodes
LOGGER_PLACES = ("save_dir", "root_dir")  # what loggers of Lightning call the folder that they write into
METRIC_FACTS = frozenset({"task", "num_classes", "num_labels"})
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
                self.signatures[key] = self._takes(key, found, node["_target_"])
            except ConfigError as error:
                self.targets += error.problems
        self.known = self._known()
        unknown = any(problem.key == "model._target_" for problem in self.targets)  # it may be one that trains itself
        self.optional = OPTIONAL | ARGUMENTS.keys() if unknown or trains_itself(plain.get("model")) else OPTIONAL

    def _takes(self, key: str, found: Any, name: str) -> Signature:
        """What a node may set: its target's arguments, and what its group adds to them or supplies itself."""
        own, group = _with_interval(key, signature(found, name, key), name), key.partition(".")[0]
        if key == "model" and is_module(found):
            own = _with_injected(own)
        if key == "data" and is_data_module(found):
            own = _with_batch_keys(own)
        if key == "criteria":
            own = _with_thresholds(own, self.plain.get("metrics"))
        if key == "loss" and inspect.isroutine(found) and not found.__module__.startswith(OURS):
            own = _with_called(own)
        if group == "logger":
            own = _with_places(own)
        if key == "optimizer" and "parts" not in own.parameters:
            own = own._replace(parameters={**own.parameters, "parts": Parameter(Any, required=False)})
        return _without_facts(own) if key.startswith("metrics.") else own

    def problems(self) -> Iterator[Problem]:
        root = get_type_hints(Root, include_extras=True)
        for key, value in self.plain.items():
            if key in root:
                yield from _value(key, value, root[key])
            elif key in SECTIONS:
                yield from self._section(key, value)
            else:
                yield from self._strangers(key, value)
        # logger=null leaves no such group, and runs of before know nothing of sweeps
        missing = [
            group
            for group in SECTIONS
            if group not in self.plain and group not in {"logger", "report", "sweep", "metrics"}
        ]
        yield from (Problem(group, f"is missing from the config; choose one, {group}=<option>") for group in missing)
        yield from self.targets
        yield from problems_of_module(self.plain)
        yield from self._monitor()
        yield from _processes(self.plain.get("trainer"))
        for key, node in nodes(self.plain):
            if key in self.signatures:
                yield from self._node(key, node, self.signatures[key])

    def _section(self, key: str, value: Any) -> Iterator[Problem]:
        """A group's node must have a target, unless it may be left out."""
        named: dict[str, Callable[[dict[str, Any]], Iterator[Problem]]] = {
            "callback": self._callbacks,
            "metrics": self._metrics,
            "logger": partial(self._named, "logger"),
        }
        if value is None and key in self.optional:
            return
        if not isinstance(value, dict):
            yield Problem(key, f"must be one of the group's options, not {_shown(value)}")
        elif value.get("_target_") is None and key in named:
            yield from named[key]({word: item for word, item in value.items() if word != "_target_"})
        elif value.get("_target_") is None:
            if key not in self.optional:
                yield Problem(f"{key}._target_", "is required: it names the class to build")
            for word in sorted(set(value) - RESERVED):
                yield from self._strangers(f"{key}.{word}", value[word])
        elif key == "callback":
            remedy = "write +callback@callback.<name>=<file>, or callback.<name>._target_=<class>"
            yield Problem(key, f"{_shown(value['_target_'])} is one callback without a name; {remedy}")

    def _monitor(self) -> Iterator[Problem]:
        """Names of other forms than ours are logged by a LightningModule, and by nobody else."""
        monitor = self.plain.get("monitor")
        other = isinstance(monitor, str) and is_monitor(monitor) and not is_measured(monitor)
        if other and not trains_itself(self.plain.get("model")):
            wanted = "a logged value of train or val, such as val/loss; test never selects"
            yield Problem("monitor", f"must be {wanted}, not {_shown(monitor)}")

    def _metrics(self, value: dict[str, Any]) -> Iterator[Problem]:
        for word, item in value.items():
            if not re.fullmatch(r"[a-z][a-z0-9_]*", word):
                yield Problem(f"metrics.{word}", "must be a name of a-z, 0-9 and _")
            elif item is not None and not (isinstance(item, dict) and "_target_" in item):
                yield Problem(f"metrics.{word}._target_", "is required: it names a class of torchmetrics or of yours")

    def _callbacks(self, value: dict[str, Any]) -> Iterator[Problem]:
        if value.get("checkpoint") is None:
            message = "cannot be left out: it keeps the weights; callback.checkpoint.use=last takes those of the end"
            yield Problem("callback.checkpoint", message)
        yield from self._named("callback", value)

    def _named(self, key: str, value: dict[str, Any]) -> Iterator[Problem]:
        """Nodes with targets by names that a user chooses."""
        for word, item in value.items():
            if isinstance(item, dict) and item and all(isinstance(entry, dict) for entry in item.values()):
                message = (
                    f"holds several by their names, and not one; to add a file of them, write {key}=[default,<file>]"
                )
                yield Problem(f"{key}.{word}", message)
            elif item is not None and not (isinstance(item, dict) and "_target_" in item):
                yield from self._strangers(f"{key}.{word}", item)

    def _node(self, key: str, node: dict[str, Any], own: Signature) -> Iterator[Problem]:
        for word, item in node.items():
            if word in RESERVED:
                continue
            if key == "optimizer" and word == "parts":
                yield from _rates(f"{key}.{word}", item if isinstance(item, dict) or item is None else str(item))
            elif word in own.parameters:
                yield from _value(f"{key}.{word}", item, own.parameters[word].hint)
            elif key == "logger" and isinstance(item, dict) and "_target_" in item:
                message = "stands beside a logger that has no name; write logger=[<option>,<option>]"
                yield Problem(f"{key}.{word}", message)
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
        if advice := ELSEWHERE.get(key) or ELSEWHERE.get(key.partition(".")[0]):
            return Problem(key, f"no such key; {advice}")
        if key.startswith("experiment."):
            return Problem(key, "lands below experiment; begin the experiment's file with # @package _global_")
        if found := right_key(key, [*self.known, *foreign]):
            return Problem(key, "no such key", found)
        words = [word for word in parameters if word not in FACTS]
        place = key.rpartition(".")[0] or "the config"
        return Problem(key, f"no such key; {place} takes {_some(words)}" if words else "no such key; leave it out")

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


def _rates(key: str, value: Any) -> Iterator[Problem]:
    """Parts of the model to learning rates, the parts nested where their names are."""
    if isinstance(value, dict):
        for word, item in value.items():
            yield from _rates(f"{key}.{word}", item)
    elif value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf
    ):
        yield Problem(key, f"must be a learning rate of 0 or more, where 0 freezes the part, not {_shown(value)}")


def _with_interval(key: str, own: Signature, name: str) -> Signature:
    """A scheduler of others is stepped by us, and its node may say how often; ours know it themselves."""
    if key != "scheduler" or name.startswith(OURS) or "interval" in own.parameters:
        return own
    interval = Parameter(Literal["epoch", "step"], required=False)
    return own._replace(parameters={**own.parameters, "interval": interval})


def _with_thresholds(own: Signature, metrics: Any) -> Signature:
    """A metric of the user's own can be asked for as ours can."""
    names = metrics if isinstance(metrics, dict) else {}
    return own._replace(
        parameters={**own.parameters, **{name: Parameter(float | None, required=False) for name in names}}
    )


def _with_called(own: Signature) -> Signature:
    """A function that is the loss itself gets outputs and targets when it is called, and not from the config."""
    given = [word for word, parameter in own.parameters.items() if parameter.required][:2]
    return own._replace(parameters={word: parameter for word, parameter in own.parameters.items() if word not in given})


def _without_facts(own: Signature) -> Signature:
    """Metrics are told the kind of target and the number of classes."""
    told = {
        word: parameter._replace(required=False) for word, parameter in own.parameters.items() if word in METRIC_FACTS
    }
    return own._replace(parameters={**own.parameters, **told})


def _with_places(own: Signature) -> Signature:
    """A logger of Lightning writes into the run's directory, where nobody says another place."""
    return own._replace(
        parameters={
            word: parameter._replace(required=parameter.required and word not in LOGGER_PLACES)
            for word, parameter in own.parameters.items()
        }
    )


def _with_batch_keys(own: Signature) -> Signature:
    """The node of a data module may say where its batches hold inputs and targets."""
    keys = {word: Parameter(str | None, required=False) for word in BATCH_KEYS}
    return own._replace(parameters={**keys, **own.parameters})


def _with_injected(own: Signature) -> Signature:
    """A LightningModule that asks for what a group describes gets it, whether or not its constructor has a default."""
    given = {word: parameter._replace(required=False) for word, parameter in own.parameters.items() if word in INJECTED}
    return own._replace(parameters={**own.parameters, **given})


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
    nodes = trainer.get("num_nodes", 1)
    if isinstance(nodes, int) and nodes > 1 and not LAUNCHED & os.environ.keys():
        message = f"{nodes} machines wait for each other, and nothing has started this run on them"
        yield Problem("trainer.num_nodes", f"{message}; start it by torchrun or SLURM on each, or use 1")
    count = trainer.get("devices")
    if isinstance(count, int) and count > 1:
        yield Problem(
            "trainer.devices", f"{count} need a way to share the work", f"trainer=ddp trainer.devices={count}"
        )


def _some(words: Sequence[str], most: int = 160) -> str:
    """The words with commas between, as many as `most` characters hold."""
    shown = list(accumulate(words, lambda text, word: f"{text}, {word}"))
    fitting = max(1, sum(len(text) <= most for text in shown))
    left = len(words) - fitting
    return shown[fitting - 1] + (f" and {left} more, which litmus train --help lists" if left else "")


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
