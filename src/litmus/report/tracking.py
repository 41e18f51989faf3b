"""Curves for tracking services, by Lightning's own loggers; the services' packages are the user's to install."""

from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from typing import Any, final

from lightning.pytorch.loggers import Logger


class Tracker(ABC):
    """A sink of curves that hands them on to one of Lightning's loggers.

    Args:
        package: What must be installed.
    """

    def __init__(self, package: str) -> None:
        import_module(package)  # where it is missing, the error names it before anything is trained
        self._logger = self.connect()

    @abstractmethod
    def connect(self) -> Any:
        """The logger to tell."""

    def write(self, rows: list[dict[str, float]]) -> None:
        """Epochs in order, each one a step."""
        for row in rows:
            values = {key: value for key, value in row.items() if key not in {"epoch", "step"}}
            self._logger.log_metrics(values, step=int(row["epoch"]))

    def update(self, epoch: int, monitor: float, loss: float) -> None:  # noqa: B027  # services are told whole rows
        """Nothing."""


@final
class OfLightning(Tracker):
    """Curves in a logger of Lightning, or of a user's in its style.

    Args:
        logger: To be told.
    """

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def connect(self) -> Any:
        return self._logger

    def write(self, rows: list[dict[str, float]]) -> None:
        super().write(rows)
        self._logger.save()


@final
class MLflow(Tracker):
    """Curves in MLflow.

    Args:
        directory: Injected: the run's directory, whose name is the run's.
        experiment: Name of MLflow's experiment.
        tracking_uri: Server or folder; null: as MLflow's environment says, else ./mlruns.
    """

    def __init__(self, *, directory: str, experiment: str = "litmus", tracking_uri: str | None = None) -> None:
        self.name, self.experiment, self.tracking_uri = Path(directory).name, experiment, tracking_uri
        super().__init__("mlflow")

    def connect(self) -> Any:
        from lightning.pytorch.loggers import MLFlowLogger

        return MLFlowLogger(self.experiment, run_name=self.name, tracking_uri=self.tracking_uri)


@final
class WandB(Tracker):
    """Curves in Weights & Biases.

    Args:
        directory: Injected: the run's directory, whose name is the run's.
        project: Name of the project there.
        offline: Write below the run's directory and send nothing.
    """

    def __init__(self, *, directory: str, project: str = "litmus", offline: bool = False) -> None:
        self.directory, self.project, self.offline = directory, project, offline
        super().__init__("wandb")

    def connect(self) -> Any:
        from lightning.pytorch.loggers import WandbLogger

        name = Path(self.directory).name
        return WandbLogger(name, self.directory, project=self.project, offline=self.offline)
