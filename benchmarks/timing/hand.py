"""Training loops as one writes them by hand: plain PyTorch, the same evaluation, nothing else.

Both splits are scored every epoch, the training rows by the outputs of their own steps. Classes: loss, accuracy,
precision, recall and F1 (of the positive class, or macro); numbers: loss, MSE, RMSE, MAE and R2.
The best weights are kept in memory, a patience is counted, and a checkpoint is written at the end.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor, nn

Score = Callable[[Tensor, Tensor], list[float]]


@final
@dataclass(frozen=True)
class Job:
    """What is to be trained.

    Args:
        layers: Makes the model; called after seeding.
        loss: Of raw outputs `(n, outputs)` and targets.
        score: Of raw outputs and targets.
        optimizer: From parameters.
        epochs: How many.
        batch_size: None: all rows at once.
        finish: What is done to each batch of inputs.
        seed: Of weights and order.
    """

    layers: Callable[[], nn.Module]
    loss: Callable[[Tensor, Tensor], Tensor]
    score: Score
    optimizer: Callable[..., torch.optim.Optimizer]
    epochs: int
    batch_size: int | None = None
    finish: Callable[[Tensor], Tensor] | None = None
    seed: int = 42


def train(job: Job, rows: Sequence[Tensor], folder: Path, *, write: Callable[[int, list[float]], None]) -> nn.Module:
    """The loop; `rows` are x and y of train and val; `write` is told each epoch's values."""
    x, y, x_val, y_val = rows
    torch.manual_seed(job.seed)
    model = job.layers()
    optimizer = job.optimizer(model.parameters())
    best, waited, kept = math.inf, 0, {}
    for epoch in range(job.epochs):
        model.train()
        outputs, targets, losses = [], [], []
        for x_batch, y_batch in batches(x, y, job, epoch):
            output = model(x_batch)
            loss = job.loss(output, y_batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            outputs.append(output.detach())
            targets.append(y_batch)
            losses.append(loss.detach())
        model.eval()
        with torch.inference_mode():
            said = model(job.finish(x_val) if job.finish else x_val)
            val_loss = job.loss(said, y_val).item()
            train_score = job.score(torch.cat(outputs), torch.cat(targets))
            values = [torch.stack(losses).mean().item(), *train_score, val_loss, *job.score(said, y_val)]
        write(epoch, values)
        waited += 1
        if val_loss < best:
            best, waited = val_loss, 0
            kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        if waited > job.epochs:
            break
    model.load_state_dict(kept)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, folder / "hand.ckpt")
    return model


def batches(x: Tensor, y: Tensor, job: Job, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Slices of a permutation, drawn as Litmus draws it, so that parameters can be compared."""
    if job.batch_size is None:
        yield x, y
        return
    order = torch.from_numpy(np.random.default_rng([job.seed, epoch]).permutation(len(x)))
    for rows in order.split(job.batch_size):
        yield (job.finish(x[rows]) if job.finish else x[rows]), y[rows]


def binary_loss(output: Tensor, target: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(output.squeeze(-1), target.float())


def class_loss(output: Tensor, target: Tensor) -> Tensor:
    return nn.functional.cross_entropy(output, target)


def squared(output: Tensor, target: Tensor) -> Tensor:
    return nn.functional.mse_loss(output.squeeze(-1), target)


def absolute(output: Tensor, target: Tensor) -> Tensor:
    return nn.functional.l1_loss(output.squeeze(-1), target)


def binary_score(output: Tensor, target: Tensor) -> list[float]:
    """Accuracy, precision, recall, F1 of class 1."""
    said, true = output.squeeze(-1) > 0, target == 1
    hits, said_n, true_n = (int(part) for part in torch.stack([(said & true).sum(), said.sum(), true.sum()]))
    n = len(target)
    right = n - said_n - true_n + 2 * hits
    return [right / n, hits / max(said_n, 1), hits / max(true_n, 1), 2 * hits / max(said_n + true_n, 1)]


def class_score(output: Tensor, target: Tensor) -> list[float]:
    """Accuracy, and macro precision, recall, F1, from the confusion matrix."""
    k = output.shape[1]
    counts = torch.bincount(target * k + output.argmax(1), minlength=k * k).view(k, k).double()
    hits, true, said = counts.diagonal(), counts.sum(1), counts.sum(0)
    values = [
        hits.sum() / counts.sum(),
        *((hits / part).nan_to_num().mean() for part in (said, true, (said + true) / 2)),
    ]
    return torch.stack(values).tolist()


def number_score(output: Tensor, target: Tensor) -> list[float]:
    """MSE, RMSE, MAE, R2."""
    error = output.squeeze(-1) - target
    mse = error.square().mean()
    values = torch.stack([mse, mse.sqrt(), error.abs().mean(), 1 - mse / target.var(correction=0)])
    return values.tolist()
