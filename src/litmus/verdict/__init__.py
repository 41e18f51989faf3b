"""Is this model adequate, why not, and what to try next: pure, from evidence alone."""

from litmus.verdict.criteria import Criteria
from litmus.verdict.judge import judge
from litmus.verdict.settings import Settings
from litmus.verdict.verdict import Criterion, Finding, Headroom, Verdict

__all__ = ["Criteria", "Criterion", "Finding", "Headroom", "Settings", "Verdict", "judge"]
