"""The parts that models are built of: dense stacks, embedded categories, and how weights start."""

import itertools
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, final

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor, nn

Activation = Literal["relu", "tanh", "sigmoid", "gelu", "leaky_relu", "none"]
Norm = Literal["none", "batch", "layer"]
OutputActivation = Literal["none", "sigmoid", "softmax"]
Init = Literal["default", "zeros", "normal", "xavier_uniform", "kaiming_normal", "orthogonal"]
Count = Annotated[int, Ge(1)]
Rate = Annotated[float, Ge(0), Lt(1)]
Spread = Annotated[float, Gt(0)]

NORMAL_STD = 0.02
LARGEST_EMBEDDING = 50
EMBEDDING_STD = 0.1
"""Of an embedding's first values. A level of few rows stays near where it starts, and far from 0 that is noise."""

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
}


def activate(name: Activation) -> list[nn.Module]:
    """The activation as a list of at most one layer; none is no layer, so that the stack stays linear."""
    return [] if name == "none" else [_ACTIVATIONS[name]()]


def drop(rate: float) -> list[nn.Module]:
    """Dropout as a list of at most one layer."""
    return [nn.Dropout(rate)] if rate > 0 else []


@final
class EnsembleLinear(nn.Module):
    """A linear layer for each member of an ensemble, all computed as one batched product.

    Args:
        ensemble_size: Members.
        in_features: Values that each of them takes.
        out_features: Values that each of them gives.
    """

    per_member: ClassVar[bool] = True

    def __init__(self, ensemble_size: int, in_features: int, out_features: int) -> None:
        super().__init__()
        members = [nn.Linear(in_features, out_features) for _ in range(ensemble_size)]
        self.weight = nn.Parameter(torch.stack([member.weight.detach() for member in members]))
        self.bias = nn.Parameter(torch.stack([member.bias.detach() for member in members]))

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, in_features)`, the same rows for all members, or `(members, n, in_features)`.

        Gives `(members, n, out_features)`.
        """
        if x.ndim == 2:
            x = x.expand(len(self.weight), -1, -1)
        return torch.baddbmm(self.bias.unsqueeze(1), x, self.weight.mT)


@final
class EnsembleBatchNorm(nn.BatchNorm1d):
    """Batch norm of the units of each member of an ensemble, `(members, n, units)`."""

    def __init__(self, ensemble_size: int, units: int) -> None:
        super().__init__(ensemble_size * units)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # torch's name
        """Gives the same shape."""
        members, rows, units = input.shape
        out = super().forward(input.transpose(0, 1).reshape(rows, members * units))
        return out.view(rows, members, units).transpose(0, 1)


def stack(
    in_features: int,
    out_features: int,
    *,
    hidden: Sequence[int] = (),
    activation: Activation = "relu",
    dropout: float = 0.0,
    norm: Norm = "none",
    output_activation: OutputActivation = "none",
    ensemble_size: int = 1,
) -> list[nn.Module]:
    """Linear layers from input to output; each hidden one is followed by norm, activation and dropout.

    With an `ensemble_size` above 1, from `(n, in_features)` to `(ensemble_size, n, out_features)`.
    """
    layers: list[nn.Module] = []
    width = in_features
    for units in hidden:
        normed = _norm(norm, units, ensemble_size)
        layers += [_linear(width, units, ensemble_size), *normed, *activate(activation), *drop(dropout)]
        width = units
    layers.append(_linear(width, out_features, ensemble_size))
    if output_activation != "none":
        layers.append(nn.Sigmoid() if output_activation == "sigmoid" else nn.Softmax(dim=-1))
    return layers


def _linear(width: int, units: int, ensemble_size: int) -> nn.Module:
    return nn.Linear(width, units) if ensemble_size == 1 else EnsembleLinear(ensemble_size, width, units)


def _norm(name: Norm, units: int, ensemble_size: int) -> list[nn.Module]:
    if name == "none":
        return []
    if name == "layer":
        return [nn.LayerNorm(units)]
    return [nn.BatchNorm1d(units) if ensemble_size == 1 else EnsembleBatchNorm(ensemble_size, units)]


@final
class Categories(nn.Module):
    """Replaces the category codes in the last columns of a table by learned vectors.

    Code 0 means "unseen"; its vector is zero and stays so, so that a new category adds nothing.

    Args:
        in_features: Columns of the input, codes included.
        cardinalities: Number of codes of each category, code 0 included.
    """

    def __init__(self, *, in_features: int, cardinalities: Sequence[int]) -> None:
        super().__init__()
        self.numbers = in_features - len(cardinalities)
        if self.numbers < 0:
            raise ValueError(f"{len(cardinalities)} categories do not fit into {in_features} input columns")
        sizes = [min(LARGEST_EMBEDDING, (codes + 1) // 2) for codes in cardinalities]
        self.embeddings = nn.ModuleList(
            nn.Embedding(codes, size, padding_idx=0) for codes, size in zip(cardinalities, sizes, strict=True)
        )
        with torch.no_grad():
            for vectors in self.embeddings.parameters():
                vectors.mul_(EMBEDDING_STD)
        self.out_features = self.numbers + sum(sizes)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, in_features)`, codes as whole floats, to `(n, self.out_features)`."""
        codes = x[:, self.numbers :].long()
        vectors = [embed(codes[:, i]) for i, embed in enumerate(self.embeddings)]
        return torch.cat([x[:, : self.numbers], *vectors], dim=1)


@final
class SomeBinned(nn.Module):
    """Shows every second network of an ensemble, beside its inputs, how far each number is through each of its bins.

    A network bends where its units do, and hardly finds a step; by bins it does, and overfits more (Gorishniy, Rubachev
    and Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022). The others see 0 there.

    Args:
        front: From the inputs to `(n, width)`.
        bin_edges: Rising edges of the bins of each of the first columns; none of some.
        ensemble_size: Networks.
    """

    columns: Tensor
    lefts: Tensor
    widths: Tensor
    binned: Tensor

    def __init__(self, front: nn.Module, bin_edges: Sequence[Sequence[float]], *, ensemble_size: int) -> None:
        super().__init__()
        self.front = front
        bins = [
            (column, left, right - left)
            for column, edges in enumerate(bin_edges)
            for left, right in itertools.pairwise(edges)
        ]
        self.bins = len(bins)
        columns, lefts, widths = zip(*bins, strict=True)
        self.register_buffer("columns", torch.tensor(columns), persistent=False)
        self.register_buffer("lefts", torch.tensor(lefts), persistent=False)
        self.register_buffer("widths", torch.tensor(widths), persistent=False)
        self.register_buffer("binned", torch.arange(ensemble_size) % 2, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, in_features)` to `(members, n, width + bins)`."""
        plain = self.front(x)
        passed = ((x[:, self.columns] - self.lefts) / self.widths).clamp(0, 1) - 0.5
        both = torch.stack([nn.functional.pad(plain, (0, self.bins)), torch.cat([plain, passed], dim=1)])
        return both[self.binned]


def front(in_features: int, cardinalities: Sequence[int]) -> tuple[nn.Module, int]:
    """The first layer and its width: categories are embedded, anything else (images too) is flattened."""
    if not cardinalities:
        return nn.Flatten(), in_features
    categories = Categories(in_features=in_features, cardinalities=cardinalities)
    return categories, categories.out_features


def initialise(model: nn.Module, *, init: Init, std: float | None, bias: float | None) -> None:
    """Sets the weights and biases of all linear and convolution layers; embeddings and norms keep torch's.

    Args:
        model: Changed in place; with nothing set it is not touched, nor is the random state.
        init: Distribution of the weights; any but default sets the biases to 0.
        std: Standard deviation of the normal distribution, which it implies; None: 0.02.
        bias: Value of every bias; None: as `init` says.

    Raises:
        ValueError: `std` beside a distribution that has none.
    """
    if std is not None and init not in {"default", "normal"}:
        raise ValueError(f"init_std={std} belongs to init=normal, not to init={init}")
    name = "normal" if std is not None else init
    if bias is None and name != "default":
        bias = 0.0
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | EnsembleLinear):
            for weight in layer.weight if isinstance(layer, EnsembleLinear) else [layer.weight]:
                _set_weight(weight, name, NORMAL_STD if std is None else std)
            if bias is not None and layer.bias is not None:
                nn.init.constant_(layer.bias, bias)


def _set_weight(weight: Tensor, init: Init, std: float) -> None:
    match init:
        case "zeros":
            nn.init.zeros_(weight)
        case "normal":
            nn.init.normal_(weight, std=std)
        case "xavier_uniform":
            nn.init.xavier_uniform_(weight)
        case "kaiming_normal":
            nn.init.kaiming_normal_(weight, nonlinearity="relu")
        case "orthogonal":
            nn.init.orthogonal_(weight)
        case "default":
            pass
