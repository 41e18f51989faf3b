"""hydra/sweeper=grid, the default: every point of a grid; hydra/sweeper=optuna and random: searches."""

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class GridSweeper(BasicSweeper):
    """Hydra's own, without composing every point a second time: the command line has checked them all."""

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Nothing that is not known."""


class SearchSweeper(Sweeper):
    """hydra/sweeper=optuna and random: hands the search to `litmus.sweeps.search`."""

    def __init__(self, sampler: Any = None, params: dict[str, str] | None = None) -> None:
        self.sampler, self.params = sampler, params

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        from litmus.sweeps.search import Search

        assert self.hydra_context and self.launcher  # noqa: PT018, S101  # `setup` comes first
        assert self.config is not None  # noqa: S101  # as above
        loader = self.hydra_context.config_loader
        return Search(loader, self.launcher, self.config, sampler=self.sampler, params=self.params).run(arguments)
