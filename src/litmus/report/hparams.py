"""Which settings of a config stand in tables of runs: the ones that people vary, and whatever was overridden."""

import json
from collections.abc import Iterable, Mapping, Set
from typing import Any

from litmus.config import GROUPS, RunConfig

FURTHER = ("experiment", "sweep")  # groups that hold no key of their own
MAIN = (
    *("model.hidden", "model.activation", "model.dropout", "model.norm"),
    *("data.batch_size", "optimizer.lr", "optimizer.momentum", "optimizer.weight_decay"),
    *("trainer.max_epochs", "trainer.accumulate_grad_batches", "loss.class_weight", "seed"),
)
ASIDE = frozenset({"output_dir", "resume", "fail_on", "name", "test", "sweep"})
Plain = bool | float | str


def hparams(
    config: Mapping[str, Any],
    overrides: Iterable[str] = (),
    choices: Mapping[str, str] | None = None,
    swept: Set[str] | None = None,
) -> dict[str, Plain]:
    """Settings as flat plain values: the groups' options, the main ones, and those overridden.

    Args:
        config: As stored: plain types, secrets left as references.
        overrides: Of the run, as `key=value`.
        choices: Group to the option chosen; a group that is not in it is called by its target's class.
        swept: What varies over the jobs of the run's sweep, beside which nothing stands that is the same in all of
            them; None where the run is no job. An experiment may set anything, so that nothing is left out there.
    """
    chosen, known = choices or {}, RunConfig(config)
    found = {group: chosen.get(group) or _target(config.get(group)) for group in (*GROUPS, *FURTHER)}
    for key in (*MAIN, *(_key(override) for override in overrides)):
        if key.partition(".")[0] not in ASIDE | {"hydra"}:
            value = known.value(key)
            found[key] = chosen.get(key) if value is None or isinstance(value, Mapping) else value
    alike = frozenset[str]() if not swept or "experiment" in swept else found.keys() - swept
    return {key: _plain(value) for key, value in found.items() if value is not None and key not in alike}


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys to values that are no mappings."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        key = f"{prefix}{name}"
        flat |= flatten(value, f"{key}.") if isinstance(value, Mapping) else {key: value}
    return flat


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~").partition("@")[0]


def _target(node: Any) -> str | None:
    target = node.get("_target_") if isinstance(node, Mapping) else None
    return target.rpartition(".")[2] if isinstance(target, str) else None


def _plain(value: Any) -> Plain:
    return value if isinstance(value, bool | int | float | str) else json.dumps(value, ensure_ascii=False, default=str)
