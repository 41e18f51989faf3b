"""Findings about the optimizer's steps: too large, too small, too few, or broken off by a value that is not finite."""

from collections.abc import Mapping
from typing import Any

from litmus.evidence import Evidence, Trial
from litmus.statistics import projected_change
from litmus.verdict import reading, symptoms
from litmus.verdict.findings.context import Context, Judgement, found
from litmus.verdict.overrides import assign, higher_lr, lower_lr, lr
from litmus.verdict.words import figure, percent

ENOUGH_STEPS, MOST_STEPS = 500, 5000
MOST_EPOCHS = 500
FEWEST_EPOCHS = 20


def find_non_finite(evidence: Evidence, _context: Context) -> Judgement:
    """A loss, gradient, activation or parameter was not finite; the judge adds the cause's overrides."""
    broken = evidence.fit.non_finite
    if broken is None:
        return None
    where = f"{broken.where} of layer {broken.layer}" if broken.layer else broken.where
    precision = str(reading.setting(evidence, "trainer.precision", ""))
    half = "16" in precision and "bf16" not in precision
    return found(
        "non_finite",
        "error",
        f"The {where} was not finite in step {broken.step} of epoch {broken.epoch}.",
        overrides=(assign("trainer.precision", "32-true"),) if half else (),
        epoch=broken.epoch,
        step=broken.step,
        where=broken.where,
        layer=broken.layer,
        precision=precision or None,
        lr=lr(evidence),
    )


def find_lr_too_high(evidence: Evidence, context: Context) -> Judgement:
    """Two or more signs that steps are too large; never from the learning rate's value alone."""
    tried = _ladder(evidence, lower=True)
    fastest, turnover = symptoms.largest_update(evidence) or 0.0, symptoms.turnover(evidence) or 0.0
    fast = fastest > symptoms.FAST or (turnover > 0.5 and evidence.fit.epochs >= 5)
    killed = fastest > symptoms.FAST / 2 and (
        (layer := symptoms.dead(evidence)) is not None and (layer.dead or 0) >= 0.9
    )
    signs = {
        "rose": symptoms.rose(evidence),
        "restless": symptoms.restless(evidence),
        "fast": fast,
        "killed_units": killed,
        "ladder_prefers_lower": reading.moves(tried),
        "not_finite": _broke_on_its_own(evidence),
    }
    if sum(signs.values()) < 2:
        return None
    broke = evidence.fit.non_finite is not None
    words = {
        "rose": "the train loss rose",
        "restless": "it jumps about without a trend",
        "fast": f"steps change weights by up to {percent(fastest)}",
        "killed_units": "units died",
        "ladder_prefers_lower": "a lower rate does better",
        "not_finite": "values became infinite",
    }
    told = [words[sign] for sign, shows in signs.items() if shows]
    return found(
        "lr_too_high",
        "error" if broke else context.severity(tried, sure=context.could_gain),
        f"The learning rate{_value(lr(evidence))} is too high: {', '.join(told[:3])}.",
        overrides=_best(tried) or lower_lr(evidence),
        tried=tried,
        lr=lr(evidence),
        signs=[sign for sign, shows in signs.items() if shows],
        largest_update=fastest or None,
        ladder=None if tried is None else dict(tried.detail),
    )


def _broke_on_its_own(evidence: Evidence) -> bool:
    """Whether values became infinite though inputs, target and start were in order."""
    scales = symptoms.wide_inputs(evidence) or symptoms.wide_target(evidence)
    return evidence.fit.non_finite is not None and evidence.fit.non_finite.step > 0 and not scales


def find_lr_too_low(evidence: Evidence, context: Context) -> Judgement:
    """The loss hardly fell, gradients are alive and steps tiny; or the schedule took the rate away too soon."""
    tried = _ladder(evidence, lower=False)
    fell, ratio, way = symptoms.fell(evidence), symptoms.update_ratio(evidence), symptoms.moved(evidence)
    faded = _faded(evidence)
    alive = (symptoms.gradient_kept(evidence) or 0.0) > 0.3 and not symptoms.vanishing(evidence)
    still = way is not None and way < 0.05 and alive and not symptoms.few_steps(evidence)
    tiny = ratio is not None and ratio < symptoms.SLOW and alive and fell is not None and fell < 0.05
    if not reading.moves(tried) and not tiny and not still and not faded:
        return None
    if fell is not None and fell > 0.5 and not reading.moves(tried):
        return None
    change = (assign("scheduler", "none"),) if faded else _best(tried) or _unclipped(evidence) or higher_lr(evidence)
    share = "unknown" if ratio is None else percent(ratio)
    text = f"a step changes the weights by {share}, the loss fell by {percent(max(fell or 0.0, 0.0))}"
    if faded:
        text = f"the schedule took it to {figure(evidence.fit.lr[-1])} before the model had learned"
    return found(
        "lr_too_low",
        context.severity(tried, sure=context.could_gain and (tiny or still or faded)),
        f"The learning rate{_value(lr(evidence))} is too low: {text}.",
        overrides=change,
        tried=tried,
        lr=lr(evidence),
        update_ratio=ratio,
        moved=way,
        fell=fell,
        gradient_kept=symptoms.gradient_kept(evidence),
        ladder=None if tried is None else dict(tried.detail),
    )


def _ladder(evidence: Evidence, *, lower: bool) -> Trial | None:
    """What was tried of rates on this side of the one in use: the best that was paired with the unchanged run."""
    present, finding = lr(evidence), "lr_too_high" if lower else "lr_too_low"
    if present is None:
        return None
    made = [one for one in evidence.trials if one.probe == "lr_ladder" or one.finding == finding]
    rated = [(rate, one) for one in made if (rate := _tried_rate(one)) is not None]
    side = [one for rate, one in rated if (rate < present if lower else rate > present)]
    return max(side, key=lambda one: (one.difference.value or 0.0) if one.difference else -1.0, default=None)


def _tried_rate(tried: Trial) -> float | None:
    """The learning rate among a trial's overrides."""
    texts = [text.partition("=")[2] for text in tried.overrides if text.startswith("optimizer.lr=")]
    try:
        return float(texts[0]) if texts else None
    except ValueError:
        return None


def _best(tried: Trial | None) -> tuple[str, ...]:
    return tried.overrides if tried is not None and reading.moves(tried) else ()


def _faded(evidence: Evidence) -> bool:
    """Whether the schedule had taken the rate to a hundredth by half of the epochs, before much was learned."""
    rates = [rate for rate in evidence.fit.lr if rate]
    if len(rates) < 4 or reading.learned(evidence) is None:
        return False
    return rates[len(rates) // 2] < 0.01 * max(rates) and (reading.learned(evidence) or 0.0) < 0.9


def _unclipped(evidence: Evidence) -> tuple[str, ...]:
    """A clip so tight that it, not the rate, makes the steps small."""
    clip = reading.number(evidence, "trainer.gradient_clip_val")
    return (assign("trainer.gradient_clip_val", 1.0),) if 0 < clip < 0.01 else ()


def _value(rate: float | None) -> str:
    return "" if rate is None else f" {figure(rate)}"


def find_too_few_epochs(evidence: Evidence, context: Context) -> Judgement:
    """Val loss still falls significantly at the end and a longer run gains; or there were next to no steps."""
    tried = reading.trial(evidence, "longer", finding="too_few_epochs")
    fit = evidence.fit
    cut_short = fit.epochs >= fit.max_epochs or fit.interrupted
    falling = symptoms.falling(evidence) and cut_short
    few = symptoms.few_steps(evidence) and (cut_short or fit.steps < 30)
    hasty = (
        fit.stopped_early and fit.epochs <= 10 and reading.number(evidence, "callback.early_stopping.patience", 20) < 5
    )
    if context.broke or not (falling or few or hasty or reading.moves(tried)):
        return None
    if "train" not in evidence.data.sizes:  # predictions alone: no training was seen
        return None
    slow = (symptoms.update_ratio(evidence) or 1.0) < symptoms.SLOW
    behind = _behind_on_train(evidence, context)
    ended = f"{fit.epochs} epochs ({fit.steps} optimizer steps)"
    why = "the validation loss was still falling" if falling else "too few to learn much"
    return found(
        "too_few_epochs",
        context.severity(tried, sure=context.could_gain and behind and not slow),
        f"Training ended after {ended}: {why}.",
        overrides=_longer(evidence, hasty=hasty),
        tried=tried,
        epochs=fit.epochs,
        max_epochs=fit.max_epochs,
        steps=fit.steps,
        accumulate=fit.accumulate,
        projected=_projected(evidence),
        stopped_early=fit.stopped_early,
        interrupted=fit.interrupted or None,
    )


def _behind_on_train(evidence: Evidence, context: Context) -> bool:
    """Whether the model is not even on train where a reference is on rows it has not seen: more steps could help."""
    train = reading.primary(evidence, "train").value
    if context.rival is None or train is None:
        return True
    top = reading.level(evidence, context.rival)
    return top is None or train < top


def _projected(evidence: Evidence) -> float | None:
    """What the validation loss would do in as many epochs again, would its last slope go on."""
    losses = reading.curve(evidence, "val/loss")
    return projected_change(losses, ahead=1.0).value if len(losses) >= 4 else None


def _longer(evidence: Evidence, *, hasty: bool) -> tuple[str, ...]:
    """Two to four times the epochs, more where steps were next to none; or every batch a step; or more patience."""
    fit = evidence.fit
    if hasty:
        return (assign("callback.early_stopping.patience", 20),)
    per_epoch = fit.steps / max(fit.epochs, 1)
    wasted = fit.accumulate > 1 and fit.batches_per_epoch > 1 and per_epoch <= max(4, fit.batches_per_epoch / 8)
    every = (assign("trainer.accumulate_grad_batches", 1),) if wasted else ()
    if wasted:
        per_epoch = fit.batches_per_epoch
    if wasted and per_epoch * fit.epochs >= ENOUGH_STEPS:
        return every
    losses, projected = reading.curve(evidence, "val/loss"), _projected(evidence)
    steep = projected is not None and bool(losses) and -projected > 0.2 * abs(losses[-1])
    epochs = (4 if steep or projected is None else 2) * max(fit.epochs, fit.max_epochs if fit.interrupted else 1)
    if symptoms.few_steps(evidence):
        enough = max(ENOUGH_STEPS, min(1 / max(symptoms.update_ratio(evidence) or 1.0, 1e-9), MOST_STEPS))
        epochs = max(epochs, FEWEST_EPOCHS, min(MOST_EPOCHS, round(enough / max(per_epoch, 1))))
    return (*every, assign("trainer.max_epochs", epochs))


def find_not_shuffled(evidence: Evidence, context: Context) -> Judgement:
    """Batches are not shuffled and hold far less label entropy than the whole."""
    entropy = evidence.fit.batch_label_entropy
    tried = reading.trial(evidence, "shuffled", finding="not_shuffled")
    if evidence.fit.shuffled:
        return None
    if not reading.moves(tried) and (entropy is None or entropy > 0.7 * _expected_entropy(evidence)):
        return None
    decisive = entropy is not None and entropy < 0.4 * _expected_entropy(evidence)
    share = "" if entropy is None else f" and a batch holds {percent(entropy)} of the labels' variety"
    return found(
        "not_shuffled",
        context.severity(tried, sure=decisive and context.could_gain),
        f"Rows are not shuffled{share}, so that each batch undoes the one before.",
        overrides=(assign("data.shuffle", value=True),),
        tried=tried,
        batch_label_entropy=entropy,
        expected=_expected_entropy(evidence),
    )


def _expected_entropy(evidence: Evidence) -> float:
    """What random batches of this size would hold, to first order.

    Source: Miller 1955: (K - 1) / 2B below the whole.
    """
    size = reading.number(evidence, "data.batch_size", 32.0) * max(evidence.fit.accumulate, 1)
    counts: Mapping[str, Any] = evidence.data.class_counts.get("train", {})
    return max(0.3, 1 - max(len(counts) - 1, 1) / (2 * max(size, 1) * 0.7))
