"""Jobs of a sweep in a pool of processes: composed here, run there, and every one accounted for."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, cast, final

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.config import make
from litmus.sweeps.composing import PointComposer
from litmus.sweeps.hydra_job import BegunJob, HydraJob, JobFunction, replace_log
from litmus.sweeps.pool import Lost, Pool, Workers, unforkable
from litmus.sweeps.progress import Progress
from litmus.sweeps.settings import BASIC, RAY, Settings

# What a job imports when it comes to need it: here, once, before processes are forked
EARLY = (
    "litmus.commands.train",
    "litmus.engine.lean",
    "litmus.data.columns.selection",
    "litmus.data.encoding.column_encoders",
    "litmus.data.encoding.features",
    "litmus.data.files.csv",
    "litmus.data.sources.bundled",
    "litmus.report.canvas",
    "litmus.report.figures",
    "litmus.report.tensorboard",
    "sklearn.datasets",
)


@final
class Launching:
    """What `hydra/launcher=pool` and `ray` do.

    Args:
        loader: Hydra's.
        function: What runs a job.
        config: Of the sweep.
    """

    def __init__(self, loader: ConfigLoader, function: Any, config: DictConfig) -> None:
        self._function, self._config = cast("JobFunction", function), config
        self._composer = PointComposer(loader, config)
        self._settings: Settings = make(config.sweep, "sweep")
        self._jobs: Jobs | None = None

    @contextmanager
    def open(self, total: int) -> Iterator[None]:
        """Keeps processes and progress from one launch to the next.

        Args:
            total: Jobs of all launches together.
        """
        with Jobs(self._settings, self._config, total) as jobs:
            self._jobs = jobs
            try:
                yield
            finally:
                self._jobs = None

    @property
    def width(self) -> int:
        """Jobs at a time, while it is open."""
        return 1 if self._jobs is None else self._jobs.width

    def launch(self, job_overrides: Sequence[Sequence[str]], numbers: Sequence[int]) -> list[JobReturn]:
        """Runs these jobs, each with its number; what each returned, in their order."""
        if self._jobs is None:
            with self.open(max(numbers, default=0) + 1):
                return self.launch(job_overrides, numbers)
        setup_globals()
        replace_log(self._config.hydra.hydra_logging, self._config.hydra.verbose)
        Path(str(self._config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        outcomes = self._jobs.run(map(self._job, numbers, job_overrides))
        return [_returned(overrides, outcome) for overrides, outcome in zip(job_overrides, outcomes, strict=True)]

    def _job(self, number: int, overrides: Sequence[str]) -> HydraJob:
        cfg = self._composer.compose(overrides)
        with open_dict(cfg):
            cfg.hydra.job.id, cfg.hydra.job.num = str(number), number
        before = HydraConfig.instance().cfg
        HydraConfig.instance().cfg = cast("Any", cfg)  # to which the folder's name may refer
        try:
            directory = Path(cfg.hydra.sweep.dir) / str(cfg.hydra.sweep.subdir)
        finally:
            HydraConfig.instance().cfg = before
        return HydraJob(self._function, cfg, directory)


@final
class Jobs:
    """Processes that run jobs, and what is said of them; leave its block to end them.

    Args:
        settings: Of the sweep.
        config: Of the sweep; its launcher says where they are.
        total: Jobs of all that follows.
    """

    def __init__(self, settings: Settings, config: DictConfig, total: int) -> None:
        self._progress = Progress(total, config.monitor)
        self._pool = _workers(settings, config, total, self._progress)

    def __enter__(self) -> "Jobs":
        self._pool.__enter__()
        self._progress.begin()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._progress.close()
        self._pool.__exit__(*raised)

    @property
    def width(self) -> int:
        """Jobs at a time."""
        return self._pool.width

    def run(self, jobs: Iterable[HydraJob]) -> list[Any]:
        """What each job came to, in their order."""
        begun: list[HydraJob] = []
        outcomes: dict[int, Any] = {}
        for place, outcome in self._pool.run(_remembered(jobs, begun)):
            job = begun[place]
            if isinstance(outcome, Lost):
                outcomes[place] = job.function.lost(job.cfg, job.directory, outcome.reason)
            else:
                outcomes[place] = outcome
            value = float(outcome) if isinstance(outcome, int | float) else None
            failure = "" if value is not None else _reason(outcomes[place])
            self._progress.ended(job.directory.name, job.varied, value, failure)
        return [outcomes[place] for place in range(len(begun))]


_kept: dict[float | None, Pool] = {}  # by the seconds that a job may take


def run_apart(job: BegunJob, timeout: float | None, look: Callable[[], None] = lambda: None) -> Any:
    """Runs a job of any other launcher in a process of its own, whose death that launcher survives.

    Args:
        job: Begun in this process.
        timeout: Seconds that it may take; None: any.
        look: Called about every second; what it raises ends the job: a KeyboardInterrupt after that has saved.
    """
    if timeout not in _kept:
        pool = _kept[timeout] = Pool(1, forks=not _prepare(), timeout=timeout, prepare=_settle_in)
        # at the end of this process, which would wait for its child for ever
        Finalize(None, pool.__exit__, args=(None, None, None), exitpriority=1)
    try:
        [(_, outcome)] = _kept[timeout].run([job], look)
    except BaseException as stop:
        _kept.pop(timeout).__exit__(type(stop), stop, None)
        raise
    return job.function.lost(job.cfg, job.directory, outcome.reason) if isinstance(outcome, Lost) else outcome


def _workers(settings: Settings, config: DictConfig, total: int, progress: Progress) -> Workers:
    """On the cluster that the sweep's launcher names, or here."""
    launcher = OmegaConf.select(config, "hydra.launcher._target_")
    if launcher == RAY:
        from litmus.sweeps.ray_pool import RayPool

        node, most = config.hydra.launcher, None if settings.parallel == "auto" else settings.parallel
        return RayPool(address=node.address, num_cpus=node.num_cpus, num_gpus=node.num_gpus, most=most)
    if total > 1 and settings.parallel == "auto" and uses_gpu(config):
        progress.say("the jobs share a GPU, so they run one at a time; sweep.parallel=<n> lets n share it")
    why = _prepare()
    if why:
        progress.say(f"jobs start slowly, each process anew, for {why}")
    size = 1 if launcher == BASIC else min(processes(settings, config), total)
    return Pool(size, forks=not why, timeout=settings.job_timeout, prepare=_share)


def processes(settings: Settings, config: DictConfig) -> int:
    """How many jobs run at a time.

    Args:
        settings: Of the sweep.
        config: Of the sweep, or of one of its jobs: whether they use a GPU.
    """
    if settings.parallel != "auto":
        return settings.parallel
    if uses_gpu(config):
        return 1  # whose memory they would share
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def uses_gpu(config: DictConfig) -> bool:
    """Whether jobs of this config train on a GPU."""
    return OmegaConf.select(config, "trainer.accelerator") != "cpu" and _has_gpu()


def _has_gpu() -> bool:
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # looks without starting CUDA, which forbids to fork
    import torch

    return torch.cuda.is_available()


def _remembered(jobs: Iterable[HydraJob], begun: list[HydraJob]) -> Iterator[HydraJob]:
    for job in jobs:
        begun.append(job)
        yield job


def _prepare() -> str:
    """Loads what jobs need; why this process cannot be forked, "" if it can."""
    if why := unforkable():
        return why
    _load()
    return unforkable()


def _load() -> None:
    """What a job imports: at once where that is done already."""
    import importlib

    for name in EARLY:
        importlib.import_module(name)


def _settle_in() -> None:
    """What a process does before its first job."""
    _load()
    from litmus.report.files import hold_git_state

    hold_git_state()
    with suppress(ImportError, AttributeError):  # private names of another release of Lightning
        from litmus.engine.lean import look_once

        look_once()


def _share() -> None:
    """The same, for one that has one core."""
    _settle_in()
    from litmus.engine.trainer import share_machine

    share_machine()


def _reason(outcome: Any) -> str:
    """Why there is no value."""
    return str(getattr(outcome, "reason", "") or getattr(outcome, "message", "") or outcome)


def _returned(overrides: Sequence[str], outcome: Any) -> JobReturn:
    returned = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
    returned.return_value = outcome
    return returned
