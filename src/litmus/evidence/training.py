"""What was asked, what was trained, and how training went."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What was asked.

    Args:
        kind: binary, multiclass or regression.
        target: The target's name.
        classes: Labels in code order; `(negative, positive)` in binary tasks.
        primary: Name of the primary metric: balanced_accuracy, average_precision or r2.
        threshold: Decision threshold in use, None outside binary tasks.
        threshold_goal: Stated goal such as "recall@0.95"; None if the user stated none.
        majority_share: Share of the most frequent class in train; None in regression.
        loss: The loss's name, such as "BCE".
        own_metrics: Names of the user's own metrics, and whether more of each is better.
    """

    kind: str
    target: str
    classes: tuple[str, ...] = ()
    primary: str = "r2"
    threshold: float | None = None
    threshold_goal: str | None = None
    majority_share: float | None = None
    loss: str = ""
    own_metrics: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What was trained.

    Args:
        name: Class name.
        parameters: Number of trainable parameters.
        hidden_layers: Parameterised layers before the last one.
        linear: Whether the trained map is affine in its inputs, from the modules and checked numerically.
        activation: Name of the non-linearity if the config states one.
        output_activation: Name of the output activation, "none" if there is none.
        ensemble_size: Networks whose mean predicts.
    """

    name: str
    parameters: int
    hidden_layers: int
    linear: bool
    activation: str | None = None
    output_activation: str = "none"
    ensemble_size: int = 1


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One parameterised layer while training; lists hold one value per recorded epoch (see `FitFacts.recorded`).

    Args:
        name: Module path.
        width: Number of output units.
        gradient: RMS of the weight's gradient.
        update: RMS of an epoch's mean step divided by the weight's RMS.
        dead: Share of units that are 0 on every training row, at the end; None if no ReLU-like unit follows.
        spread: Standard deviation of its outputs on training rows before the first step.
        spread_end: The same after training.
        saturated: Share of outputs of a tanh or sigmoid within 1 % of a bound at the end; None otherwise.
        identical: Whether all its rows of weights were the same before the first step.
        moved: RMS of the weight's whole way from its start to the end of training, divided by the start's RMS; None if
            it was not kept or started at 0. From who traces the layers.
    """

    name: str
    width: int
    gradient: tuple[float | None, ...] = ()
    update: tuple[float | None, ...] = ()
    dead: float | None = None
    spread: float | None = None
    spread_end: float | None = None
    saturated: float | None = None
    identical: bool = False
    moved: float | None = None


@dataclass(frozen=True, kw_only=True)
class NonFinite:
    """The first value that was not finite."""

    epoch: int
    step: int
    where: str  # "loss", "gradient", "activation" or "parameter"
    layer: str | None = None


@dataclass(frozen=True, kw_only=True)
class FitFacts:
    """How training went.

    Args:
        epochs: Epochs completed.
        max_epochs: Epochs allowed.
        steps: Optimizer steps.
        batches_per_epoch: Micro-batches an epoch.
        accumulate: Micro-batches per step.
        stopped_early: Whether early stopping ended it.
        best_epoch: Epoch of the weights in use, counted from 0.
        seconds: Wall time of the fit.
        initial_loss: Train loss in evaluation mode before the first step.
        chance_loss: Loss of the best constant output.
        final_train_loss: Train loss in evaluation mode of the weights in use.
        batch_label_entropy: Mean over batches of the label entropy within a batch divided by that of the whole split;
            None in regression.
        recorded: Epochs at which layers were recorded.
        shuffled: Whether batches were shuffled.
        non_finite: The first non-finite value, or None.
        interrupted: Whether a signal ended it.
        lr: Largest learning rate of all parameter groups at the end of each epoch; empty if it was not recorded. From
            who trains.
    """

    epochs: int
    max_epochs: int
    steps: int
    batches_per_epoch: int
    accumulate: int = 1
    stopped_early: bool = False
    best_epoch: int | None = None
    seconds: float = 0.0
    initial_loss: float | None = None
    chance_loss: float | None = None
    final_train_loss: float | None = None
    batch_label_entropy: float | None = None
    recorded: tuple[int, ...] = ()
    shuffled: bool = True
    non_finite: NonFinite | None = None
    interrupted: bool = False
    lr: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Memorised:
    """Whether the model has learnt by heart the few batches that it was trained on.

    Args:
        learnt: Every class is right, or next to all variation is explained.
        batches: How many.
        rows: In them.
        right: Rows whose class is right; None for numbers.
        r2: Explained variation; None for classes.
    """

    learnt: bool
    batches: int
    rows: int
    right: int | None = None
    r2: float | None = None
