"""Computes the layers of many models of one shape together, each layer as one batched product.

Shapes: M models, N rows, F features or units, P parameters of one model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FRONTS = ("Flatten", "Categories")
ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.Softmax)
COMPARED_ROWS: Final = 5
TOLERANCE: Final = 1e-4  # relative and absolute

Apply = Callable[[Tensor], Tensor]


class NotStackable(Exception):  # noqa: N818  # an answer, not a mistake
    """A model cannot be trained beside others; the message says why in a few words."""


@final
@dataclass(frozen=True)
class Block:
    """A linear layer and what follows it up to the next one."""

    linear: nn.Linear
    norm: nn.Module | None
    activation: nn.Module | None
    dropout: float


@final
@dataclass(frozen=True)
class Outline:
    """A model as its first layer and blocks; models of the same `shape` can be stacked."""

    front: nn.Module
    blocks: tuple[Block, ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        """All that models of one stack have in common: sizes and norms, but neither activations nor dropout."""
        tables = [tuple(table.weight.shape) for table in getattr(self.front, "embeddings", ())]
        sizes = [
            (tuple(block.linear.weight.shape), block.linear.bias is not None, repr(block.norm)) for block in self.blocks
        ]
        return (type(self.front).__name__, *tables, *sizes)

    @property
    def activations(self) -> str:
        """The activations in order, as text, so that models with the same ones can be put side by side."""
        return str([block.activation for block in self.blocks])


def outline(model: nn.Module) -> Outline:
    """The outline of a stack of linear layers.

    Raises:
        NotStackable: It is something else, or holds a layer that is not known here.
    """
    children = list(model.children())
    if len(children) != 1 or not isinstance(children[0], nn.Sequential) or list(model.parameters(recurse=False)):
        raise NotStackable(f"{type(model).__name__} is not a plain sequence of layers")
    front, *layers = children[0]
    if type(front).__name__ not in FRONTS or not layers or not isinstance(layers[0], nn.Linear):
        raise NotStackable(f"{type(model).__name__} does not start with a linear layer")
    return Outline(front, tuple(_blocks(layers)))


def _blocks(layers: Sequence[nn.Module]) -> Iterator[Block]:
    starts = [place for place, layer in enumerate(layers) if isinstance(layer, nn.Linear)]
    for start, end in zip(starts, [*starts[1:], len(layers)], strict=True):
        linear, *rest = layers[start:end]
        assert isinstance(linear, nn.Linear)  # noqa: S101  # for the type checker
        norm = rest.pop(0) if rest and isinstance(rest[0], nn.LayerNorm | nn.BatchNorm1d) else None
        activation = rest.pop(0) if rest and isinstance(rest[0], ELEMENTWISE) else None
        dropout = rest.pop(0) if rest and isinstance(rest[0], nn.Dropout) else None
        if rest:
            raise NotStackable(f"{type(rest[0]).__name__} cannot be computed for many models at once")
        yield Block(linear, norm, activation, dropout.p if isinstance(dropout, nn.Dropout) else 0.0)


@final
class StackedModel:
    """M models as one: `theta` (M, P) holds their parameters, `theta.grad` their gradients.

    Args:
        models: Of one shape, those with the same activations next to each other; not changed.
        seeds: Of the models' dropout, one each.
    """

    def __init__(self, models: Sequence[nn.Module], seeds: Sequence[int]) -> None:
        self.outlines = [outline(model) for model in models]
        self.sizes = [parameter.shape for parameter in models[0].parameters()]
        self.places = {id(parameter): place for place, parameter in enumerate(models[0].parameters())}
        self.first = self.outlines[0]
        self.seeds = list(seeds)
        self.buffers = _running(self.outlines)
        self._lay_out(torch.stack([nn.utils.parameters_to_vector(model.parameters()).detach() for model in models]))

    def keep(self, places: Sequence[int]) -> None:
        """Keeps only the models at these places."""
        self.outlines = [self.outlines[place] for place in places]
        self.seeds = [self.seeds[place] for place in places]
        self.buffers = [buffer[list(places)].contiguous() for buffer in self.buffers]
        self._lay_out(self.theta[list(places)])

    def _lay_out(self, theta: Tensor) -> None:
        self.theta = theta.contiguous()
        self.theta.grad = gradient = torch.zeros_like(self.theta)
        self.leaves: list[Tensor] = []
        self.gradients: list[Tensor] = []  # of each leaf, its part of theta.grad
        start = 0
        for size in self.sizes:
            end = start + size.numel()
            self.leaves.append(self.theta[:, start:end].view(-1, *size).requires_grad_())
            self.gradients.append(gradient[:, start:end].view(-1, *size))
            start = end
        self.activations = [_side_by_side(places) for places in zip(*self._activations(), strict=True)]
        self.generators = [torch.Generator() for _ in self.seeds]

    def _activations(self) -> list[list[nn.Module | None]]:
        return [[block.activation for block in outline.blocks] for outline in self.outlines]

    def forward(self, x: Tensor, *, step_seeds: Sequence[int] | None = None) -> Tensor:
        """Raw outputs `(M, N, outputs)` of finished inputs `(M, N, *in_shape)`.

        Args:
            x: Inputs, the same rows for all models or not.
            step_seeds: Of each model's dropout in this training step; None: evaluation mode.
        """
        out = self._front(x)
        norms = iter(self.buffers)
        for generator, seed in zip(self.generators, step_seeds or (), strict=False):
            generator.manual_seed(seed)
        for place, block in enumerate(self.first.blocks):
            out = self._linear(block.linear, out)
            if block.norm is not None:
                out = self._norm(block.norm, out, norms, training=step_seeds is not None)
            out = self.activations[place](out)
            if step_seeds is not None:
                out = self._drop(out, [outline.blocks[place].dropout for outline in self.outlines])
        return out

    def backward(self, losses: Tensor, *, accumulate: bool = False) -> None:
        """Computes the gradients of each model's own loss `(M,)`; `accumulate`: adds them to those that are there."""
        for gradient, part in zip(self.gradients, torch.autograd.grad(losses.sum(), self.leaves), strict=True):
            if accumulate:
                gradient.add_(part)
            else:
                gradient.copy_(part)

    @property
    def drops(self) -> bool:
        """Whether any model has dropout, so that training steps need seeds."""
        return any(block.dropout for outline in self.outlines for block in outline.blocks)

    def _leaf(self, parameter: Tensor) -> Tensor:
        return self.leaves[self.places[id(parameter)]]

    def _front(self, x: Tensor) -> Tensor:
        if type(self.first.front) is nn.Flatten:
            return x.flatten(2)
        front: Any = self.first.front
        codes = x[..., front.numbers :].long()
        vectors = [self._embed(table.weight, codes[..., i]) for i, table in enumerate(front.embeddings)]
        return torch.cat([x[..., : front.numbers], *vectors], dim=2)

    def _embed(self, table: Tensor, codes: Tensor) -> Tensor:
        """`(M, N, dim)` vectors of codes `(M, N)`; the vector of code 0 is 0 and has no gradient."""
        weight = self._leaf(table)
        offset = torch.arange(len(weight)).unsqueeze(1) * weight.shape[1]
        vectors = F.embedding(codes + offset, weight.flatten(0, 1))
        return vectors * (codes != 0).unsqueeze(2)

    def _linear(self, layer: nn.Linear, x: Tensor) -> Tensor:
        weight = self._leaf(layer.weight).transpose(1, 2)
        return (
            torch.bmm(x, weight)
            if layer.bias is None
            else torch.baddbmm(self._leaf(layer.bias).unsqueeze(1), x, weight)
        )

    def _norm(self, norm: nn.Module, x: Tensor, buffers: Iterator[Tensor], *, training: bool) -> Tensor:
        weight, bias = self._leaf(norm.weight), self._leaf(norm.bias)  # type: ignore[arg-type]
        if isinstance(norm, nn.LayerNorm):
            plain = F.layer_norm(x, norm.normalized_shape, eps=norm.eps)
            return torch.addcmul(bias.unsqueeze(1), plain, weight.unsqueeze(1))
        assert isinstance(norm, nn.BatchNorm1d)  # noqa: S101  # for the type checker
        mean, variance = next(buffers), next(buffers)
        rows = x.transpose(0, 1).flatten(1)
        kept = (mean.view(-1), variance.view(-1), weight.flatten(), bias.flatten())
        out = F.batch_norm(rows, *kept, training, norm.momentum or 0.0, norm.eps)
        return out.view(x.shape[1], len(x), -1).transpose(0, 1)

    def _drop(self, x: Tensor, rates: Sequence[float]) -> Tensor:
        """Dropout by each model's own random stream, as torch would draw it for that model alone."""
        if not any(rates):
            return x
        mask = torch.ones_like(x)
        for place, rate in enumerate(rates):
            if rate:
                mask[place].bernoulli_(1 - rate, generator=self.generators[place]).div_(1 - rate)
        return x * mask

    def write_back(self, place: int, theta: Tensor, buffers: Sequence[Tensor], model: nn.Module) -> None:
        """Copies parameters `(P,)`, and the buffers at that place, into a model."""
        nn.utils.vector_to_parameters(theta, model.parameters())
        own = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm1d)]
        for layer, mean, variance in zip(own, buffers[::2], buffers[1::2], strict=True):
            layer.running_mean.copy_(mean[place])  # type: ignore[union-attr]
            layer.running_var.copy_(variance[place])  # type: ignore[union-attr]


def _running(outlines: Sequence[Outline]) -> list[Tensor]:
    """Running means and variances `(M, units)` of each batch norm, in turn."""
    norms = [[b.norm for b in outline.blocks if isinstance(b.norm, nn.BatchNorm1d)] for outline in outlines]
    return [
        torch.stack([getattr(norm, name) for norm in layer]).clone()
        for layer in zip(*norms, strict=True)
        for name in ("running_mean", "running_var")
    ]


def _side_by_side(activations: Sequence[nn.Module | None]) -> Apply:
    """Each model's own activation on its outputs `(M, N, units)`; models with the same one are neighbours."""
    runs = [(len(list(run)), name) for name, run in groupby(map(repr, activations))]
    by_name = {repr(activation): activation or nn.Identity() for activation in activations}
    if len(runs) == 1:
        return by_name[runs[0][1]]
    sizes = [size for size, _ in runs]

    def apply(x: Tensor) -> Tensor:
        return torch.cat([by_name[name](part) for part, (_, name) in zip(x.split(sizes), runs, strict=True)])

    return apply


def agrees(model: nn.Module, x: Tensor) -> bool:
    """Whether the model's outline gives the outputs of the model itself, on a few rows `(n, *in_shape)`."""
    stacked = StackedModel([model], [0])
    training = model.training
    with torch.no_grad():
        rows = x[:COMPARED_ROWS]
        theirs = model.eval()(rows)
        ours = stacked.forward(rows.unsqueeze(0))[0]
    model.train(training)
    return bool(torch.allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))
