"""What the data checks found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from litmus.evidence.values import Estimate

FormulaKind = Literal["sum", "difference", "product", "quotient", "between", "total", "rest", "rescaled"]


@dataclass(frozen=True, kw_only=True)
class FarValue:
    """The smallest or the largest value of a column of numbers, where it is repeated and stands apart from all others.

    Args:
        value: As it is in the table.
        share: Of the cells that are not empty, those that hold it.
        gap: Distance to the nearest other value, in ranges of the other values.
        others: Number of distinct other values.
        alone: Whether it is the only negative value.
    """

    value: float
    share: float
    gap: float
    others: int
    alone: bool = False

    @property
    def coded(self) -> bool:
        """Whether people write it for what is missing: nines, or -1 where nothing else is negative."""
        digits = f"{abs(self.value):.15g}"
        nines = set(digits) == {"9"} and (len(digits) > 1 or self.value < 0 or self.others < 9)
        return nines or (self.alone and self.value == -1)


@dataclass(frozen=True, kw_only=True)
class Apart:
    """A few targets, or cells of a column, that lie beyond a gap from all others, as values in another unit do.

    Args:
        count: Their number in train.
        share: Of the training rows.
        gap: How many times as far from the median the nearest of them is as the farthest of the others.
        squares: Share of the sum of squares that they make.
        rows: Source row numbers of some of them.
    """

    count: int
    share: float
    gap: float
    squares: float
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """One input column of a table, on the training rows; `mean` and `sd` raw, `seen_*` as the model sees it.

    `read_as_missing`: numbers in the file that were taken for missing cells.
    """

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
    far: FarValue | None = None
    apart: Apart | None = None
    read_as_missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Twins:
    """Held-out rows that have a duplicate in train.

    Args:
        split: val or test.
        exact: Held-out rows identical to a training row, target included or not.
        near: Held-out rows nearer to a training row than chance explains.
        n: Held-out rows.
        within_train: Share of training rows with a duplicate in train.
        expected: Share of held-out rows expected to have a duplicate by chance and discreteness.
        score_with: Primary metric on rows with a duplicate; None if too few.
        score_without: Primary metric on rows without a duplicate; None if too few.
        rows: Source row numbers of some of them (held-out, training).
        same_target: Share of the exact ones whose target is the training row's as well, beyond chance: 1 of copies, 0
            where the targets know nothing of each other. None without exact ones, and in runs of before this was noted.
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
    same_target: float | None = None


@dataclass(frozen=True, kw_only=True)
class GroupLeak:
    """A column whose repeated values straddle splits."""

    column: str
    split: str
    shared: float  # share of held-out rows whose value also occurs in train
    values: int
    inferred: bool
    agreement: Estimate | None = None  # how much more alike targets are within a value than between values
    moment: str | None = None  # of a panel: the column with whose values this one's values occur once each
    own: tuple[str, ...] = ()  # columns about the same in all rows of a value, where they alone tell that it is a group


@dataclass(frozen=True, kw_only=True)
class HonestSplit:
    """What the best reference scores on training rows out of fold, by chance and with kindred rows kept apart.

    Args:
        kind: What is kept apart: group, copy, near, block or time.
        column: The column that it rests on; empty for copies, near rows and blocks of the file's order.
        groups: Number of groups, or of moments.
        by_chance: Primary metric with folds by chance; with time, on the last third of the rows.
        honest: The same with kindred rows kept apart; with time, from the rows before.
        lost: by_chance - honest, with its interval over groups.
    """

    kind: str
    column: str
    groups: int
    by_chance: float | None
    honest: float | None
    lost: Estimate


@dataclass(frozen=True, kw_only=True)
class FeatureLeak:
    """A column that alone nearly gives the target.

    Args:
        column: Its name.
        score: Primary metric of a one-column model, on validation rows or out of fold.
        next_best: The same of the next best column, those of `together` left aside.
        next_column: That column.
        without: A reference's score without the column, or without all of `together`.
        full: The same reference's with all columns.
        together: The strong columns, this one among them, that were left out at once lest they hide each other; empty
            where it stands alone or where strong columns are most of the table.
        blank: Whether it is which of its cells are missing that tells, and not its values.
        rows: Rows that it was scored on; None: those of val, in runs of before this was noted.
        decides: Other strong columns that are the same in all rows of each of its values, as a grade is of a finer one.
    """

    column: str
    score: float
    next_best: float
    next_column: str | None = None
    without: float | None = None
    full: float | None = None
    together: tuple[str, ...] = ()
    blank: bool = False
    rows: int | None = None
    decides: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClassLeak:
    """A column that alone tells one of several classes from all others.

    Args:
        columns: Its name.
        label: The class.
        score: Balanced accuracy of a one-column model that names this class or another one.
        next_best: The same of the next best column.
        next_column: That column.
        without: A reference's score without the column, in the primary metric.
        full: The same reference's with all columns.
    """

    columns: tuple[str, ...]
    label: str
    score: float
    next_best: float
    next_column: str | None = None
    without: float | None = None
    full: float | None = None


@dataclass(frozen=True, kw_only=True)
class JointLeak:
    """Columns of numbers that give the target together, and none of them alone.

    Args:
        columns: The fewest of them that do.
        product: Whether the formula is of logarithms (a product or quotient), not a sum or difference.
        score: Primary metric of the formula, on validation rows.
        alone: The best that one of these columns does alone.
        opposed: Whether they lead much farther together than all of them alone added up.
        exponential: Whether the columns are logarithms of what is added up.
        equal: Whether it is told by which of them hold the same number, and by no formula.
        without: A reference's score without them.
        full: The same reference's with all columns.
    """

    columns: tuple[str, ...]
    product: bool
    score: float
    alone: float
    opposed: bool = False
    exponential: bool = False
    equal: bool = False
    without: float | None = None
    full: float | None = None


@dataclass(frozen=True, kw_only=True)
class RowFormula:
    """Columns that the target follows row by row, mostly two, or between which it lies.

    Args:
        columns: Those without which it does not.
        kind: What they are joined by; between: the target lies between them; total: it is their sum and difference;
            rest: it is the column less all those `beside`; rescaled: it is the column times a factor that the one
            `beside` decides.
        met: Share of the rows of which that is true, those aside that hold the most frequent target.
        also: Columns of other formulas that give the target without these.
        beside: Other columns of the formula, which tell nothing once these are gone.
        without: A reference's score without all of these columns.
        full: The same reference's with them.
    """

    columns: tuple[str, ...]
    kind: FormulaKind
    met: float
    also: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    without: float | None = None
    full: float | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """Columns that may follow from the target: how long rows were followed until it, or the target cut into pieces.

    Args:
        columns: Their names.
        without: A reference's score without them.
        full: The same reference's with all columns.
    """

    columns: tuple[str, ...]
    without: float | None = None
    full: float | None = None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A column whose values moved: Kolmogorov's distance, or the largest difference of a level's share."""

    column: str
    distance: float


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Rows beside the training rows, column by column.

    Args:
        rows: Their number.
        columns: Columns that were compared.
        moved: Those that moved beyond chance and by a practical distance, the farthest first.
        units: Column to the factor by which its values stand in another unit.
        unseen: Column to the share of rows with a level that training has not seen.
        renamed: Columns whose levels have exchanged their names, or have new ones.
        seen: Rows that are training rows, input for input.
    """

    rows: int
    columns: int
    moved: tuple[Moved, ...] = ()
    units: Mapping[str, float] = field(default_factory=dict)
    unseen: Mapping[str, float] = field(default_factory=dict)
    renamed: tuple[str, ...] = ()
    seen: int = 0


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
        n: Rows looked at, of train and, where chance dealt the splits, of val.
        rows: Those whose label is contradicted most surely.
        label: The class that rows belong to whose labels are wrong, where it is one; None: of any class.
        within: Of the rows that are taken for that class, those whose label is wrong.
    """

    share: Estimate
    n: int
    rows: tuple[int, ...] = ()
    label: str | None = None
    within: Estimate | None = None


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
        target_standardised: Whether the loss sees it standardised; None in runs of before this was noted.
        target_whole: Whether all its values are whole numbers.
        target_distinct: Number of its distinct values.
        target_tail: Largest distance from the median in units of 1.4826 MAD.
        target_tail_of_logs: How far the largest lies above the median, likewise, of the logarithms of amounts above 0;
            None where a target is negative.
        target_apart: A few targets far beyond a gap that parts them from all others; None where there are none.
        columns: Table columns; empty otherwise.
        twins, groups, leaks, joint_leak, formula, between, follow_up, pieces, shifts, noise: See their classes; empty
            or None where nothing was found or looked for.
        honest: Splits by chance beside honest ones, where rows may know each other.
        drifts: Held-out split to how its columns differ from train's, where the split is not by chance.
        split_rule: As configured.
        scale_ratio: Largest over smallest standard deviation of the inputs as the model sees them.
        seen_mean_ratio: Largest |mean| / SD of an input as the model sees it.
        more_rows: What the last doubling of the training rows gave a reference model, out of fold, in the primary
            metric's units; None if it was not tried. From the data checks.
        target_order: In regression on few whole numbers, the share of random relabellings of these codes under which a
            classifier's confusions lie at least as near the diagonal (a permutation p-value: low where the codes are
            ordered); None if it was not computed. From the data checks.
        robust_gain: In regression with targets far out, the share of the median's absolute error that trees fitted by
            absolute error save over trees fitted by squared error, out of fold; None where it was not computed. From
            the data checks.
        target_renumbered: In regression on few whole numbers, R2 that the same classes have in another order of their
            codes, beyond what they have as they stand; None if it was not computed. From the data checks.
    """

    input: str
    sizes: Mapping[str, int]
    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    target_mean: float | None = None
    target_sd: float | None = None
    target_low: float | None = None
    target_high: float | None = None
    target_standardised: bool | None = None
    target_whole: bool = False
    target_distinct: int | None = None
    target_tail: float | None = None
    target_tail_of_logs: float | None = None
    target_apart: Apart | None = None
    columns: tuple[Column, ...] = ()
    twins: tuple[Twins, ...] = ()
    groups: tuple[GroupLeak, ...] = ()
    leaks: tuple[FeatureLeak, ...] = ()
    class_leak: ClassLeak | None = None
    joint_leak: JointLeak | None = None
    formula: RowFormula | None = None
    between: RowFormula | None = None
    follow_up: FollowUp | None = None
    pieces: FollowUp | None = None
    shifts: tuple[Shift, ...] = ()
    drifts: Mapping[str, Drift] = field(default_factory=dict)
    honest: tuple[HonestSplit, ...] = ()
    noise: LabelNoise | None = None
    split_rule: str = "stratified"
    scale_ratio: float | None = None
    seen_mean_ratio: float | None = None
    more_rows: Estimate | None = None
    target_order: float | None = None
    robust_gain: Estimate | None = None
    target_renumbered: Estimate | None = None
