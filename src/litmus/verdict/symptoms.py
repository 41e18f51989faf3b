"""What the curves and layers of a fit show, each as one figure or one yes or no: what findings are told apart by."""

import math

from litmus import statistics
from litmus.evidence import Evidence, Layer
from litmus.verdict import quantities

FAST = 0.1
"""A step that changes the weights by so large a share of themselves throws away what was learned."""
NARROW = 2
"""Units of a layer that hardly anything passes."""
SLOW = 1e-4
"""A step so small that a thousand of them hardly change the weights."""


def late(values: tuple[float | None, ...]) -> list[float]:
    """The later half of what was recorded of a layer, without what is undefined."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return known[len(known) // 2 :]


def update_ratio(evidence: Evidence) -> float | None:
    """Median over layers of the late size of a step as a share of the weights; None if it was not recorded."""
    return quantities.median([quantities.median(late(layer.update)) for layer in evidence.layers])


def largest_update(evidence: Evidence) -> float | None:
    """The largest share of its weights by which an epoch's mean step changed any layer."""
    known = [value for layer in evidence.layers for value in layer.update if value is not None and math.isfinite(value)]
    return max(known, default=None)


def turnover(evidence: Evidence) -> float | None:
    """How many times over an epoch late in training replaced the weights of the fastest layer."""
    steps = evidence.fit.steps / max(evidence.fit.epochs, 1)
    known = [value for layer in evidence.layers if (value := quantities.median(late(layer.update))) is not None]
    return max(known) * steps if known else None


def moved(evidence: Evidence) -> float | None:
    """Median over layers of how far weights went in all, as a share of where they started; at most, where not kept."""
    ways = [layer.moved for layer in evidence.layers if layer.moved is not None]
    if ways:
        return quantities.median(ways)
    ratio = quantities.median([quantities.mean(layer.update) for layer in evidence.layers])
    return None if ratio is None else ratio * evidence.fit.steps


def gradient_ratio(evidence: Evidence, *, at_first: bool = False) -> float | None:
    """Median gradient of the first layer over that of the last; of what was recorded first, where that is asked for."""
    if len(evidence.layers) < 2:
        return None
    first, last = (quantities.median(evidence.layers[k].gradient[: 1 if at_first else None]) for k in (0, -1))
    return first / last if first is not None and last else None


def gradient_kept(evidence: Evidence) -> float | None:
    """The last layer's late gradient over its first: near 1 where nothing was learned, small where training arrived."""
    if not evidence.layers:
        return None
    values = [value for value in evidence.layers[-1].gradient if value is not None and math.isfinite(value)]
    return values[-1] / values[0] if len(values) > 1 and values[0] > 0 else None


def dead(evidence: Evidence) -> Layer | None:
    """The layer with the largest share of dead units; None if none has any.

    Of one or two units half or all die easily: such a layer is too narrow, whatever its activation.
    """
    known = [layer for layer in evidence.layers if layer.dead and layer.width > NARROW]
    return max(known, key=lambda layer: layer.dead or 0.0) if known else None


def fell(evidence: Evidence) -> float | None:
    """Share of the initial train loss that is gone, negative if it rose; None if it is not known.

    Where the best possible loss is not 0, as in counts, this says less than the score.
    """
    start, end = evidence.fit.initial_loss, evidence.fit.final_train_loss
    losses = quantities.curve(evidence, "train/loss")
    end = losses[-1] if losses else end
    if start is None:
        start = losses[0] if len(losses) > 1 else None
    return None if start is None or end is None or not start else (start - end) / abs(start)


def rose(evidence: Evidence) -> bool:
    """Whether the train loss ended above where it began, above any constant output's, or well above its own minimum."""
    if evidence.fit.non_finite is not None:
        return True
    losses = quantities.curve(evidence, "train/loss")
    if not losses:
        return False
    end = quantities.median(losses[-5:]) or losses[-1]
    start, chance_loss = evidence.fit.initial_loss, evidence.fit.chance_loss
    if start is not None and end > 1.02 * start + 1e-9:
        return True
    if chance_loss is not None and chance_loss > 0 and end > 1.2 * chance_loss and len(losses) >= 5:
        return True
    lowest = statistics.minimum(losses)
    floor = 0.05 * abs(chance_loss or start or losses[0])
    return len(losses) >= 10 and lowest.rise > max(0.5 * abs(lowest.value), 10 * lowest.noise, floor)


def restless(evidence: Evidence) -> bool:
    """Whether the late train loss jumps about by a tenth of its level or more and goes nowhere."""
    losses = quantities.curve(evidence, "train/loss")
    if len(losses) < 10:
        return False
    tail = losses[len(losses) // 2 :]
    scale = max(abs(quantities.median(tail) or 0.0), 0.05 * abs(evidence.fit.chance_loss or losses[0]))
    return statistics.noise(tail) > 0.1 * scale and not statistics.trend(losses, tail=0.5).high < 0


def falling(evidence: Evidence) -> bool:
    """Whether the held-out loss surely still falls at the end, by enough to matter.

    One that rose before is on its way back, unless as many epochs again would take it below where it was.
    """
    losses = quantities.curve(evidence, "val/loss")
    if len(losses) < 4 or not statistics.still_falling(losses, floor=0.02):
        return False
    return statistics.minimum(losses).rise <= -statistics.projected_change(losses, ahead=1.0).value


def converged(evidence: Evidence) -> bool:
    """Whether training went nowhere any more, as far as the curves tell."""
    losses = quantities.curve(evidence, "train/loss")
    return len(losses) >= 10 and not statistics.still_falling(losses, floor=0.02)


def few_steps(evidence: Evidence) -> bool:
    """Whether there were too few optimizer steps to judge anything by the curves."""
    return evidence.fit.steps < 100 or evidence.fit.epochs < 4


def wide_inputs(evidence: Evidence) -> bool:
    """Whether the inputs' scales, as the model sees them, differ more than 100 times or lie far from 0."""
    ratio, offset = evidence.data.scale_ratio, evidence.data.seen_mean_ratio
    return (ratio or 0.0) > 100 or (offset or 0.0) > 10


def wide_target(evidence: Evidence) -> bool:
    """Whether a regression target, as the loss sees it, has a mean or a standard deviation above 10."""
    if not quantities.is_regression(evidence) or quantities.standardised_target(evidence):
        return False
    return max(abs(value or 0.0) for value in target_scale(evidence)) > 10


def target_scale(evidence: Evidence) -> tuple[float | None, float | None]:
    """Mean and standard deviation of the target as the loss sees it; from squared error where they were not measured.

    The best constant's squared error is the variance, and a fresh model's, which says about 0, the mean square.
    """
    data, fit = evidence.data, evidence.fit
    if data.target_sd is not None or "mse" not in evidence.task.loss.lower() or fit.chance_loss is None:
        return data.target_mean, data.target_sd
    beyond = max((fit.initial_loss or 0.0) - fit.chance_loss, 0.0)
    return math.sqrt(beyond), math.sqrt(max(fit.chance_loss, 0.0))


def vanishing(evidence: Evidence, *, at_first: bool = False) -> bool:
    """Whether next to no gradient reaches the first layer of a deep model, or reached it at first."""
    ratio = gradient_ratio(evidence, at_first=at_first)
    return ratio is not None and evidence.model.hidden_layers >= 3 and ratio < 1e-3
