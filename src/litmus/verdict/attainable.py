"""Where a run stands: its criteria, what is known to be possible on these data, and the rows that would settle it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import final

from litmus.evidence import Estimate, Evidence, Reference, Score
from litmus.metrics import lower_is_better
from litmus.statistics import Interval, rows_to_settle
from litmus.verdict import quantities
from litmus.verdict.applicable import applied
from litmus.verdict.criteria import Criteria, ask, is_veto, misses
from litmus.verdict.verdict import Criterion, Status

DEFAULTS = frozenset({"accuracy", "precision", "recall", "worst_class_recall", "precision_recall_gap"})
"""Criteria whose default threshold is a convention, which the data may put out of reach for every model."""
WITH_SLACK = frozenset({"accuracy", "precision", "recall"})
MOST_TIMES = 20
"""More than so many times the rows at hand are no answer: the value lies at the border of its threshold."""


@final
@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """Whether better is known to be possible on these data: by a strong reference model, or by a trial.

    Args:
        status: pass: nothing better is known, and the model is as good as the best strong reference within the margin;
            fail: a reference or a trial does better for sure; open: not settled, or no strong reference was fitted.
        reference: The best reference that is strong for this kind of data; None if there is none.
        lead: How far it is ahead of the model on held-out rows.
    """

    status: Status = "open"
    reference: Reference | None = None
    advantage: Estimate = field(default_factory=lambda: Estimate(value=None))


@final
@dataclass(frozen=True, kw_only=True)
class Standing:
    """All criteria of a run, and what they come to.

    Args:
        criteria: In the order in which they are shown.
        ceiling: What is known to be possible on these data.
        excusable: Names of default criteria that are missed, which the data excuse if the ceiling's status is pass.
        expected: Names of criteria that the scored rows leave open, to whether rows like all of these are expected to
            meet them.
        slack: Of the criteria.
    """

    criteria: tuple[Criterion, ...]
    ceiling: Ceiling = field(default_factory=Ceiling)
    excusable: frozenset[str] = frozenset()
    expected: Mapping[str, bool] = field(default_factory=dict)
    slack: float = 0.05

    @property
    def failed(self) -> list[Criterion]:
        """Voting criteria that are missed for sure where better is possible, was asked for, or may not be excused."""
        excused = set() if self.ceiling.status == "fail" else self.excusable
        return [
            criterion
            for criterion in self.criteria
            if criterion.votes and criterion.status == "fail" and criterion.name not in excused
        ]

    @property
    def unsettled(self) -> list[Criterion]:
        """Voting criteria neither surely met nor missed, or of whose miss it is open whether the data excuse it."""
        excused = self.excusable if self.ceiling.status == "pass" else set()
        found = [
            criterion
            for criterion in self.criteria
            if criterion.votes
            and (criterion.status == "open" or self.expected.get(criterion.name) is False)
            and criterion.name not in excused
            and not self.expected.get(criterion.name, False)
            and not is_veto(criterion)
        ]
        if self.ceiling.status == "open":
            found += [
                criterion
                for criterion in self.criteria
                if criterion.status == "fail" and criterion.name in self.excusable
            ]
        return found

    @property
    def excused(self) -> list[Criterion]:
        """Default criteria that are missed on data on which nothing better is known; empty where better may be."""
        if self.ceiling.status != "pass":
            return []
        return [criterion for criterion in self.criteria if criterion.name in self.excusable]

    @property
    def limited(self) -> bool:
        """Whether default criteria are missed, the data excuse it, and nothing that was asked for is in doubt."""
        doubtful = [
            criterion
            for criterion in self.unsettled
            if criterion.stated or criterion.name.partition("[")[0] not in DEFAULTS
        ]
        return bool(self.excused) and not self.failed and not doubtful

    @property
    def wanting(self) -> bool:
        """Whether a voting criterion is not met: failed, or open with its value on the wrong side."""
        return bool(self.failed) or any(misses(criterion) or criterion.value is None for criterion in self.unsettled)

    @property
    def missed(self) -> list[Criterion]:
        """Voting criteria that are missed for sure, whatever the data allow."""
        return [criterion for criterion in self.criteria if criterion.votes and criterion.status == "fail"]

    def rows_needed(self) -> int | None:
        """Rows of the scored split that would settle all that is open; None if rows are not what is missing."""
        needed = [self._rows(criterion) for criterion in self.unsettled]
        known = [rows for rows in needed if rows is not None]
        return max(known) if known and len(known) == len(needed) else None

    def _rows(self, criterion: Criterion) -> int | None:
        """Rows at which a criterion would clear the bound that its interval straddles; None: too many to ask for."""
        value, low, high, threshold = criterion.value, criterion.low, criterion.high, criterion.threshold
        if value is None or low is None or high is None or threshold is None or not criterion.n:
            return None
        if criterion.status == "fail":  # the miss is sure; what is open is whether a reference does better
            return self._rows_for_ceiling(criterion.n)
        room = self.slack if criterion.name in WITH_SLACK and not misses(criterion) else 0.0
        bound = threshold + room if lower_is_better(criterion.name) else threshold - room
        return _within_reason(rows_to_settle(Interval(value, low, high), bound, n=criterion.n), criterion.n)

    def _rows_for_ceiling(self, n: int) -> int | None:
        advantage = self.ceiling.advantage
        if advantage.value is None or advantage.low is None or advantage.high is None:
            return None
        found = rows_to_settle(Interval(advantage.value, advantage.low, advantage.high), quantities.NON_INFERIOR, n=n)
        return _within_reason(found, n)


def stand(evidence: Evidence, criteria: Criteria) -> Standing:
    """Every criterion that applies, and what is known to be possible on these data."""
    found = applied(evidence, criteria)
    ceiling = _ceiling(evidence)
    met = {
        criterion.name: answer
        for criterion in found
        if (answer := _expected(evidence, criterion, criteria.slack)) is not None
    }
    excusable = {criterion.name for criterion in found if _excusable(criterion, met.get(criterion.name))}
    missed = [criterion for criterion in found if criterion.name in excusable and criterion.higher_is_better]
    beyond = [_out_of_reach(evidence, ceiling.advantage, criterion) for criterion in missed]
    if ceiling.status == "open" and any(beyond):
        ceiling = replace(ceiling, status="pass")
    return Standing(
        criteria=found,
        ceiling=ceiling,
        excusable=frozenset(excusable if ceiling.reference is not None else ()),
        expected=met,
        slack=criteria.slack,
    )


def _out_of_reach(evidence: Evidence, advantage: Estimate, criterion: Criterion) -> bool:
    """Whether no reference is surely ahead by a practical margin, and each would miss however far it may be."""
    lead, most = advantage.value, advantage.high
    known = evidence.expected.get(criterion.name)
    value = criterion.value if known is None else known.value
    if lead is None or most is None or value is None or criterion.threshold is None:
        return False
    ahead = lead > quantities.NON_INFERIOR or (advantage.low or 0.0) >= quantities.MARGIN
    return not ahead and value + max(most, 0.0) < criterion.threshold


def _is_default(criterion: Criterion) -> bool:
    return criterion.votes and not criterion.stated and criterion.name.partition("[")[0] in DEFAULTS


def _expected(evidence: Evidence, criterion: Criterion, slack: float) -> bool | None:
    """Whether a criterion that the scored rows do not settle is met on rows like all of these; None: as they have it.

    Which rows a split scores is chance: close to a threshold it would decide. What is expected hardly depends on it.
    """
    if criterion.name in {"gain", "r2"} and criterion.status == "open" and not criterion.stated:
        found = evidence.expected.get(evidence.task.primary)
        above = found is not None and (found.low or 0.0) > quantities.floor(evidence)
        return True if above and criterion.threshold == 0 and (quantities.gain(evidence).value or 0.0) > 0 else None
    found, threshold = evidence.expected.get(criterion.name), criterion.threshold
    if found is None or found.value is None or found.low is None or threshold is None or not _is_default(criterion):
        return None
    if found.value < threshold:  # unless the scored rows alone meet it for sure
        return False if criterion.status != "fail" and (criterion.low or 0.0) <= threshold else None
    return True if criterion.status == "open" and found.low >= threshold - slack - 1e-9 else None


def _excusable(criterion: Criterion, met: bool | None) -> bool:
    """Whether it is a default that is missed: surely, as is expected, or by its value where it does not only veto."""
    if not _is_default(criterion) or met:
        return False
    return criterion.status == "fail" or met is False or (misses(criterion) and not is_veto(criterion))


def _ceiling(evidence: Evidence) -> Ceiling:
    strong = quantities.best(
        evidence, [reference for reference in quantities.reference_models(evidence) if reference.strong]
    )
    if strong is None:
        return Ceiling()
    advantage = quantities.advantage(evidence, strong)
    if any(quantities.moves(tried) and quantities.in_points(tried) for tried in evidence.trials):
        return Ceiling(status="fail", reference=strong, advantage=advantage)
    behind = quantities.flip(advantage)
    score = Score(value=behind.value, low=behind.low, high=behind.high)
    status = "pass" if quantities.is_as_good(behind) else ask("non_inferiority", score, -quantities.NON_INFERIOR).status
    return Ceiling(status=status, reference=strong, advantage=advantage)


def _within_reason(rows: int | None, n: int) -> int | None:
    """Up to two digits: more would claim to know the variance better than it is known; None: beyond all reason."""
    if rows is None or rows > MOST_TIMES * n:
        return None
    step: int = 10 ** max(0, int(math.log10(rows)) - 1)
    return max(n + 1, -(-rows // step) * step)
