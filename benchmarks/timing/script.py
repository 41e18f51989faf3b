"""The circles experiment as a script: data, loop, evaluation, checkpoint, by hand.

python script.py torch|lightning <epochs> <folder>: with `lightning` it also imports lightning.pytorch, as scripts do.
"""

import sys
from pathlib import Path

import torch

if sys.argv[1] == "lightning":
    import lightning.pytorch  # noqa: F401  # what its import costs is what is measured

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from torch import nn

from timing import hand


def circles(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two rings, as scikit-learn makes them."""
    rng = np.random.RandomState(seed)
    angle = np.concatenate([np.linspace(0, 2 * np.pi, n // 2, endpoint=False)] * 2)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.repeat([1.0, 0.8], n // 2)[:, None]
    order = rng.permutation(n)
    x = x[order] + rng.normal(scale=0.03, size=x.shape)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(np.repeat([0, 1], n // 2)[order])


def main(epochs: int, folder: Path) -> None:
    torch.set_num_threads(1)
    (x, y), (x_val, y_val) = circles(1000, 42), circles(200, 43)
    job = hand.Job(
        lambda: nn.Sequential(nn.Linear(2, 10), nn.Linear(10, 10), nn.Linear(10, 1)),
        hand.binary_loss,
        hand.binary_score,
        lambda parameters: torch.optim.SGD(parameters, lr=0.1),
        epochs,
    )
    values: list[list[float]] = []
    model = hand.train(job, [x[:800], y[:800], x_val, y_val], folder, write=lambda _, row: values.append(row))
    with torch.inference_mode():
        print(values[-1], hand.binary_score(model(x[800:]), y[800:]))


if __name__ == "__main__":
    main(int(sys.argv[2]), Path(sys.argv[3]))
