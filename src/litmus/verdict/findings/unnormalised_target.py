"""The target's scale is too large for the loss."""

from collections.abc import Iterator

from litmus.evidence import Evidence
from litmus.verdict import quantities, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.rates import usual_or_higher
from litmus.verdict.wording import figure, reference

WORTH_A_TRIAL = 3
"""Mean or standard deviation of a raw target, in its own unit, from which standardising it is tried."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """The target's mean or deviation is above 10 where the loss feels it, and the model is worse than references."""
    if not symptoms.wide_target(evidence):
        return None
    tried = quantities.trial(evidence, "standardised_target", finding="unnormalised_target")
    behind = context.lags or context.broke or quantities.stuck(evidence)
    if not behind and not quantities.moves(tried):
        return None
    mean, deviation = symptoms.target_scale(evidence)
    severity = context.severity(tried, sure=context.lags or context.broke)
    if severity == "info" and context.lags and not quantities.refutes(tried):
        severity = "warning"  # a model that meets its criteria would do better still: the default is tried
    return make_finding(
        "unnormalised_target",
        severity,
        f"The loss sees a target of mean {figure(mean)} and standard deviation {figure(deviation)}"
        + (
            f"; better with {reference(context.best_reference.name)}."
            if context.lags and context.best_reference
            else "."
        ),
        overrides=(assign("data.normalize_target", value=True),),
        tried=tried,
        target_mean=mean,
        target_sd=deviation,
        reference_lead=context.ahead.value,
    )


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """A standardised target, where it is raw and its scale not near 1."""
    raw = quantities.is_regression(evidence) and evidence.settings.data.normalize_target is False
    if raw and max(abs(evidence.data.target_mean or 0.0), evidence.data.target_sd or 0.0) > WORTH_A_TRIAL:
        change = assign("data.normalize_target", value=True)
        yield Candidate("standardised_target", (change,), "unnormalised_target", turn=60)


UNNORMALISED_TARGET = Diagnosis(
    name="unnormalised_target",
    stage=40,
    about="training",
    headline="the target's scale is too large for the loss",
    explains=("optimisation", "symptoms", "bad_init", "over_regularised"),
    before_training=True,
    breaks_training=True,
    refutable=True,
    rates=usual_or_higher,
    candidates=candidates,
    says="the target has a scale that training cannot cope with",
    suggests="`data.normalize_target=true`",
    judge=judge,
)
