"""Most units of a layer are dead."""

from litmus.evidence import Evidence
from litmus.verdict import quantities, symptoms
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, lower_lr, ours
from litmus.verdict.wording import percent


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Units of a layer give 0 on every training row: nine in ten, or half of them where the score suffers."""
    layer = symptoms.dead(evidence)
    if layer is None or (layer.dead or 0) < 0.5:
        return None
    nearly_all = (layer.dead or 0) >= 0.9
    suffers = context.lags or quantities.stuck(evidence)
    if not suffers and not nearly_all:
        return None
    fast = symptoms.rose(evidence) or (symptoms.largest_update(evidence) or 0.0) > symptoms.FAST
    leaky = (assign("model.activation", "leaky_relu"),) if ours(evidence) else ()
    return make_finding(
        "dead_relu",
        context.severity(None, sure=nearly_all and suffers),
        f"{percent(layer.dead)} of the {layer.width} units of layer {layer.name} give 0 on every training row.",
        overrides=lower_lr(evidence) if fast else leaky,
        layer=layer.name,
        dead=layer.dead,
        width=layer.width,
        largest_update=symptoms.largest_update(evidence),
    )


DEAD_RELU = Diagnosis(
    name="dead_relu",
    stage=50,
    about="training",
    headline="most units of a layer are dead",
    explains=("vanishing_gradients", "symptoms"),
    optimisation=True,
    says="units of a layer give 0 on every training row",
    suggests="`model.activation=leaky_relu`, or a lower learning rate",
    judge=judge,
)
