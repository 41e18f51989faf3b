"""Values became infinite or undefined while training."""

from litmus.evidence import Evidence
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, lr


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """A loss, gradient, activation or parameter was not finite; the judge adds the cause's overrides."""
    broken = evidence.fit.non_finite
    if broken is None:
        return None
    where = f"{broken.where} of layer {broken.layer}" if broken.layer else broken.where
    precision = str(evidence.settings.trainer.precision)
    half = "16" in precision and "bf16" not in precision
    return make_finding(
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


NON_FINITE = Diagnosis(
    name="non_finite",
    stage=10,
    about="outcome",
    headline="values became infinite or undefined while training",
    tried=False,
    says="the loss became NaN or infinite, and where first",
    suggests="what its cause asks for",
    judge=judge,
)
