"""Learning rates: what is usual, what trials of others gave, and what a remedy may need beside the present one."""

from litmus.evidence import Evidence, Trial
from litmus.verdict import quantities
from litmus.verdict.overrides import USUAL_LR, lr, optimizer
from litmus.verdict.wording import figure

NEAR_USUAL = 4.0
"""A rate within this factor of the optimizer's usual one is no suspect."""


def usual(evidence: Evidence) -> bool:
    """Whether the learning rate is near what its optimizer usually wants."""
    factor = usual_factor(evidence)
    return factor is not None and 1 / NEAR_USUAL <= factor <= NEAR_USUAL


def usual_factor(evidence: Evidence) -> float | None:
    """The optimizer's usual learning rate as a multiple of the present one; None if either is not known."""
    present, common = lr(evidence) or 0.0, USUAL_LR.get(optimizer(evidence), 0.0)
    return common / present if present > 0 and common > 0 else None


def other_rates(_evidence: Evidence) -> tuple[float, ...]:
    """What a stack of layers may need once its units bend or pass gradients on."""
    return (10.0, 3.0, 30.0)


def usual_or_higher(evidence: Evidence) -> tuple[float, ...]:
    """What a rate that was set for bad scales or a bad start may need once they are mended; none if it is usual."""
    if usual(evidence):
        return ()
    factor = usual_factor(evidence)
    return (10.0, 100.0) if factor is None else (factor, 10.0, 100.0)


def best_trial(evidence: Evidence, *, lower: bool) -> Trial | None:
    """What was tried of rates on this side of the one in use: the best that was paired with the unchanged run."""
    present, finding = lr(evidence), "lr_too_high" if lower else "lr_too_low"
    if present is None:
        return None
    made = [trial for trial in evidence.trials if trial.probe == "lr_ladder" or trial.finding == finding]
    rated = [(rate, trial) for trial in made if (rate := _tried_rate(trial)) is not None]
    side = [trial for rate, trial in rated if (rate < present if lower else rate > present)]
    return max(side, key=lambda trial: (trial.difference.value or 0.0) if trial.difference else -1.0, default=None)


def _tried_rate(tried: Trial) -> float | None:
    """The learning rate among a trial's overrides."""
    texts = [text.partition("=")[2] for text in tried.overrides if text.startswith("optimizer.lr=")]
    try:
        return float(texts[0]) if texts else None
    except ValueError:
        return None


def shown(tried: Trial | None) -> tuple[str, ...]:
    """The overrides of a trial that gained."""
    return tried.overrides if tried is not None and quantities.moves(tried) else ()


def value(rate: float | None) -> str:
    """The learning rate for a sentence, with a space before it; empty if it is not known."""
    return "" if rate is None else f" {figure(rate)}"
