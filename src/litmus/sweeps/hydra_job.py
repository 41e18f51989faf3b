"""One job under Hydra as a value: what to call, with which config, and where."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast, final

from hydra._internal.callbacks import Callbacks
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import configure_log, run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig


class JobFunction(Protocol):
    """What runs one job, and what notes of one that it could not tell its end."""

    def __call__(self, cfg: DictConfig) -> Any: ...

    def lost(self, cfg: DictConfig, directory: Path, reason: str) -> Any:
        """The outcome of a job whose process died: a failure, noted in the job's directory."""
        ...


@final
@dataclass(frozen=True)
class HydraJob:
    """One job under Hydra, which any process can run.

    Args:
        function: What Hydra calls.
        cfg: Of the job, with its `hydra` node.
        directory: Of the job.
        place: The config key of its directory.
        below: The config key of the folder below that; None if there is none.
    """

    function: JobFunction
    cfg: DictConfig
    directory: Path
    place: str = "hydra.run.dir"
    below: str | None = None

    def __call__(self) -> Any:
        setup_globals()
        context = HydraContext(config_loader=cast("ConfigLoader", None), callbacks=Callbacks())
        return run_job(self.function, self.cfg, self.place, self.below, context).return_value

    @property
    def varied(self) -> list[str]:
        """What it varies, in short."""
        lines = str(self.cfg.hydra.job.override_dirname).split("|")
        pairs = [line.lstrip("+~").partition("=") for line in lines if "=" in line]
        return [f"{key.rpartition('.')[2]}={value}" for key, _, value in pairs]


@final
@dataclass(frozen=True)
class BegunJob:
    """A job that a launcher of others has begun in its own process, and that another process is to run.

    Args:
        function: What Hydra calls.
        cfg: As Hydra calls it.
        hydra: The same with its `hydra` node, all plain.
        directory: Of the job.
    """

    function: JobFunction
    cfg: DictConfig
    hydra: Any
    directory: Path

    def __call__(self) -> Any:
        setup_globals()
        HydraConfig.instance().cfg = self.hydra
        configure_log(self.hydra.hydra.job_logging, self.hydra.hydra.verbose)
        return self.function(self.cfg)
