"""Findings about what makes a score a lie: rows or groups on both sides of a split, columns that hold the answer."""

from litmus.evidence import Estimate, Evidence, FeatureLeak, GroupLeak, Twins
from litmus.statistics import wilson
from litmus.verdict import reading
from litmus.verdict.family import p_above, p_share
from litmus.verdict.findings.context import Context, Judgement, found, gravest
from litmus.verdict.overrides import assign, union
from litmus.verdict.verdict import Severity
from litmus.verdict.words import listing, metric, percent, points

SURELY = 0.85
"""How far it must be for sure, on so many validation rows."""
FAR_AHEAD = 0.4
"""How far it must be ahead of the next best column where nothing else tells; half of it where a model collapses."""
LARGE_EXCESS = 0.05
"""Share of held-out rows with a twin, beyond what chance explains, from which any score is doubtful."""
ALONE = 0.95
"""How far on the way from chance to perfection one column must lead by itself to be called a leak."""
ALONE_NUMBER = 0.97
"""The same of R2: what physics makes depend on one quantity above all reaches .95 often enough."""
COLLAPSE = 0.4
"""From this fall without it on, a column that tells classes is a leak on a little less evidence."""
EASED = 0.05
MANY_TIMES = 5.0
"""How many times as much a reference must err without a leaking column, where it does well all the same."""


def find_train_test_leakage(evidence: Evidence, _context: Context) -> Judgement:
    """Held-out rows have twins in train beyond chance and discreteness, or share a group with train."""
    return gravest(_twins(evidence), _groups(evidence))


def _twins(evidence: Evidence) -> Judgement:
    twins = max(evidence.data.twins, key=lambda twin: (_excess(twin), twin.split), default=None)
    if twins is None or twins.n == 0 or _excess(twins) <= 0:
        return None
    share, excess = (twins.exact + twins.near) / twins.n, _excess(twins)
    name = evidence.task.primary
    known = twins.score_with is not None and twins.score_without is not None
    scores = (
        f"; {metric(name)} {points(name, twins.score_with)} on them, {points(name, twins.score_without)} on the rest"
        if known
        else ""
    )
    exact = 2 * twins.exact >= twins.exact + twins.near
    return found(
        "train_test_leakage",
        _twin_severity(twins),
        f"{percent(share)} of the {twins.n} {twins.split} rows have a twin in train{scores}.",
        overrides=(assign("data.dedupe", value=True),) if exact else (),
        split=twins.split,
        exact=twins.exact,
        near=twins.near,
        n=twins.n,
        share=share,
        expected=twins.expected,
        excess_low=excess,
        within_train=twins.within_train,
        score_with=twins.score_with,
        score_without=twins.score_without,
        rows=twins.rows[:10],
        p_value=p_share(twins.exact + twins.near, twins.n, twins.expected),
        advice=None if exact else "make copies or augment after the split, on the training rows only",
    )


def _excess(twins: Twins) -> float:
    """Lower bound of the share of held-out rows with a twin, beyond the share that chance explains."""
    return wilson(min(twins.exact + twins.near, twins.n), twins.n).low - twins.expected if twins.n else 0.0


def _twin_severity(twins: Twins) -> Severity:
    """error where twins are many, or fewer and flattering; info where a handful cannot move the score."""
    share = (twins.exact + twins.near) / twins.n - twins.expected
    flattering = (twins.score_with or 0.0) - (twins.score_without or 0.0) if twins.score_without is not None else None
    if share >= 2 * LARGE_EXCESS or (share >= LARGE_EXCESS and (flattering is None or flattering > 0)):
        return "error"
    if flattering is not None and share * flattering >= reading.MARGIN / 2:
        return "error"
    return "warning" if share >= LARGE_EXCESS else "info"


def _groups(evidence: Evidence) -> Judgement:
    groups = [leak for leak in evidence.data.groups if leak.shared > 0]
    ranked = sorted(groups, key=lambda leak: (leak.inferred, -_agreement(leak), -leak.shared))
    if not ranked:
        return None
    leak = ranked[0]
    return found(
        "train_test_leakage",
        _group_severity(leak),
        f"{percent(leak.shared)} of the {leak.split} rows share their {leak.column} with train"
        + ("; rows of one value have more alike targets." if _agreement(leak) > 0 else "."),
        overrides=(assign("data.split", "group"), assign("data.group", leak.column)),
        split=leak.split,
        shared=leak.shared,
        values=leak.values,
        inferred=leak.inferred,
        agreement=leak.agreement.value if leak.agreement else None,
        columns=[leak.column],
        p_value=p_above(leak.agreement, 0.0) if leak.inferred and leak.agreement else None,
    )


def _agreement(leak: GroupLeak) -> float:
    """Lower bound of how much more alike targets are within a value; 0 where it was not computed."""
    return max(0.0, (leak.agreement or Estimate(value=None)).low or 0.0)


def _group_severity(leak: GroupLeak) -> Severity:
    """A named group is a leak; an inferred one only where its targets are alike."""
    if leak.shared < LARGE_EXCESS:
        return "info"
    if not leak.inferred:
        return "error"
    if leak.agreement is None or leak.agreement.low is None:
        return "warning" if leak.shared >= 0.5 else "info"
    if _agreement(leak) >= 0.05:
        return "error"
    return "warning" if _agreement(leak) > 0 else "info"


def find_target_leakage(evidence: Evidence, _context: Context) -> Judgement:
    """One column nearly gives the target, far above the next best, and a reference collapses without it."""
    leaks = sorted(evidence.data.leaks, key=lambda leak: -leak.score)
    if not leaks:
        return None
    names = _leaking(evidence, leaks)
    leak = next((one for one in leaks if one.column in names), leaks[0])
    name = evidence.task.primary
    without = f", without it a reference has {points(name, leak.without)}" if leak.without is not None else ""
    rest = f"{leak.next_column or 'the next best column'} {points(name, leak.next_best)}"
    if not names:
        if (_way(evidence, leak.score) or 0.0) < _alone(evidence):
            return None
        strong = listing(one.column for one in leaks)
        text = (
            f"{strong} alone reach{'es' if len(leaks) == 1 else ''} {metric(name)} {points(name, leak.score)}, {rest}."
        )
    else:
        text = f"{listing(names)} alone gives {metric(name)} {points(name, leak.score)}, {rest}{without}."
    return found(
        "target_leakage",
        "error" if names else "info",
        text,
        overrides=(union(evidence, "data.drop_columns", names),) if names else (),
        columns=names or [one.column for one in leaks][:10],
        score=leak.score,
        next_best=leak.next_best,
        next_column=leak.next_column,
        without=leak.without,
        full=leak.full,
    )


def _leaking(evidence: Evidence, leaks: list[FeatureLeak]) -> list[str]:
    """Columns that leak; ids and row numbers on less evidence, because they should say nothing at all."""
    kinds = {column.name: column.kind for column in evidence.data.columns}
    inputs = [column for column in evidence.data.columns if column.kind not in {"constant", "dropped"}]
    if inputs and len(inputs) < 3:
        return []  # with one or two columns, one that gives the target is the problem itself
    return [leak.column for leak in leaks if _leaks(evidence, leak, kinds.get(leak.column, ""))]


def _leaks(evidence: Evidence, leak: FeatureLeak, kind: str) -> bool:
    way, after = _way(evidence, leak.score) or 0.0, _way(evidence, leak.next_best) or 0.0
    if kind in {"id", "id-like", "row", "row_number", "index"}:
        return way >= 0.5 and way - after >= 0.15
    collapses = leak.without is not None and leak.full is not None and _fall(evidence, leak) >= COLLAPSE
    eased = EASED if collapses and not reading.is_regression(evidence) else 0.0
    if way < _alone(evidence) - eased or (_way(evidence, _surely(evidence, leak.score)) or 0.0) < SURELY - eased:
        return False
    if leak.without is None or leak.full is None:
        return way - after >= FAR_AHEAD  # whether a reference collapses without it was not tried
    return way - after >= FAR_AHEAD / 2 and (
        _fall(evidence, leak) >= 0.1 or (reading.is_regression(evidence) and _errs_more(evidence, leak))
    )


def _alone(evidence: Evidence) -> float:
    return ALONE_NUMBER if reading.is_regression(evidence) else ALONE


def _errs_more(evidence: Evidence, leak: FeatureLeak) -> bool:
    """Whether a reference leaves many times as much unexplained without the column: near 1 a small fall is large."""
    left, missing = (1 - (_way(evidence, value) or 0.0) for value in (leak.full, leak.without))
    return missing >= 0.05 and missing >= MANY_TIMES * max(left, 1e-3)


def _surely(evidence: Evidence, score: float) -> float:
    """The lower bound of a one-column model's score on the validation rows; of R2, the score."""
    n = evidence.data.sizes.get("val", 0)
    return score if reading.is_regression(evidence) or not n else wilson(min(max(score, 0.0), 1.0) * n, n).low


def _fall(evidence: Evidence, leak: FeatureLeak) -> float:
    return (_way(evidence, leak.full) or 0.0) - (_way(evidence, leak.without) or 0.0)


def _way(evidence: Evidence, value: float | None) -> float | None:
    return reading.share_of_way(evidence, value)
