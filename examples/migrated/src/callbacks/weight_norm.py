"""A callback that logs."""

import torch
from lightning import Callback, LightningModule, Trainer


class WeightNorm(Callback):
    """Logs the norm of all weights once an epoch."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        norm = torch.stack([parameter.detach().norm() for parameter in pl_module.parameters()]).norm()
        pl_module.log("weight_norm", norm)
