"""What a user's LightningModule lacks, or has of Lightning 1, is refused before the first step."""

import pytest
import torch
from lightning.pytorch import LightningModule

from litmus.errors import ConfigError
from litmus.run.clashes import check_steps


class Whole(LightningModule):
    def training_step(self, batch, batch_idx):
        return None

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


class WithoutStep(LightningModule):
    configure_optimizers = Whole.configure_optimizers


class WithoutOptimizers(LightningModule):
    training_step = Whole.training_step


class OldHook(Whole):
    def validation_epoch_end(self, outputs):
        return None


class OldStep(Whole):
    def training_step(self, batch, batch_idx, optimizer_idx):
        return None


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (WithoutStep, "model: WithoutStep has no training_step; write it"),
        (WithoutOptimizers, "model: WithoutOptimizers has no configure_optimizers"),
        (OldHook, "defines validation_epoch_end, which Lightning 2 has taken away; use on_validation_epoch_end"),
        (OldStep, r"takes optimizer_idx .* set self\.automatic_optimization = False"),
    ],
)
def test_it_is_said_what_to_write(kind, message):
    check_steps(Whole())
    with pytest.raises(ConfigError, match=message):
        check_steps(kind())
