"""What the layers of a model do while it trains: gradients, updates, dead units; for the verdict's evidence.

Recorded at a few dozen epochs, thinning out as training goes on, and only at their ends: the hot path does not see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, cast, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from litmus.data.tensors import Batch
from litmus.engine.module_outputs import evaluating
from litmus.engine.training_progress import followed
from litmus.evidence import Layer

# epochs, counted from 0, at whose ends layers are inspected: 0 1 2 3 4 5 6 7 9 11 13 ..., then at every further 20 %
RECORDED = frozenset([0, 1, 2, 3, *(round(4 * 1.2**step) for step in range(100))])
RECTIFIERS = (nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.ELU)
BOUNDED = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}
SATURATION = 0.01


def weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """The trained weight matrix or kernel of each layer, by module path, in the order of registration."""
    return {
        name.removesuffix(".weight"): parameter
        for name, parameter in model.named_parameters()
        if parameter.ndim > 1 and parameter.requires_grad and name.endswith("weight")
    }


@final
class Trace(Callback):
    """Records gradient and update sizes of each layer at the end of the recorded epochs.

    Args:
        sample: Encoded training rows on which layers and loss are inspected before the first step.
        finish: The preprocessing's part per batch.
    """

    def __init__(self, sample: Batch, finish: Callable[[Tensor], Tensor]) -> None:
        self.sample, self.finish = sample, finish
        self.layers: dict[str, Layer] = {}
        self.start: dict[str, Tensor] = {}
        self.initial_loss: float | None = None
        self.epochs: list[int] = []
        self.gradient: dict[str, list[float]] = {}
        self.update: dict[str, list[float]] = {}
        self.before: list[Tensor] = []
        self.step = 0
        self.weights: dict[str, nn.Parameter] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        learner = followed(trainer, pl_module)
        model = learner.model
        self.weights = weights(model)
        if self.layers:  # resumed
            return
        x, y = self.finish(self.sample.x.to(learner.device)), self.sample.y.to(learner.device)
        units, outputs = _pass(model, [x])
        self.layers = _layers(model, units)
        if learner.loss.measurable:
            with torch.no_grad():
                self.initial_loss = float(learner.loss(outputs[0], y))
        self.start = {name: weight.detach().cpu().clone() for name, weight in self.weights.items()}

    def relative_change(self, name: str, model: nn.Module) -> float | None:
        """RMS of what training has changed in a weight, over the RMS that it started with; None if that is 0."""
        start = self.start.get(name)
        size = None if start is None else float(start.square().mean().sqrt())
        if start is None or not size:
            return None
        return float((weights(model)[name].detach().cpu() - start).square().mean().sqrt()) / size

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch in RECORDED:
            self.before = [weight.detach().clone() for weight in self.weights.values()]
            self.step = trainer.global_step

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.end_epoch(trainer)

    def end_epoch(self, trainer: Trainer) -> None:
        """Records the epoch, once: before validation where that clears the gradients."""
        self._record(trainer)
        self.before = []

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keeps what there is of an epoch inside which max_steps may end the fit; its end replaces it."""
        self._record(trainer)
        checkpoint["callbacks"][self.state_key] = self.state_dict()

    def _record(self, trainer: Trainer) -> None:
        if not self.before:
            return
        steps = max(trainer.global_step - self.step, 1)
        sizes = []
        for weight, before in zip(self.weights.values(), self.before, strict=True):
            gradient = weight.new_zeros(()) if weight.grad is None else weight.grad.square().mean().sqrt()
            moved = (weight.detach() - before).square().mean().sqrt() / steps
            sizes += [gradient, moved / before.square().mean().sqrt().clamp_min(1e-12)]
        values = iter(torch.stack(sizes).tolist())
        if trainer.current_epoch not in self.epochs:
            self.epochs.append(trainer.current_epoch)
        place = len(self.epochs) - 1
        for name in self.weights:
            self.gradient.setdefault(name, [])[place:] = [next(values)]
            self.update.setdefault(name, [])[place:] = [next(values)]

    def state_dict(self) -> dict[str, Any]:
        return {
            "epochs": self.epochs,
            "gradient": self.gradient,
            "update": self.update,
            "before": self.before,
            "step": self.step,
            "start": self.start,
            "initial_loss": self.initial_loss,
            "layers": {name: asdict(layer) for name, layer in self.layers.items()},
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.layers = {name: Layer(**layer) for name, layer in state_dict["layers"].items()}
        for name in ("epochs", "gradient", "update", "before", "step", "start", "initial_loss"):
            setattr(self, name, state_dict[name])


@dataclass
class _Units:
    """Statistics of a layer's outputs over many batches."""

    width: int = 0
    rows: int = 0
    total: float = 0.0
    squares: float = 0.0
    alive: Tensor | None = None
    bounded: float | None = None
    count: int = 0


def inspect_layers(model: nn.Module, batches: list[Tensor], layers: dict[str, Layer] | None = None) -> dict[str, Layer]:
    """One record for each layer with weights, in the order in which data pass them.

    Args:
        model: In any mode; it is inspected in evaluation mode.
        batches: Finished inputs `(rows, *in_shape)`.
        layers: The records from before the first step: their spreads are kept, today's become `spread_end`.
    """
    units, _ = _pass(model, batches)
    return _layers(model, units, layers)


def _layers(
    model: nn.Module, units: Mapping[str, _Units], layers: Mapping[str, Layer] | None = None
) -> dict[str, Layer]:
    found: dict[str, Layer] = {}
    for name, seen in units.items():
        deviation = max(seen.squares / seen.count - (seen.total / seen.count) ** 2, 0.0) ** 0.5
        dead = None if seen.alive is None else 1 - float(seen.alive.float().mean())
        saturated = None if seen.bounded is None else seen.bounded / seen.count
        if layers is None or name not in layers:
            identical = _identical(model.get_submodule(name))
            found[name] = Layer(name=name, width=seen.width, spread=deviation, dead=dead, identical=identical)
        else:
            found[name] = replace(layers[name], spread_end=deviation, dead=dead, saturated=saturated)
    return found


def _identical(layer: nn.Module) -> bool:
    weight = cast("Tensor", layer.weight).detach()
    weight = weight[0] if _of_ensemble(layer) else weight
    return len(weight) > 1 and bool((weight == weight[:1]).all())


@torch.no_grad()
def _pass(model: nn.Module, batches: list[Tensor]) -> tuple[dict[str, _Units], list[Tensor]]:
    """What each layer gives, in the order in which data pass them, and the outputs of every batch."""
    watch = _Watch(set(weights(model)))
    handles = watch.attach(model)
    try:
        with evaluating(model):
            outputs = [model(batch) for batch in batches]
    finally:
        for handle in handles:
            handle.remove()
    return watch.units, outputs


class _Watch:
    """Collects statistics of every layer's outputs, and of those of the activation that follows it."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.units: dict[str, _Units] = {}
        self.last: str | None = None
        self.per_member = False

    def attach(self, model: nn.Module) -> list[RemovableHandle]:
        return [
            module.register_forward_hook(partial(self.layer, name) if name in self.names else self.activation)
            for name, module in model.named_modules()
            if name in self.names or isinstance(module, (*RECTIFIERS, *BOUNDED))
        ]

    def layer(self, name: str, module: nn.Module, _args: Any, output: Tensor) -> None:
        seen = self.units.setdefault(name, _Units(width=output.shape[_unit_dimension(output)]))
        seen.count += output.numel()
        seen.total += float(output.sum(dtype=torch.float64))  # without a copy in double
        seen.squares += float(torch.linalg.vector_norm(output, dtype=torch.float64)) ** 2
        self.last, self.per_member = name, _of_ensemble(module)

    def activation(self, module: nn.Module, _args: Any, output: Tensor) -> None:
        if self.last is None:
            return
        seen = self.units[self.last]
        if self.per_member:
            output = output.transpose(0, 1).flatten(1)  # each member's units beside those of the others
        if isinstance(module, RECTIFIERS):
            unit = _unit_dimension(output) % output.ndim
            alive = output.amax(dim=[d for d in range(output.ndim) if d != unit]) > 0
            seen.alive = alive if seen.alive is None or len(seen.alive) != len(alive) else seen.alive | alive
        else:
            low, high = BOUNDED[type(module)]
            edge = SATURATION * (high - low) / 2
            stuck = ((output < low + edge) | (output > high - edge)).float().sum()
            seen.bounded = (seen.bounded or 0.0) + float(stuck)


def _of_ensemble(layer: nn.Module) -> bool:
    """Whether a layer computes for several members, `(members, rows, units)`."""
    return bool(getattr(layer, "per_member", False))


def _unit_dimension(output: Tensor) -> int:
    """Where a layer's units are: the channels of an image, else the last dimension."""
    return 1 if output.ndim == 4 else -1
