"""The pieces of work: what Litmus is told, and the same for the loop written by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, final

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.run import Run, prepare_data
from timing import hand

BOARD = ["logger=tensorboard"]
NO_BOARD = ["logger=null"]
PATIENCE = "callback.early_stopping={_target_:litmus.engine.callbacks.EarlyStopping,patience:100000}"


@final
@dataclass(frozen=True)
class Work:
    """One row of the table.

    Args:
        name: As it is printed.
        words: Overrides for Litmus.
        job: The same by hand.
        goal: Largest ratio that is wanted; None: reported only.
        board: Whether both sides write TensorBoard and history.csv, every point.
        whole: Whether reading and preparing the rows is part of it.
        read: Reads and prepares the rows by hand, as x and y of train and val; None: those that Litmus has prepared.
    """

    name: str
    words: list[str]
    job: hand.Job
    goal: float | None
    board: bool = False
    whole: bool = False
    read: Callable[[], list[Tensor]] | None = field(default=None)

    def config(self) -> RunConfig:
        return RunConfig(to_plain(compose([*self.words, *(BOARD if self.board else NO_BOARD), "verdict.probes=off"])))


def stack(*sizes: int, act: Callable[[], nn.Module] | None = nn.ReLU) -> nn.Module:
    """Linear layers of these widths."""
    layers: list[nn.Module] = []
    for i, (low, high) in enumerate(pairwise(sizes)):
        layers += [nn.Linear(low, high), *([act()] if act and i < len(sizes) - 2 else [])]
    return nn.Sequential(*layers)


def convolutions() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU(), nn.Linear(64, 10)),
    )


def works(folder: Path, *, scale: float) -> list[Work]:
    """All of them; `scale` shortens them for a smoke test."""
    epochs, few = max(int(1000 * scale), 2), max(int(3 * scale), 1)
    sgd, adam = partial(torch.optim.SGD, lr=0.1), partial(torch.optim.Adam, lr=0.001)
    circles = [
        *("data=circles", "model.hidden=[10,10]", "optimizer=sgd", "optimizer.lr=0.1", "data.batch_size=null"),
        *(f"trainer.max_epochs={epochs}", PATIENCE),
    ]
    binary = hand.Job(partial(stack, 2, 10, 10, 1), hand.binary_loss, hand.binary_score, sgd, epochs)
    line = partial(torch.optim.SGD, lr=0.01)
    regression = hand.Job(partial(stack, 10, 50, 1), hand.squared, hand.number_score, line, epochs)
    straight = hand.Job(partial(stack, 1, 10, 10, 1, act=None), hand.absolute, hand.number_score, line, epochs)
    wide = hand.Job(partial(stack, 30, 256, 256, 1), hand.binary_loss, hand.binary_score, adam, few, batch_size=1024)
    file = table(folder / "table.parquet", rows=max(int(200_000 * scale), 4000))
    large = [f"data.path={file}", "data=parquet", "data.target=y", "model.hidden=[256,256]", "data.batch_size=1024"]
    return [
        Work(f"circles 2-10-10-1, {epochs:,} full-batch epochs, no logger", circles, binary, 1.0),
        Work("the same, every point in TensorBoard and history.csv", circles, binary, 1.15, board=True),
        Work(f"regression 10-50-1 (diabetes), {epochs:,} full-batch epochs", _regression(epochs), regression, 1.15),
        Work(f"straight line 1-10-10-1, {epochs:,} full-batch epochs", _line(epochs), straight, 1.15),
        Work(f"MNIST CNN, batch 64, {few} epochs", _digits(few), _mnist(few), 1.0),
        Work(
            f"table {max(int(200_000 * scale), 4000):,} x 30, MLP 256-256, batch 1,024, {few} epochs, from Parquet",
            [*large, f"trainer.max_epochs={few}", "optimizer.lr=0.001", PATIENCE],
            *(wide, 1.05),
            whole=True,
            read=partial(read_table, file),
        ),
        Work("a fit of one epoch, set-up included", [*circles, "trainer.max_epochs=1"], _one(binary), None),
    ]


def _one(job: hand.Job) -> hand.Job:
    return hand.Job(job.layers, job.loss, job.score, job.optimizer, 1)


def _regression(epochs: int) -> list[str]:
    return [
        *("data=diabetes", "data.normalize_target=true", "model=mlp", "model.hidden=[50]", "loss=mse"),
        *("optimizer=sgd", "optimizer.lr=0.01", "data.batch_size=null", f"trainer.max_epochs={epochs}", PATIENCE),
    ]


def _line(epochs: int) -> list[str]:
    return ["experiment=straight_line", f"trainer.max_epochs={epochs}", PATIENCE, "callback.checkpoint.use=best"]


def _digits(epochs: int) -> list[str]:
    return ["experiment=mnist_cnn", "optimizer.lr=0.001", f"trainer.max_epochs={epochs}", PATIENCE]


def _mnist(epochs: int) -> hand.Job:
    adam = partial(torch.optim.Adam, lr=0.001)
    return hand.Job(convolutions, hand.class_loss, hand.class_score, adam, epochs, batch_size=64)


def table(path: Path, *, rows: int) -> Path:
    """A Parquet file of 30 numeric columns and a label that they decide."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 30)).astype(np.float32)
    y = (x[:, :5].sum(1) + x[:, 5] * x[:, 6] + rng.normal(size=rows) > 0).astype(np.int64)
    pl.DataFrame({**{f"x{i}": x[:, i] for i in range(30)}, "y": y}).write_parquet(path)
    return path


def read_table(path: Path) -> list[Tensor]:
    """Read, split 60/20/20, standardise by the training rows."""
    frame = pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)
    x = torch.from_numpy(frame.drop("y").to_numpy().astype(np.float32))
    y = torch.from_numpy(frame["y"].to_numpy().copy())
    order = torch.from_numpy(np.random.default_rng(42).permutation(len(y)))
    train, val = order[: int(0.6 * len(y))], order[int(0.6 * len(y)) : int(0.8 * len(y))]
    x = (x - x[train].mean(0)) / x[train].std(0)
    return [x[train], y[train], x[val], y[val]]


def by_litmus(work: Work, config: RunConfig, data: Any, folder: Path, *, records: bool = True) -> Run:
    """Set-up and fit, and reading where it is part of the work; neither test scores nor verdict.

    `records`: whether what the layers do is recorded for the verdict, as it is in every run.
    """
    data = data or prepare_data(config)
    sink = config.logger.make(directory=str(folder)) if work.board else None
    run = Run.build(config, folder, data=data, sinks=[sink] if sink else [])
    if not records:
        run.trainer.callbacks.remove(run.trace)
    fitted = run.fit()
    if sink:
        sink.close()
    return fitted


def by_hand(work: Work, rows: list[Tensor] | None, folder: Path) -> nn.Module:
    """The same by hand."""
    rows = rows or (work.read() if work.read else [])
    if not work.board:
        values: list[list[float]] = []
        return hand.train(work.job, rows, folder, write=lambda _, row: values.append(row))
    from torch.utils.tensorboard import SummaryWriter

    board = SummaryWriter(str(folder))
    with (folder / "hand.csv").open("w", encoding="utf-8") as file:

        def write(epoch: int, row: list[float]) -> None:
            for number, value in enumerate(row):
                board.add_scalar(f"value/{number}", value, epoch)
            file.write(",".join(map(str, [epoch, *row])) + "\n")

        model = hand.train(work.job, rows, folder, write=write)
    board.close()
    return model


def rows_of(data: Any, *, finish: bool) -> list[Tensor]:
    """x and y of train and val, as Litmus has prepared them."""
    splits = [data.splits["train"], data.splits["val"]]
    return [part for s in splits for part in (data.preprocess.finish(s.x) if finish else s.x, s.y)]


def largest_difference(run: Run, model: nn.Module) -> float:
    """Between the two sides' parameters; 0 where they are the same to the bit."""
    ours, theirs = list(run.predictor.model.parameters()), list(model.parameters())
    return max(float((a - b).detach().abs().max()) for a, b in zip(ours, theirs, strict=True))
