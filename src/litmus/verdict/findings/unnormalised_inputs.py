"""The inputs have very different scales."""

from collections.abc import Iterator

from litmus.evidence import Evidence, Unknown
from litmus.verdict import quantities, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.rates import usual_or_higher
from litmus.verdict.wording import figure, listing, reference

STANDARDISED = (assign("data.normalize", "standard"),)
CLEARLY_BEST = 0.1
"""Points of the primary metric that standardising must gain at first look, more than anything else, for scales to be
named that show nothing by themselves. As large a gain is worth twice the time for trials."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Input scales differ more than 100 times or lie far from 0, the run is wanting, and standardising gains.

    Scales that differ by less are named where standardising gained most of all that was tried.
    """
    scaled = evidence.settings.data.normalize
    wide = symptoms.wide_inputs(evidence)
    if scaled in {"standard", "auto"} or not (wide or _gained_most(evidence)):
        unmeasured = scaled == "none" and evidence.data.scale_ratio is None and evidence.data.input == "table"
        reason = "the scales of the inputs were not measured (data.checks)"
        return Unknown(name="unnormalised_inputs", reason=reason) if unmeasured and context.wanting else None
    tried = quantities.trial(evidence, "standardised", finding="unnormalised_inputs")
    data = evidence.data
    widest = [c.name for c in sorted(data.columns, key=lambda c: -(c.seen_sd or 0.0)) if c.seen_sd]
    ratio = f"differ {figure(data.scale_ratio)} times" if (data.scale_ratio or 0) > 100 else "lie far from 0"
    ratio = ratio if wide else "are not those that training is made for"
    return make_finding(
        "unnormalised_inputs",
        context.severity(tried, sure=context.lags or context.broke),
        f"The scales of the inputs {ratio}"
        + (f", largest in {listing(widest, 2)}" if widest else "")
        + (
            f"; better with {reference(context.best_reference.name)}."
            if context.lags and context.best_reference
            else "."
        ),
        overrides=STANDARDISED,
        tried=tried,
        scale_ratio=data.scale_ratio,
        mean_ratio=data.seen_mean_ratio,
        normalize=scaled,
        columns=widest[:10] or None,
        reference_lead=context.ahead.value,
    )


def _gained_most(evidence: Evidence) -> bool:
    """Whether standardising gained much at first look, and nothing that was tried alone gained more."""
    gains = {attempt.overrides: attempt.gain or 0.0 for attempt in evidence.attempts}
    gain = gains.get(STANDARDISED, 0.0)
    return gain >= CLEARLY_BEST and gain >= max(gain for changes, gain in gains.items() if len(changes) == 1)


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """Standardised inputs, where they are left raw or only brought between 0 and 1."""
    if evidence.data.input == "table" and evidence.settings.data.normalize in {"none", "minmax"}:
        yield Candidate("standardised", STANDARDISED, "unnormalised_inputs", turn=50)


UNNORMALISED_INPUTS = Diagnosis(
    name="unnormalised_inputs",
    stage=40,
    about="training",
    headline="the inputs have very different scales",
    explains=("optimisation", "symptoms", "bad_init", "over_regularised"),
    before_training=True,
    breaks_training=True,
    refutable=True,
    rates=usual_or_higher,
    candidates=candidates,
    says="the inputs have scales that training cannot cope with",
    suggests="`data.normalize=standard`",
    judge=judge,
)
