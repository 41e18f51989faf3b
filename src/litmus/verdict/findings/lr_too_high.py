"""The learning rate is too high."""

from litmus.evidence import Evidence
from litmus.verdict import quantities, rates, symptoms
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import lower_lr, lr
from litmus.verdict.wording import percent


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Two or more signs that steps are too large; never from the learning rate's value alone."""
    tried = rates.best_trial(evidence, lower=True)
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
        "ladder_prefers_lower": quantities.moves(tried),
        "not_finite": _broke_on_its_own(evidence),
    }
    if sum(signs.values()) < 2:
        return None
    broke = evidence.fit.non_finite is not None
    words = {
        "rose": "the train loss rose",
        "restless": "the train loss jumps about without a trend",
        "fast": f"steps change weights by up to {percent(fastest)}",
        "killed_units": "units died",
        "ladder_prefers_lower": "a lower rate does better",
        "not_finite": "values became infinite",
    }
    shown = [words[sign] for sign, shows in signs.items() if shows]
    return make_finding(
        "lr_too_high",
        "error" if broke else context.severity(tried, sure=context.could_gain),
        f"The learning rate{rates.value(lr(evidence))} is too high: {', '.join(shown[:3])}.",
        overrides=rates.shown(tried) or lower_lr(evidence),
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


LR_TOO_HIGH = Diagnosis(
    name="lr_too_high",
    stage=50,
    about="training",
    headline="the learning rate is too high",
    explains=("exploding_gradients", "dead_relu", "vanishing_gradients", "symptoms"),
    optimisation=True,
    suspect=5,
    breaks_training=True,
    refutable=True,
    says="the steps are too large",
    suggests="`optimizer.lr=...`",
    judge=judge,
)
