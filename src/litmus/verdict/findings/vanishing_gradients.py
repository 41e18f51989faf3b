"""Next to no gradient reaches the first layers."""

from collections.abc import Iterator

from litmus.evidence import Evidence
from litmus.verdict import quantities, symptoms
from litmus.verdict.candidate import Candidate
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.overrides import assign, ours
from litmus.verdict.rates import other_rates
from litmus.verdict.wording import figure


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Three hidden layers or more, units alive, nothing learned, and next to no gradient in the first layer.

    Where a model got going in the end, a trial that gained has to show that the first steps were lost.
    """
    layer, tried = symptoms.dead(evidence), quantities.trial(evidence, "relu", finding="vanishing_gradients")
    alive = layer is None or (layer.dead or 0) < 0.9
    lost = symptoms.vanishing(evidence) and alive and quantities.stuck(evidence)
    late = symptoms.vanishing(evidence, at_first=True) and quantities.moves(tried)
    if not lost and not late:
        return None
    ratio = symptoms.gradient_ratio(evidence, at_first=not lost)
    rectified = evidence.model.activation in {"relu", "leaky_relu", "gelu"}
    change = assign("model.norm", "batch") if rectified else assign("model.activation", "relu")
    saturated = max((layer.saturated or 0.0 for layer in evidence.layers), default=0.0)
    return make_finding(
        "vanishing_gradients",
        context.severity(tried if late else None, sure=True),
        f"The first layer's gradient is {figure(ratio)} times the last one's"
        f"{'; nothing was learned' if lost else ' at first'}.",
        overrides=(change,) if ours(evidence) else (),
        tried=tried if late else None,
        ratio=ratio,
        hidden_layers=evidence.model.hidden_layers,
        activation=evidence.model.activation,
        saturated=saturated or None,
    )


def candidates(evidence: Evidence) -> Iterator[Candidate]:
    """ReLU in place of an activation that saturates; in a shallow model it shows no cause."""
    if ours(evidence) and evidence.settings.model.activation in {"sigmoid", "tanh"}:
        name = "vanishing_gradients" if evidence.model.hidden_layers >= 3 else None
        yield Candidate("relu", (assign("model.activation", "relu"),), name, turn=100)


VANISHING_GRADIENTS = Diagnosis(
    name="vanishing_gradients",
    stage=50,
    about="training",
    headline="next to no gradient reaches the first layers",
    explains=("symptoms",),
    optimisation=True,
    refutable=True,
    rates=other_rates,
    candidates=candidates,
    says="next to no gradient reaches the first layers, and nothing is learned",
    suggests="`model.activation=relu`, `model.norm=batch`",
    judge=judge,
)
