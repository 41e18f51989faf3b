"""The keys of `sweep`: how its jobs share the machine, and how far a search goes."""

from dataclasses import dataclass
from typing import Annotated, Literal, final

from annotated_types import Ge, Gt

# Launchers, as configs name them
POOL = "hydra_plugins.litmus_launchers.PoolLauncher"
RAY = "hydra_plugins.litmus_launchers.RayLauncher"
BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
JOBLIB = "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher"
SUBMITIT = "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher"

Sampler = Literal["tpe", "gp", "cmaes", "random"]
Pruner = Literal["none", "median", "hyperband"]


@final
@dataclass(frozen=True, kw_only=True)
class Settings:
    """What holds for all jobs of a sweep together.

    Args:
        parallel: Jobs at a time under hydra/launcher=pool and ray; auto: one a core, or one alone where they use a GPU;
            of Ray, as many as its cluster has room for.
        job_timeout: Seconds after which a job is ended and counts as failed; null: never.
        seconds_per_job: Seconds of training after which a job stops at the end of its epoch, with its best weights so
            far; null: no limit.
        trials: Jobs of a search (hydra/sweeper=optuna or random), those of before a resume included.
        minutes: Minutes after which a search starts no further job; null: no limit.
        sampler: How hydra/sweeper=optuna proposes: tpe, gp (Gaussian processes), cmaes or random.
        pruner: Whether a search ends trials early that do worse than others did: none, median (worse than half of them
            at the same epoch) or hyperband.
        storage: Where a search keeps its trials: null for a journal in the sweep's folder, or a file, or a URL of
            Optuna's.
        study: Name of the search in its storage: sweeps that give the same share their trials and the total; null: the
            name of the sweep's folder.
        trial: Injected: number of a job's trial.
    """

    parallel: Annotated[int, Ge(1)] | Literal["auto"] = "auto"
    job_timeout: Annotated[float, Gt(0)] | None = None
    seconds_per_job: Annotated[float, Gt(0)] | None = None
    trials: Annotated[int, Ge(1)] = 60
    minutes: Annotated[float, Gt(0)] | None = None
    sampler: Sampler = "tpe"
    pruner: Pruner = "none"
    storage: str | None = None
    study: str | None = None
    trial: Annotated[int, Ge(0)] | None = None
