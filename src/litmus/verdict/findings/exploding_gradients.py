"""The gradients explode."""

from litmus.evidence import Evidence, Layer
from litmus.verdict import quantities, symptoms
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign
from litmus.verdict.wording import figure


def judge(evidence: Evidence, context: Context) -> Judgement:
    """A layer's gradient grew a thousandfold, or is beyond 1e4 on normalised data."""
    worst = max(((layer, *_growth(layer)) for layer in evidence.layers), key=lambda entry: entry[1], default=None)
    if worst is None:
        return None
    layer, growth, peak = worst
    broken = evidence.fit.non_finite is not None and evidence.fit.non_finite.where == "gradient"
    huge = peak > 1e4 and not symptoms.wide_inputs(evidence) and not symptoms.wide_target(evidence)
    if not broken and not huge and not (growth > 1e3 and peak > 1):
        return None
    return make_finding(
        "exploding_gradients",
        "error" if broken else context.severity(None, sure=context.lags or symptoms.rose(evidence)),
        f"The gradient of layer {layer.name} "
        f"{f'grew {figure(growth)} times, to' if growth > 2 else 'reached'} {figure(peak)}.",
        overrides=(assign("trainer.gradient_clip_val", 1.0),),
        layer=layer.name,
        growth=growth,
        peak=peak,
    )


def _growth(layer: Layer) -> tuple[float, float]:
    """Largest gradient over the early median, and the largest gradient."""
    values = [value for value in layer.gradient if value is not None]
    early = quantities.median(values[:3]) or 0.0
    peak = max(values, default=0.0)
    return (peak / early if early > 1e-12 else 0.0), peak


EXPLODING_GRADIENTS = Diagnosis(
    name="exploding_gradients",
    stage=50,
    about="training",
    headline="the gradients explode",
    explains=("dead_relu", "vanishing_gradients", "symptoms"),
    optimisation=True,
    breaks_training=True,
    says="gradients grow out of range",
    suggests="`trainer.gradient_clip_val=1.0`",
    judge=judge,
)
