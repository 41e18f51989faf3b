"""The model is linear and the data are not."""

from collections.abc import Iterator

from litmus.evidence import Evidence, Unknown
from litmus.verdict import quantities, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, ours
from litmus.verdict.rates import other_rates
from litmus.verdict.wording import metric, points, reference


def judge(evidence: Evidence, context: Context) -> Judgement:
    """The model is linear in its inputs, and a non-linear reference beats the linear one by a significant margin."""
    if not evidence.model.linear or _killed(evidence):
        return None
    tried = quantities.trial(evidence, "relu", finding="model_is_linear")
    curved = quantities.best(evidence, [model for model in quantities.reference_models(evidence) if not model.linear])
    straight = quantities.best(evidence, [model for model in quantities.reference_models(evidence) if model.linear])
    if curved is None:
        reason = "the model is linear, and no non-linear reference was fitted to tell whether the data are"
        return Unknown(name="model_is_linear", reason=reason) if context.wanting else None
    top = quantities.level(evidence, curved)
    line = quantities.level(evidence, straight) if straight else quantities.primary(evidence).value
    advantage = quantities.advantage(evidence, curved)
    if top is None or line is None or advantage.value is None:
        return None
    bend = top - line
    beaten = advantage.value >= 0.03 and (advantage.low is None or advantage.low > 0)
    if not quantities.moves(tried) and (
        bend < max(0.03, 1.5 * quantities.paired_error(evidence, top, line)) or not beaten
    ):
        return None
    name = evidence.task.primary
    return make_finding(
        "model_is_linear",
        "error" if context.wanting or quantities.moves(tried) else "info",
        f"The model is linear, the data are not: {metric(name)} is {points(name, top)} with {reference(curved.name)},"
        f" {points(name, line)} with {'a linear reference' if straight else 'this model'}.",
        overrides=_curved(evidence),
        tried=tried,
        nonlinear_reference=curved.name,
        nonlinear=top,
        linear=line,
        difference=bend,
        ahead_of_model=advantage.value,
    )


def _killed(evidence: Evidence) -> bool:
    """Whether a model with a non-linearity only looks linear because its units are dead."""
    layer = symptoms.dead(evidence)
    bends = evidence.model.activation not in {None, "none"} and evidence.model.hidden_layers > 0
    return bends and layer is not None and (layer.dead or 0.0) >= 0.9


def _curved(evidence: Evidence) -> tuple[str, ...]:
    if evidence.model.hidden_layers == 0:
        return (assign("model", "mlp"),)
    return (assign("model.activation", "relu"),) if ours(evidence) else ()


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """ReLU between layers that have nothing between them."""
    stack = evidence.model.linear and evidence.model.hidden_layers > 0
    if ours(evidence) and stack and evidence.settings.model.activation == "none":
        yield Candidate("relu", (assign("model.activation", "relu"),), "model_is_linear", turn=100)


MODEL_IS_LINEAR = Diagnosis(
    name="model_is_linear",
    stage=61,
    about="training",
    headline="the model is linear and the data are not",
    explains=("lr_too_low", "vanishing_gradients", "symptoms"),
    refutable=True,
    rates=other_rates,
    candidates=candidates,
    says="no non-linearity between the layers, and the data need one",
    suggests="`model.activation=relu`",
    judge=judge,
)
