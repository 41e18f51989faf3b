"""Which settings of a config stand in tables of runs: the ones that people vary, and whatever was overridden."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

GROUPS = ("model", "data", "optimizer", "scheduler", "loss", "task")
MAIN = (
    *("model.hidden", "model.activation", "model.dropout", "model.norm"),
    *("data.batch_size", "optimizer.lr", "optimizer.momentum", "optimizer.weight_decay"),
    *("trainer.max_epochs", "trainer.accumulate_grad_batches", "loss.class_weight", "seed"),
)
ASIDE = frozenset({"output_dir", "resume", "fail_on", "name", "test", "experiment", "sweep"})
Plain = bool | float | str


def hparams(config: Mapping[str, Any], overrides: Iterable[str] = ()) -> dict[str, Plain]:
    """Settings as flat plain values: the groups' choices, the main ones, and those overridden.

    Args:
        config: As stored: plain types, secrets left as references.
        overrides: Of the run, as `key=value`.
    """
    found = {group: _target(config.get(group)) for group in GROUPS}
    keys = [*MAIN, *(_key(override) for override in overrides)]
    found |= {key: lookup(config, key) for key in keys if key.partition(".")[0] not in ASIDE | {"hydra"}}
    return {key: _plain(value) for key, value in found.items() if value is not None and not isinstance(value, Mapping)}


def lookup(config: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key; None where there is none."""
    node: Any = config
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


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
