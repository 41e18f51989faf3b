"""Other tools on the same rows: Lightning as templates use it, scikit-learn, skorch."""

import logging
import warnings
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor, nn

from timing import hand


def template(rows: list[Tensor], epochs: int, folder: Path) -> None:
    """DataLoaders over TensorDatasets, four torchmetrics a split, TensorBoard, checkpoints, early stopping."""
    from lightning import pytorch as lightning
    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
    from lightning.pytorch.loggers import TensorBoardLogger
    from torch.utils.data import DataLoader, TensorDataset

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    x, y, x_val, y_val = rows
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=TensorBoardLogger(str(folder)),
        callbacks=[ModelCheckpoint(monitor="val/loss", save_last=True), EarlyStopping("val/loss", patience=10**6)],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(
            _template_module(),
            DataLoader(TensorDataset(x, y), batch_size=len(x)),
            DataLoader(TensorDataset(x_val, y_val), batch_size=len(x_val)),
        )


def _template_module() -> Any:
    from lightning import pytorch as lightning
    from torchmetrics import MetricCollection
    from torchmetrics.classification import BinaryAccuracy, BinaryF1Score, BinaryPrecision, BinaryRecall

    @final
    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 1))
            scores = MetricCollection([BinaryAccuracy(), BinaryPrecision(), BinaryRecall(), BinaryF1Score()])
            self.scores = nn.ModuleDict({name: scores.clone(prefix=f"{name}/") for name in ("on_train", "on_val")})

        def step(self, batch: list[Tensor], name: str) -> Tensor:
            x, y = batch
            output = self.layers(x)
            loss = hand.binary_loss(output, y)
            scores = self.scores[f"on_{name}"]
            scores(output.squeeze(-1), y)
            self.log(f"{name}/loss", loss, on_step=False, on_epoch=True)
            self.log_dict(scores, on_step=False, on_epoch=True)
            return loss

        def training_step(self, batch: list[Tensor], _index: int) -> Tensor:
            return self.step(batch, "train")

        def validation_step(self, batch: list[Tensor], _index: int) -> None:
            self.step(batch, "val")

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Module()


def scikit(rows: list[Tensor], epochs: int) -> None:
    """MLPClassifier with early stopping, which holds out a fifth of the rows and scores accuracy on it."""
    from sklearn.neural_network import MLPClassifier

    x, y = torch.cat(rows[::2]).numpy(), torch.cat(rows[1::2]).numpy()
    model = MLPClassifier(
        (10, 10),
        solver="sgd",
        learning_rate_init=0.1,
        momentum=0,
        alpha=0,
        batch_size=len(rows[0]),
        max_iter=epochs,
        early_stopping=True,
        validation_fraction=len(rows[2]) / len(x),
        n_iter_no_change=10**6,
        tol=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.fit(x, y)


def skorch(rows: list[Tensor], epochs: int) -> None:
    """NeuralNetBinaryClassifier with its usual callbacks (losses, accuracy on val), quiet; raises ImportError."""
    import numpy as np
    from skorch import NeuralNetBinaryClassifier
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    layers = nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 1))
    x, y, x_val, y_val = (part.numpy() for part in rows)
    net = NeuralNetBinaryClassifier(
        layers,
        optimizer=torch.optim.SGD,
        lr=0.1,
        batch_size=-1,
        max_epochs=epochs,
        train_split=predefined_split(Dataset(x_val, y_val.astype(np.float32))),
        verbose=0,
    )
    net.fit(x, y.astype(np.float32))
