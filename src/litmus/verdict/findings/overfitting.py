"""The model overfits its training rows."""

from collections.abc import Iterator

from litmus.evidence import Evidence
from litmus.statistics import minimum
from litmus.verdict import quantities
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, optimizer, ours
from litmus.verdict.wording import metric, percent, points, reference

USUAL_UNITS, USUAL_LAYERS = 64, 2
"""Our own defaults, at which a gap that no trial closes is advice and no fault of the user's."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Held-out loss ends well above its minimum while train fell, and stopping or regularising would have helped."""
    tried = quantities.trial(evidence, "regularised", finding="overfitting")
    train, held = quantities.primary(evidence, "train").value, quantities.primary(evidence).value
    gap = None if train is None or held is None else train - held
    lost = _lost_by_going_on(evidence)
    behind = gap is not None and gap >= 0.1 and context.lags and (context.ahead.value or 0.0) >= quantities.NON_INFERIOR
    if not quantities.moves(tried) and (gap or 0.0) < 0.1 and lost < quantities.MARGIN:
        return None
    if (quantities.learned(evidence) or 0.0) < 0.2:
        return None  # nothing was learned by heart where nothing was learned
    harmful = lost >= quantities.MARGIN
    name, rows = metric(evidence.task.primary), evidence.scored
    text = (
        f"{name} is {points(evidence.task.primary, train)} on train and {points(evidence.task.primary, held)} on {rows}"
    )
    if harmful:
        text += f"; stopping earlier would have given {percent(lost)} more on val"
    elif context.best_reference and (behind or (context.lags and quantities.moves(tried))):
        text += f"; better with {reference(context.best_reference.name)}"
    usual = behind and not harmful and not quantities.moves(tried) and _is_usual(evidence)
    shows = (harmful or behind or quantities.moves(tried)) and not usual
    return make_finding(
        "overfitting",
        context.severity(tried, sure=harmful) if shows else "info",
        f"{text[0].upper()}{text[1:]}.",
        overrides=_restrain(evidence, harmful=harmful) if harmful or behind else (),
        tried=tried,
        train=train,
        held_out=held,
        gap=gap,
        lost=lost or None,
        reference_lead=context.ahead.value,
        by_default=usual or None,
    )


def _is_usual(evidence: Evidence) -> bool:
    """Whether size and stopping are our defaults or more careful: then another model suits the rows better."""
    hidden, stopping = evidence.settings.model.hidden, evidence.settings.early_stopping
    if not isinstance(hidden, list | tuple):
        return False
    small = len(hidden) <= USUAL_LAYERS and all(int(units) <= USUAL_UNITS for units in hidden)
    return ours(evidence) and small and stopping.ends_as_usual and evidence.settings.checkpoint.use == "best"


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
    then, now = (quantities.mean(scores[max(0, k - 2) : k + 3]) for k in (lowest.epoch, used))
    return 0.0 if then is None or now is None else max(0.0, then - now)


def _train_fell(evidence: Evidence) -> bool:
    losses = quantities.curve(evidence, "train/loss")
    return len(losses) >= 4 and losses[-1] < losses[len(losses) // 4]


def _restrain(evidence: Evidence, *, harmful: bool) -> tuple[str, ...]:
    """Stopping at the best epoch where that helps and is not done already, else dropout, else weight decay."""
    if harmful and evidence.settings.checkpoint.use == "last":
        return (assign("callback.checkpoint.use", "best"),)
    if harmful and not evidence.settings.early_stopping.ends_early:
        return (assign("callback.early_stopping.patience", 10),)
    if ours(evidence) and evidence.model.hidden_layers > 0 and evidence.settings.model.dropout < 0.3:
        return (assign("model.dropout", 0.5),)
    decay = evidence.settings.optimizer.weight_decay
    strong = 0.1 if optimizer(evidence) == "adamw" else 0.001
    return (assign("optimizer.weight_decay", max(10 * decay, strong)),)


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """A linear model where one leads, and what keeps a model from learning by heart rows on which it does better."""
    if not ours(evidence):
        return
    yield from _linear(evidence)
    if not quantities.has_gap(evidence):
        return
    strong = (1.0, 0.1) if optimizer(evidence) == "adamw" else (0.01, 0.1)
    decays = [value for value in strong if value > 3 * evidence.settings.optimizer.weight_decay]
    changes = [assign("optimizer.weight_decay", value) for value in decays]
    if evidence.model.hidden_layers and evidence.settings.model.dropout < 0.3:
        changes.append(assign("model.dropout", 0.5))
    if evidence.settings.checkpoint.use == "last":
        changes.append(assign("callback.checkpoint.use", "best"))
    hidden = evidence.settings.model.hidden
    if isinstance(hidden, list | tuple) and hidden and max(map(int, hidden)) > 16:
        changes.append(assign("model.hidden", [16]))
    yield from (Candidate("regularised", (change,), "overfitting", turn=140) for change in changes)


def _linear(evidence: Evidence) -> Iterator[Candidate]:
    """A linear model, where a linear reference is the best of all and ahead by the practical margin."""
    best = quantities.best(evidence)
    if best is None or best.name != "linear" or not evidence.model.hidden_layers:
        return
    if not isinstance(evidence.settings.model.hidden, list | tuple):
        return
    if (quantities.advantage(evidence, best).value or 0.0) >= quantities.MARGIN:
        for rate in (0.01, 0.001):  # one layer takes larger steps than several
            changes = (assign("model.hidden", []), assign("optimizer.lr", rate))
            yield Candidate("regularised", changes, "overfitting", turn=135)


OVERFITTING = Diagnosis(
    name="overfitting",
    stage=80,
    about="training",
    headline="the model overfits its training rows",
    symptom=True,
    suspect=3,
    candidates=candidates,
    says="training went on past the best epoch, and the score suffers",
    suggests="`callback.checkpoint.use=best`, early stopping",
    judge=judge,
)
