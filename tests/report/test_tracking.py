"""Curves handed on to tracking services, with stand-ins for their packages."""

import sys
import types

import pytest
from lightning.pytorch import loggers

from litmus.config import make
from litmus.errors import ConfigError


class Stand:
    """What a logger of Lightning's would be told."""

    def __init__(self, *words, **settings):
        self.settings, self.told = [*words, *settings.values()], []

    def log_metrics(self, metrics, step):
        self.told.append((step, metrics))


@pytest.mark.parametrize(
    ("name", "package", "logger"), [("MLflow", "mlflow", "MLFlowLogger"), ("WandB", "wandb", "WandbLogger")]
)
def test_every_epoch_is_a_step_with_its_curves(monkeypatch, name, package, logger):
    monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
    monkeypatch.setattr(loggers, logger, Stand)
    sink = make({"_target_": f"litmus.report.tracking.{name}"}, "logger", directory="out/iris/2026_run")
    sink.update(0, 0.5, 0.7)
    sink.write([{"epoch": 0, "step": 3, "train/loss": 0.7}, {"epoch": 1, "step": 6, "train/loss": 0.6}])
    assert sink._logger.told == [(0, {"train/loss": 0.7}), (1, {"train/loss": 0.6})]
    assert "2026_run" in sink._logger.settings


@pytest.mark.parametrize(("name", "package"), [("MLflow", "mlflow"), ("WandB", "wandb")])
def test_a_missing_package_is_named_before_anything_is_trained(monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"logger: needs the package '{package}': pip install '{package}'"):
        make({"_target_": f"litmus.report.tracking.{name}"}, "logger", directory="out")
