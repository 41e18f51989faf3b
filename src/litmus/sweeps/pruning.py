"""Trials of a search that do worse than others did by the same epoch are ended early."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, final

from lightning.pytorch import LightningModule, Trainer

from litmus.engine.callbacks import ByMonitor
from litmus.engine.learner import Learner
from litmus.errors import ConfigError, quote
from litmus.sweeps.settings import Pruner, Settings

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.pruners import BasePruner
    from optuna.storages import BaseStorage

PRUNED = "pruned"  # a trial's note of the epochs after which it was ended
LOOKS = 20  # at a trial, evenly over its epochs
STARTUP = 5  # trials that run to their end before others are measured by them
WARMUP = 2  # looks at a trial before it may be ended

log = logging.getLogger(__name__)


@final
class Pruning(ByMonitor):
    """Tells a study how a trial goes, and ends its fit where the study's pruner says so.

    Args:
        settings: Of the sweep, with the trial's number, storage and study.
        epochs: At most, of the fit.
    """

    def __init__(self, settings: Settings, *, epochs: int) -> None:
        self._settings = settings
        self._every = max(1, epochs // LOOKS)
        self._trial: Trial | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._trial = _open_trial(self._settings)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        value, done = cast("Learner", pl_module).monitored, trainer.current_epoch + 1
        if self._trial is None or value is None or value != value or done % self._every:  # noqa: PLR0124  # NaN
            return
        self._trial.report(value, done // self._every)
        if self._trial.should_prune() and not trainer.should_stop:
            self._trial.set_user_attr(PRUNED, done)
            log.info("ended after epoch %d by sweep.pruner=%s", done, self._settings.pruner)
            trainer.should_stop = True


def make_pruner(name: Pruner) -> "BasePruner":
    """Optuna's, in steps of looks."""
    from optuna import pruners

    if name == "median":
        return pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=WARMUP)
    if name == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=LOOKS, reduction_factor=3)
    return pruners.NopPruner()


def open_storage(place: str) -> "BaseStorage":
    """Where trials are kept: a URL of Optuna's, or a journal's file; raises ConfigError where it cannot be used."""
    from optuna.storages import JournalStorage, get_storage
    from optuna.storages.journal import JournalFileBackend

    if "://" not in place:
        return JournalStorage(JournalFileBackend(str(Path(place))))
    try:
        return get_storage(place)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError(f"sweep.storage: cannot use {quote(place)}: {reason}") from error


def _open_trial(settings: Settings) -> "Trial":
    import optuna
    from optuna.trial import Trial

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study: Any = optuna.load_study(
        study_name=settings.study,
        storage=open_storage(str(settings.storage)),
        sampler=optuna.samplers.RandomSampler(),  # it proposes nothing here
        pruner=make_pruner(settings.pruner),
    )
    return Trial(study, study.trials[settings.trial]._trial_id)  # noqa: SLF001  # Optuna has no public way
