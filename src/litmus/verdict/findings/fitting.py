"""Findings about how closely the model fits: too tightly held, too loosely, or by chance."""

from litmus.evidence import Evidence
from litmus.statistics import minimum, spread
from litmus.verdict import reading
from litmus.verdict.findings.context import Context, Judgement, found
from litmus.verdict.overrides import assign, optimizer, ours
from litmus.verdict.words import figure, metric, percent, points, reference


def find_over_regularised(evidence: Evidence, context: Context) -> Judgement:
    """Without weight decay and dropout the train loss gets clearly lower."""
    tried = reading.trial(evidence, "unregularised", finding="over_regularised")
    decay, dropout = reading.number(evidence, "optimizer.weight_decay"), reading.number(evidence, "model.dropout")
    heavy = decay >= (3.0 if optimizer(evidence) == "adamw" else 0.03) or dropout >= 0.7
    train = reading.primary(evidence, "train").value
    top = reading.level(evidence, context.rival) if context.rival else None
    short = train is not None and top is not None and train < top - 0.03
    behind = short or reading.stuck(evidence)
    proven = reading.moves(tried) and (reading.in_points(tried) or behind)
    if (decay <= 0 and dropout <= 0) or not (proven or (heavy and behind)):
        return None
    set_keys = {"optimizer.weight_decay": decay, "model.dropout": dropout}
    changes = tuple(assign(key, 0) for key, value in set_keys.items() if value > 0)
    said = [f"weight decay {figure(decay)}"] * (decay > 0) + [f"dropout {figure(dropout)}"] * (dropout > 0)
    return found(
        "over_regularised",
        context.severity(tried, sure=context.could_gain and heavy),
        f"Even its training rows are out of the model's reach: {' and '.join(said)}.",
        overrides=changes,
        tried=tried,
        weight_decay=decay,
        dropout=dropout,
        train=train,
        reference=top,
        spread_start=evidence.layers[-1].spread if evidence.layers else None,
        spread_end=evidence.layers[-1].spread_end if evidence.layers else None,
    )


def find_overfitting(evidence: Evidence, context: Context) -> Judgement:
    """Held-out loss ends well above its minimum while train fell, and stopping or regularising would have helped."""
    tried = reading.trial(evidence, "regularised", finding="overfitting")
    train, held = reading.primary(evidence, "train").value, reading.primary(evidence).value
    gap = None if train is None or held is None else train - held
    lost = _lost_by_going_on(evidence)
    behind = gap is not None and gap >= 0.1 and context.lags and (context.ahead.value or 0.0) >= reading.NON_INFERIOR
    if not reading.moves(tried) and (gap or 0.0) < 0.1 and lost < reading.MARGIN:
        return None
    if (reading.learned(evidence) or 0.0) < 0.2:
        return None  # nothing was learned by heart where nothing was learned
    harmful = lost >= reading.MARGIN
    name, rows = metric(evidence.task.primary), evidence.scored
    text = (
        f"{name} is {points(evidence.task.primary, train)} on train and {points(evidence.task.primary, held)} on {rows}"
    )
    if harmful:
        text += f"; stopping earlier would have given {percent(lost)} more on val"
    elif behind and context.rival:
        text += f"; better with {reference(context.rival.name)}"
    return found(
        "overfitting",
        context.severity(tried, sure=harmful) if harmful or behind or reading.moves(tried) else "info",
        f"{text[0].upper()}{text[1:]}.",
        overrides=_restrain(evidence, harmful=harmful) if harmful or behind else (),
        tried=tried,
        train=train,
        held_out=held,
        gap=gap,
        lost=lost or None,
        reference_lead=context.ahead.value,
    )


def _lost_by_going_on(evidence: Evidence) -> float:
    """Val points of the primary metric that the weights in use have lost since the smoothed val loss was lowest."""
    losses, scores = (evidence.history.get(f"val/{key}", ()) for key in ("loss", evidence.task.primary))
    known = [value for value in losses if value is not None]
    if len(known) < 8 or len(scores) != len(losses) or len(known) != len(losses):
        return 0.0
    lowest = minimum(known)
    used = len(losses) - 1 if evidence.fit.best_epoch is None else min(evidence.fit.best_epoch, len(losses) - 1)
    if (
        used <= lowest.epoch + 2
        or lowest.rise < max(3 * lowest.noise, 0.1 * abs(lowest.value))
        or not _train_fell(evidence)
    ):
        return 0.0
    then, now = (reading.mean(scores[max(0, k - 2) : k + 3]) for k in (lowest.epoch, used))
    return 0.0 if then is None or now is None else max(0.0, then - now)


def _train_fell(evidence: Evidence) -> bool:
    losses = reading.curve(evidence, "train/loss")
    return len(losses) >= 4 and losses[-1] < losses[len(losses) // 4]


def _restrain(evidence: Evidence, *, harmful: bool) -> tuple[str, ...]:
    """Stopping at the best epoch where that helps and is not done already, else dropout, else weight decay."""
    if harmful and reading.setting(evidence, "callback.checkpoint.use") == "last":
        return (assign("callback.checkpoint.use", "best"),)
    if harmful and reading.number(evidence, "callback.early_stopping.patience", 0) == 0:
        return (assign("callback.early_stopping.patience", 10),)
    if ours(evidence) and evidence.model.hidden_layers > 0 and reading.number(evidence, "model.dropout") < 0.3:
        return (assign("model.dropout", 0.5),)
    decay = reading.number(evidence, "optimizer.weight_decay")
    strong = 0.1 if optimizer(evidence) == "adamw" else 0.001
    return (assign("optimizer.weight_decay", max(10 * decay, strong)),)


def find_train_val_inconsistent(evidence: Evidence, _context: Context) -> Judgement:
    """Val is better than train beyond noise with dropout off: the splits differ, not the model."""
    train, val = reading.primary(evidence, "train"), reading.primary(evidence, "val")
    if train.value is None or val.value is None or train.high is None or val.low is None:
        return None
    dropout = reading.number(evidence, "model.dropout") > 0
    if dropout or val.low - train.high < 0.01 or val.value - train.value < 0.05:
        return None
    name = evidence.task.primary
    return found(
        "train_val_inconsistent",
        "warning" if val.low - train.high > 0.03 else "info",
        f"{metric(name).capitalize()} is {points(name, val.value)} on val, only {points(name, train.value)} on train.",
        train=train.value,
        val=val.value,
        train_high=train.high,
        val_low=val.low,
    )


def find_seed_unstable(evidence: Evidence, _context: Context) -> Judgement:
    """The spread over seeds exceeds what the interval allows for."""
    name = evidence.task.primary
    values = [value for scores in evidence.seeds.values() if (value := scores.get(name)) is not None]
    tried = reading.trial(evidence, "seeds")
    if not values and tried is not None:
        values = [value for value in tried.before if value is not None]
    score = reading.primary(evidence)
    if len(values) < 3 or score.low is None or score.high is None:
        return None
    deviation, width = spread(values).value, score.high - score.low
    if deviation < 0.05 or max(values) - min(values) < width:
        return None
    return found(
        "seed_unstable",
        "warning",
        f"{metric(name).capitalize()} runs from {points(name, min(values))} to {points(name, max(values))}"
        f" over {len(values)} seeds.",
        values=values,
        deviation=deviation,
        interval_width=width,
    )
