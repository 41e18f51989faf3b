"""What ends the fit of a job before its epochs are over."""

from litmus.config import RunConfig
from litmus.engine.callbacks import ByMonitor, TimeLimit
from litmus.sweeps.settings import Settings


def job_limits(config: RunConfig) -> list[ByMonitor]:
    """Callbacks for `sweep.seconds_per_job` and `sweep.pruner`, where they are asked for; runs of before have none."""
    if not config.sweep:
        return []
    settings: Settings = config.sweep.make()
    found: list[ByMonitor] = []
    if settings.seconds_per_job is not None:
        found.append(TimeLimit(seconds=settings.seconds_per_job))
    if settings.pruner != "none" and settings.trial is not None:
        from litmus.sweeps.pruning import Pruning

        found.append(Pruning(settings, epochs=int(config.trainer.max_epochs or 1)))
    return found
