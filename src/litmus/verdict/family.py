"""One-sided p-values from 95 % intervals and counts, and their control over all findings together."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

from litmus.evidence import Estimate
from litmus.statistics import holm
from litmus.verdict.quantities import standard_error
from litmus.verdict.verdict import Finding

ALPHA = 0.05
FAMILY = 8
"""How many findings rest on a test of their own, raised or not."""


def p_above(estimate: Estimate | None, floor: float) -> float | None:
    """Probability of an estimate so far above `floor` by chance alone; None without an interval."""
    error = None if estimate is None else standard_error(estimate)
    if estimate is None or estimate.value is None or error is None:
        return None
    return 1 - NormalDist().cdf((estimate.value - floor) / error)


def p_share(hits: int, n: int, expected: float) -> float:
    """Probability of so many hits in n rows where a share `expected` is hit by chance; normal approximation."""
    spread = max(expected * (1 - expected), 1 / max(n, 1) ** 2) / max(n, 1)
    return 1 - NormalDist().cdf((hits / max(n, 1) - expected) / spread**0.5)


def control(findings: Sequence[Finding]) -> list[Finding]:
    """Findings whose test does not hold once all of them are counted become information.

    Source: Holm 1979, over the tests that were made; those that raised nothing count as p = 1.
    """
    tested = [finding for finding in findings if finding.evidence.get("p_value") is not None]
    silent = [1.0] * max(0, FAMILY - len(tested))
    adjusted = holm([finding.evidence["p_value"] for finding in tested] + silent)
    chance = {id(finding) for finding, p in zip(tested, adjusted, strict=False) if p > ALPHA}
    return [replace(finding, severity="info") if id(finding) in chance else finding for finding in findings]
