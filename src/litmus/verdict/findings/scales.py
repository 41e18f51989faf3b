"""Findings about scales: of the inputs as the model sees them, and of a regression target as the loss sees it."""

from litmus.evidence import Evidence, Unknown
from litmus.verdict import reading, symptoms
from litmus.verdict.findings.context import Context, Judgement, found
from litmus.verdict.overrides import assign
from litmus.verdict.words import figure, listing, reference


def find_unnormalised_inputs(evidence: Evidence, context: Context) -> Judgement:
    """Input scales differ more than 100 times or lie far from 0, the run is wanting, and standardising gains."""
    scaled = reading.setting(evidence, "data.normalize", "none")
    if scaled == "standard" or not symptoms.wide_inputs(evidence):
        unmeasured = scaled == "none" and evidence.data.scale_ratio is None and evidence.data.input == "table"
        reason = "the scales of the inputs were not measured (data.checks)"
        return Unknown(name="unnormalised_inputs", reason=reason) if unmeasured and context.wanting else None
    tried = reading.trial(evidence, "standardised", finding="unnormalised_inputs")
    data = evidence.data
    widest = [c.name for c in sorted(data.columns, key=lambda c: -(c.seen_sd or 0.0)) if c.seen_sd]
    ratio = f"differ {figure(data.scale_ratio)} times" if (data.scale_ratio or 0) > 100 else "lie far from 0"
    return found(
        "unnormalised_inputs",
        context.severity(tried, sure=context.lags or context.broke),
        f"The scales of the inputs {ratio}"
        + (f", largest in {listing(widest, 2)}" if widest else "")
        + (f"; better with {reference(context.rival.name)}." if context.lags and context.rival else "."),
        overrides=(assign("data.normalize", "standard"),),
        tried=tried,
        scale_ratio=data.scale_ratio,
        mean_ratio=data.seen_mean_ratio,
        normalize=scaled,
        columns=widest[:10] or None,
        reference_lead=context.ahead.value,
    )


def find_unnormalised_target(evidence: Evidence, context: Context) -> Judgement:
    """The target's mean or deviation is above 10 where the loss feels it, and the model is worse than references."""
    if not symptoms.wide_target(evidence):
        return None
    tried = reading.trial(evidence, "standardised_target", finding="unnormalised_target")
    behind = context.lags or context.broke or reading.stuck(evidence)
    if not behind and not reading.moves(tried):
        return None
    mean, deviation = symptoms.target_scale(evidence)
    return found(
        "unnormalised_target",
        context.severity(tried, sure=context.lags or context.broke),
        f"The loss sees a target of mean {figure(mean)} and standard deviation {figure(deviation)}"
        + (f"; better with {reference(context.rival.name)}." if context.lags and context.rival else "."),
        overrides=(assign("data.normalize_target", value=True),),
        tried=tried,
        target_mean=mean,
        target_sd=deviation,
        reference_lead=context.ahead.value,
    )
