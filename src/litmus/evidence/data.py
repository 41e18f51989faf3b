"""What the data checks found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from litmus.evidence.values import Estimate


@dataclass(frozen=True, kw_only=True)
class Column:
    """One input column of a table, on the training rows; `mean` and `sd` raw, `seen_*` as the model sees it."""

    name: str
    kind: str
    missing: float = 0.0
    distinct: int | None = None
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    seen_mean: float | None = None
    seen_sd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Twins:
    """Held-out rows that have a twin in train.

    Args:
        split: val or test.
        exact: Held-out rows identical to a training row, target included or not.
        near: Held-out rows nearer to a training row than chance explains.
        n: Held-out rows.
        within_train: Share of training rows with a twin in train.
        expected: Share of held-out rows expected to have a twin by chance and discreteness.
        score_with: Primary metric on rows with a twin; None if too few.
        score_without: Primary metric on rows without a twin; None if too few.
        rows: Source row numbers of some of them (held-out, training).
    """

    split: str
    exact: int
    near: int
    n: int
    within_train: float
    expected: float
    score_with: float | None = None
    score_without: float | None = None
    rows: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class GroupLeak:
    """A column whose repeated values straddle splits."""

    column: str
    split: str
    shared: float  # share of held-out rows whose value also occurs in train
    values: int
    inferred: bool
    agreement: Estimate | None = None  # how much more alike targets are within a value than between values


@dataclass(frozen=True, kw_only=True)
class FeatureLeak:
    """A column that alone nearly gives the target."""

    column: str
    score: float  # primary metric of a one-feature model, on validation rows
    next_best: float  # the next best column's
    next_column: str | None = None
    without: float | None = None  # a reference's score without the column
    full: float | None = None  # the same reference with all columns


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Train against a held-out split: a domain classifier's AUROC and the largest difference of label shares."""

    split: str
    auroc: Estimate
    label_difference: Estimate | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabelNoise:
    """Rows whose label out-of-fold probabilities confidently contradict.

    Args:
        share: Of all labels, those that are wrong: errors that sureness does not thin out as overlap would.
        n: Training rows looked at.
        rows: Those whose label is contradicted most surely.
    """

    share: Estimate
    n: int
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What the data checks found before the first step.

    Args:
        input: table, image or text.
        sizes: Rows per split.
        class_counts: Rows per label, for each split; empty in regression.
        target_mean: Raw mean of a regression target in train.
        target_sd: Raw standard deviation of it.
        target_low: Smallest value of it; `target_high` the largest.
        target_whole: Whether all its values are whole numbers.
        target_distinct: Number of its distinct values.
        target_tail: Largest distance from the median in units of 1.4826 MAD.
        columns: Table columns; empty otherwise.
        twins, groups, leaks, shifts, noise: See their classes; empty or None where nothing was found or looked for.
        split_rule: As configured.
        scale_ratio: Largest over smallest standard deviation of the inputs as the model sees them.
        seen_mean_ratio: Largest |mean| / SD of an input as the model sees it.
        more_rows: What the last doubling of the training rows gave a reference model, out of fold, in the primary
            metric's units; None if it was not tried. From the data checks.
        target_order: In regression on few whole numbers, the share of random relabellings of these codes under which a
            classifier's confusions lie at least as near the diagonal (a permutation p-value: low where the codes are
            ordered); None if it was not computed. From the data checks.
    """

    input: str
    sizes: Mapping[str, int]
    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    target_mean: float | None = None
    target_sd: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    target_whole: bool = False
    target_distinct: int | None = None
    target_tail: float | None = None
    columns: tuple[Column, ...] = ()
    twins: tuple[Twins, ...] = ()
    groups: tuple[GroupLeak, ...] = ()
    leaks: tuple[FeatureLeak, ...] = ()
    shifts: tuple[Shift, ...] = ()
    noise: LabelNoise | None = None
    split_rule: str = "stratified"
    scale_ratio: float | None = None
    seen_mean_ratio: float | None = None
    more_rows: Estimate | None = None
    target_order: float | None = None
