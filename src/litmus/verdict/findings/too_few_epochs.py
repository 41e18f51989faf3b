"""Training was too short."""

from collections.abc import Iterator

from litmus.evidence import Evidence
from litmus.statistics import projected_change
from litmus.verdict import quantities, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign

ENOUGH_PATIENCE = 20
"""Epochs of patience that are suggested."""
ENOUGH_STEPS, MOST_STEPS = 500, 5000
"""Optimizer steps that a longer run should have at least, and at most where steps are tiny."""
FEWEST_EPOCHS, MOST_EPOCHS = 20, 500
"""Epochs that are suggested where there were next to no steps."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Val loss still falls significantly at the end and a longer run gains; or there were next to no steps."""
    tried = quantities.trial(evidence, "longer", finding="too_few_epochs")
    fit = evidence.fit
    cut_short = fit.epochs >= fit.max_epochs or fit.interrupted
    falling = symptoms.falling(evidence) and cut_short
    few = symptoms.few_steps(evidence) and (cut_short or fit.steps < 30)
    patience = evidence.settings.early_stopping.patience or ENOUGH_PATIENCE
    hasty = fit.stopped_early and fit.epochs <= 10 and patience < 5
    if context.broke or not (falling or few or hasty or quantities.moves(tried)):
        return None
    if "train" not in evidence.data.sizes:  # predictions alone: no training was seen
        return None
    slow = (symptoms.update_ratio(evidence) or 1.0) < symptoms.SLOW
    behind = _behind_on_train(evidence, context)
    usual = _unasked(evidence) and fit.accumulate == 1 and not hasty and not fit.interrupted
    ended = f"{fit.epochs} epochs ({fit.steps} optimizer steps)"
    why = "the validation loss was still falling" if falling else "too few to learn much"
    return make_finding(
        "too_few_epochs",
        "info" if usual else context.severity(tried, sure=context.could_gain and behind and not slow),
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
        by_default=usual or None,
    )


def _unasked(evidence: Evidence) -> bool:
    """Whether it took as long as it takes where nobody asks: then training on is advice and no fault of the user's."""
    trainer = evidence.settings.trainer
    return trainer.takes_usual_epochs and evidence.fit.max_epochs >= (trainer.max_epochs or 0)


def _behind_on_train(evidence: Evidence, context: Context) -> bool:
    """Whether the model is not even on train where a reference is on rows it has not seen: more steps could help."""
    train = quantities.primary(evidence, "train").value
    if context.best_reference is None or train is None:
        return True
    top = quantities.level(evidence, context.best_reference)
    return top is None or train < top


def _projected(evidence: Evidence) -> float | None:
    """What the validation loss would do in as many epochs again, would its last slope go on."""
    losses = quantities.curve(evidence, "val/loss")
    return projected_change(losses, ahead=1.0).value if len(losses) >= 4 else None


def _longer(evidence: Evidence, *, hasty: bool) -> tuple[str, ...]:
    """Two to four times the epochs, more where steps were next to none; or every batch a step; or more patience."""
    fit = evidence.fit
    if hasty:
        return (assign("callback.early_stopping.patience", ENOUGH_PATIENCE),)
    per_epoch = fit.steps / max(fit.epochs, 1)
    wasted = fit.accumulate > 1 and fit.batches_per_epoch > 1 and per_epoch <= max(4, fit.batches_per_epoch / 8)
    every = (assign("trainer.accumulate_grad_batches", 1),) if wasted else ()
    if wasted:
        per_epoch = fit.batches_per_epoch
    if wasted and per_epoch * fit.epochs >= ENOUGH_STEPS:
        return every
    losses, projected = quantities.curve(evidence, "val/loss"), _projected(evidence)
    steep = projected is not None and bool(losses) and -projected > 0.2 * abs(losses[-1])
    epochs = (4 if steep or projected is None else 2) * max(fit.epochs, fit.max_epochs if fit.interrupted else 1)
    if symptoms.few_steps(evidence):
        enough = max(ENOUGH_STEPS, min(1 / max(symptoms.update_ratio(evidence) or 1.0, 1e-9), MOST_STEPS))
        epochs = max(epochs, FEWEST_EPOCHS, min(MOST_EPOCHS, round(enough / max(per_epoch, 1))))
    return (*every, assign("trainer.max_epochs", epochs))


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """Four times the epochs, where training did not stop by itself, and a step for every batch."""
    if not evidence.fit.stopped_early:
        yield longer(evidence)
    if evidence.fit.accumulate > 1:
        yield Candidate("longer", (assign("trainer.accumulate_grad_batches", 1),), "too_few_epochs", turn=40)


def longer(evidence: Evidence) -> Candidate:
    """Four times the epochs."""
    change = assign("trainer.max_epochs", 4 * evidence.fit.max_epochs)
    return Candidate("longer", (change,), "too_few_epochs", turn=30)


TOO_FEW_EPOCHS = Diagnosis(
    name="too_few_epochs",
    stage=62,
    about="training",
    headline="training was too short",
    explains=("symptoms",),
    optimisation=True,
    symptom=True,
    suspect=1,
    needs_reference=True,
    refutable=True,
    candidates=candidates,
    says="the validation loss was still falling; advice only at the default length",
    suggests="`trainer.max_epochs=...`",
    judge=judge,
)
