"""No reference model finds a signal in these inputs."""

from litmus.evidence import Evidence, Unknown
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.wording import metric, points


def judge(evidence: Evidence, context: Context) -> Judgement:
    """The model's gain over the baseline is not above 0, and no reference's is: better features, not settings."""
    gain = quantities.gain(evidence)
    if gain.value is None or gain.low is None or gain.low > 0:
        return None
    name = evidence.task.primary
    rule = "predicting the mean" if quantities.is_regression(evidence) else "the baseline"
    if context.signal is None:
        if gain.high is not None and gain.high > 0.2:
            return None
        reason = "no reference model was fitted, so whether the data hold a signal at all is not known"
        return Unknown(name="no_better_than_baseline", reason=reason)
    if not context.hopeless:
        return None
    models = {model.name: quantities.level(evidence, model) for model in quantities.reference_models(evidence)}
    ours_, theirs = points(name, quantities.primary(evidence).value), points(name, quantities.chance(evidence))
    return make_finding(
        "no_better_than_baseline",
        "error",
        f"Nothing beats {rule}: {metric(name)} {ours_} against {theirs}, and no reference model finds a signal either.",
        gain=gain.value,
        low=gain.low,
        high=gain.high,
        baseline=quantities.chance(evidence),
        references=models,
    )


NO_BETTER_THAN_BASELINE = Diagnosis(
    name="no_better_than_baseline",
    stage=30,
    about="outcome",
    headline="no reference model finds a signal in these inputs",
    explains=("optimisation", "symptoms", "model_is_linear", "label_noise"),
    remedy="inputs that say more about the target",
    says="nothing beats the baseline, the references included",
    suggests="better inputs",
    judge=judge,
)
