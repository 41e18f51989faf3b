"""The configs of a sweep's points: what they share is composed once, and each point then sets its own values."""

import pickle
from collections.abc import Sequence
from typing import final

from hydra._internal.config_loader_impl import get_overrides_dirname
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict


@final
class PointComposer:
    """Composes like Hydra, to the same configs, in a tenth of the time where points differ in plain values.

    Args:
        loader: Hydra's.
        master: The config of the sweep.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self._loader, self._master = loader, master
        self._groups = {*loader.list_groups("")}
        self._bases: dict[tuple[str, ...], bytes] = {}
        self._parsed: dict[str, Override] = {}

    def compose(self, lines: Sequence[str]) -> DictConfig:
        """The config of these overrides, with its `hydra` node; the job's number is not set."""
        new = [line for line in lines if line not in self._parsed]
        self._parsed.update(zip(new, OverridesParser.create(self._loader).parse_overrides(new), strict=True))
        parsed = [self._parsed[line] for line in lines]
        # of which the order counts, while a group is left out before there are keys
        if any(override.is_delete() and override.key_or_group not in self._groups for override in parsed):
            return self._loader.load_sweep_config(self._master, list(lines))
        shape = tuple(line for line, override in zip(lines, parsed, strict=True) if not self._sets_value(override))
        if shape not in self._bases:
            self._bases[shape] = pickle.dumps(self._loader.load_sweep_config(self._master, list(shape)))
        cfg: DictConfig = pickle.loads(self._bases[shape])  # noqa: S301  # in an eighth of the time of a deep copy
        for override in parsed:
            if self._sets_value(override):
                added = override.is_force_add()
                OmegaConf.update(cfg, override.key_or_group, override.value(), merge=True, force_add=added)
        self._note(cfg, [override for override in parsed if not override.is_hydra_override()])
        OmegaConf.copy_cache(from_config=self._master, to_config=cfg)
        return cfg

    @staticmethod
    def _note(cfg: DictConfig, overrides: list[Override]) -> None:
        """What Hydra notes of the overrides of a job."""
        naming = cfg.hydra.job.config.override_dirname
        with open_dict(cfg.hydra):
            cfg.hydra.overrides.task = [override.input_line for override in overrides]
            cfg.hydra.job.override_dirname = get_overrides_dirname(
                overrides=overrides,
                kv_sep=naming.kv_sep,
                item_sep=naming.item_sep,
                exclude_keys=list(naming.exclude_keys),
            )

    def _sets_value(self, override: Override) -> bool:
        """Whether it sets one key, and chooses no option of a group: what stands beside it is as without."""
        key = override.key_or_group
        if override.is_hydra_override() or override.is_delete() or override.is_add() or "/" in key or "@" in key:
            return False
        return override.is_force_add() or key not in self._groups
