"""Findings about the rows themselves: held-out rows of another kind, wrong labels, and too few of them."""

from litmus.evidence import Evidence, Reference, Score, Shift
from litmus.verdict import reading
from litmus.verdict.asked import imbalanced
from litmus.verdict.family import p_above
from litmus.verdict.findings.context import Context, Judgement, found
from litmus.verdict.overrides import assign
from litmus.verdict.words import figure, listing, metric, percent, points

SEPARABLE = 0.6
"""AUROC of telling train rows from held-out rows, below which a shift is too small to matter."""
SHARES = 0.1
"""Difference of a label's share between splits, below which it is too small to matter."""
SURE_NOISE = 0.02
"""Share of wrong labels that must be certain."""
MUCH_NOISE, SOME_NOISE = 0.1, 0.07
"""Shares of wrong labels from which they are an error, or a warning."""
FEWEST = 10


def find_split_shift(evidence: Evidence, _context: Context) -> Judgement:
    """Train and held-out rows can be told apart, or label shares differ, and the held-out score suffers."""
    shift = max(evidence.data.shifts, key=_size, default=None)
    if shift is None or _size(shift) <= 0:
        return None
    asked, own = evidence.data.split_rule in {"time", "column"}, bool(reading.setting(evidence, "data.test_path"))
    lost, sure = _suffers(evidence, shift)
    by_label = _label_excess(shift) > _input_excess(shift)
    how = (
        f"label shares differ by {percent(shift.label_difference.value)}"
        if by_label and shift.label_difference
        else f"a classifier tells them from train rows (AUROC {figure(shift.auroc.value)})"
    )
    name = evidence.task.primary
    also = f"; the score falls by {points(name, lost)}" if lost is not None and lost > 0 else ""
    shuffles = not asked and not own and evidence.data.split_rule != "stratified" and not _grouped(evidence)
    return found(
        "split_shift",
        "error" if sure and not asked else "info",
        f"The {shift.split} rows are of another kind: {how}{also}.",
        overrides=(assign("data.split", "stratified"),) if shuffles else (),
        split=shift.split,
        auroc=shift.auroc.value,
        auroc_low=shift.auroc.low,
        label_difference=shift.label_difference.value if shift.label_difference else None,
        columns=list(shift.columns[:10]) or None,
        lost=lost,
        asked_for=asked,
        p_value=p_above(shift.label_difference, 0.0) if by_label else p_above(shift.auroc, 0.5),
    )


def _grouped(evidence: Evidence) -> bool:
    return evidence.data.split_rule in {"group", "stratified_group"}


def _input_excess(shift: Shift) -> float:
    return (shift.auroc.low or 0.0) - SEPARABLE


def _label_excess(shift: Shift) -> float:
    return (shift.label_difference.low or 0.0) - SHARES if shift.label_difference else -1.0


def _size(shift: Shift) -> float:
    return max(_input_excess(shift), _label_excess(shift))


def _suffers(evidence: Evidence, shift: Shift) -> tuple[float | None, bool]:
    """How much lower the score is on the shifted rows than where rows are like train's, and whether beyond noise.

    The other held-out split is the yardstick, in the primary metric or, where it votes, in accuracy; where both are
    shifted, a reference out of fold on train is.
    """
    both = {other.split for other in evidence.data.shifts if _size(other) > 0}
    other = "val" if shift.split == "test" else "test"
    names = [evidence.task.primary, *([] if imbalanced(evidence) or reading.is_regression(evidence) else ["accuracy"])]
    pairs = [[evidence.scores.get(split, {}).get(name) for split in (other, shift.split)] for name in names]
    falls = [_lost(like, shifted) for like, shifted in pairs if like is not None and shifted is not None]
    if other not in both and falls:
        return max(falls, key=lambda pair: (pair[1], pair[0] or 0.0))
    rival = _out_of_fold(evidence)
    theirs = None if rival is None else rival.scores.get(shift.split, {}).get(evidence.task.primary)
    if rival is None or rival.out_of_fold is None or theirs is None:
        return None, False
    lost = rival.out_of_fold - theirs
    noise = 2 * reading.paired_error(evidence, rival.out_of_fold, theirs, split=shift.split)
    return lost, lost >= max(0.05, noise)


def _lost(like: Score, shifted: Score) -> tuple[float | None, bool]:
    """How much lower a score is on the shifted rows, and whether beyond noise."""
    if like.value is None or shifted.value is None:
        return None, False
    lost = like.value - shifted.value
    return lost, like.low is not None and shifted.high is not None and like.value > shifted.high and lost >= 0.05


def _out_of_fold(evidence: Evidence) -> Reference | None:
    """The best reference that was scored out of fold."""
    return reading.best(evidence, [rival for rival in reading.rivals(evidence) if rival.out_of_fold is not None])


def find_label_noise(evidence: Evidence, _context: Context) -> Judgement:
    """Labels are contradicted where a reference is surest as often as elsewhere, as overlapping classes never are."""
    noise = evidence.data.noise
    if noise is None or noise.share.value is None or (noise.share.low or 0.0) <= SURE_NOISE:
        return None
    share, rows = noise.share.value, listing((str(row) for row in noise.rows), 10)
    return found(
        "label_noise",
        "error" if share > MUCH_NOISE else "warning" if share > SOME_NOISE else "info",
        f"About {percent(share)} of the labels look wrong; look at rows {rows}.",
        overrides=() if reading.is_regression(evidence) else (assign("loss.label_smoothing", 0.1),),
        share=share,
        low=noise.share.low,
        rows=list(noise.rows[:10]),
        n=noise.n,
        p_value=p_above(noise.share, 0.0),
    )


def find_too_little_data(evidence: Evidence, context: Context) -> Judgement:
    """Intervals so wide that a criterion stays open, a class with next to no held-out rows, or more rows still help."""
    standing = context.standing
    if context.hopeless or standing.failed:
        return None  # there were rows enough to see that
    wide = [one for one in standing.unsettled if one.low is not None and one.high is not None]
    widest = max(wide, key=lambda one: (one.high or 0) - (one.low or 0), default=None)
    half = ((widest.high or 0.0) - (widest.low or 0.0)) / 2 if widest else 0.0
    scarce = _scarce(evidence, context)
    rising = evidence.data.more_rows
    grows = rising is not None and (rising.low or 0.0) > 0 and (rising.value or 0.0) >= reading.MARGIN
    if half <= 0.1 and not scarce and not (grows and context.wanting):
        return None
    n = reading.primary(evidence).n or evidence.data.sizes.get(evidence.scored, 0)
    if scarce:
        why = f"{listing(scarce)} {'has' if len(scarce) == 1 else 'have'} fewer than {FEWEST} {evidence.scored} rows"
    elif half > 0.1 and widest is not None:
        why = f"{metric(widest.name)} is known to ± {points(widest.name, half)} only from {n} {evidence.scored} rows"
    else:
        why = f"the last doubling of the training rows still gained {percent(rising.value if rising else None)}"
    foldable = reading.setting(evidence, "data.folds") is None and evidence.data.split_rule not in {"time", "column"}
    return found(
        "too_little_data",
        "warning" if half > 0.1 or scarce else "info",
        f"Too few rows to tell: {why}.",
        overrides=(assign("data.folds", 5),) if foldable else (),
        half_width=half or None,
        n=n,
        scarce_classes=scarce or None,
        rows_needed=standing.rows_needed(),
        more_rows=rising.value if rising else None,
    )


def _scarce(evidence: Evidence, context: Context) -> list[str]:
    """Classes with so few held-out rows that next to nothing is known of them.

    Their recall may be good or bad, or what is asked of the positive class is met by chance as well as not.
    """
    positive = evidence.task.classes[-1] if evidence.task.kind == "binary" and evidence.task.classes else None
    unsure = any(one.votes and one.status == "open" for one in context.standing.criteria)
    labels = evidence.per_class.get(evidence.scored, {})
    unclear = []
    for label, count in evidence.data.class_counts.get(evidence.scored, {}).items():
        recall = labels.get(label, {}).get("recall")
        known = recall is not None and recall.low is not None and recall.high is not None
        settled = known and recall is not None and ((recall.low or 0.0) >= 0.5 or (recall.high or 0.0) < 0.5)
        if count < FEWEST and (not settled or (label == positive and unsure)):
            unclear.append(label)
    return unclear
