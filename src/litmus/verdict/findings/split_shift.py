"""The held-out rows are of another kind than the training rows."""

from litmus.evidence import Evidence, Reference, Score, Shift
from litmus.verdict import quantities
from litmus.verdict.applicable import imbalanced
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.family import p_above
from litmus.verdict.overrides import assign
from litmus.verdict.verdict import Severity
from litmus.verdict.wording import figure, listing, name_from_data, percent, points

SEPARABLE = 0.6
"""AUROC of telling train rows from held-out rows, below which a shift is too small to matter."""
STRANGE = 0.3
"""Share of held-out rows with a level that train has not, from which a column was written otherwise."""
SHARES = 0.1
"""Difference of a label's share between splits, below which it is too small to matter."""


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Train and held-out rows can be told apart, or label shares differ, and the held-out score suffers."""
    shift = max(evidence.data.shifts, key=_size, default=None)
    if shift is None or _size(shift) <= 0:
        return _settled_in_train(evidence)
    changed = _changed(evidence, shift.split)
    asked, own = evidence.data.split_rule in {"time", "column"}, bool(evidence.settings.data.test_path)
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
    return make_finding(
        "split_shift",
        _severity(evidence.data.split_rule, sure=sure, changed=bool(changed)),
        f"The {shift.split} rows are of another kind: {changed or how}{also}.",
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


def _settled_in_train(evidence: Evidence) -> Judgement:
    """Columns that have one value in train and others in held-out rows, of which the model can have learned nothing."""
    for split in evidence.data.drifts:
        if columns := _settled(evidence, split):
            return make_finding(
                "split_shift",
                "warning",
                f"{listing(columns)} has one value in train and others in {split}, so nothing was learned from it.",
                split=split,
                columns=columns[:10],
            )
    return None


def _settled(evidence: Evidence, split: str) -> list[str]:
    """The columns that have one value in train and moved in this split."""
    constant = {column.name for column in evidence.data.columns if column.distinct == 1}
    return [one.column for one in evidence.data.drifts[split].moved if one.column in constant]


def _severity(rule: str, *, sure: bool, changed: bool) -> Severity:
    """Drift is the point of a split over time, and under a given one a warning; a changed unit is an error in any."""
    if changed:
        return "error" if sure else "warning"
    if not sure or rule == "time":
        return "info"
    return "warning" if rule == "column" else "error"


def _changed(evidence: Evidence, split: str) -> str:
    """What no drift explains: columns in another unit, levels that training has not seen."""
    drift = evidence.data.drifts.get(split)
    if drift is None:
        return ""
    units = [f"{name_from_data(name)} is about {_times(factor)} train's" for name, factor in drift.units.items()]
    unseen = [
        f"{percent(share)} of them have a level of {name_from_data(name)} that train has not"
        for name, share in drift.unseen.items()
        if share >= STRANGE
    ]
    names = _settled(evidence, split)
    settled = [f"{listing(names)} has one value in train and others here"] if names else []
    return "; ".join([*settled, *units, *unseen][:3])


def _times(factor: float) -> str:
    return f"{figure(factor)} times" if factor >= 1 else f"1/{figure(1 / factor)} of"


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

    Compared with the other held-out split, in the primary metric or, where it votes, in accuracy; where both are
    shifted, with a reference out of fold on train.
    """
    both = {other.split for other in evidence.data.shifts if _size(other) > 0}
    other = "val" if shift.split == "test" else "test"
    names = [
        evidence.task.primary,
        *([] if imbalanced(evidence) or quantities.is_regression(evidence) else ["accuracy"]),
    ]
    pairs = [[evidence.scores.get(split, {}).get(name) for split in (other, shift.split)] for name in names]
    falls = [_lost(like, shifted) for like, shifted in pairs if like is not None and shifted is not None]
    if other not in both and falls:
        return max(falls, key=lambda pair: (pair[1], pair[0] or 0.0))
    best_reference = _out_of_fold(evidence)
    theirs = None if best_reference is None else best_reference.scores.get(shift.split, {}).get(evidence.task.primary)
    if best_reference is None or best_reference.out_of_fold is None or theirs is None:
        return None, False
    lost = best_reference.out_of_fold - theirs
    noise = 2 * quantities.paired_error(evidence, best_reference.out_of_fold, theirs, split=shift.split)
    return lost, lost >= max(0.05, noise)


def _lost(like: Score, shifted: Score) -> tuple[float | None, bool]:
    """How much lower a score is on the shifted rows, and whether beyond noise."""
    if like.value is None or shifted.value is None:
        return None, False
    lost = like.value - shifted.value
    return lost, like.low is not None and shifted.high is not None and like.value > shifted.high and lost >= 0.05


def _out_of_fold(evidence: Evidence) -> Reference | None:
    """The best reference that was scored out of fold."""
    return quantities.best(
        evidence,
        [best_reference for best_reference in quantities.rivals(evidence) if best_reference.out_of_fold is not None],
    )


SPLIT_SHIFT = Diagnosis(
    name="split_shift",
    stage=22,
    about="data",
    headline="the held-out rows are of another kind than the training rows",
    explains=("overfitting", "train_val_inconsistent", "bad_threshold", "miscalibrated"),
    remedy="training rows of the kind that the model will meet",
    says="train and test differ, and the score suffers",
    suggests="`data.split=stratified`",
    judge=judge,
)
