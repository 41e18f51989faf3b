"""The model is too small for the data."""

from collections.abc import Iterator, Sequence
from typing import Any

from litmus.evidence import Evidence, Trial, Unknown
from litmus.verdict import quantities, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.findings.class_imbalance import rarest
from litmus.verdict.overrides import assign, lr, ours
from litmus.verdict.wording import listing, metric, points, reference


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Training has converged, train is about as good as val, and a reference's out-of-fold score beats train's."""
    best_reference, train = context.best_reference, quantities.primary(evidence, "train").value
    if best_reference is None or best_reference.out_of_fold is None or train is None or evidence.model.linear:
        reason = "no reference model was scored out of fold on the training rows"
        known = best_reference is not None and best_reference.out_of_fold is not None
        return None if known or not context.wanting else Unknown(name="underfitting", reason=reason)
    tried = quantities.trial(evidence, "larger", finding="underfitting")
    missing = best_reference.out_of_fold - train
    noise = 2 * quantities.paired_error(evidence, best_reference.out_of_fold, train)
    least = max(0.05, noise)
    decided = (quantities.has_positive(evidence) and context.ranks_well) or _misses_the_rare_only(
        evidence, best_reference.out_of_fold
    )
    narrowest = _narrowest(evidence)
    narrow = narrowest is not None and narrowest <= max(symptoms.NARROW, len(evidence.task.classes) // 4)
    behind = missing >= least and context.lags and not decided
    if not behind and not quantities.moves(tried):
        # a model that meets its criteria is said to be too small where a reference surely does better, and tried larger
        worse = not decided and (context.lags or missing >= max(quantities.MARGIN, noise))
        shows = narrow and (worse or (context.standing.unsettled and missing >= 0)) and not quantities.refutes(tried)
        return _bottleneck(evidence, context, tried, units=narrowest, missing=missing) if shows else None
    settled = narrow or (symptoms.converged(evidence) and not symptoms.few_steps(evidence))
    name = evidence.task.primary
    frozen = _frozen(evidence)
    stands = f"; {listing(frozen, 3)} never {'learns' if len(frozen) == 1 else 'learn'}" if frozen else ""
    return make_finding(
        "underfitting",
        context.severity(tried, sure=True) if settled or quantities.moves(tried) else "info",
        f"Even on its training rows the model has {metric(name)} {points(name, train)};"
        f" {points(name, best_reference.out_of_fold)} with {reference(best_reference.name)} on unseen rows{stands}.",
        overrides=_unfrozen(evidence) or _larger(evidence),
        tried=tried,
        train=train,
        reference=best_reference.name,
        reference_out_of_fold=best_reference.out_of_fold,
        parameters=evidence.model.parameters,
        converged=settled,
        frozen=frozen or None,
        fact=True if narrow and not quantities.refutes(tried) else None,
    )


def _bottleneck(
    evidence: Evidence, context: Context, tried: Trial | None, *, units: int | None, missing: float
) -> Judgement:
    """A layer that hardly anything passes, beside a reference that surely does better, or may.

    It may where it does at least as well on unseen rows as the model on those that it learned from, which a model that
    is large enough hardly ever allows; few rows may hide how much better. A model that meets its criteria is named all
    the same, so that a larger one is tried.
    """
    name, best = evidence.task.primary, context.best_reference
    why = (
        "on its own training rows it is no better than a reference is on unseen rows"
        if missing >= 0 or best is None
        else f"{reference(best.name)} has {points(name, context.ahead.value)} more on held-out rows"
    )
    return make_finding(
        "underfitting",
        "warning",
        f"All that the model knows passes a layer of {units} unit{'' if units == 1 else 's'}, and {why}.",
        overrides=_larger(evidence),
        tried=tried,
        units=units,
        reference_lead=context.ahead.value,
        parameters=evidence.model.parameters,
    )


def _misses_the_rare_only(evidence: Evidence, level: float) -> bool:
    """Whether all but a rare class are learned as well as a reference learns them: a matter of balance, not of size."""
    rare, labels = rarest(evidence), evidence.per_class.get("train", {})
    if rare is None or evidence.task.primary != "balanced_accuracy":
        return False
    others = [by["recall"].value for label, by in labels.items() if label != rare[0] and "recall" in by]
    common = quantities.mean(others)
    return common is not None and common >= level - quantities.MARGIN


def _narrowest(evidence: Evidence) -> int | None:
    """Units of the narrowest hidden layer: through one or two no class or target passes, however long it is trained."""
    hidden = evidence.settings.model.hidden
    return min((int(units) for units in hidden), default=None) if isinstance(hidden, (list, tuple)) else None


def _frozen(evidence: Evidence) -> list[str]:
    """Parts of the model whose learning rate is 0."""
    return [name for name, rate in evidence.settings.optimizer.parts.items() if rate == 0]


def _unfrozen(evidence: Evidence) -> tuple[str, ...]:
    """The model's own learning rate for the parts that have none."""
    rate = lr(evidence)
    return tuple(assign(f"optimizer.parts.{name}", rate) for name in _frozen(evidence)) if rate else ()


def _larger(evidence: Evidence) -> tuple[str, ...]:
    """More units, and a second hidden layer where there is only one."""
    if not ours(evidence):
        return ()
    changes = []
    channels = evidence.settings.model.channels
    if isinstance(channels, (list, tuple)) and channels:
        changes.append(assign("model.channels", [max(16, 2 * int(maps)) for maps in channels]))
    hidden = evidence.settings.model.hidden
    if isinstance(hidden, (list, tuple)):
        changes.append(_wider(hidden))
    return tuple(changes)


def _wider(hidden: Sequence[Any]) -> str:
    wider = [max(64, 2 * int(units)) for units in hidden]
    return assign("model.hidden", wider if len(wider) > 1 else (wider or [64]) * 2)


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """Parts that learn, and more units unless the model does clearly better on the rows that it learned from."""
    if unfrozen := _unfrozen(evidence):
        yield Candidate("suggestion", unfrozen, "underfitting", turn=30)
    hidden = evidence.settings.model.hidden
    if ours(evidence) and isinstance(hidden, list | tuple) and hidden and not quantities.has_gap(evidence):
        yield Candidate("larger", (_wider(hidden),), "underfitting", turn=130)


UNDERFITTING = Diagnosis(
    name="underfitting",
    stage=61,
    about="training",
    headline="the model is too small for the data",
    explains=("symptoms",),
    optimisation=True,
    symptom=True,
    suspect=2,
    needs_reference=True,
    refutable=True,
    candidates=candidates,
    says="converged, and a reference does clearly better",
    suggests="more units or layers",
    judge=judge,
)
