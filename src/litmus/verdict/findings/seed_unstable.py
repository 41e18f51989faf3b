"""The result depends on the seed."""

from litmus.evidence import Evidence
from litmus.statistics import spread
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.wording import metric, points

SPREAD = 0.05
"""Standard deviation of the primary metric over seeds, below which they agree for all practical purposes."""


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Seeds differ by a practical spread, and on the same rows by more than chance."""
    name = evidence.task.primary
    values = [value for scores in evidence.seeds.values() if (value := scores.get(name)) is not None]
    tried = quantities.trial(evidence, "seeds")
    if not values and tried is not None:
        values = [value for value in tried.before if value is not None]
    if len(values) < 3 or (deviation := spread(values).value) < SPREAD:
        return None
    alike = evidence.seeds_alike
    if alike is None and not _beyond_interval(evidence, values):
        return None
    return make_finding(
        "seed_unstable",
        "warning",
        f"{metric(name).capitalize()} runs from {points(name, min(values))} to {points(name, max(values))}"
        f" over {len(values)} seeds.",
        values=values,
        deviation=deviation,
        p_value=alike,
    )


def _beyond_interval(evidence: Evidence, values: list[float]) -> bool:
    """Whether seeds lie farther apart than the interval is wide, where their rows were not compared."""
    score = quantities.primary(evidence)
    return score.low is not None and score.high is not None and max(values) - min(values) >= score.high - score.low


SEED_UNSTABLE = Diagnosis(
    name="seed_unstable",
    stage=83,
    about="training",
    headline="the result depends on the seed",
    symptom=True,
    stays=True,
    remedy="a lower learning rate, more epochs and several seeds",
    says="seeds disagree",
    suggests="a lower learning rate, more epochs",
    judge=judge,
)
