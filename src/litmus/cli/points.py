"""The points of a sweep, checked before the first one runs."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.config import check, hydra_text, import_extra, make, replace_options
from litmus.config.command_words import Library, Overrides, expanded
from litmus.config.composition import Composer
from litmus.errors import ConfigError, Problem, quote
from litmus.sweeps.settings import RAY, SUBMITIT

GRID = "hydra_plugins.litmus_sweepers.GridSweeper"
GRIDS = (GRID, "hydra._internal.core_plugins.basic_sweeper.BasicSweeper")
NEVER_NAMED = ("name", "split_seed", "sweep.trial", "sweep.storage", "sweep.study")
SEARCH = "hydra_plugins.litmus_sweepers.SearchSweeper"


def swept(overrides: Overrides, base: DictConfig, library: Library) -> list[Override]:
    """Everything that varies: on the command line, and in the sweeper's own params.

    Raises:
        ConfigError: The params cannot be read, or hold a continuous range that the sweeper cannot run through.
    """
    params = OmegaConf.select(base, "hydra.sweeper.params") or {}
    typed = {override.key_or_group for override in overrides.parsed}
    lines = [
        f"{_forced(str(key), library)}={value}" for key, value in params.items() if str(key).lstrip("+") not in typed
    ]
    try:
        parsed = [_swept(expanded(OverridesParser.create().parse_override(line), library)) for line in lines]
    except HydraException as error:
        raise ConfigError(f"hydra.sweeper.params: cannot read {quote(str(error).splitlines()[0])}") from error
    varying = [*overrides.swept, *parsed]
    if OmegaConf.select(base, "hydra.sweeper._target_") in GRIDS:
        problems = [_continuous(override) for override in varying if isinstance(override.value(), IntervalSweep)]
        if problems:
            raise ConfigError(problems)
    return varying


def _swept(override: Override) -> Override:
    """A single value as a sweep over it."""
    if override.is_sweep_override():
        return override
    key, _, text = str(override.input_line).partition("=")
    return OverridesParser.create().parse_override(f"{key}=choice({text})")


def _forced(key: str, library: Library) -> str:
    """A key as Hydra takes it whether or not the YAML of its group lists it."""
    bare = key.lstrip("+")
    return bare if bare in library.options or "/" in bare or "@" in bare or bare.startswith("hydra.") else f"++{bare}"


def _continuous(override: Override) -> Problem:
    key, ends = override.key_or_group, override.value()
    assert isinstance(ends, IntervalSweep)  # noqa: S101  # its only caller has looked
    remedy = " or choose a sweeper that searches: hydra/sweeper=optuna, hydra/sweeper=random"
    message = f"interval({ends.start:g},{ends.end:g}) is continuous, and a grid needs single values; list them"
    return Problem(key, f"{message} ({key}={ends.start:g},{ends.end:g}){remedy}")


def judge_plugins(base: DictConfig, varying: Sequence[Override]) -> None:
    """Refuses a cluster without Ray, and a search without Optuna or without a space.

    Raises:
        ConfigError: That is asked for.
    """
    if OmegaConf.select(base, "hydra.launcher._target_") == RAY:
        import_extra("ray", "hydra/launcher")
    if not is_search(base):
        return
    from litmus.sweeps.search import require

    require(base.hydra.sweeper.sampler or base.sweep.sampler)
    if not varying:
        space = "optimizer.lr=tag(log,interval(1e-4,1e-1))"
        raise ConfigError(f"hydra/sweeper: there is nothing to search; name a space, such as {space}")


def is_search(cfg: DictConfig) -> bool:
    """Whether the sweeper of this config searches."""
    return bool(OmegaConf.select(cfg, "hydra.sweeper._target_") == SEARCH)


def check_points(composer: Composer, overrides: Overrides, varying: Sequence[Override]) -> list[Problem]:
    """All problems of all points.

    Every choice of options is composed; in each, every value of every other key is tried by itself, for what is wrong
    with one key does not depend on the value of another. The cost grows with the sum of the values, not the product.
    """
    return list(dict.fromkeys(problem for point in points(composer, overrides, varying) for problem in check(point)))


def points(composer: Composer, overrides: Overrides, varying: Sequence[Override]) -> Iterator[DictConfig]:
    """Configs in which every choice of options, and with it every value of every other key, occurs at least once."""
    groups = [override for override in varying if override.key_or_group in composer.library.options]
    others = [override for override in varying if override not in groups]
    for choice in itertools.product(*(_options(override) for override in groups)):
        yield from _variants(composer.compose([*overrides.fixed, *choice]), others)


def _options(override: Override) -> list[str]:
    return [f"{override.get_key_element()}={value}" for value in _texts(override)]


def _texts(override: Override) -> list[str]:
    """Each value of a sweep as text."""
    try:
        return list(override.sweep_string_iterator())
    except ValueError as error:
        raise ConfigError([Problem(override.key_or_group, f"cannot be swept: {error}")]) from error


def _variants(cfg: DictConfig, varying: Sequence[Override]) -> Iterator[DictConfig]:
    """Configs that show every value of every key at least once; each is to be looked at before the next one."""
    lists = [(override.key_or_group, list(_values(override))) for override in varying]
    rest = [str(key) for key in cfg if key != "hydra"]
    point = OmegaConf.masked_copy(cfg, rest)
    for place in range(max((len(values) for _, values in lists), default=1)):
        if place and any(key.endswith("_target_") for key, _ in lists):  # in whose place other keys go
            point = OmegaConf.masked_copy(cfg, rest)
        with open_dict(point):
            for key, values in lists:
                OmegaConf.update(point, key, values[min(place, len(values) - 1)], merge=False, force_add=True)
        replace_options(point, cfg.hydra, (key for key, _ in lists))
        yield point


def _values(override: Override) -> Iterator[Any]:
    """Each value of a sweep over one key; of a continuous range the two ends."""
    range_of = override.value()
    if isinstance(range_of, IntervalSweep):
        yield from (range_of.start, range_of.end)
        return
    for text in _texts(override):
        yield OverridesParser.create().parse_override(f"{override.get_key_element()}={text}").value()


def shared_split(base: DictConfig, overrides: Overrides, varying: Sequence[Override]) -> list[str]:
    """The override by which the jobs of a sweep over seeds share one split, unless the user says which."""
    varied = {override.key_or_group for override in varying}
    given = varied | {override.key_or_group for override in overrides.parsed}
    return [f"++split_seed={base.seed}"] if "seed" in varied and "split_seed" not in given else []


def batches(base: DictConfig) -> list[str]:
    """What keeps submitit_local, which starts all jobs of a batch at once, from more of them than there is room for."""
    if OmegaConf.select(base, "hydra.launcher._target_") != SUBMITIT or base.hydra.sweeper.max_batch_size is not None:
        return []
    from litmus.sweeps.launching import processes  # numpy, which a config that is only shown does not need

    return [f"hydra.sweeper.max_batch_size={processes(make(base.sweep, 'sweep'), base)}"]


def dirname_overrides(overrides: Overrides) -> list[str]:
    """What keeps the keys that do not vary out of the names of the jobs' folders."""
    fixed = [override.key_or_group for override in overrides.parsed if not override.is_sweep_override()]
    place = "hydra.job.config.override_dirname"
    return [f"{place}.exclude_keys={hydra_text([*fixed, *NEVER_NAMED])}", f"{place}.item_sep='|'"]
