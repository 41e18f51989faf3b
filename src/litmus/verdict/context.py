"""What every finding may rest on beside the evidence: where the run stands, and what the references say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

from litmus.evidence import Estimate, Evidence, Reference, Trial, Unknown, plain
from litmus.verdict import quantities, symptoms
from litmus.verdict.applicable import rows_of
from litmus.verdict.attainable import Standing, stand
from litmus.verdict.criteria import Criteria
from litmus.verdict.verdict import SEVERITIES, Finding, Severity
from litmus.verdict.wording import sentence

WORTH = 0.03
"""Gain over the baseline, in the primary metric, from which a signal is worth a mention; as of references'."""
Judgement = Finding | Unknown | None


@final
@dataclass(frozen=True, kw_only=True)
class Context:
    """Where the run stands.

    Args:
        evidence: What the run showed.
        standing: Its criteria.
    """

    evidence: Evidence
    standing: Standing
    criteria: Criteria = field(default_factory=Criteria)

    @staticmethod
    def of(evidence: Evidence, criteria: Criteria) -> "Context":
        """The context that evidence and criteria make."""
        return Context(evidence=evidence, standing=stand(evidence, criteria), criteria=criteria)

    @property
    def rows(self) -> int:
        """Rows of the scored split."""
        return rows_of(self.evidence)

    @property
    def wanting(self) -> bool:
        """Whether a voting criterion is not met."""
        return self.standing.wanting

    @cached_property
    def best_reference(self) -> Reference | None:
        """The best reference model."""
        return quantities.best(self.evidence)

    @cached_property
    def ahead(self) -> Estimate:
        """How far the best reference is ahead of the model on held-out rows."""
        return quantities.advantage(self.evidence, self.best_reference)

    @property
    def lags(self) -> bool:
        """Whether the model is behind the best reference by a practical margin, beyond noise."""
        ahead = self.ahead
        return ahead.value is not None and ahead.value >= quantities.MARGIN and (ahead.low or 0.0) > 0

    @property
    def could_gain(self) -> bool:
        """Whether a setting may be at fault: a criterion is not met, and a reference shows that the data hold more."""
        return (self.wanting and (self.lags or self.best_reference is None)) or (
            bool(self.standing.unsettled) and self.lags
        )

    @property
    def broke(self) -> bool:
        """Whether training ended in a value that was not finite, which leaves no references to compare with."""
        return self.evidence.fit.non_finite is not None

    @cached_property
    def ranks_well(self) -> bool:
        """Whether the model orders rows as well as the best reference, so that only its decisions can be at fault."""
        ours, best_reference = self.evidence.scores.get(self.evidence.scored, {}).get("auroc"), self.best_reference
        theirs = None if best_reference is None else best_reference.scores.get(self.evidence.scored, {}).get("auroc")
        known = ours is not None and ours.value is not None and theirs is not None
        return known and ours is not None and (ours.value or 0.0) >= (theirs or 0.0) - quantities.MARGIN

    @cached_property
    def unsure(self) -> bool:
        """Whether its probabilities are nearer to the shares of the classes than to those of the surest reference.

        After next to no steps they are, however far they came.
        """
        if symptoms.few_steps(self.evidence):
            return True
        ours = self.evidence.scores.get(self.evidence.scored, {}).get("log_loss")
        known = {
            reference.name: reference.scores.get(self.evidence.scored, {}).get("log_loss")
            for reference in self.evidence.references
        }
        losses = {name: value for name, value in known.items() if value is not None}
        shares = [value for name, value in losses.items() if name in quantities.BASELINES]
        if ours is None or ours.value is None or not shares:
            return False
        return ours.value > (min(shares) + min(losses.values())) / 2

    @cached_property
    def signal(self) -> bool | None:
        """Whether any reference does better than the baseline; None: unknown."""
        return quantities.signal(self.evidence)

    @cached_property
    def _looks_weak(self) -> bool:
        """Whether all rows together point to a signal that they are too few to show, so that none cannot be claimed."""
        found, floor = self.evidence.expected.get(self.evidence.task.primary), quantities.floor(self.evidence)
        if found is None or found.value is None or found.high is None:
            return False
        return found.value >= floor + WORTH and found.high >= floor + 2 * quantities.NON_INFERIOR

    @cached_property
    def hopeless(self) -> bool:
        """Whether neither the model nor any reference beats the baseline: there is no signal to tune for."""
        gain = quantities.gain(self.evidence)
        if self.evidence.data.target_apart is not None:
            return False  # a few wild targets hide whatever else there is
        if quantities.scored_by_mae(self.evidence) and quantities.ruled_by_outliers(self.evidence):
            return False  # R2, by which models and references were compared, says next to nothing here
        if self._looks_weak:
            return False
        if self.signal is not False or gain.value is None or not quantities.would_show(self.evidence):
            return False
        return (gain.low or 0.0) <= 0 and gain.value < max(0.1, 2.5 * quantities.chance_error(self.evidence))

    def severity(self, tried: Trial | None, *, sure: bool) -> Severity:
        """An optimisation finding's severity, which follows what could be gained.

        error where a trial gained a practical margin, or where the evidence alone is sure and a criterion is missed, or
        is open beside a reference that does better; warning where one is missed and the evidence points here; info
        otherwise, and where a trial gained nothing. A gain within noise leaves things as the evidence has them: where
        that is sure, they stand.
        """
        if quantities.moves(tried):
            return "error" if quantities.in_points(tried) or self.could_gain else "info"
        if quantities.refutes(tried) or (quantities.leaves_open(tried) and not sure):
            return "info"
        if sure and (self.wanting or (self.standing.unsettled and self.lags)):
            return "error"
        return "warning" if self.wanting else "info"


def make_finding(
    name: str,
    severity: Severity,
    summary: str,
    *,
    overrides: Sequence[str] = (),
    choices: Sequence[tuple[str, ...]] = (),
    tried: Trial | None = None,
    **figures: Any,
) -> Finding:
    """A finding whose figures are plain, rounded, and without what is not known.

    A trial that gained gives its own overrides: they are what was shown to work.
    """
    if quantities.moves(tried) and tried is not None and tried.overrides:
        overrides = tried.overrides
    return Finding(
        name=name,
        severity=severity,
        summary=sentence(summary),
        evidence={key: _rounded(plain(value)) for key, value in figures.items() if value is not None},
        overrides=tuple(overrides),
        choices=tuple(choices),
        tried=None if tried is None else trial_figures(tried),
    )


def gravest(*judgements: Judgement) -> Finding | None:
    """Of several looks at one thing the finding of the highest severity; of equals the first with a change to try."""
    findings = [judgement for judgement in judgements if isinstance(judgement, Finding)]
    return min(findings, key=lambda found: (SEVERITIES.index(found.severity), not found.overrides), default=None)


def trial_figures(tried: Trial) -> dict[str, Any]:
    """What a trial gave, for verdict.json: the means over seeds, the paired difference with its interval."""
    difference = tried.difference or Estimate(value=None)
    figures = {
        "probe": tried.probe,
        "overrides": list(tried.overrides),
        "metric": tried.metric,
        "seeds": len(tried.seeds),
        "splits": tried.splits,
        "before": quantities.mean(tried.before),
        "after": quantities.mean(tried.after),
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "confirmed": tried.confirmed,
        **({"networks": tried.detail["networks"]} if "networks" in tried.detail else {}),
    }
    return {key: _rounded(plain(value)) for key, value in figures.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
