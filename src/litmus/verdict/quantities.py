"""How evidence is read: the questions that criteria and findings have in common, each answered in one place."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from litmus.evidence import Estimate, Evidence, Reference, Score, Trial
from litmus.metrics import measure
from litmus.task import kind_of

MARGIN = 0.02
"""Practical margin: less than this of the primary metric is not worth a change."""
NON_INFERIOR = 0.05
"""By how much of the primary metric a model may be worse than a reference and still count as good as it."""
AHEAD = 0.1
"""The same for a model that does as well as the reference on these rows: the usual slack of criteria on top."""
RANKED = 0.05
"""AUROC beyond one half from which a ranking is a signal: about .03 of balanced accuracy, as of other gains."""
BASELINES = frozenset({"majority", "mean", "median", "prior", "stratified", "trivial", "uniform", "constant"})
SQUARED = frozenset({"mse", "mseloss"})
ROBUST = 0.05
"""Share of the median's absolute error that a robust fit must save to be worth another loss. A convention."""
FAR_OUT = 20.0
"""Robust deviations from the median, beyond which a target rules squared errors."""
LONG_TAIL = 8.0
"""The same of logarithms, up to which amounts are merely skewed. Of 167 columns of amounts in 270 packaged tables whose
farthest cell is as far out as `FAR_OUT`, 32 go beyond 5 (incomes, wages, prices), 16 beyond 8."""

SURE_NOISE = 0.02
"""Share of wrong labels that must be certain for labels to be in doubt."""


def is_regression(evidence: Evidence) -> bool:
    """Whether the target is a number."""
    return kind_of(evidence.task.kind).numeric


def has_positive(evidence: Evidence) -> bool:
    """Whether one of two classes is positive."""
    return kind_of(evidence.task.kind).has_positive


def standardised_target(evidence: Evidence) -> bool:
    """Whether the loss saw a regression target standardised."""
    known = evidence.data.target_standardised
    return evidence.settings.data.normalize_target is True if known is None else known


def primary(evidence: Evidence, split: str | None = None) -> Score:
    """The primary metric's score on a split, by default the scored one; an empty score where there is none."""
    return evidence.scores.get(split or evidence.scored, {}).get(evidence.task.primary, Score(value=None))


def chance(evidence: Evidence) -> float:
    """What the baseline scores in the primary metric."""
    baseline = primary(evidence).baseline
    if baseline is not None:
        return baseline
    if is_regression(evidence):
        return 0.0
    classes = max(len(evidence.task.classes), 2)
    if evidence.task.primary == "average_precision" and classes == 2:
        return 1 - (evidence.task.majority_share or 0.5)
    return 1 / classes


def floor(evidence: Evidence) -> float:
    """What the baseline scores in the primary metric on rows like all of these: R2 0, whatever these rows' mean is."""
    return 0.0 if is_regression(evidence) else chance(evidence)


def gain(evidence: Evidence) -> Estimate:
    """The paired gain over the baseline on the scored split, from the score itself where it was not computed."""
    if (estimate := evidence.gain.get(evidence.scored)) is not None:
        return estimate
    score = primary(evidence)
    if score.value is None or score.low is None or score.high is None:
        return Estimate(value=None)
    base = chance(evidence)
    return Estimate(value=score.value - base, low=score.low - base, high=score.high - base)


def share_of_way(evidence: Evidence, value: float | None) -> float | None:
    """How far a value of the primary metric lies on the way from the baseline (0) to perfection (1)."""
    base = chance(evidence)
    return None if value is None else (value - base) / max(1 - base, 1e-9)


def learned(evidence: Evidence) -> float | None:
    """How far the model got on the training rows, from the baseline (0) to perfection (1)."""
    return share_of_way(evidence, primary(evidence, "train").value)


def stuck(evidence: Evidence) -> bool:
    """Whether the model does hardly better than a constant on its own training rows, in its loss too."""
    way, final, chance_loss = learned(evidence), evidence.fit.final_train_loss, evidence.fit.chance_loss
    if final is not None and chance_loss is not None and final < 0.9 * chance_loss:
        return False  # the probabilities know more than the decisions show
    if way is not None:
        return way < 0.15
    return final is not None and chance_loss is not None and final > 0.97 * chance_loss


def reference_models(evidence: Evidence) -> list[Reference]:
    """The reference models without the baselines."""
    return [reference for reference in evidence.references if reference.name not in BASELINES]


def level(evidence: Evidence, reference: Reference) -> float | None:
    """A reference's primary metric: out of fold where that is known, because train is larger than any other split."""
    if reference.out_of_fold is not None:
        return reference.out_of_fold
    for split in ("val", evidence.scored):
        if (value := reference.scores.get(split, {}).get(evidence.task.primary)) is not None:
            return value
    return None


def best(evidence: Evidence, among: Sequence[Reference] | None = None) -> Reference | None:
    """The best reference, chosen by `level`, never by the scored split's rows where others are known."""
    known = [
        (level(evidence, reference), reference)
        for reference in (reference_models(evidence) if among is None else among)
    ]
    ranked = [(value, reference) for value, reference in known if value is not None]
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def advantage(evidence: Evidence, reference: Reference | None) -> Estimate:
    """How far a reference is ahead of the model on held-out rows: val and the scored split weighed by precision."""
    if reference is None:
        return Estimate(value=None)
    splits = dict.fromkeys(("val", evidence.scored))
    known = [flip(reference.difference[split]) for split in splits if split in reference.difference]
    pooled = pool([estimate for estimate in known if estimate.value is not None])
    if pooled.value is not None:
        return pooled
    theirs = reference.scores.get(evidence.scored, {}).get(evidence.task.primary)
    ours = primary(evidence).value
    return Estimate(value=None if theirs is None or ours is None else theirs - ours)


def is_as_good(behind: Estimate, margin: float = NON_INFERIOR) -> bool:
    """Whether a model is surely not worse than a reference by the margin, or does as well and is not worse by `AHEAD`.

    As well is within the practical margin, or a standard error: where nothing parts the two, the seed alone would
    decide which is ahead.

    Args:
        behind: The model's score minus the reference's.
        margin: By how much it may be worse.
    """
    if behind.value is None or behind.low is None:
        return False
    error = (behind.value - behind.low) / NormalDist().inv_cdf(0.975)
    return behind.low > -margin or (behind.value >= -max(MARGIN, error) and behind.low >= -max(AHEAD, margin))


def flip(estimate: Estimate) -> Estimate:
    """The estimate of the opposite quantity."""
    low, high = estimate.high, estimate.low
    return Estimate(
        value=None if estimate.value is None else -estimate.value,
        low=None if low is None else -low,
        high=None if high is None else -high,
    )


def standard_error(estimate: Estimate) -> float | None:
    """Half the interval's width in units of 1.96; None without an interval."""
    if estimate.low is None or estimate.high is None:
        return None
    return max(estimate.high - estimate.low, 1e-9) / (2 * 1.959964)


def pool(estimates: Sequence[Estimate]) -> Estimate:
    """Estimates of one quantity from different rows as one, weighed by their precision.

    Source: Cochran 1954 (inverse-variance weights).
    """
    sure = [(estimate, error) for estimate in estimates if (error := standard_error(estimate)) is not None]
    if not sure:
        return estimates[0] if estimates else Estimate(value=None)
    weights = [error**-2 for _, error in sure]
    value = sum(w * (e.value or 0.0) for w, (e, _) in zip(weights, sure, strict=True)) / sum(weights)
    half = 1.959964 / math.sqrt(sum(weights))
    return Estimate(value=value, low=value - half, high=value + half)


def signal(evidence: Evidence) -> bool | None:
    """Whether any reference does better than the baseline beyond noise and a practical floor; None: unknown."""
    found = list(reference_models(evidence))
    shown = [_shows_signal(evidence, reference, among=len(found)) for reference in found]
    known = [answer for answer in shown if answer is not None]
    return any(known) or any(_ranks(evidence, reference, among=len(found)) for reference in found) if known else None


def _ranks(evidence: Evidence, reference: Reference, *, among: int) -> bool:
    """Whether a reference puts one of two classes above the other on held-out rows, surely and by a practical floor.

    Where a class is rare or hard to tell, decisions at one half find none of it, and are those of the baseline.

    Source: the variance of an AUROC of chance, Hanley and McNeil 1982.
    """
    parts = []
    for split in {"val", evidence.scored}:
        auroc, rows = reference.scores.get(split, {}).get("auroc"), list(class_rows(evidence, split).values())
        if auroc is not None and len(rows) == 2 and all(rows):
            error = math.sqrt((sum(rows) + 1) / (12 * math.prod(rows)))
            parts.append(Estimate(value=auroc - 0.5, low=auroc - 0.5 - 1.96 * error, high=auroc - 0.5 + 1.96 * error))
    pooled = pool(parts)
    error = standard_error(pooled) or math.inf
    least = max(RANKED, NormalDist().inv_cdf(1 - 0.025 / among) * error)
    return pooled.value is not None and pooled.value >= least


def _shows_signal(evidence: Evidence, reference: Reference, *, among: int) -> bool | None:
    """One of several has more than one chance to show what is not there, so its interval is wider (Bonferroni)."""
    gains = [estimate for estimate in reference.gain.values() if estimate.value is not None]
    if gains:
        pooled = pool(gains)
        error = standard_error(pooled)
        sure = error is not None and (pooled.value or 0.0) > NormalDist().inv_cdf(1 - 0.025 / among) * error
        return (pooled.value or 0.0) >= 0.03 and sure
    way = level(evidence, reference)
    if way is None:
        return None
    return way - chance(evidence) > max(
        0.05, 2.5 * chance_error(evidence, out_of_fold=reference.out_of_fold is not None)
    )


def would_show(evidence: Evidence) -> bool:
    """Whether there are rows enough for a practical signal to show, so that none seen means none there."""
    if is_regression(evidence):
        return evidence.data.sizes.get("train", 0) >= 50
    return 2.5 * chance_error(evidence, out_of_fold=True) <= 0.12


def class_rows(evidence: Evidence, split: str) -> dict[str, int]:
    """Rows of each class on a split; on the scored split of a run with folds those of all folds together."""
    matrix, labels = evidence.confusion.get(split), evidence.task.classes
    if matrix and len(matrix) == len(labels) and any(map(sum, matrix)):
        return dict(zip(labels, map(sum, matrix), strict=True))
    return dict(evidence.data.class_counts.get(split, {}))


def chance_error(evidence: Evidence, *, out_of_fold: bool = False) -> float:
    """Standard error of the primary metric of a model without skill; 0 in regression, where it scores below 0."""
    if is_regression(evidence):
        return 0.0
    split = "train" if out_of_fold else evidence.scored
    counts = [count for count in class_rows(evidence, split).values() if count]
    base = chance(evidence)
    if evidence.task.primary == "average_precision":
        return math.sqrt(base * (1 - base) / max(min(counts, default=10), 1))
    if not counts:
        return math.sqrt(base * (1 - base) / max(evidence.data.sizes.get(split, 100), 1))
    return math.sqrt(base * (1 - base) * sum(1 / count for count in counts)) / len(counts)


def paired_error(evidence: Evidence, a: float, b: float, *, split: str = "train") -> float:
    """Rough standard error of the difference of two models' primary metrics on the rows of a split.

    The share of rows on which two classifiers differ is at most the sum of their errors; for R2, errors are taken to be
    normal and independent. Both overstate it.
    """
    n = max(evidence.data.sizes.get(split, 0), 1)
    if is_regression(evidence):
        return math.sqrt(2 * ((1 - min(a, 1)) ** 2 + (1 - min(b, 1)) ** 2) / n)
    counts = [count for count in evidence.data.class_counts.get(split, {}).values() if count]
    rows = len(counts) ** 2 / sum(1 / count for count in counts) if counts else n
    if evidence.task.primary == "average_precision":
        rows = min(counts, default=n)
    return math.sqrt(max(2 - a - b, 0.02) / max(rows, 1))


def trial(evidence: Evidence, *probes: str, finding: str | None = None) -> Trial | None:
    """The last trial of one of these probes, or of a finding's suggestion."""
    for tried in reversed(evidence.trials):
        if tried.probe in probes or (finding is not None and tried.finding == finding):
            return tried
    return None


def moves(tried: Trial | None) -> bool:
    """Whether a trial gained a practical margin beyond noise, and held on fresh seeds where that was tried."""
    if tried is None or tried.confirmed is False or tried.difference is None:
        return False
    value, low = tried.difference.value, tried.difference.low
    return value is not None and low is not None and low > 0 and value >= _margin(tried)


def in_points(tried: Trial | None) -> bool:
    """Whether a trial compared scores in whose points the practical margin is meant, and not a loss or an error."""
    if tried is None or not tried.metric:
        return tried is not None
    known = measure(tried.metric.rpartition("/")[2])
    return known is not None and known.in_points


def leaves_open(tried: Trial | None) -> bool:
    """Whether a trial gained a practical margin, but not beyond noise: it neither shows a cause nor acquits one."""
    if tried is None or moves(tried) or tried.difference is None or tried.difference.value is None:
        return False
    return tried.difference.value >= _margin(tried)


def refutes(tried: Trial | None) -> bool:
    """Whether a trial ran and gained no practical margin."""
    if tried is None or moves(tried) or leaves_open(tried):
        return False
    if tried.confirmed is False or (tried.difference is not None and tried.difference.value is not None):
        return True
    before, after = mean(tried.before), mean(tried.after)
    return in_points(tried) and before is not None and after is not None and after - before < MARGIN / 2


def _margin(tried: Trial) -> float:
    """The practical margin in the trial's metric: in a loss or an error, a share of where the control arm is."""
    if in_points(tried):
        return MARGIN
    before = [abs(value) for value in tried.before if value is not None]
    return MARGIN * (sum(before) / len(before)) if before else 0.0


def curve(evidence: Evidence, key: str) -> list[float]:
    """A history column as its finite values, in order."""
    return [value for value in evidence.history.get(key, ()) if value is not None and math.isfinite(value)]


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of what is defined; None if nothing is."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None


def median(values: Sequence[float | None]) -> float | None:
    """Median of what is defined; None if nothing is."""
    known = sorted(value for value in values if value is not None and math.isfinite(value))
    if not known:
        return None
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2


def labels_in_doubt(evidence: Evidence) -> bool:
    """Whether some labels, or some of those of one class, are surely wrong."""
    noise = evidence.data.noise
    judged = None if noise is None else noise.within or noise.share
    return judged is not None and (judged.low or 0.0) > SURE_NOISE


def scored_by_mae(evidence: Evidence) -> bool:
    """Whether changes are compared by mean absolute error: the user asks for one, or a few targets rule the squares."""
    asked = evidence.settings.criteria.node.get("mae") is not None
    return is_regression(evidence) and (asked or robust(evidence) is not None)


def ruled_by_outliers(evidence: Evidence) -> bool:
    """Whether the loss is squared and a few targets lie so far out that they make most of it."""
    squared, tail = evidence.task.loss.lower() in SQUARED, evidence.data.target_tail_of_logs
    if tail is not None and tail <= LONG_TAIL and evidence.settings.criteria.node.get("mae") is None:
        return False  # the mean of skewed amounts is what squares ask for, and robust losses fit another number
    return is_regression(evidence) and squared and (evidence.data.target_tail or 0.0) >= FAR_OUT


def robust(evidence: Evidence) -> Estimate | None:
    """What trees gained by an absolute error in place of a squared one that a few targets rule; None: nothing sure."""
    found = evidence.data.robust_gain
    if found is None or not ruled_by_outliers(evidence):
        return None
    return found if (found.low or 0.0) > 0 and (found.value or 0.0) >= ROBUST else None


def has_gap(evidence: Evidence) -> bool:
    """Whether the model does clearly better on the rows that it learned from."""
    train, val = (primary(evidence, split).value for split in ("train", "val"))
    return train is not None and val is not None and train - val > 0.05
