"""Where a run stands: its criteria, the ceiling that the data set, and the rows that would settle what is open."""

import math
from dataclasses import dataclass, field
from typing import final

from litmus.evidence import Estimate, Evidence, Reference, Score
from litmus.statistics import Interval, rows_to_settle
from litmus.verdict import reading
from litmus.verdict.asked import applied
from litmus.verdict.criteria import Criteria, ask, lower_is_better, misses
from litmus.verdict.verdict import Criterion, Status

GENERIC = frozenset({"accuracy", "precision", "recall"})
"""Thresholds that are nobody's wish in particular, and that the data may put out of everybody's reach."""
HARD_FLOOR = 0.5
"""Below this for sure, precision or recall is bad on any data."""
MOST_ROWS = 1_000_000


@final
@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """The model beside the best reference that is strong for its kind of data.

    Args:
        status: pass: as good within the margin; fail: worse for sure; open: not settled, or no such reference.
        reference: That reference; None if there is none.
        lead: How far it is ahead of the model on the scored split.
    """

    status: Status = "open"
    reference: Reference | None = None
    lead: Estimate = field(default_factory=lambda: Estimate(value=None))


@final
@dataclass(frozen=True, kw_only=True)
class Standing:
    """All criteria of a run, and what they come to.

    Args:
        criteria: In the order in which they are shown.
        ceiling: The model beside the strong references.
        lifted: Names of generic thresholds that the model misses, or may miss, and a strong reference too, if the
            ceiling's status says so.
        slack: Of the criteria.
    """

    criteria: tuple[Criterion, ...]
    ceiling: Ceiling = field(default_factory=Ceiling)
    lifted: frozenset[str] = frozenset()
    slack: float = 0.05

    @property
    def failed(self) -> list[Criterion]:
        """Voting criteria that are missed for sure, and not because of the data."""
        excused = set() if self.ceiling.status == "fail" else self.lifted
        return [one for one in self.criteria if one.votes and one.status == "fail" and one.name not in excused]

    @property
    def unsettled(self) -> list[Criterion]:
        """Voting criteria that the rows do not settle."""
        settled = self.lifted if self.ceiling.status == "pass" else set()
        found = [one for one in self.criteria if one.votes and one.status == "open" and one.name not in settled]
        if self.ceiling.status == "open":
            found += [one for one in self.criteria if one.status == "fail" and one.name in self.lifted]
        return found

    @property
    def wanting(self) -> bool:
        """Whether a voting criterion is not met: failed, or open with its value on the wrong side."""
        return bool(self.failed) or any(misses(one) or one.value is None for one in self.unsettled)

    @property
    def at_ceiling(self) -> bool:
        """Whether generic thresholds are missed and excused by the data."""
        return self.ceiling.status == "pass" and bool(self.lifted)

    def rows_needed(self) -> int | None:
        """Rows of the scored split that would settle all that is open; None if rows are not what is missing."""
        needed = [rows for one in self.unsettled if (rows := self._rows(one)) is not None]
        return max(needed) if needed else None

    def _rows(self, criterion: Criterion) -> int | None:
        """Rows at which a criterion would clear the bound that its interval straddles now."""
        value, low, high, threshold = criterion.value, criterion.low, criterion.high, criterion.threshold
        if value is None or low is None or high is None or threshold is None or not criterion.n:
            return None
        room = self.slack if criterion.name in GENERIC and not misses(criterion) else 0.0
        bound = threshold + room if lower_is_better(criterion.name) else threshold - room
        rows = rows_to_settle(Interval(value, low, high), bound, n=criterion.n)
        return None if rows is None or rows > MOST_ROWS else max(criterion.n + 1, _rounded(rows))


def stand(evidence: Evidence, criteria: Criteria) -> Standing:
    """Every criterion that applies, and the ceiling that the data set."""
    found = applied(evidence, criteria)
    ceiling = _ceiling(evidence)
    lifted = {one.name for one in found if _liftable(one, criteria)}
    if evidence.task.threshold_goal or ceiling.reference is None:
        lifted = set()
    return Standing(criteria=found, ceiling=ceiling, lifted=frozenset(lifted), slack=criteria.slack)


def _liftable(criterion: Criterion, criteria: Criteria) -> bool:
    """Whether it is a generic threshold, missed or open, of a score that is not bad on any data."""
    if not criterion.votes or criterion.name not in GENERIC or criterion.name in criteria.stated():
        return False
    return criterion.status != "pass" and criterion.high is not None and criterion.high >= HARD_FLOOR


def _ceiling(evidence: Evidence) -> Ceiling:
    strong = reading.best(evidence, [reference for reference in reading.rivals(evidence) if reference.strong])
    difference = strong.difference.get(evidence.scored) if strong else None
    if strong is None or difference is None:
        return Ceiling()
    score = Score(value=difference.value, low=difference.low, high=difference.high)
    status = ask("non_inferiority", score, -reading.NON_INFERIOR).status
    return Ceiling(status=status, reference=strong, lead=reading.flip(difference))


def _rounded(rows: int) -> int:
    """Up to two digits: more would claim to know the variance better than it is known."""
    step: int = 10 ** max(0, int(math.log10(rows)) - 1)
    return -(-rows // step) * step
