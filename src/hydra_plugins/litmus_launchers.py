"""hydra/launcher=pool and ray: the jobs of a sweep in several processes of this machine, or of a cluster."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class PoolLauncher(Launcher):
    """Hands the jobs to `litmus.sweeps.launching`."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        from litmus.sweeps.launching import Launching

        self.launching = Launching(hydra_context.config_loader, task_function, config)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        return self.launching.launch(job_overrides, range(initial_job_idx, initial_job_idx + len(job_overrides)))


class RayLauncher(PoolLauncher):
    """The same on a Ray cluster, which `litmus.sweeps.launching` knows by this name.

    Args:
        address: Of the cluster; None: one of this machine alone.
        num_cpus: Processors of a job.
        num_gpus: GPUs of a job.
    """

    def __init__(self, address: str | None = None, num_cpus: float = 1, num_gpus: float = 0) -> None:
        self.address, self.num_cpus, self.num_gpus = address, num_cpus, num_gpus
