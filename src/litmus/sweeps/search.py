"""A search over spaces of settings by Optuna: it asks for trials, the launcher runs them, and it is told their values.

All that a search knows is in its storage, so that one that was killed goes on to its total: a trial that had ended is
told of, one that had not is run again, and none is proposed twice.
"""

import inspect
import logging
import math
import shutil
import time
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf

from litmus.config import ConfigError, Problem, hydra_text, import_extra, make, target
from litmus.config.command_words import path_of
from litmus.metrics import lower_is_better
from litmus.run import Paths, write_status
from litmus.sweeps.launching import processes
from litmus.sweeps.pruning import PRUNED, make_pruner, open_storage
from litmus.sweeps.records import read_run
from litmus.sweeps.settings import Sampler, Settings

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

JOURNAL = "study.log"
OWNER = "sweep"  # a trial's note of the sweep that asked for it
DIGITS = 4
STARTUP = 10  # random trials before a model of them proposes


def require(sampler: Sampler) -> None:
    """Raises ConfigError where what a search needs is not installed."""
    import_extra("optuna", "hydra/sweeper")
    if sampler == "cmaes":
        import_extra("cmaes", "sweep.sampler")


@final
class Search:
    """What `hydra/sweeper=optuna` and `random` do.

    Args:
        loader: Hydra's.
        launcher: Runs the jobs.
        config: Of the sweep.
        sampler: None: as `sweep.sampler` says.
        params: Spaces by key, beside those on the command line.
    """

    def __init__(
        self,
        loader: ConfigLoader,
        launcher: Launcher,
        config: DictConfig,
        *,
        sampler: Sampler | None = None,
        params: dict[str, Any] | None = None,
    ) -> None:
        self._loader, self._launcher, self._config = loader, launcher, config
        self._settings: Settings = make(config.sweep, "sweep")
        self._sampler = sampler or self._settings.sampler
        self._params = params or {}
        self._directory = Path(str(config.hydra.sweep.dir))
        self._prefixes: dict[str, str] = {}

    def run(self, arguments: Sequence[str]) -> list[Sequence[JobReturn]]:
        """Trials until there are as many as asked for; what each batch of jobs returned."""
        require(self._sampler)
        warnings.simplefilter("ignore")  # Optuna's own remarks, which nobody can act on
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        logging.getLogger("optuna").setLevel(logging.ERROR)
        fixed, space = self._read(arguments)
        self._directory.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self._config, self._directory / "multirun.yaml")
        study = self._study(space)
        returned: list[Sequence[JobReturn]] = []
        deadline = None if self._settings.minutes is None else time.monotonic() + 60 * self._settings.minutes
        with self._open(self._settings.trials - _ended(study, space)):
            returned.extend(self._launch(study, batch, fixed) for batch in self._left_over(study, space))
            while (missing := self._settings.trials - _ended(study, space) - self._elsewhere(study)) > 0:
                if deadline is not None and time.monotonic() >= deadline:
                    break
                asked = [self._ask(study, space) for _ in range(min(self._width(), missing))]
                returned.append(self._launch(study, asked, fixed))
        return returned

    def _ask(self, study: "Study", space: dict[str, "BaseDistribution"]) -> "Trial":
        trial = study.ask(space)
        trial.set_user_attr(OWNER, self._directory.name)
        return trial

    def _elsewhere(self, study: "Study") -> int:
        """Trials that another sweep on the same study is running."""
        return sum(not self._owns(trial) for trial in _running(study))

    def _owns(self, trial: "FrozenTrial") -> bool:
        return bool(trial.user_attrs.get(OWNER, self._directory.name) == self._directory.name)

    def _open(self, missing: int) -> AbstractContextManager[None]:
        """Keeps the launcher's processes from one batch to the next, where it has any."""
        launching = getattr(self._launcher, "launching", None)
        return nullcontext() if launching is None else launching.open(max(1, missing))

    def _width(self) -> int:
        """Trials at a time."""
        if (launching := getattr(self._launcher, "launching", None)) is not None:
            return int(launching.width)
        return 1 if type(self._launcher).__name__ == "BasicLauncher" else processes(self._settings, self._config)

    def _read(self, arguments: Sequence[str]) -> tuple[list[str], dict[str, "BaseDistribution"]]:
        """Overrides with one value, and the space that the others span, by key."""
        typed = {argument.lstrip("+").partition("=")[0] for argument in arguments}
        params = [f"{key}={value}" for key, value in self._params.items() if key.lstrip("+") not in typed]
        fixed, space = [], {}
        for override in OverridesParser.create(self._loader).parse_overrides([*params, *arguments]):
            if override.is_sweep_override():
                key = override.key_or_group
                space[key] = distribution(override)
                self._prefixes[key] = str(override.get_key_element()).removesuffix(key)
            else:
                fixed.append(str(override.input_line))
        if not space:
            message = "there is nothing to search; name a space, such as optimizer.lr=tag(log,interval(1e-4,1e-1))"
            raise ConfigError(f"hydra/sweeper: {message}")
        return fixed, space

    def _study(self, space: dict[str, "BaseDistribution"]) -> "Study":
        import optuna

        known = optuna.create_study(
            study_name=self._name,
            storage=open_storage(self._storage),
            direction="minimize" if lower_is_better(self._config.monitor) else "maximize",
            pruner=make_pruner(self._settings.pruner),
            load_if_exists=True,
        )
        shared = 0 if self._settings.study is None else zlib.crc32(self._directory.name.encode())
        # or it would repeat itself, or what another sweep on the study proposes
        known.sampler = self._make_sampler((self._config.seed + len(known.trials) + shared) % 2**32)
        if not known.trials:
            known.enqueue_trial(dict(self._defaults(space)), skip_if_exists=True)
        return known

    @property
    def _name(self) -> str:
        return self._settings.study or self._directory.name

    @property
    def _storage(self) -> str:
        """A URL, or a journal's file."""
        place = self._settings.storage
        if place is None:
            return str(self._directory / JOURNAL)
        return place if "://" in place else str(path_of(place).absolute())

    def _make_sampler(self, seed: int) -> "BaseSampler":
        from optuna import samplers

        if self._sampler == "tpe":
            return samplers.TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=True)
        if self._sampler == "gp":
            return samplers.GPSampler(seed=seed, n_startup_trials=STARTUP)
        if self._sampler == "cmaes":
            return samplers.CmaEsSampler(seed=seed, n_startup_trials=STARTUP)
        return samplers.RandomSampler(seed=seed)

    def _defaults(self, space: dict[str, "BaseDistribution"]) -> Iterator[tuple[str, Any]]:
        """The values that stand in the config, as far as the space holds them."""
        choices = self._config.hydra.runtime.choices
        for key, values in space.items():
            value = choices.get(key) if key in choices else standing(self._config, key)
            inside = next((text for text in getattr(values, "choices", ()) if _parsed(text) == value), value)
            if holds(values, inside):
                yield key, inside

    def _left_over(self, study: "Study", space: dict[str, "BaseDistribution"]) -> Iterator[list["FrozenTrial"]]:
        """Trials that were running when the search was stopped; those whose jobs had ended are told at once."""
        import optuna

        for trial in filter(self._owns, _running(study)):
            folders = self._folders(trial.number)
            record = read_run(folders[0]) if folders else None
            if record is not None and record.status == "finished" and record.value is not None:
                study.tell(trial.number, record.value)
                continue
            if trial.params.keys() < space.keys():  # stopped while it was being proposed
                study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
                continue
            for folder in folders:  # what it had trained is of no use without the value that it would have come to
                shutil.rmtree(folder)
            yield [trial]

    def _launch(
        self, study: "Study", batch: Sequence["Trial | FrozenTrial"], fixed: Sequence[str]
    ) -> Sequence[JobReturn]:
        points = [[*fixed, *self._point(trial)] for trial in batch]
        numbers = [trial.number for trial in batch]
        results = self._run(points, numbers)
        pruned = {trial.number: trial.user_attrs[PRUNED] for trial in study.trials if PRUNED in trial.user_attrs}
        for number, result in zip(numbers, results, strict=True):
            self._tell(study, number, getattr(result, "_return_value", None), pruned.get(number))
        return results

    def _run(self, points: Sequence[Sequence[str]], numbers: Sequence[int]) -> list[JobReturn]:
        """Jobs by their trials' numbers, which have gaps where other sweeps share the study."""
        launching = getattr(self._launcher, "launching", None)
        if launching is not None:
            return list(launching.launch(points, numbers))
        if list(numbers) == list(range(numbers[0], numbers[0] + len(numbers))):
            return list(self._launcher.launch(points, initial_job_idx=numbers[0]))
        pairs = zip(points, numbers, strict=True)
        return [result for point, number in pairs for result in self._launcher.launch([point], initial_job_idx=number)]

    def _tell(self, study: "Study", number: int, value: Any, pruned: int | None) -> None:
        from optuna.trial import TrialState

        if not isinstance(value, int | float) or not math.isfinite(value):
            study.tell(number, state=TrialState.FAIL)
        elif pruned is None:
            study.tell(number, float(value))
        else:
            study.tell(number, state=TrialState.PRUNED)
            for folder in self._folders(number):
                write_status(Paths(folder), "finished", reason=f"ended after epoch {pruned} by sweep.pruner")

    def _folders(self, number: int) -> list[Path]:
        return [path for path in self._directory.glob(f"{number}_*") if path.is_dir()]

    def _point(self, trial: "Trial | FrozenTrial") -> Iterator[str]:
        """A trial as overrides; numbers in as many digits as matter, as they name folders and are read by people."""
        for key, value in trial.params.items():
            text = value if isinstance(value, str) else repr(value)
            if isinstance(value, float) and holds(trial.distributions[key], short := float(f"{value:.{DIGITS}g}")):
                text = repr(short)
            yield f"{self._prefixes[key]}{key}={text}"
        if self._settings.pruner != "none":
            yield from (
                f"++sweep.trial={trial.number}",
                f"++sweep.storage={hydra_text(self._storage)}",
                f"++sweep.study={hydra_text(self._name)}",
            )


def standing(cfg: DictConfig, key: str) -> Any:
    """The value at a key, or where none is written what its target takes for it."""
    value = OmegaConf.select(cfg, key)
    place, _, word = key.rpartition(".")
    name = OmegaConf.select(cfg, f"{place}._target_") if place else None
    if value is None and name is not None:
        parameter = inspect.signature(target(name, place)).parameters.get(word)
        value = None if parameter is None or parameter.default is parameter.empty else parameter.default
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def distribution(override: Override) -> "BaseDistribution":
    """What Optuna calls the values of a sweep; raises ConfigError where they are none to search."""
    from optuna import distributions

    values: Any = override.value()
    log = "log" in getattr(values, "tags", ())
    try:
        if isinstance(values, IntervalSweep):
            low: Any = values.start
            high: Any = values.end
            if isinstance(low, int) and isinstance(high, int):  # int(interval())
                return distributions.IntDistribution(low, high, log=log)
            return distributions.FloatDistribution(float(low), float(high), log=log)
        if isinstance(values, RangeSweep) and not values.shuffle and isinstance(values.step, int):
            listed = list(values.range())
            if listed and all(isinstance(value, int) for value in listed):
                low, high = min(listed), max(listed)
                return distributions.IntDistribution(low, high, log=log, step=1 if log else abs(values.step))
        return distributions.CategoricalDistribution(list(override.sweep_string_iterator()))
    except ValueError as error:
        raise ConfigError([Problem(override.key_or_group, f"cannot be searched: {error}")]) from error


def holds(values: "BaseDistribution", value: Any) -> bool:
    """Whether a value lies in a space."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(values, CategoricalDistribution):
        return value in values.choices
    if not isinstance(values, FloatDistribution | IntDistribution) or isinstance(value, bool):
        return False
    return isinstance(value, int | float) and values.low <= value <= values.high


def _running(study: "Study") -> list["FrozenTrial"]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _parsed(text: str) -> Any:
    return OverridesParser.create().parse_override(f"key={text}").value()


def _ended(study: "Study", space: dict[str, "BaseDistribution"]) -> int:
    """Trials that were run to an outcome, be it a failure."""
    return sum(trial.state.is_finished() and trial.params.keys() >= space.keys() for trial in study.get_trials())
