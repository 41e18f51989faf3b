"""The points of a sweep, checked before the first one runs."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.config import check, hydra_text
from litmus.config.composition import Composer
from litmus.config.words import Overrides
from litmus.errors import ConfigError, Problem, quote


def swept(overrides: Overrides, base: DictConfig) -> list[Override]:
    """Everything that varies: on the command line, and in the sweeper's own params."""
    params = OmegaConf.select(base, "hydra.sweeper.params") or {}
    typed = {override.key_or_group for override in overrides.swept}
    lines = [f"{key}={value}" for key, value in params.items() if key.lstrip("+") not in typed]
    try:
        parsed = [OverridesParser.create().parse_override(line) for line in lines]
    except HydraException as error:
        raise ConfigError(f"hydra.sweeper.params: cannot read {quote(str(error).splitlines()[0])}") from error
    return [*overrides.swept, *(override for override in parsed if override.is_sweep_override())]


def check_points(composer: Composer, overrides: Overrides, varying: Sequence[Override]) -> list[Problem]:
    """All problems of all points.

    Every choice of options is composed; in each, every value of every other key is tried by itself, for what is wrong
    with one key does not depend on the value of another. The cost grows with the sum of the values, not the product.
    """
    groups = [override for override in varying if override.key_or_group in composer.library.options]
    others = [override for override in varying if override not in groups]
    found: list[Problem] = []
    for choice in itertools.product(*(_options(override) for override in groups)):
        cfg = composer.compose([*overrides.fixed, *choice])
        for point in _variants(cfg, others):
            found += check(point)
    return list(dict.fromkeys(found))


def _options(override: Override) -> list[str]:
    return [f"{override.get_key_element()}={value}" for value in _texts(override)]


def _texts(override: Override) -> list[str]:
    """Each value of a sweep as text."""
    try:
        return list(override.sweep_string_iterator())
    except ValueError as error:
        raise ConfigError([Problem(override.key_or_group, f"cannot be swept: {error}")]) from error


def _variants(cfg: DictConfig, varying: Sequence[Override]) -> Iterator[DictConfig]:
    """Configs that show every value of every key at least once."""
    lists = [(override.key_or_group, list(_values(override))) for override in varying]
    for place in range(max((len(values) for _, values in lists), default=1)):
        point = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
        with open_dict(point):
            for key, values in lists:
                OmegaConf.update(point, key, values[min(place, len(values) - 1)], merge=False, force_add=True)
        yield point


def _values(override: Override) -> Iterator[Any]:
    """Each value of a sweep over one key; of a continuous range the two ends."""
    range_of = override.value()
    if isinstance(range_of, IntervalSweep):
        yield from (range_of.start, range_of.end)
        return
    for text in _texts(override):
        yield OverridesParser.create().parse_override(f"{override.get_key_element()}={text}").value()


def dirname_overrides(overrides: Overrides) -> list[str]:
    """What keeps the keys that do not vary out of the names of the jobs' folders."""
    fixed = [override.key_or_group for override in overrides.parsed if not override.is_sweep_override()]
    place = "hydra.job.config.override_dirname"
    return [f"{place}.exclude_keys={hydra_text([*fixed, 'name'])}", f"{place}.item_sep='|'"]
