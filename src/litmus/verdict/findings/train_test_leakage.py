"""Rows or groups are on both sides of the split, so that the score is too good."""

import math
from dataclasses import replace

from litmus.evidence import Estimate, Evidence, GroupLeak, HonestSplit, Twins
from litmus.statistics import wilson
from litmus.verdict import quantities
from litmus.verdict.context import Context, Judgement, gravest, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.family import p_above, p_share
from litmus.verdict.overrides import assign, union
from litmus.verdict.verdict import Severity
from litmus.verdict.wording import listing, metric, name_from_data, percent, points

LARGE_EXCESS = 0.05
"""Share of held-out rows with a duplicate, beyond what chance explains, from which any score is doubtful."""
MANY_NEAR = 0.2
"""The same of rows that are merely near one, from which they are an error whatever the score on them."""
COARSE = 0.3
"""Share of rows that have a duplicate by chance alone, from which duplicates are in the nature of the columns."""
COPIES = 0.5
"""Share of duplicates with the same target, beyond chance, below which they are other observations of equal inputs and
no copies. A convention: half of them."""
BY_NATURE = 0.02
"""Share of rows that have a duplicate by chance, from which more of them may be alike by nature as well."""
HARMLESS = 0.01
"""Of the primary metric: what copies may add to a score without a word. A convention, the smallest gain looked at."""
MARKED = 0.03
"""How much better the score must be on rows with a duplicate, where the duplicates alone are no proof."""
FLATTERED = 0.04
"""What a split by chance must add to a reference's score, for rows that know each other to be called a leak."""
NEARLY_ONE = 0.5
"""How alike targets of one group must be for sure, for a trial with a weak reference to acquit them of nothing."""
MUCH_FLATTERED = 0.1
"""The same over time, where later rows are also a little harder in their own right, and along the file, where
neighbours may be of one street and yet no copies."""
CLEARLY_LATER = 0.2
"""What it must add over time to be an error."""


def judge(evidence: Evidence, context: Context) -> Judgement:
    """Held-out rows have duplicates in train beyond chance and discreteness, or share a group with train."""
    together = gravest(_groups(evidence), _unnamed(evidence))
    if together is not None and together.severity != "question" and context.hopeless:
        together = replace(together, severity="info", overrides=())  # no score was flattered that shows no signal
    return gravest(_twins(evidence), together)


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
    return make_finding(
        "train_test_leakage",
        _twin_severity(evidence, twins),
        f"{percent(share)} of the {twins.n} {twins.split} rows have a duplicate in train{scores}.",
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
    """Lower bound of the share of held-out rows with a duplicate, beyond the share that chance explains."""
    return wilson(min(twins.exact + twins.near, twins.n), twins.n).low - twins.expected if twins.n else 0.0


def _twin_severity(evidence: Evidence, twins: Twins) -> Severity:
    """error where duplicates are many, or fewer and surely flattering; info where they cannot move the score.

    Rows with equal inputs and other targets were observed twice, not copied: what is known of the one helps the other
    by right. Where the columns are so coarse that many rows have a duplicate by nature, a few more say nothing by
    themselves; nor do rows that are merely near each other, such as two of one district, and that the model predicts no
    better.
    """
    if twins.same_target is not None and twins.same_target < COPIES and twins.exact >= twins.near:
        return "info"
    tried = next((honest_split for honest_split in evidence.data.honest if honest_split.kind == "copy"), None)
    share = (twins.exact + twins.near) / twins.n - twins.expected
    flattering = _flattering(evidence)
    marked = (flattering or 0.0) >= max(MARKED, 2 * _noise(evidence))
    acquitted = tried is not None and _flatters(tried) == 0 and not (marked and _is_weak(evidence, tried))
    if acquitted and twins.exact > twins.near and (twins.expected >= BY_NATURE or _are_harmless(evidence, tried)):
        return "info"  # a model that has seen none of them knows them as well
    merely_near = twins.near > twins.exact and flattering is not None
    many = share >= (MANY_NEAR if merely_near else 2 * LARGE_EXCESS) and twins.expected < COARSE
    if many and not (merely_near and (flattering or 0.0) <= _noise(evidence)):
        return "error"
    if not marked:
        return "info"
    matters = share >= LARGE_EXCESS or share * (flattering or 0.0) >= quantities.MARGIN / 2
    return "error" if matters or twins.expected >= COARSE else "info"


def _are_harmless(evidence: Evidence, tried: HonestSplit | None) -> bool:
    """Whether copies add next to nothing: to the score of a reference that may learn by heart, and to the model's."""
    name, added = evidence.task.primary, tried.lost.value if tried is not None else None
    scores = {split: of_split[name].value for split, of_split in evidence.scores.items() if name in of_split}
    own = [
        value - twins.score_without
        for twins in evidence.data.twins
        if twins.score_without is not None and (value := scores.get(twins.split)) is not None
    ]
    return added is not None and added < HARMLESS and bool(own) and sum(own) / len(own) < HARMLESS


def _flattering(evidence: Evidence) -> float | None:
    """How much better the score is on rows with a duplicate, over all splits by their number: few tell by luck."""
    known = _scored_twins(evidence)
    if not known:
        return None
    gains = [_flatters_split(evidence, twins) * (twins.exact + twins.near) for twins in known]
    return sum(gains) / max(sum(twins.exact + twins.near for twins in known), 1)


def _scored_twins(evidence: Evidence) -> list[Twins]:
    return [twins for twins in evidence.data.twins if twins.score_with is not None and twins.score_without is not None]


def _flatters_split(evidence: Evidence, twins: Twins) -> float:
    """How much better the score is on one split; of rows merely near one, at most as good as on train."""
    train, known = evidence.scores.get("train", {}).get(evidence.task.primary), twins.score_with or 0.0
    if twins.near > twins.exact and train is not None and train.value is not None:
        known = min(known, train.value)  # what is not learnt by heart helps nowhere
    return max(known, 0.0) - max(twins.score_without or 0.0, 0.0)


def _noise(evidence: Evidence) -> float:
    """About the standard error of that gain, as if the scores were shares of their rows."""
    total, squares = 0, 0.0
    for twins in _scored_twins(evidence):
        count = twins.exact + twins.near
        known = min(max(count, 1), twins.n - 1)
        parts = ((twins.score_with or 0.0, known), (twins.score_without or 0.0, max(twins.n - known, 1)))
        shares = ((min(max((score * n + 1) / (n + 2), 0.0), 1.0), n) for score, n in parts)
        total, squares = total + count, squares + count**2 * sum(share * (1 - share) / n for share, n in shares)
    return math.sqrt(squares) / max(total, 1)


def _groups(evidence: Evidence) -> Judgement:
    groups = [leak for leak in evidence.data.groups if leak.shared > 0]
    ranked = sorted(groups, key=lambda leak: (leak.inferred, -_agreement(leak), -leak.shared))
    if not ranked:
        return None
    tried = {honest_split.column: honest_split for honest_split in evidence.data.honest if honest_split.kind == "group"}
    leak = max(ranked, key=lambda leak: _flatters(tried.get(leak.column)) > 0)
    honest = tried.get(leak.column)
    if honest is not None and _agreement(leak) >= NEARLY_ONE and not _flatters(honest) and _is_weak(evidence, honest):
        honest = None
    if honest is not None:
        also = f"; {_beside(evidence, honest)} with whole groups apart"
    else:
        also = "; rows of one value have more alike targets" if _agreement(leak) > 0 else ""
    if leak.moment is not None or leak.own:
        return _panel(evidence, leak, honest)
    return make_finding(
        "train_test_leakage",
        _group_severity(leak, honest),
        f"{percent(leak.shared)} of the {leak.split} rows share their {name_from_data(leak.column)} with train{also}.",
        overrides=(assign("data.split", "group"), assign("data.group", leak.column)),
        split=leak.split,
        shared=leak.shared,
        values=leak.values,
        inferred=leak.inferred,
        agreement=leak.agreement.value if leak.agreement else None,
        columns=[leak.column],
        by_chance=honest.by_chance if honest else None,
        honest=honest.honest if honest else None,
        p_value=_group_p(leak, honest),
    )


def _panel(evidence: Evidence, leak: GroupLeak, honest: HonestSplit | None) -> Judgement:
    """Units observed several times: whether they are those that will be predicted only the user knows."""
    if honest is None:
        return None
    if (honest.lost.value or 0.0) < MUCH_FLATTERED and (honest.lost.low or 0.0) < FLATTERED:
        return None  # neither much, nor for sure what is called a leak elsewhere
    unit = name_from_data(leak.column)
    back = f"comes back once for each {name_from_data(leak.moment)}" if leak.moment else "comes back"
    alike = f" with much the same {listing(leak.own, 3)}" if leak.own else ""
    text = (
        f"Each {unit} {back}{alike}: {_beside(evidence, honest)} on values of {unit} that it has not seen: do you"
        " predict only for those in the file?"
    )
    apart = (assign("data.split", "group"), assign("data.group", leak.column))
    return make_finding(
        "train_test_leakage",
        "question",
        text,
        choices=(apart, (union(evidence, "verdict.accept", [f"train_test_leakage:{leak.column}"]),)),
        split=leak.split,
        shared=leak.shared,
        values=leak.values,
        columns=[leak.column],
        by_chance=honest.by_chance,
        honest=honest.honest,
    )


def _is_weak(evidence: Evidence, honest: HonestSplit) -> bool:
    """Whether the trial's reference knows much less than the best one, and so nothing of what that one learns."""
    best = quantities.best(evidence)
    level = None if best is None else quantities.level(evidence, best)
    return level is not None and honest.by_chance is not None and level - honest.by_chance >= quantities.NON_INFERIOR


def _group_p(leak: GroupLeak, honest: HonestSplit | None) -> float | None:
    if honest is not None:
        return p_above(honest.lost, 0.0)
    return p_above(leak.agreement, 0.0) if leak.inferred and leak.agreement else None


def _unnamed(evidence: Evidence) -> Judgement:
    """Rows that know each other without an id: near each other, following each other, or of one time."""
    found = [
        honest_split
        for honest_split in evidence.data.honest
        if honest_split.kind not in {"group", "copy"} and _flatters(honest_split) > 0
    ]
    if not found:
        return None
    worst = max(found, key=lambda honest: (not _is_undated(honest), _flatters(honest)))
    if _is_undated(worst) or (worst.kind == "time" and _is_number(evidence, worst.column)):
        return _later(evidence, worst)
    where = {
        "stretch": "with rows kept apart that follow each other and share most of what changes rarely",
        "near": "with rows that lie close together kept apart",
        "block": "with rows that follow each other in the file kept apart",
        "time": f"on rows later in {name_from_data(worst.column)} than those trained on",
    }[worst.kind]
    order_matters = worst.kind in {"block", "time"}
    order = (assign("data.split", "time"), *([assign("data.time", worst.column)] if worst.column else []))
    return make_finding(
        "train_test_leakage",
        "warning" if worst.kind == "time" and _flatters(worst) < CLEARLY_LATER else "error",
        f"A split by chance flatters: {_beside(evidence, worst)} {where}.",
        overrides=order if order_matters else (),
        kind=worst.kind,
        columns=[worst.column] if worst.column else None,
        groups=worst.groups,
        by_chance=worst.by_chance,
        honest=worst.honest,
        lost_low=worst.lost.low,
        p_value=p_above(worst.lost, 0.0),
        advice=None if order_matters else "keep rows of one origin on one side: data.split=group",
    )


def _is_undated(honest: HonestSplit) -> bool:
    return honest.kind == "time" and not honest.column


def _is_number(evidence: Evidence, name: str) -> bool:
    return any(column.name == name and column.kind == "number" for column in evidence.data.columns)


def _later(evidence: Evidence, honest: HonestSplit) -> Judgement:
    """Years of rows, or a file that may be a series: whether later rows are predicted only the user knows."""
    time, accepted = [assign("data.split", "time")], "train_test_leakage"
    if honest.column:
        when = name_from_data(honest.column)
        time, accepted = [*time, assign("data.time", honest.column)], f"{accepted}:{honest.column}"
        text = (
            f"{_beside(evidence, honest)} on rows later in {when} than those trained on: do you predict only for values"
            f" of {when} that the file covers?"
        )
    else:
        text = (
            f"Targets follow each other in the file as in a series: {_beside(evidence, honest)} on rows later in the"
            " file than those trained on: do you predict only rows between those in the file?"
        )
    return make_finding(
        "train_test_leakage",
        "question",
        text,
        choices=(tuple(time), (union(evidence, "verdict.accept", [accepted]),)),
        kind=honest.kind,
        columns=[honest.column] if honest.column else None,
        by_chance=honest.by_chance,
        honest=honest.honest,
        lost_low=honest.lost.low,
    )


def _flatters(honest: HonestSplit | None) -> float:
    """What a split by chance adds to the score beyond noise and a floor; 0: nothing that matters."""
    if honest is None or honest.lost.value is None or (honest.lost.low or 0.0) <= 0:
        return 0.0
    floor = MUCH_FLATTERED if honest.kind in {"time", "block"} else FLATTERED
    return honest.lost.value if honest.lost.value >= floor else 0.0


def _beside(evidence: Evidence, honest: HonestSplit) -> str:
    name = evidence.task.primary
    return f"a reference has {metric(name)} {points(name, honest.by_chance)} by chance, {points(name, honest.honest)}"


def _agreement(leak: GroupLeak) -> float:
    """Lower bound of how much more alike targets are within a value; 0 where it was not computed."""
    return max(0.0, (leak.agreement or Estimate(value=None)).low or 0.0)


def _group_severity(leak: GroupLeak, honest: HonestSplit | None) -> Severity:
    """A group is a leak where an honest split scores lower; untried, a named one is, another if targets are alike."""
    if leak.shared < LARGE_EXCESS:
        return "info"
    if honest is not None:
        return "error" if _flatters(honest) > 0 else "info"
    if not leak.inferred:
        return "error"
    if leak.agreement is None or leak.agreement.low is None:
        return "warning" if leak.shared >= 0.5 else "info"
    if _agreement(leak) >= 0.05:
        return "error"
    return "warning" if _agreement(leak) > 0 else "info"


TRAIN_TEST_LEAKAGE = Diagnosis(
    name="train_test_leakage",
    stage=20,
    about="data",
    headline="rows or groups are on both sides of the split, so that the score is too good",
    remedy="making copies only after the split, or keeping whole groups on one side of it",
    says="rows, groups or near duplicates stand on both sides of the split",
    suggests="`data.dedupe=true`, `data.split=group`",
    leaves_doubt=True,
    # on rows that were learned by heart, what is tried gains by learning more of them by heart, and targets of rows
    # without a copy look as if they were others'
    explains=("optimisation", "overfitting", "train_val_inconsistent", "label_noise"),
    judge=judge,
)
