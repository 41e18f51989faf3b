"""Applies overrides to a config that is composed already: what a suggestion changes of a run."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from litmus.config.composition import compose
from litmus.config.root import GROUPS
from litmus.config.settling import settle
from litmus.config.storage import to_plain


def apply(config: Mapping[str, Any], changes: Iterable[str]) -> dict[str, Any]:
    """A copy of a plain config in which `changes`, exact assignments as on the command line, hold.

    A group's option (`model=mlp`) replaces the whole group; what was set below it belonged to the old option.

    Raises:
        ConfigError: A change cannot be read, or an option does not exist.
    """
    changed = OmegaConf.create(copy.deepcopy(dict(config)))
    for line in sorted(changes, key=lambda change: change.partition("=")[0] not in GROUPS):
        override = OverridesParser.create().parse_override(line)
        key = override.key_or_group
        value = to_plain(compose([line])[key]) if key in GROUPS else override.value()
        OmegaConf.update(changed, key, _unquoted(value), merge=False, force_add=True)
    return to_plain(settle(changed))


def _unquoted(value: Any) -> Any:
    """Hydra's quoted strings as plain ones, at any depth."""
    if isinstance(value, list):
        return [_unquoted(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _unquoted(item) for key, item in value.items()}
    return str(value) if type(value).__name__ == "QuotedString" else value
