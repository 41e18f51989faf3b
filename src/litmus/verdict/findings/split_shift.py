"""The held-out rows are of another kind than the training rows."""

import math
from collections.abc import Sequence

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
BIAS = 0.05
"""By how much more or less often a class must be predicted than it occurs, beyond what is so on train. A convention."""
SURE = 2.5
"""Standard errors beyond which that is no chance, whichever class it is."""
MUCH_LOST = 0.1
"""How much lower the score must be where a split over time, or rows that look alike, let it fall by nature a little."""


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Train and held-out rows can be told apart, or label shares differ, and the held-out score suffers."""
    shift = max(evidence.data.shifts, key=_size, default=None)
    if shift is None or _size(shift) <= 0:
        return _changed_alone(evidence) or _other_relation(evidence)
    changed = _changed(evidence, shift.split)
    asked, own = evidence.data.split_rule in {"time", "column"}, bool(evidence.settings.data.test_path)
    lost, sure = _suffers(evidence, shift)
    biased = "" if sure else _biased(evidence, shift)
    by_label = _label_excess(shift) > _input_excess(shift)
    how = (
        f"{'targets' if quantities.is_regression(evidence) else 'label shares'} differ by"
        f" {percent(shift.label_difference.value)}"
        if by_label and shift.label_difference
        else f"a classifier tells them from train rows (AUROC {figure(shift.auroc.value)})"
    )
    name = evidence.task.primary
    relabelled = _relabelled(evidence, shift)
    also = biased or (f"; the score falls by {points(name, lost)}" if lost is not None and lost > 0 else "")
    if relabelled:
        also = f", though their inputs look like train's: are they labelled otherwise, or was train resampled?{also}"
    shuffles = not asked and not own and evidence.data.split_rule != "stratified" and not _grouped(evidence)
    severity = _severity(
        evidence.data.split_rule,
        sure=sure or bool(biased),
        changed=bool(changed),
        target=_label_excess(shift) > 0 and (lost or 0.0) >= MUCH_LOST,
    )
    return make_finding(
        "split_shift",
        "warning" if relabelled and severity == "info" else severity,
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


def _changed_alone(evidence: Evidence) -> Judgement:
    """Columns written otherwise, or of one value in train, where the rows are hard to tell apart all the same."""
    for split in evidence.data.drifts:
        if changed := _changed(evidence, split):
            return make_finding(
                "split_shift",
                "warning",
                f"The {split} rows are of another kind: {changed}.",
                split=split,
                columns=[*_settled(evidence, split), *evidence.data.drifts[split].renamed][:10] or None,
            )
    return None


def _relabelled(evidence: Evidence, shift: Shift) -> bool:
    """Whether given rows have other label shares than train's while their inputs look the same.

    Where the same inputs go with the same labels, labels cannot differ by much more than inputs do.
    """
    alike = (shift.auroc.high or 1.0) < SEPARABLE
    return _is_given(evidence) and alike and _label_excess(shift) > 0 and not quantities.is_regression(evidence)


def _is_given(evidence: Evidence) -> bool:
    """Whether the split is the user's own, and no matter of time: chance dealt no rows."""
    return evidence.data.split_rule == "column" or bool(evidence.settings.data.test_path)


def _other_relation(evidence: Evidence) -> Judgement:
    """Rows that were given or are later, look like train's, and are predicted surely worse by model and reference."""
    over_time = evidence.data.split_rule == "time"
    changes = "codes, units, labels or what these depend on" if over_time else "codes, units or labels"
    if not (over_time or _is_given(evidence)):
        return None
    for shift in evidence.data.shifts:
        other = "test" if shift.split == "val" else "val"
        like, worse = (evidence.scores.get(name, {}).get(evidence.task.primary) for name in (other, shift.split))
        if like is None or worse is None or like.low is None or worse.high is None or like.low <= worse.high:
            continue
        lost, sure = _reference_loses(evidence, shift)
        if sure and lost is not None and min(lost, (like.value or 0.0) - (worse.value or 0.0)) >= MUCH_LOST:
            gap = points(evidence.task.primary, lost)
            return make_finding(
                "split_shift",
                "warning",
                f"The {shift.split} rows look like train's, but the same inputs go with other targets there: a"
                f" reference has {gap} less than out of fold on train: have {changes} changed?",
                split=shift.split,
                lost=lost,
            )
    return None if over_time else _contradicted_train(evidence)


def _contradicted_train(evidence: Evidence) -> Judgement:
    """Train rows that look like all held-out rows, and that a reference surely predicts worse out of fold."""
    name, best = evidence.task.primary, _out_of_fold(evidence)
    gained = [-lost for shift in evidence.data.shifts if (lost := _reference_loses(evidence, shift)[0]) is not None]
    splits = [shift.split for shift in evidence.data.shifts]
    known = best is not None and bool(gained) and len(gained) == len(splits)
    if not known or best is None or best.out_of_fold is None or quantities.is_regression(evidence):
        return None  # R2 hangs on a few far targets
    noise = max(
        2 * quantities.paired_error(evidence, best.out_of_fold, best.out_of_fold + gain, split=split)
        for gain, split in zip(gained, splits, strict=True)
    )
    if min(gained) < max(MUCH_LOST, noise):
        return None
    return make_finding(
        "split_shift",
        "warning",
        f"The train rows look like the held-out ones, but their targets are harder to predict: a reference has"
        f" {points(name, min(gained))} less on them out of fold: are their labels right?",
        split="train",
        lost=min(gained),
    )


def _settled(evidence: Evidence, split: str) -> list[str]:
    """The columns that have one value in train and moved in this split."""
    constant = {column.name for column in evidence.data.columns if column.distinct == 1}
    return [shift.column for shift in evidence.data.drifts[split].moved if shift.column in constant]


def _severity(rule: str, *, sure: bool, changed: bool, target: bool) -> Severity:
    """A changed unit is an error under any split; drift is a warning under a given one, and the point of one over time.

    There it is a warning all the same where the target itself moved and the score fell much.
    """
    if changed:
        return "error" if sure else "warning"
    if not sure or (rule == "time" and not target):
        return "info"
    if rule == "time":
        return "warning"
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
    renamed = [f"levels of {name_from_data(name)} seem to have other names than in train" for name in drift.renamed]
    return "; ".join([*settled, *units, *renamed, *unseen][:3])


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
    return _reference_loses(evidence, shift)


def _biased(evidence: Evidence, shift: Shift) -> str:
    """The class that is predicted much more or less often than it occurs on the shifted rows, if it is not so on train.

    Too few rows of a rare class may be left to see the score fall; what is predicted shows on every row.
    """
    known = [evidence.confusion.get(split) for split in ("train", shift.split)]
    if not all(matrix and any(map(sum, matrix)) for matrix in known) or _label_excess(shift) > 0:
        return ""
    shares = [_shares(matrix) for matrix in known if matrix]
    found = []
    for k, label in enumerate(evidence.task.classes):
        (fitted, occurs, n), (predicted, occurs_here, m) = ((told[k], true[k], rows) for told, true, rows in shares)
        gap = (predicted - occurs_here) - (fitted - occurs)
        noise = math.sqrt(sum(max(p, 1 / r) * (1 - p) / r for p, r in ((predicted, m), (occurs_here, m), (fitted, n))))
        if abs(gap) >= max(BIAS, SURE * noise):
            found.append((abs(gap), label, predicted, fitted))
    if not found:
        return ""
    _, label, predicted, fitted = max(found)
    return f"; {name_from_data(label)} is predicted for {percent(predicted)} of them, for {percent(fitted)} of train's"


def _shares(matrix: Sequence[Sequence[int]]) -> tuple[list[float], list[float], int]:
    """Shares of rows predicted of each class, shares of rows that are of it, and the number of rows."""
    rows = sum(map(sum, matrix))
    return [sum(column) / rows for column in zip(*matrix, strict=True)], [sum(row) / rows for row in matrix], rows


def _reference_loses(evidence: Evidence, shift: Shift) -> tuple[float | None, bool]:
    """How much lower the best reference scores on these rows than on train out of fold, and whether beyond noise."""
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
        [model for model in quantities.reference_models(evidence) if model.out_of_fold is not None],
    )


SPLIT_SHIFT = Diagnosis(
    name="split_shift",
    stage=22,
    about="data",
    headline="the held-out rows are of another kind than the training rows",
    explains=("overfitting", "train_val_inconsistent", "bad_threshold", "miscalibrated"),
    leaves_doubt=True,
    remedy="training rows of the kind that the model will meet",
    says="train and test differ, and the score suffers",
    suggests="`data.split=stratified`",
    judge=judge,
)
